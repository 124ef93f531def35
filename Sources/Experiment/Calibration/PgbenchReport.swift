import Testbed

/// What pgbench prints at its end. The lines are those of PostgreSQL 14 to 18.
package struct PgbenchReport: Sendable, Equatable {
    /// Transactions completed. With a pipelined script one of these is a whole pipeline.
    package let transactions: Int
    /// Of those that were to be done, where the run was given a number.
    package let due: Int?
    /// Absent before version 15, which ended a client at its first failure.
    package let failed: Int?
    /// Without the time that connecting took.
    package let transactionsPerSecond: Double
    /// What connecting took before the first transaction, milliseconds; a run for a time counts it as part of that time.
    package let connectionTime: Double
    /// Milliseconds. With a rate it counts from the scheduled start.
    package let meanLatency: Double
    /// How much later than scheduled transactions started, milliseconds; only with a rate.
    package let meanLag: Double?
    package let greatestLag: Double?

    /// Reads pgbench's standard output.
    ///
    /// - Throws: `TestbedProblem` when it lacks a line that every complete run has.
    package init(output: String) throws(TestbedProblem) {
        var found: [String: String] = [:]
        for line in output.split(separator: "\n") {
            for key in Self.keys where line.hasPrefix(key) {
                found[key] = line.dropFirst(key.count).trimmedLeft
            }
        }
        func number(_ key: String) throws(TestbedProblem) -> Double {
            guard let value = found[key].flatMap(Self.first) else {
                throw TestbedProblem("pgbench: its output has no line '\(key)', or not in a form that is known")
            }
            return value
        }
        let processed = (found[Self.processed] ?? "").split(separator: "/")
        transactions = Int(try number(Self.processed))
        due = processed.count == 2 ? Int(processed[1]) : nil
        failed = found[Self.failures].flatMap(Self.first).map { Int($0) }
        transactionsPerSecond = try number(Self.rate)
        connectionTime = try number(Self.connecting)
        // Named otherwise after a failure.
        meanLatency = try number(found[Self.latency] == nil ? Self.latencyWithFailures : Self.latency)
        // "avg 0.087 (max 2.307) ms"
        let lag = found[Self.lag].map { $0.split { " ()".contains($0) } } ?? []
        meanLag = lag.count > 1 ? Double(lag[1]) : nil
        greatestLag = lag.count > 3 ? Double(lag[3]) : nil
        if found[Self.lag] != nil && (meanLag == nil || greatestLag == nil) {
            throw TestbedProblem("pgbench: its line on the schedule's lag is not in a form that is known")
        }
    }

    private static let processed = "number of transactions actually processed:"
    private static let failures = "number of failed transactions:"
    private static let latency = "latency average ="
    private static let latencyWithFailures = "latency average (including failures) ="
    private static let lag = "rate limit schedule lag:"
    private static let connecting = "initial connection time ="
    private static let rate = "tps ="
    private static let keys = [processed, failures, latency, latencyWithFailures, lag, connecting, rate]

    /// The number that a text begins with.
    private static func first(_ text: String) -> Double? { Double(text.prefix { $0.isNumber || $0 == "." }) }

    /// Lags of all transactions, microseconds, from a log that `pgbench --rate -l` wrote: the seventh column.
    ///
    /// - Parameter log: lines of `client number latency script seconds microseconds lag`.
    /// - Returns: in the order of the log.
    /// - Throws: `TestbedProblem` for a line of another form; none is left out.
    package static func lags(log: String) throws(TestbedProblem) -> [Double] {
        var lags: [Double] = []
        for line in log.split(separator: "\n") {
            let columns = line.split(separator: " ")
            guard columns.count >= 7, Int(columns[2]) != nil, let lag = Double(columns[6]) else {
                throw TestbedProblem("pgbench: a line of its log has no lag: '\(line)'")
            }
            lags.append(lag)
        }
        return lags
    }
}

extension Substring {
    fileprivate var trimmedLeft: String { String(drop(while: \.isWhitespace)) }
}
