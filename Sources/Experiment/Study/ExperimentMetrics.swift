import RunRecord

/// What cells can be ranked by: one line for each quantity that a trial's record has.
package enum ExperimentMetrics {
    /// One quantity, of a request class or of the trial as a whole.
    private struct Quantity {
        let name: String
        let unit: String
        let lessIsBetter: Bool
        /// Whether it means something for a trial that fell behind its schedule.
        let survivesArrears: Bool
        let ofClass: (@Sendable (ClassSummary) -> Double?)?
        let ofTrial: (@Sendable (RunRecord) -> Double?)?

        static func time(_ name: String, _ read: @escaping @Sendable (ClassSummary) -> Double?) -> Quantity {
            Quantity(
                name: name, unit: "ms", lessIsBetter: true, survivesArrears: false, ofClass: read, ofTrial: nil)
        }

        static func rate(_ name: String, _ read: @escaping @Sendable (ClassSummary) -> Double?) -> Quantity {
            Quantity(
                name: name, unit: "1/s", lessIsBetter: false, survivesArrears: true, ofClass: read, ofTrial: nil)
        }

        static func cost(
            _ name: String, _ unit: String, _ read: @escaping @Sendable (RunRecord) -> Double?
        ) -> Quantity {
            Quantity(
                name: name, unit: unit, lessIsBetter: true, survivesArrears: true, ofClass: nil, ofTrial: read)
        }
    }

    private static let quantities: [Quantity] = [
        .time("response.mean") { $0.responseMs?.mean }, .time("response.p50") { $0.responseMs?.p50 },
        .time("response.p90") { $0.responseMs?.p90 }, .time("response.p95") { $0.responseMs?.p95 },
        .time("response.p99") { $0.responseMs?.p99 }, .time("response.p99.9") { $0.responseMs?.p999 },
        .time("response.max") { $0.responseMs?.max },
        .time("service.mean") { $0.serviceMs?.mean }, .time("service.p50") { $0.serviceMs?.p50 },
        .time("service.p95") { $0.serviceMs?.p95 }, .time("service.p99") { $0.serviceMs?.p99 },
        .time("service.max") { $0.serviceMs?.max },
        .rate("throughput") { $0.achievedPerSecond }, .rate("goodput") { $0.goodputPerSecond },
        .cost("disk.bytes", "B") { record in
            // Sizes that could not be read are an empty list.
            record.targets.first.flatMap { $0.sizes.isEmpty ? nil : Double($0.sizes.reduce(0) { $0 + $1.bytes }) }
        },
        .cost("wal.bytes", "B/message") { perMessage($0) { $0.server?.wal?.bytes } },
        .cost("wal.records", "records/message") { perMessage($0) { $0.server?.wal?.records } },
        .cost("wal.full-page-images", "images/message") { perMessage($0) { $0.server?.wal?.fullPageImages } },
        .cost("planning.time", "ms/plan") { record in
            record.server?.planning.flatMap { $0.plans > 0 ? $0.milliseconds / Double($0.plans) : nil }
        },
        .cost("planning.blocks", "blocks") { $0.server?.planning?.blocksAfter.map { Double($0) } },
        .cost("planning.oldest-blocks", "blocks") { $0.server?.planning?.oldestBlocks },
    ]

    /// By the messages that were put in the measure phase, duplicates from other nodes apart.
    private static func perMessage(_ record: RunRecord, _ count: (RunRecord) -> Int?) -> Double? {
        guard let messages = record.accounting["put"]?.completed, messages > 0 else { return nil }
        return count(record).map { Double($0) / Double(messages) }
    }

    /// The metric of a name such as `response.p99:put` or `wal.bytes`.
    ///
    /// - Parameter name: quantity, and behind a colon the request class where the quantity is one of a class.
    /// - Returns: `nil` when there is no such quantity, or it lacks a class or has one too many.
    package static func find(_ name: String) -> ExperimentMetric? {
        let (quantity, requestClass) = parts(name)
        guard let found = quantities.first(where: { $0.name == quantity }),
            (found.ofClass != nil) == (requestClass != nil), requestClass != ""
        else { return nil }
        return ExperimentMetric(name: name, unit: found.unit, lessIsBetter: found.lessIsBetter)
    }

    /// As a file names them.
    package static var names: [String] { quantities.map { $0.name + ($0.ofClass == nil ? "" : ":CLASS") } }

    /// The request class that a metric is about; `nil` for one of the whole trial.
    package static func requestClass(of metric: String) -> String? { parts(metric).requestClass }

    /// What a trial's record says about some metrics.
    ///
    /// - Parameters:
    ///   - record: of an ended trial.
    ///   - metrics: those wanted.
    /// - Returns: values by name, none below 0; without those that it does not have, or that mean nothing because the trial fell
    ///   behind.
    package static func values(of record: RunRecord, _ metrics: [ExperimentMetric]) -> [String: Double] {
        let isBehind = record.arrears?.isFallingBehind ?? false
        return metrics.reduce(into: [:]) { values, metric in
            let (name, requestClass) = parts(metric.name)
            guard let quantity = quantities.first(where: { $0.name == name }), !isBehind || quantity.survivesArrears
            else { return }
            let value =
                requestClass.map { record.classes[$0].flatMap { quantity.ofClass?($0) } }
                ?? quantity.ofTrial?(record)
            if let value, value.isFinite, value >= 0 { values[metric.name] = value }
        }
    }

    private static func parts(_ name: String) -> (quantity: String, requestClass: String?) {
        guard let colon = name.firstIndex(of: ":") else { return (name, nil) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
}
