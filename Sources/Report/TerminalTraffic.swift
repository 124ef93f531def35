import RunRecord

/// What the traffic was like, for the terminal.
struct TerminalTraffic {
    /// Entries of clients that the closing table tells of.
    private static let few = 3

    private let tables: TrafficTables?
    private let text: TerminalText
    private let quantity: Quantity

    init(report: TrialReport, text: TerminalText, quantity: Quantity) {
        tables = TrafficTables(report: report, quantity: quantity)
        self.text = text
        self.quantity = quantity
    }

    /// The lines that tell the most: archive time, who took the bytes, how clients fared.
    var inShort: [String] {
        guard let tables else { return [] }
        let words = tables.words
        let shown = tables.shownSessions.prefix(Self.few)
        let hidden = words.traffic.sessions.count - shown.count
        return (words.timeScale.map { text.entry("time", $0) } ?? []) + bytes(words)
            + shown.flatMap { text.entry("clients", words.outcome($0)) }
            + (hidden > 0 ? text.entry("", "\(quantity.count(hidden)) more entries: see the page") : [])
    }

    /// The trial's own figures beside the public ones, a line or two each.
    var checksInShort: [String] {
        guard let words = tables?.words, !words.traffic.selfChecks.isEmpty else { return [] }
        return [text.paint("this traffic beside public figures, which are context and no limits", .dim)]
            + words.traffic.selfChecks.flatMap { check -> [String] in
                let observed = check.observed.map { words.figure($0, check.unit) } ?? "–"
                let lines = text.wrap(
                    TerminalText.clean("\(check.name): \(observed); public: \(check.known)"), to: text.width - 4)
                return lines.enumerated().map { index, line in (index == 0 ? "  " : "    ") + line }
            }
    }

    /// All of it, in parts.
    var inFull: [[String]] {
        guard let tables else { return [] }
        return [notice(tables.words), clients(tables), bandwidth(tables), selfChecks(tables.words)]
    }

    private func bytes(_ words: TrafficWords) -> [String] {
        guard let top = words.topConsumers else { return [] }
        return text.entry("traffic", "in \(words.amount(.incoming)); out \(words.amount(.outgoing))")
            + text.entry("", top)
    }

    private func notice(_ words: TrafficWords) -> [String] {
        guard let notice = words.notice else { return [] }
        return text.entry("time", notice) + words.traffic.distortions.flatMap { text.entry("", "- \($0)") }
    }

    private func clients(_ tables: TrafficTables) -> [String] {
        tables.shownSessions.flatMap { session -> [String] in
            let counts = [
                ("started", session.started), ("finished", session.finished), ("gave up", session.gaveUp),
                ("unfinished", session.unfinished), ("time-outs", session.timeouts),
                ("node switches", session.nodeSwitches), ("messages", session.messages),
            ].map { "\(quantity.count($0.1)) \($0.0)" }
            let waits = [("session", session.durationMs), ("first page", session.firstPageMs)].map { name, times in
                "\(name) " + (times.map { "p50 \(quantity.time($0.p50)) p95 \(quantity.time($0.p95))" } ?? "none")
            }
            let marks = session.toMessages.prefix(4).map {
                "first \(quantity.count($0.messages)) messages p50 \(quantity.time($0.ms.p50))"
            }
            return text.entry("clients", tables.words.outcome(session))
                + text.entry("", counts.joined(separator: ", "))
                + text.entry("", (waits + marks).joined(separator: ", "))
        } + (tables.hiddenSessions.map { text.entry("", $0) } ?? [])
    }

    private func bandwidth(_ tables: TrafficTables) -> [String] {
        let words = tables.words
        guard !words.bandwidth.rows.isEmpty else { return ["traffic    no message of the measure phase was recorded"] }
        let table = tables.bandwidthTable
        let keep = table.columns.indices.filter { $0 > 1 && !table.columns[$0].title.hasSuffix("/s") }
        let head = ["message class, shard"] + keep.map { table.columns[$0].title }
        let rows = table.rows.map { row in
            ["\(row.cells[0].text) \(row.cells[1].text)"] + keep.map { row.cells[$0].text }
        }
        let lines = text.table(head, rows)
        return bytes(words) + [words.ephemeral].compactMap { $0 }.flatMap { text.entry("", $0) }
            + [text.paint(lines[0], .dim)] + lines.dropFirst()
    }

    private func selfChecks(_ words: TrafficWords) -> [String] {
        let checks = words.traffic.selfChecks
        guard !checks.isEmpty else { return [] }
        return [text.paint("beside public figures, which are context and no limits", .dim)]
            + checks.flatMap { check in
                let observed = check.observed.map { words.figure($0, check.unit) } ?? "– this trial cannot tell"
                return text.entry("looks like", "\(check.name): \(observed); public: \(check.known) (\(check.source))")
            }
    }
}
