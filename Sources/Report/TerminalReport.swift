import RunRecord

/// A trial in at most a hundred columns: valid or not first, the worst class marked, the page's path last.
public struct TerminalReport: Sendable {
    /// Columns that no line is longer than, apart from paths and commands.
    public static let width = 100

    private let report: TrialReport
    private let colour: Bool
    private let quantity = Quantity.plain

    /// - Parameter colour: whether to use escape codes.
    public init(_ report: TrialReport, colour: Bool) {
        self.report = report
        self.colour = colour
    }

    /// The table at the end of a run.
    ///
    /// - Parameter page: path of the page, as the last line.
    public func closing(page: String) -> String {
        (verdict + [""] + classTable + ["", backlog] + generator + ["", "report  \(page)"]).joined(separator: "\n")
    }

    /// All that fits a terminal.
    public func details(page: String) -> String {
        (verdict + [""] + facts + [""] + classTable + ["", backlog] + generator + [""] + accounts + [""] + rules + [""]
            + settings
            + ["", "report  \(page)"]).joined(separator: "\n")
    }

    private var verdict: [String] {
        let answer = TrialAnswer(report, quantity)
        let first = report.record.valid ? "VALID" : "INVALID"
        let tone = report.record.valid ? "32" : "31"
        return [paint(first, "1;" + tone) + "  " + paint(answer.headline, "1")]
            + answer.details.flatMap { wrap($0, indent: "  ") }
    }

    private static let columns = [
        "offered/s", "achieved/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "failed", "backlog",
    ]

    private var classTable: [String] {
        let record = report.record
        let names = report.classNames
        guard !names.isEmpty else { return ["No operation of the measure phase was recorded."] }
        let worst = names.max {
            (record.classes[$0]?.responseMs?.p99 ?? 0) < (record.classes[$1]?.responseMs?.p99 ?? 0)
        }
        let nameWidth = min(max(names.map(\.count).max() ?? 0, "request class".count), 27)
        var lines = [
            paint(
                pad("request class", nameWidth) + Self.columns.map { right($0, $0.hasSuffix("/s") ? 11 : 8) }.joined(),
                "2")
        ]
        for name in names {
            let (summary, account) = (record.classes[name], record.accounting[name] ?? Accounting())
            let response = summary?.responseMs
            let values =
                [quantity.digits(summary?.offeredPerSecond ?? 0), quantity.digits(summary?.achievedPerSecond ?? 0)].map
            { right($0, 11) }
                + [response?.p50, response?.p95, response?.p99, response?.max].map {
                    right(quantity.milliseconds($0), 8)
                }
                + [account.failed, account.backlog].map { right(quantity.count($0), 8) }
            let line = pad(cut(name, nameWidth), nameWidth) + values.joined()
            lines.append(name == worst ? paint(line, "33") + (names.count > 1 ? " <" : "") : line)
        }
        if names.count > 1 { lines.append(paint("< slowest by p99", "2")) }
        return lines
    }

    private var backlog: String {
        let total = report.total
        let text =
            "backlog \(quantity.count(total.backlog)) of \(quantity.count(total.scheduled)) scheduled; \(quantity.count(total.completed)) completed, \(quantity.count(total.failed)) failed, \(quantity.count(total.abandoned)) abandoned"
        return total.backlog > 0 ? paint(text, "31") : text
    }

    private var generator: [String] {
        let cost = report.record.generator
        let cpu = cost.cpuMicrosPerOperation.map { quantity.time($0 / 1_000) } ?? Quantity.missing
        return wrap(
            "generator  CPU an operation \(cpu), lateness p50 \(quantity.time(cost.lagMs?.p50)) p99 \(quantity.time(cost.lagMs?.p99)), memory \(quantity.bytes(cost.peakMemoryBytes))",
            indent: "           ")
    }

    private var facts: [String] {
        let record = report.record
        let target = record.targets.first
        return [
            "run        \(record.runId), \(record.startedAt), \(record.ending.rawValue)",
            "history    \(target.map { "\(quantity.count($0.history.rows)) rows, \($0.history.partitions) partitions, \(quantity.bytes($0.history.bytes))" } ?? "not loaded")",
            "server     \(target.map { "PostgreSQL \($0.serverVersion), schema \($0.schemaVersion)" } ?? "none"), variant \(record.variant.name)",
            "digest     \(record.digest), seed \(record.seed)", "command    \(record.command)",
        ] + record.variant.adaptations.flatMap { wrap("adapted    \($0)", indent: "  ") }
    }

    private var accounts: [String] {
        report.record.accounting.sorted { $0.key < $1.key }.filter { !$0.value.errors.isEmpty }.map { name, account in
            "failures of \(name): "
                + account.errors.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(separator: ", ")
        }
    }

    private var rules: [String] {
        report.record.validity.flatMap { finding in
            wrap(
                "\(finding.holds ? "holds " : "broken") \(finding.rule): \(finding.observed) (\(finding.threshold))",
                indent: "       ")
        }
    }

    private var settings: [String] {
        let asked = report.record.variant.settings.filter { $0.origin == "variant" }
        return asked.isEmpty
            ? ["settings   not collected"]
            : wrap("settings   " + asked.map { "\($0.name)=\($0.value)" }.joined(separator: " "), indent: "           ")
    }

    private func paint(_ text: String, _ code: String) -> String { colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private func cut(_ text: String, _ width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }

    private func wrap(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty && line.count + 1 + word.count > Self.width {
                lines.append(line)
                line = indent
                line += word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}
