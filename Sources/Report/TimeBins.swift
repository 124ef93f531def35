import RunRecord

/// The seconds of a trial, gathered so that a long one still fits a picture and a table.
struct TimeBins {
    struct Bin {
        /// Seconds from the start of warm-up to the start of the bin.
        let start: Int
        /// Seconds it really covers: the last bin may be shorter.
        var seconds = 0
        /// Of its first second.
        let phase: String
        var scheduled = 0
        var completed = 0
        var failed = 0
        /// By class: counts are sums, quantiles are the largest of the bin's seconds.
        var classes: [String: ClassSecond] = [:]

        /// A count of the bin as operations a second.
        func rate(_ count: Int) -> Double { Double(count) / Double(max(1, seconds)) }
        /// The middle, in seconds from the start of warm-up.
        var middle: Double { Double(start) + Double(max(1, seconds)) / 2 }
    }

    /// No picture has more points than this.
    static let most = 300
    /// A year: a second beyond it is a damaged line.
    private static let longest = 31_536_000

    /// Whole seconds a bin.
    let width: Int
    let all: [Bin]
    /// Seconds from the start of warm-up to the end of the last bin; at least 1.
    let end: Int

    init(_ recorded: [SecondSample]) {
        let samples = recorded.filter { (0..<Self.longest).contains($0.second) }
        let last = samples.map(\.second).max() ?? 0
        width = Self.width(for: last + 1)
        var bins: [Int: Bin] = [:]
        for sample in samples {
            let start = sample.second / width * width
            var bin = bins[start] ?? Bin(start: start, phase: sample.phase)
            bin.seconds += 1
            for (name, second) in sample.classes { Self.add(second, of: name, to: &bin) }
            bins[start] = bin
        }
        all = bins.values.sorted { $0.start < $1.start }
        end = max(1, last + 1)
    }

    /// "12" or "120–129".
    func label(_ bin: Bin) -> String {
        width == 1 ? "\(bin.start)" : "\(bin.start)–\(bin.start + width - 1)"
    }

    private static func width(for seconds: Int) -> Int {
        for step in [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600] where seconds <= step * most {
            return step
        }
        return (seconds + most - 1) / most
    }

    private static func add(_ second: ClassSecond, of name: String, to bin: inout Bin) {
        bin.scheduled += second.scheduled
        bin.completed += second.completed
        bin.failed += second.failed
        guard var sum = bin.classes[name] else {
            bin.classes[name] = second
            return
        }
        sum.scheduled += second.scheduled
        sum.completed += second.completed
        sum.failed += second.failed
        sum.p50Ms = larger(sum.p50Ms, second.p50Ms)
        sum.p99Ms = larger(sum.p99Ms, second.p99Ms)
        sum.maxMs = larger(sum.maxMs, second.maxMs)
        bin.classes[name] = sum
    }

    private static func larger(_ one: Double?, _ other: Double?) -> Double? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }
}
