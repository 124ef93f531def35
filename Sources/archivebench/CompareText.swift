import Experiment
import RunRecord
import Testbed
import Workload

/// What `compare` says in the terminal.
enum CompareText {
    /// What is going to be done, and how long it takes.
    static func announcement(_ request: ComparisonRequest, _ plan: ComparisonPlan) -> String {
        let trial = request.sides[0].trial
        let (workload, names) = (trial.workload, request.sides.map(\.name))
        let pace =
            trial.closedClients.map { "closed loop of \($0) clients" }
            ?? (request.rate == .probed ? "open loop at a rate that is probed" : "open loop")
        var lines = [
            "\(names[0]) against \(names.dropFirst().joined(separator: ", ")): \(workload.name), \(pace), PostgreSQL \(trial.installation.version)\(trial.profile.map { ", profile \($0.name)" } ?? "")",
            "at most \(plan.mostBlocks) blocks of \(request.sides.count) slices of \(request.sliceSeconds) s, looked at after \(plan.looks.map(String.init).joined(separator: ", ")); margin \(share(request.margin))",
            "history: \(workload.history.rows) rows in \(workload.history.partitions) partitions for each side; about \(time(plan.seconds)) in all, \(time(request.budgetSeconds)) of it for warm-up and blocks",
        ]
        if request.isAA { lines.append("base and candidate are the same: any difference found is a false one") }
        return lines.joined(separator: "\n")
    }

    /// The table at the end.
    static func closing(_ record: ComparisonRecord, folder: ComparisonFolder) -> String {
        var lines = [record.valid ? "valid" : "NOT VALID"]
        lines += record.validity.filter { !$0.holds }.map { cut("  \($0.rule): \($0.observed); \($0.threshold)") }
        for pair in record.pairs {
            lines.append("")
            lines.append(
                cut("\(pair.candidate) against \(record.sides[0].name): \(pair.blocks) blocks; \(pair.stopped)"))
            for (reason, count) in pair.excluded.sorted(by: { $0.key < $1.key }) {
                lines.append(cut("  \(count) blocks left out: \(reason)"))
            }
            if pair.keptUp != .both { lines.append("  \(keptUp(pair, record.sides[0].name))") }
            lines += pair.metrics.filter { $0.verdict != nil }.map(row)
            let told = pair.metrics.count { $0.verdict == nil }
            if told > 0 { lines.append("  \(told) more metrics without verdict: see the page") }
        }
        if record.pairs.isEmpty { lines.append("no verdicts") }
        lines += ["", folder.readText(.page) == nil ? folder.path : folder.path(of: .page)]
        return lines.joined(separator: "\n")
    }

    private static func row(_ metric: MetricVerdict) -> String {
        let interval = metric.ratio.map {
            "\(change($0.value)) [\(change($0.low)), \(change($0.high))] in \($0.blocks) blocks"
        }
        return cut(
            "  \(padded(metric.verdict?.rawValue ?? "", 12)) \(padded(metric.metric, 36)) \(interval ?? metric.reason)")
    }

    private static func keptUp(_ pair: ComparedPair, _ base: String) -> String {
        switch pair.keptUp {
        case .both: ""
        case .baseOnly: "\(pair.candidate) did not keep up with the offered rate; its latency means nothing"
        case .candidateOnly: "\(base) did not keep up with the offered rate; its latency means nothing"
        case .unsure: "one side fell behind in some blocks; take a smaller --rate-scale"
        case .neither: "neither kept up with the offered rate; take a smaller --rate-scale"
        }
    }

    /// A ratio as a change: `+3.1 %`.
    static func change(_ ratio: Double) -> String {
        let tenths = ((ratio - 1) * 1_000).rounded() / 10
        return "\(tenths > 0 ? "+" : "")\(tenths) %"
    }

    private static func share(_ value: Double) -> String { "\((value * 1_000).rounded() / 10) %" }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        return whole < 100 ? "\(whole) s" : "\((whole + 59) / 60) min"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Lines of the table stay within a hundred columns.
    private static func cut(_ line: String) -> String { line.count > 100 ? line.prefix(99) + "…" : line }
}

extension ProgressLine: ComparisonObserver {
    func report(_ progress: ComparisonProgress) {
        var parts = [progress.stage]
        if progress.blocks > 0 { parts[0] = "block \(progress.blocks) of at most \(progress.mostBlocks)" }
        if let soFar = progress.soFar { parts.append("so far \(soFar)") }
        show(
            parts, stage: progress.stage.split(separator: ",").first.map(String.init) ?? "", left: progress.secondsLeft)
    }
}
