/// A quantity that sides are compared by.
public struct MetricQuantity: Sendable, Equatable {
    /// Where its value in a block comes from.
    public enum Source: Sendable, Equatable {
        /// The histogram of response times: the quantile at a share.
        case responseQuantile(Double)
        /// The histogram of response times.
        case responseMean
        /// Operations that were completed, by the time from the slice's start to its last completion.
        case throughput
        /// What the slice reports under the metric's name.
        case reading
    }

    /// The part of a metric's name before the colon.
    public let name: String
    /// Of its values.
    public let unit: String
    /// Whether less of it is better.
    public let lessIsBetter: Bool
    /// Where its value in a block comes from.
    public let source: Source
    /// As a sentence has it.
    public let meaning: String

    /// Whether it is a response time, which has no number when the rate was not carried.
    public var isLatency: Bool {
        switch source {
        case .responseQuantile, .responseMean: true
        case .throughput, .reading: false
        }
    }
}

/// All quantities that comparisons know. A new one is a line here.
public enum MetricCatalogue {
    /// In the order in which they are shown.
    public static let quantities: [MetricQuantity] = [
        response("p50", 0.5), response("p90", 0.9), response("p95", 0.95), response("p99", 0.99),
        MetricQuantity(
            name: "response.mean", unit: "ms", lessIsBetter: true, source: .responseMean,
            meaning: "mean response time"),
        MetricQuantity(
            name: "throughput", unit: "1/s", lessIsBetter: false, source: .throughput,
            meaning: "completed operations a second"),
        reading("server.cpu", "µs", "CPU time of the server an operation"),
        reading("planning.time", "µs", "planning time of the statements an operation, of all or of a request class"),
        reading("blocks.read", "blocks", "blocks that the server read an operation, of all or of a request class"),
        reading("blocks.temporary", "blocks", "blocks of temporary files an operation"),
        reading("wal.bytes", "B/message", "write-ahead log a message"),
        reading("disk.bytes", "B/message", "growth on disk a message"),
        reading("checkpoints", "checkpoints", "checkpoints in a slice"),
        reading(control, "µs", "CPU time of the load generator an operation"),
    ]

    /// The control variate: what the load generator itself cost, which tells of the machine and not of the sides.
    public static let control = "generator.cpu"

    /// The quantity of a metric; `nil` for a name that is not in the catalogue.
    public static func quantity(of metric: String) -> MetricQuantity? {
        let name = parts(of: metric).quantity
        return quantities.first { $0.name == name }
    }

    /// A metric's name in its parts: the quantity, and the request class behind the colon where there is one.
    public static func parts(of metric: String) -> (quantity: String, requestClass: String?) {
        let parts = metric.split(separator: ":", maxSplits: 1)
        return (String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : nil)
    }

    /// Metrics that carry verdicts where nobody said which: the median and the p95 of each request class in an open loop,
    /// the throughput of all in a closed one. Few, because each one more costs the others certainty.
    ///
    /// - Parameters:
    ///   - classes: request classes that will complete enough in a slice.
    ///   - isOpenLoop: whether operations keep to a schedule.
    /// - Returns: names as in `MetricVerdict.metric`.
    public static func usualPrimary(classes: [String], isOpenLoop: Bool) -> [String] {
        guard isOpenLoop else { return ["throughput"] }
        return classes.sorted().flatMap { ["response.p50:\($0)", "response.p95:\($0)"] }
    }

    private static func response(_ name: String, _ share: Double) -> MetricQuantity {
        MetricQuantity(
            name: "response.\(name)", unit: "ms", lessIsBetter: true, source: .responseQuantile(share),
            meaning: "\(name) of response times")
    }

    private static func reading(_ name: String, _ unit: String, _ meaning: String) -> MetricQuantity {
        MetricQuantity(name: name, unit: unit, lessIsBetter: true, source: .reading, meaning: meaning)
    }
}
