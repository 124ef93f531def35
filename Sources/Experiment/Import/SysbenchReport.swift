/// What sysbench 1.0 and 1.1 print: a line every so many seconds with `--report-interval`, a histogram with
/// `--histogram=on`, and the report at the end.
struct SysbenchReport {
    /// A line such as `[ 10s ] thds: 4 tps: 612.40 qps: 12263.91 (r/w/o: 8586.63/2449.58/1227.69) lat (ms,95%): 8.90 err/s:
    /// 0.10 reconn/s: 0.00`.
    struct Interval: Equatable {
        /// End, in seconds from the start.
        var end: Double
        var transactionsPerSecond: Double
        /// Of the percentile that the run was asked for.
        var latencyMs: Double?
        var errorsPerSecond: Double?
    }

    /// A row of the histogram: the middle of a range, and how many durations lay in it.
    struct Step: Equatable {
        var milliseconds: Double
        var count: Int
    }

    private(set) var intervals: [Interval] = []
    private(set) var histogram: [Step] = []
    /// Numbers of the report by the words before their colon.
    private(set) var figures: [String: Double] = [:]
    /// 95 unless the run was asked for another; `nil` when percentiles were off.
    private(set) var percentile: Int?
    private(set) var percentileMs: Double?
    private(set) var threads: Int?
    /// Whether events were scheduled (`--rate`), which the lines on the queue give away.
    private(set) var hasQueue = false

    /// - Parameter text: all that sysbench printed.
    /// - Throws: ``LineProblem`` with the number of the line as its column when a line begins as a known one and goes on
    ///   otherwise.
    init(_ text: String) throws(LineProblem) {
        var inHistogram = false
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.trimmed
            if words.isEmpty {
                inHistogram = inHistogram && histogram.isEmpty
            } else if words.hasPrefix("Latency histogram") {
                inHistogram = true
            } else if words.hasPrefix("[") {
                try readInterval(words, index + 1)
            } else if inHistogram {
                try readStep(words, index + 1)
            } else {
                try readFigure(words, index + 1)
            }
        }
    }

    private mutating func readInterval(_ line: Substring, _ number: Int) throws(LineProblem) {
        guard let end = line.dropFirst().number(before: "s ]") else { return }
        if line.firstRange(of: "queue length:") != nil {
            hasQueue = true
            return
        }
        guard line.firstRange(of: "thds:") != nil else { return }
        // The report of its own Lua library has no colon behind err/s.
        let errors = line.number(after: "err/s: ") ?? line.number(after: "err/s ")
        guard let rate = line.number(after: "tps: ") ?? line.number(after: "eps: "), end > (intervals.last?.end ?? 0),
            max(rate, errors ?? 0) < 1e9
        else {
            throw LineProblem(column: number, what: "no interval of a report: it has no tps, or its time does not rise")
        }
        if let range = line.firstRange(of: "lat (ms,") {
            percentile = line[range.upperBound...].number(before: "%").flatMap { Int(exactly: $0) }
        }
        intervals.append(
            Interval(
                end: end, transactionsPerSecond: rate, latencyMs: line.number(after: "%): "),
                errorsPerSecond: errors))
    }

    /// `       1.370 |**      2`; its head is `value  ------- distribution ------- count`.
    private mutating func readStep(_ line: Substring, _ number: Int) throws(LineProblem) {
        guard !line.hasPrefix("value") else { return }
        let parts = line.split(separator: "|", maxSplits: 1)
        guard parts.count == 2, let value = Double(String(parts[0].trimmed)),
            let count = parts[1].split(whereSeparator: \.isWhitespace).last.flatMap({ Int($0) }), value > 0,
            (1...1_000_000_000_000).contains(count),
            value > (histogram.last?.milliseconds ?? 0)
        else { throw LineProblem(column: number, what: "no row of a histogram") }
        histogram.append(Step(milliseconds: value, count: count))
    }

    private mutating func readFigure(_ line: Substring, _ number: Int) throws(LineProblem) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let name = line[..<colon].trimmed
        let value = line[line.index(after: colon)...].trimmed.leadingNumber
        if name == "total number of events", figures[String(name)] != nil {
            throw LineProblem(column: number, what: "a second report: of two runs, or of --report-checkpoints")
        }
        if name == "Number of threads" { threads = value.flatMap { Int(exactly: $0) } }
        if let ending = name.firstRange(of: "th percentile"), let rank = Int(String(name[..<ending.lowerBound])) {
            percentile = rank
            percentileMs = value
        } else if let value, figures[String(name)] == nil {
            figures[String(name)] = value
        }
    }
}

extension Substring {
    /// Without blanks at its ends.
    var trimmed: Substring {
        var rest = drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }

    /// The number that it begins with.
    var leadingNumber: Double? { Double(String(prefix { $0.isNumber || $0 == "." })) }

    /// The number right behind a word.
    fileprivate func number(after word: String) -> Double? {
        firstRange(of: word).flatMap { self[$0.upperBound...].leadingNumber }
    }

    /// The number right before the first of a word.
    fileprivate func number(before word: String) -> Double? {
        firstRange(of: word).flatMap { Double(String(self[..<$0.lowerBound].trimmed)) }
    }
}
