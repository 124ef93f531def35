import Measurement
import RunRecord
import Statistics

/// Slow requests of one class by block, both sides: what the time line draws.
struct SliceSeries {
    /// A block, or several where there are too many to draw.
    struct Point {
        /// Middle of the block, seconds from the start of the first slice.
        let seconds: Double
        /// Numbers of the blocks.
        let blocks: ClosedRange<Int>
        /// Response time, milliseconds; `nil` when none completed.
        let base: Double?
        let candidate: Double?
        /// Why none of its blocks counts; `nil` when any does.
        let excluded: String?
        /// How many of its blocks are left out of it and why, such as `1 of 3: a checkpoint of one side only`; `nil` for
        /// none, and where none counts.
        let leftOut: String?
    }

    /// More points than this and neighbours are drawn as one.
    private static let most = 160
    /// Fewer operations than this carry no p95.
    private static let least = 20

    let requestClass: String
    let points: [Point]

    /// What was drawn, such as `p95`.
    static let what = "p95"

    /// - Parameters:
    ///   - report: its slices and histograms.
    ///   - candidate: name of the candidate's side.
    ///   - requestClass: of the requests.
    init(_ report: ComparisonReport, candidate: String, requestClass: String) {
        self.requestClass = requestClass
        let blocks = Dictionary(grouping: report.slices, by: \.block)
        let numbers = blocks.keys.sorted()
        let width = max(1, (numbers.count + Self.most - 1) / Self.most)
        let base = report.base?.name ?? ""
        let groups = stride(from: 0, to: numbers.count, by: width).map { start in
            Group(Array(numbers[start..<min(start + width, numbers.count)]), blocks)
        }
        let places = groups.enumerated().flatMap { place, group in group.drawn.map { ($0, place) } }
        let merged = Self.merge(
            report.histograms, of: requestClass, Dictionary(places, uniquingKeysWith: { first, _ in first }))
        points = groups.enumerated().map { place, group in
            let slices = group.drawn.flatMap { blocks[$0] ?? [] }
            let times = slices.map { $0.atSeconds + $0.seconds / 2 }
            func value(_ side: String) -> Double? {
                let key = Key(group: place, side: side)
                if let histogram = merged[key] {
                    guard histogram.count >= Self.least else { return nil }
                    return histogram.value(at: 0.95).map { Double($0) / 1e6 }
                }
                let told = slices.filter { $0.side == side }.compactMap { $0.metrics["response.p95:\(requestClass)"] }
                return told.isEmpty ? nil : Sample.median(told)
            }
            return Point(
                seconds: times.reduce(0, +) / Double(max(1, times.count)),
                blocks: (group.numbers.first ?? 0)...(group.numbers.last ?? 0), base: value(base),
                candidate: value(candidate), excluded: group.isExcluded ? group.reasons : nil,
                leftOut: group.isExcluded || group.reasons.isEmpty
                    ? nil : "\(group.numbers.count - group.drawn.count) of \(group.numbers.count): \(group.reasons)")
        }
    }

    /// Neighbouring blocks that are one point.
    private struct Group {
        let numbers: [Int]
        /// Those that count; all of them where none does, to show what was left out.
        let drawn: [Int]
        let isExcluded: Bool
        /// Why blocks of it do not count; empty when all do.
        let reasons: String

        init(_ numbers: [Int], _ blocks: [Int: [SliceRecord]]) {
            func why(_ number: Int) -> [String] { (blocks[number] ?? []).compactMap(\.excluded) }
            let counted = numbers.filter { why($0).isEmpty }
            self.numbers = numbers
            isExcluded = counted.isEmpty
            drawn = counted.isEmpty ? numbers : counted
            reasons = Set(numbers.flatMap(why)).sorted().joined(separator: "; ")
        }
    }

    /// Whether there is anything to draw.
    var isEmpty: Bool { points.allSatisfy { $0.base == nil && $0.candidate == nil } }

    private struct Key: Hashable {
        let group: Int
        let side: String
    }

    private static func merge(
        _ all: [ComparisonFolder.SliceHistograms], of requestClass: String, _ groups: [Int: Int]
    ) -> [Key: LatencyHistogram] {
        var merged: [Key: LatencyHistogram] = [:]
        for one in all {
            guard let histogram = one.classes[requestClass], let group = groups[one.block] else { continue }
            let key = Key(group: group, side: one.side)
            if var sum = merged.removeValue(forKey: key) {
                sum.add(histogram)
                merged[key] = sum
            } else {
                merged[key] = histogram
            }
        }
        return merged
    }
}

extension SliceSeries.Point {
    /// Number of the block, or of the first and the last.
    var label: String {
        blocks.count == 1 ? "block \(blocks.lowerBound)" : "blocks \(blocks.lowerBound)–\(blocks.upperBound)"
    }
}
