import RunRecord

/// A trial in at most a hundred columns: valid or not first, the worst class marked, the page's path last.
public struct TerminalReport: Sendable {
    /// Columns that no line is longer than, apart from paths and commands.
    public static let width = 100

    private let report: TrialReport
    private let text: TerminalText
    private let quantity = Quantity.plain

    private var record: RunRecord { report.record }

    /// - Parameters:
    ///   - report: what to tell.
    ///   - colour: whether to use escape codes.
    public init(_ report: TrialReport, colour: Bool) {
        self.report = report
        text = TerminalText(width: Self.width, colour: colour)
    }

    /// The table at the end of a run.
    ///
    /// - Parameter page: path of the page, as the last line.
    /// - Returns: lines without a line break after the last.
    public func closing(page: String) -> String {
        if let imported { return join(imported.closing, page) }
        return join(
            [
                verdict, classTable, [backlog] + slowestWait + generator, traffic.inShort, traffic.checksInShort,
                machine,
            ],
            page)
    }

    /// What it ran on where that is not the host as it is.
    private var machine: [String] {
        let profile = record.profile
        guard profile.name != "host" else { return [] }
        return text.entry("machine", "profile \(profile.name)")
            + (profile.adaptations ?? []).flatMap { text.entry("adapted", $0) }
            + profile.notEnforced.flatMap { text.entry("open", "not enforced: \($0)") }
    }

    /// All that fits a terminal.
    ///
    /// - Parameter page: path of the page, as the last line.
    /// - Returns: lines without a line break after the last.
    public func details(page: String) -> String {
        if let imported { return join(imported.details, page) }
        return join(
            [verdict, facts, classTable, [backlog] + generator] + traffic.inFull
                + [waits, accounts, objectives, rules, settings, gaps],
            page)
    }

    private var imported: TerminalImport? { TerminalImport(report: report, text: text, quantity: quantity) }

    private var traffic: TerminalTraffic { TerminalTraffic(report: report, text: text, quantity: quantity) }

    private func join(_ parts: [[String]], _ page: String) -> String {
        (parts.filter { !$0.isEmpty } + [["report  \(page)"]]).map { $0.joined(separator: "\n") }
            .joined(separator: "\n\n")
    }

    private var verdict: [String] {
        let answer = TrialAnswer(report, quantity)
        let word = record.valid ? "VALID" : "INVALID"
        let lines = text.wrap(TerminalText.clean(answer.headline), to: Self.width - word.count - 2)
        let head = lines.enumerated().map { index, line in
            (index == 0 ? text.paint(word, record.valid ? .good : .bad) : String(repeating: " ", count: word.count))
                + "  " + text.paint(line, .bold)
        }
        let more = ([answer.warning].compactMap { $0 } + answer.details).flatMap {
            text.wrap(TerminalText.clean($0), to: Self.width - 2)
        }
        return head + more.map { "  \($0)" }
    }

    /// One row a request class.
    private var classTable: [String] {
        let names = report.classNames
        guard !names.isEmpty else { return ["No operation of the measure phase was recorded."] }
        let head = [
            "request class", "offered/s", pacing == nil ? "achieved/s" : "per second", "p50 ms", "p95 ms", "p99 ms",
            "max ms", "failed", "backlog",
        ]
        // A closed loop offers nothing and has no backlog.
        let keep = head.indices.filter { pacing == nil || $0 != 1 && $0 != head.count - 1 }
        let narrow = TerminalText(width: Self.width - 2, colour: text.colour)
        let lines = narrow.table(keep.map { head[$0] }, names.map(row).map { row in keep.map { row[$0] } })
        let worst = names.firstIndex { $0 == report.slowestClass }.map { $0 + 1 }
        let shown = lines.enumerated().map { index, line in
            index == 0 ? text.paint(line, .dim) : index == worst ? text.paint(line, .notable) + " <" : line
        }
        let label = TrialAnswer(report, quantity).label.map { [text.paint($0, .bad)] } ?? []
        return label + shown + (worst == nil ? [] : [text.paint("< slowest by p99", .dim)])
    }

    private func row(_ name: String) -> [String] {
        let (summary, account) = (record.classes[name], record.accounting[name])
        let response = summary?.responseMs
        let rates = [summary?.offeredPerSecond, summary?.achievedPerSecond].map { $0.map(quantity.digits) ?? "unknown" }
        let quantiles = [50.0, 95, 99].map { percentile -> String in
            guard let response else { return "none" }
            return response.carried(percentile).map { quantity.milliseconds($0) } ?? Exceedances.tooFew
        }
        let times = quantiles + [quantity.milliseconds(response?.max, missing: "none")]
        let counts = [account?.failed, account?.backlog].map { $0.map(quantity.count) ?? "unknown" }
        return [name] + rates + times + counts
    }

    private var pacing: PacingWords? { PacingWords(record, quantity) }

