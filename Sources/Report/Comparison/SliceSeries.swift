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
        /// Why the block does not count; `nil` when it does.
        let excluded: String?
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
        let groups = Dictionary(
            numbers.enumerated().map { ($0.element, $0.offset / width) }, uniquingKeysWith: { first, _ in first })
        let merged = Self.merge(report.histograms, of: requestClass, groups)
        points = stride(from: 0, to: numbers.count, by: width).map { start in
            let group = numbers[start..<min(start + width, numbers.count)]
            let slices = group.flatMap { blocks[$0] ?? [] }
            let times = slices.map { $0.atSeconds + $0.seconds / 2 }
            func value(_ side: String) -> Double? {
                let key = Key(group: start / width, side: side)
                if let histogram = merged[key] {
                    guard histogram.count >= Self.least else { return nil }
                    return histogram.value(at: 0.95).map { Double($0) / 1e6 }
                }
                let told = slices.filter { $0.side == side }.compactMap { $0.metrics["response.p95:\(requestClass)"] }
                return told.isEmpty ? nil : Sample.median(told)
            }
            return Point(
                seconds: times.reduce(0, +) / Double(max(1, times.count)),
                blocks: (group.first ?? 0)...(group.last ?? 0), base: value(base), candidate: value(candidate),
                excluded: slices.lazy.compactMap(\.excluded).first)
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
