import Comparison
import Measurement
import RunRecord
import Statistics

/// Slices of two or more sides as a comparison hands them to the judge, with histograms that fit them.
struct Slices {
    var records: [SliceRecord] = []
    var histograms: [PairedJudge.SliceKey: [String: LatencyHistogram]] = [:]
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// Blocks in which each side's speed is the block's by its own factor, with some noise of each slice.
    ///
    /// - Parameters:
    ///   - blocks: how many.
    ///   - factors: on response times and on CPU, by side.
    ///   - operations: a slice.
    ///   - noise: standard deviation of a slice's log speed.
    mutating func add(
        _ blocks: Int, factors: [(side: String, factor: Double)], operations: Int = 100, noise: Double = 0.05,
        requestClass: String = "put"
    ) {
        let first = (records.map(\.block).max() ?? -1) + 1
        for block in first..<first + blocks {
            let level = 1 + 0.3 * random.unit()
            for (place, side) in factors.enumerated() {
                let speed = level * side.factor * (1 + noise * random.normal())
                var record = SliceRecord(
                    block: block, place: place, side: side.side, atSeconds: Double(block * 4 + place * 2), seconds: 2)
                record.drainSeconds = 0.01
                record.scheduled = [requestClass: operations]
                record.completed = record.scheduled
                record.metrics = ["server.cpu": 200 * speed, "generator.cpu": 30 * (1 + 0.02 * random.normal())]
                var histogram = LatencyHistogram()
                for _ in 0..<operations { histogram.record(UInt64(1e6 * speed * (1 + 2 * random.unit()))) }
                records.append(record)
                histograms[PairedJudge.SliceKey(block: block, side: side.side)] = [requestClass: histogram]
            }
        }
    }

    static func rule(
        looks: [Int] = [8, 16, 24, 32], margin: Double = 0.03, isOpenLoop: Bool = true, least: Int = 50,
        primary: [String] = ["response.p50:put"]
    ) -> ComparisonRule {
        ComparisonRule(
            margin: margin, confidence: 0.95, mode: .short, isOpenLoop: isOpenLoop, clients: isOpenLoop ? nil : 4,
            sliceSeconds: 2, looks: looks, budgetSeconds: 600, leastPerSlice: least, primary: primary, isAA: false)
    }
}