    /// Where the time of one class went, the slowest one's.
    private var slowestWait: [String] {
        let waits = report.waits
        guard let shown = waits.first(where: { $0.name == report.slowestClass }) ?? waits.first else { return [] }
        return text.entry("time went", "\(shown.name), \(shown.parts.line(quantity))")
    }

    private var waits: [String] {
        let table = TrialTables(report: report, quantity: quantity).waits
        guard !table.rows.isEmpty else { return [] }
        let lines = text.table(table.columns.map(\.title), table.rows.map { $0.cells.map(\.text) })
        return [text.paint("where the time went (mean ms)", .dim), text.paint(lines[0], .dim)] + lines.dropFirst()
    }

    private var backlog: String {
        let total = report.total
        if pacing != nil {
            return "operations \(quantity.count(total.scheduled)) begun; \(quantity.count(total.completed)) completed, "
                + "\(quantity.count(total.failed)) failed, \(quantity.count(total.abandoned)) abandoned"
        }
        let line =
            "backlog    \(quantity.count(total.backlog)) of \(quantity.count(total.scheduled)) scheduled; "
            + "\(quantity.count(total.completed)) completed, \(quantity.count(total.failed)) failed, "
            + "\(quantity.count(total.abandoned)) abandoned"
        return total.backlog > 0 ? text.paint(line, .bad) : line
    }

    private var generator: [String] {
        let cost = record.generator
        let cpu = quantity.time(cost.cpuMicrosPerOperation.map { $0 / 1_000 })
        return text.entry(
            "generator",
            "CPU an operation \(cpu), "
                + (pacing == nil
                    ? "lateness p50 \(quantity.time(cost.lagMs?.p50)) p99 \(quantity.time(cost.lagMs?.p99)), " : "")
                + "memory \(quantity.bytes(cost.peakMemoryBytes))")
    }

    // MARK: Details

    private var facts: [String] {
        let target = record.targets.first
        let history = SettingTables(report: report, quantity: quantity).history ?? "not loaded"
        let server = target.map { "PostgreSQL \($0.serverVersion), schema \($0.schemaVersion)" } ?? "none"
        return text.entry("run", "\(record.runId), \(record.startedAt), \(record.ending.rawValue)")
            + text.entry(
                "workload",
                record.workload.name + (pacing == nil ? " × \(quantity.factor(record.workload.rateScale))" : "")
                    + ", seed \(record.seed)")
            + (pacing.map { text.entry("pace", $0.name) } ?? [])
            + text.entry("history", history)
            + text.entry("server", "\(server), variant \(record.variant.name)")
            + text.entry("driver", record.variant.driver)
            + (record.variant.driverChanges ?? []).flatMap { text.entry("changed", $0) }
            + text.entry("digest", record.digest)
            + text.entry("calibrated", CalibrationWords(record.calibration).sentence)
            + ["command    \(TerminalText.clean(record.command))"]
            + record.variant.adaptations.flatMap { text.entry("adapted", $0) }
            + (record.profile.adaptations ?? []).flatMap { text.entry("adapted", $0) }
            + record.profile.notEnforced.flatMap { text.entry("open", "not enforced: \($0)") }
    }

    private var accounts: [String] {
        let table = TrialTables(report: report, quantity: quantity).accounting(record.accounting)
        guard !table.rows.isEmpty else { return ["accounting: nothing was scheduled"] }
        let lines = text.table(
            table.columns.dropLast().map(\.title), table.rows.map { $0.cells.dropLast().map(\.text) })
        let failures = record.accounting.sorted { $0.key < $1.key }.filter { !$0.value.errors.isEmpty }.flatMap {
            name, account in
            text.entry(
                "failures",
                "\(name): "
                    + account.errors.sorted { $0.key < $1.key }.map { "\($0.key) × \(quantity.count($0.value))" }
                    .joined(separator: ", "))
        }
        return [text.paint(lines[0], .dim)] + lines.dropFirst() + failures
    }

    private var objectives: [String] {
        guard !record.objectives.isEmpty else { return ["objectives none stated"] }
        return record.objectives.flatMap { finding in
            let word = finding.holds.map { $0 ? "held" : "missed" } ?? "not judged"
            let observed =
                finding.observedMs.map { quantity.time($0) }
                ?? (pacing == nil ? "nothing to observe" : "a closed loop is not judged")
            return text.entry(
                word, "\(finding.objective): \(observed), \(quantity.count(finding.operations)) operations")
        }
    }

    private var rules: [String] {
        guard !record.validity.isEmpty else { return ["validity   no rule was checked"] }
        return record.validity.flatMap { finding in
            text.entry(
                finding.holds ? "holds" : "broken", "\(finding.rule): \(finding.observed) (\(finding.threshold))")
        }
    }

    private var settings: [String] {
        let asked = record.variant.settings.filter { $0.origin == "variant" }
        return text.entry(
            "settings",
            asked.isEmpty
                ? "none asked for that differs from the default"
                : asked.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
    }

    private var gaps: [String] { record.notCollected.flatMap { text.entry("missing", $0) } }
}
