import RunRecord

/// The seconds of a load as far as steadiness is judged by them, in bounded memory: when they become too many,
/// neighbours are put together.
package struct LoadSeries {
    /// One request class in one bin.
    package struct Point {
        package var scheduled = 0
        package var completed = 0
        package var failed = 0
        /// Sum of the seconds' median response times, each times its completions, milliseconds.
        fileprivate var weighted = 0.0

        /// The seconds' median response times, averaged over completions; `nil` when nothing completed.
        package var p50: Double? { completed == 0 ? nil : weighted / Double(completed) }

        mutating func add(_ other: Point) {
            scheduled += other.scheduled
            completed += other.completed
            failed += other.failed
            weighted += other.weighted
        }
    }

    /// By request class, oldest first; the last one may be shorter than ``width``.
    package private(set) var bins: [[String: Point]] = []
    /// Seconds of a bin.
    package private(set) var width = 1
    /// Seconds added so far.
    package private(set) var seconds = 0

    /// Bins at most; a series of so many is compared pair by pair in milliseconds.
    private static let mostBins = 240

    package init() {}

    package mutating func add(_ sample: SecondSample) {
        if seconds % width == 0 { bins.append([:]) }
        seconds += 1
        for (name, second) in sample.classes {
            var point = Point()
            point.scheduled = second.scheduled
            point.completed = second.completed
            point.failed = second.failed
            point.weighted = (second.p50Ms ?? 0) * Double(second.completed)
            bins[bins.count - 1][name, default: Point()].add(point)
        }
        if bins.count == Self.mostBins && seconds % width == 0 { halve() }
    }

    private mutating func halve() {
        width *= 2
        bins = stride(from: 0, to: bins.count, by: 2).map { index in
            index + 1 < bins.count ? bins[index].merging(bins[index + 1], uniquingKeysWith: Self.sum) : bins[index]
        }
    }

    private static func sum(_ left: Point, _ right: Point) -> Point {
        var sum = left
        sum.add(right)
        return sum
    }

    /// The bins that are as long as the others.
    var whole: [[String: Point]] { seconds % width == 0 ? bins : bins.dropLast() }
}
