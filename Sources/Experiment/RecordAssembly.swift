import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Workload

/// Turns what the workers saw into the record's words.
enum RecordAssembly {
    /// Accounts by request class.
    static func accounting(_ result: LoadResult, _ phase: (LabelResult) -> Tally) -> [String: Accounting] {
        var accounts: [String: Accounting] = [:]
        for (label, seen) in zip(result.labels, result.results) {
            let tally = phase(seen)
            var account = Accounting()
            account.scheduled = tally.scheduled
            account.completed = tally.completed
            account.failed = tally.failed
            account.abandoned = tally.abandoned
            account.backlog = tally.backlog
            account.errors = tally.failures
            accounts[label.requestClass, default: Accounting()].add(account)
        }
        return accounts
    }

    /// Rates and latencies by request class.
    static func classes(_ result: LoadResult, goodLimits: [UInt64?]) -> [String: ClassSummary] {
        let indices = Dictionary(grouping: result.labels.indices) { result.labels[$0].requestClass }
        let seconds = max(Double(result.measured) / 1e9, 1e-9)
        return indices.mapValues { indices in
            var merged = LabelResult()
            for index in indices { merged.add(result.results[index]) }
            let used = indices.filter { result.results[$0].measure.scheduled > 0 }
            let judged = !used.isEmpty && used.allSatisfy { goodLimits[$0] != nil }
            return ClassSummary(
                offeredPerSecond: rate(merged.measure.scheduled, seconds),
                achievedPerSecond: rate(merged.inPhase, seconds),
                goodputPerSecond: judged ? rate(merged.good, seconds) : nil,
                responseMs: quantiles(merged.response), serviceMs: quantiles(merged.service),
                lagMs: quantiles(merged.lag), curve: curve(merged), rows: merged.rows, chainsCut: merged.chainsCut,
                waitsMs: waits(merged))
        }
    }

