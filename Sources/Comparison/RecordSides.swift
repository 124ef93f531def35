import RunRecord
import Statistics

/// The trials of a base and of one candidate, as numbers to compare.
struct RecordSides: Sendable {
    let base: [RunRecord]
    let candidate: [RunRecord]
    /// Whether the i-th trial of one side was run next to the i-th of the other.
    let isPaired: Bool

    /// Both sides in the order in which they were run. They are pairs when each two neighbours in time are one of each.
    init(base: [RunRecord], candidate: [RunRecord]) {
        func order(_ first: RunRecord, _ second: RunRecord) -> Bool {
            (first.startedAt, first.runId) < (second.startedAt, second.runId)
        }
        self.base = base.sorted(by: order)
        self.candidate = candidate.sorted(by: order)
        let names = Set(base.map(\.runId))
        let all = (base + candidate).sorted(by: order).map { names.contains($0.runId) }
        isPaired =
            base.count == candidate.count
            && stride(from: 0, to: all.count - 1, by: 2).allSatisfy { all[$0] != all[$0 + 1] }
    }

    /// What tells one variant from another.
    static func identity(_ variant: VariantDescription) -> String {
        let settings = variant.settings.filter { $0.origin != "tool" }.map { "\($0.name)=\($0.value)" }.sorted()
        return ([variant.name, "\(variant.schemaVersion)", variant.driver] + (variant.driverChanges ?? []) + settings)
            .joined(separator: "\n")
    }

    /// What tells the side of a trial from another: its variant, and the server's version that it was run on.
    static func identity(_ trial: RunRecord) -> String {
        "\(identity(trial.variant))\n\(serverVersions(trial))"
    }

    /// Versions of a trial's servers; empty when none is recorded.
    static func serverVersions(_ trial: RunRecord) -> String {
        trial.targets.map(\.serverVersion).joined(separator: ", ")
    }

    /// How the estimate is come by, as a sentence goes on.
    var method: String {
        isPaired
            ? "log ratios of \(base.count) pairs of trials that were run next to each other"
            : "the logarithms of \(base.count) and \(candidate.count) trials by Welch's t"
    }

    /// Metrics that any trial has, sorted.
    var metrics: [String] { Set((base + candidate).flatMap { Self.values($0).keys }).sorted() }

    /// A metric's values in all trials; `nil` unless every trial of both sides has one above 0.
    func mean(_ metric: String) -> MeanEstimate? {
        let first = base.compactMap { Self.values($0)[metric] }
        let second = candidate.compactMap { Self.values($0)[metric] }
        guard first.count == base.count, second.count == candidate.count, (first + second).allSatisfy({ $0 > 0 })
        else { return nil }
        if isPaired { return MeanEstimate(winsorised: zip(first, second).map { LogRatio.of($1, by: $0) }) }
        return MeanEstimate(
            welch: second.map { LogRatio.of($0, by: 1) }, less: first.map { LogRatio.of($0, by: 1) })
    }

    /// The mean over a side's trials; `nil` when none has the metric.
    func overall(_ metric: String, _ side: KeyPath<RecordSides, [RunRecord]>) -> Double? {
        let values = self[keyPath: side].compactMap { Self.values($0)[metric] }
        return values.isEmpty ? nil : Sample.mean(values)
    }

    /// Completions of a request class in the trial that has the fewest.
    func fewest(of requestClass: String) -> Int {
        (base + candidate).map { $0.classes[requestClass]?.known?.count ?? 0 }.min() ?? 0
    }

    /// Request classes of both sides that the clients asked for, not a node's own jobs.
    var requestClasses: [String] {
        Set((base + candidate).flatMap(\.classes.keys)).filter { !RequestClass.isJob($0) }.sorted()
    }

    /// By the names that verdicts have.
    private static func values(_ record: RunRecord) -> [String: Double] {
        var values: [String: Double] = ["throughput": record.throughput]
        for (name, summary) in record.classes {
            values["throughput:\(name)"] = summary.achievedPerSecond
            // An import may know some of it only.
            guard let response = summary.known else { continue }
            values["response.p50:\(name)"] = response.p50
            values["response.p90:\(name)"] = response.p90
            values["response.mean:\(name)"] = response.mean
            // Fewer than ten operations beyond a quantile, and it rests on chance.
            if ShiftFunction.carries(0.95, count: response.count) { values["response.p95:\(name)"] = response.p95 }
            if ShiftFunction.carries(0.99, count: response.count) { values["response.p99:\(name)"] = response.p99 }
        }
        values[MetricCatalogue.control] = record.generator.cpuMicrosPerOperation
        let messages = record.accounting["put"]?.completed ?? 0
        if let wal = record.server?.wal, messages > 0 { values["wal.bytes"] = Double(wal.bytes) / Double(messages) }
        let operations = record.totalAccounting.completed
        if let database = record.server?.database, operations > 0 {
            values["blocks.read"] = Double(database.blocksRead) / Double(operations)
        }
        return values
    }
}
