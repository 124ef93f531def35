import LinuxSystem
import LoadRunner
import Measurement
import RunRecord

/// Turns what one side did in one turn into the record of a slice.
struct SliceAssembly {
    /// What the side's worker saw, by request class.
    let classes: [String: LabelSecond]
    /// When it began and ended operations.
    let account: SliceGate.Account
    /// The server before and after.
    let before: SideReading
    /// See ``before``.
    let after: SideReading
    /// Whether clients begin their next operation when the last one ended.
    let isClosed: Bool

    /// Quantiles of response times that a slice is known by: the metric's name, and the share of operations below.
    static let quantiles: [(name: String, share: Double)] = [
        ("response.p50", 0.5), ("response.p95", 0.95), ("response.p99", 0.99),
    ]

    /// Fills a slice of which place and length are known.
    func fill(_ slice: inout SliceRecord) {
        let ends = account.opened + UInt64(slice.seconds * 1e9)
        slice.drainSeconds = Double(max(account.lastEnded ?? ends, ends) - ends) / 1e9
        slice.isDrained = account.isDrained
        slice.scheduled = classes.mapValues(\.scheduled).filter { $0.value > 0 }
        slice.completed = classes.mapValues(\.response.count).filter { $0.value > 0 }
        slice.failed = classes.mapValues(\.failed).filter { $0.value > 0 }
        slice.metrics = metrics().filter { $0.value.isFinite }
    }

    private func metrics() -> [String: Double] {
        var metrics: [String: Double] = [:]
        for (name, one) in classes {
            for (quantile, share) in Self.quantiles {
                metrics["\(quantile):\(name)"] = one.response.value(at: share).map { Double($0) / 1e6 }
            }
        }
        if isClosed { throughput(&metrics) }
        let served = classes.filter { !RequestClass.isJob($0.key) }
        let operations = Double(served.values.reduce(0) { $0 + $1.response.count })
        guard operations > 0 else { return metrics }
        metrics["generator.cpu"] = Double(account.cpu) / 1e3 / operations
        metrics["server.cpu"] = difference(\.cpuSeconds).map { $0 * 1e6 / operations }
        work(&metrics, served.mapValues(\.response.count))
        // Duplicates store nothing: what is told for each message counts the messages stored.
        let puts = Double(classes["put"]?.response.count ?? 0)
        metrics["wal.bytes"] = difference(\.walBytes).map { $0 / (puts > 0 ? puts : operations) }
        metrics["disk.bytes"] = puts > 0 ? difference(\.diskBytes).map { $0 / puts } : nil
        metrics["checkpoints"] = difference(\.checkpoints)
        return metrics
    }

    /// What statements cost the server, an operation: of all, and of each request class.
    private func work(_ metrics: inout [String: Double], _ completed: [String: Int]) {
        guard let from = before.statements, let to = after.statements else { return }
        let work = StatementWork.between(from, to, shapes: after.shapes)
        if let all = StatementWork.total(work) {
            let operations = Double(completed.values.reduce(0, +))
            metrics["planning.time"] = all.planningMs * 1e3 / operations
            metrics["blocks.read"] = all.blocksRead / operations
            metrics["blocks.temporary"] = all.temporaryBlocks / operations
        }
        for (name, each) in StatementWork.ofRequests(work, completed: completed) {
            metrics["planning.time:\(name)"] = each.planningMs * 1e3
            metrics["blocks.read:\(name)"] = each.blocksRead
        }
    }

    /// Completions by the time in which the side was busy: from the first operation begun to the last one ended.
    private func throughput(_ metrics: inout [String: Double]) {
        guard let first = account.firstBegun, let last = account.lastEnded, last > first else { return }
        let seconds = Double(last - first) / 1e9
        var all = 0
        for (name, one) in classes where !RequestClass.isJob(name) {
            metrics["throughput:\(name)"] = Double(one.response.count) / seconds
            all += one.response.count
        }
        metrics["throughput"] = Double(all) / seconds
    }

    private func difference(_ quantity: (SideReading) -> Double?) -> Double? {
        guard let from = quantity(before), let to = quantity(after), to >= from else { return nil }
        return to - from
    }
}