    /// Response times by page depth and by age of the data asked for; `nil` when nothing was asked.
    static func aspects(_ result: LoadResult) -> RequestAspects? {
        // First and later pages are one class here: the page is the aspect.
        let indices = Dictionary(grouping: result.labels.indices) { index in
            let name = result.labels[index].requestClass
            return [".first", ".next"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
        }
        var aspects = RequestAspects(byPage: [], byAge: [])
        for (name, indices) in indices.sorted(by: { $0.key < $1.key }) {
            var merged = LabelResult()
            for index in indices { merged.add(result.results[index]) }
            aspects.byPage += rows(name, merged.aspects.byPage, AspectResult.pages.map { Double($0) }, inclusive: true)
            aspects.byAge += rows(
                name, merged.aspects.byAge, AspectResult.ages.map { Double($0) / 1e9 }, inclusive: false)
        }
        return aspects.byPage.isEmpty ? nil : aspects
    }

    private static func rows(
        _ name: String, _ histograms: [LatencyHistogram], _ bounds: [Double], inclusive: Bool
    ) -> [AspectRow] {
        histograms.indices.compactMap { index in
            guard let response = quantiles(histograms[index]) else { return nil }
            let next = index + 1 < bounds.count ? bounds[index + 1] - (inclusive ? 1 : 0) : nil
            return AspectRow(requestClass: name, from: bounds[index], to: next, responseMs: response)
        }
    }

    private static func waits(_ result: LabelResult) -> WaitTimes? {
        guard result.response.count > 0, let schedule = quantiles(result.scheduleWait),
            let connection = quantiles(result.connectionWait), let firstByte = quantiles(result.firstByteWait),
            let transfer = quantiles(result.transfer)
        else { return nil }
        return WaitTimes(schedule: schedule, connection: connection, firstByte: firstByte, transfer: transfer)
    }

    /// How the workload's service levels fared. What failed or was never finished counts as slower than any limit. In a
    /// closed loop none is judged.
    static func objectives(
        _ result: LoadResult, _ objectives: [ObjectiveSpec], _ pacing: Pacing = .open
    ) -> [ObjectiveFinding] {
        objectives.map { objective in
            var response = LatencyHistogram()
            var lost = 0
            for (label, seen) in zip(result.labels, result.results) where objective.covers(label) {
                response.add(seen.response)
                lost += seen.measure.failed + seen.measure.abandoned
            }
            let operations = response.count + lost
            let share = objective.quantile * Double(operations) / Double(max(response.count, 1))
            let isJudged = pacing == .open && operations > 0
            let observed = isJudged && share <= 1 ? response.value(at: share).map(milliseconds) : nil
            let limit = milliseconds(objective.limit)
            return ObjectiveFinding(
                objective: text(of: objective), classes: objective.classes, quantile: objective.quantile,
                limitMs: limit, observedMs: observed,
                operations: operations, holds: isJudged ? observed.map { $0 < limit } ?? false : nil)
        }
    }

    /// The load generator's own cost.
    static func generator(_ result: LoadResult) -> GeneratorCost {
        var cost = GeneratorCost()
        cost.workers = result.workers
        if result.finishedOperations > 0 {
            cost.cpuMicrosPerOperation = rounded(Double(result.cpu) / 1e3 / Double(result.finishedOperations), 2)
        }
        if result.measured > 0 { cost.cpuShare = rounded(Double(result.cpu) / Double(result.measured), 4) }
        cost.peakMemoryBytes = ProcessTable.peakMemory()
        cost.lagMs = quantiles(result.generatorLag)
        return cost
    }

    /// One second by request class; only classes with something to tell.
    static func byClass(_ labels: [RequestLabel], _ seen: [LabelSecond]) -> [String: LabelSecond] {
        var merged: [String: LabelSecond] = [:]
        for (label, one) in zip(labels, seen) where one.scheduled > 0 || one.failed > 0 || one.response.count > 0 {
            merged[label.requestClass, default: LabelSecond()].add(one)
        }
        return merged
    }

    /// One second over all workers.
    static func sample(_ second: Int, phase: String, _ classes: [String: LabelSecond]) -> SecondSample {
        SecondSample(
            second: second, phase: phase,
            classes: classes.mapValues { one in
                ClassSecond(
                    scheduled: one.scheduled, completed: one.response.count, failed: one.failed,
                    p50Ms: one.response.value(at: 0.5).map(milliseconds),
                    p99Ms: one.response.value(at: 0.99).map(milliseconds), maxMs: one.response.max.map(milliseconds),
                    wireBytes: one.bytes)
            })
    }

    /// Nanoseconds as milliseconds, to the microsecond that the histogram tells apart.
    static func milliseconds(_ duration: UInt64) -> Double { rounded(Double(duration) / 1e6, 3) }

    static func quantiles(_ histogram: LatencyHistogram) -> LatencyQuantiles? {
        guard let max = histogram.max, let mean = histogram.mean else { return nil }
        func at(_ quantile: Double) -> Double { milliseconds(histogram.value(at: quantile) ?? 0) }
        return LatencyQuantiles(
            count: histogram.count, mean: rounded(mean / 1e6, 3), p50: at(0.5), p90: at(0.9), p95: at(0.95),
            p99: at(0.99), p999: histogram.count >= 10_000 ? at(0.999) : nil, max: milliseconds(max))
    }

    /// Percentiles that at least one sample lies beyond, closer together towards the end.
    static func curve(_ result: LabelResult) -> [CurvePoint] {
        let count = Double(result.response.count)
        guard count > 0 else { return [] }
        let shares =
            (0..<90).map { Double($0) / 100 } + (0...30).map { 1 - 0.1 * DeterministicMath.power(10, -Double($0) / 10) }
        return shares.filter { (1 - $0) * count >= 1 }.map { share in
            CurvePoint(
                percentile: rounded(share * 100, 4),
                responseMs: milliseconds(result.response.value(at: share) ?? 0),
                serviceMs: milliseconds(result.service.value(at: share) ?? 0))
        }
    }

    private static func text(of objective: ObjectiveSpec) -> String {
        var text = "p\(rounded(objective.quantile * 100, 2)) of \(objective.classes)"
        text = text.replacingSuffix(".0 of \(objective.classes)", with: " of \(objective.classes)")
        if let hashes = objective.hashesBelow { text += ", fewer than \(hashes) hashes" }
        if let topics = objective.topicsAtMost { text += ", at most \(topics) topics" }
        if let window = objective.windowAtMost { text += ", window up to \(minutes(window))" }
        return text + " below \(number(milliseconds(objective.limit))) ms"
    }

    private static func minutes(_ duration: UInt64) -> String {
        let hours = Double(duration) / 3.6e12
        return hours >= 1 ? "\(number(hours)) h" : "\(number(hours * 60)) min"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(rounded(value, 3))
    }

    private static func rate(_ count: Int, _ seconds: Double) -> Double { rounded(Double(count) / seconds, 3) }

    static func rounded(_ value: Double, _ digits: Int) -> Double {
        let factor = DeterministicMath.power(10, Double(digits)).rounded()
        return (value * factor).rounded() / factor
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
