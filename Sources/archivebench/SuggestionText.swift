import Experiment
import Report
import RunRecord

/// Words about suggestions.
enum SuggestionText {
    /// What a suggestion says of itself.
    static func lines(_ suggestion: SuggestionDescription) -> [String] {
        [
            "  base         \(suggestion.base)", "  author       \(suggestion.author)",
            "  source       \(suggestion.source)", "  expectation  \(suggestion.expectation)",
            "  risk         \(suggestion.risk)", "  undo         \(suggestion.undo ?? "not reversible")",
        ] + suggestion.changes.map { "  changes      \($0)" }
    }

    /// What came of it once.
    static func lines(_ row: LedgerRow) -> [String] {
        let head =
            "\(row.suggestion) against \(row.base): \(row.outcome), \(row.blocks) blocks, margin \(percent(row.margin))"
        var lines = [
            head, "  \(row.endedAt)  \(row.comparisonId)",
            "  \(row.workload)\(row.digest.isEmpty ? "" : ", sequence \(row.digest.prefix(12))")", "  \(row.host)",
        ]
        if let failure = row.failure { return lines + ["  \(failure)"] }
        lines += row.effects.map(line)
        lines += row.costs.map { cost in
            "  \(cost.name): \(amount(cost.base, cost.unit)) → \(amount(cost.candidate, cost.unit))"
        }
        lines.append("  same answers: \(words(row.equivalence)); nothing lost: \(words(row.safety))")
        lines += row.interactions.map { $0.map { "  with others: \($0)" } } ?? ["  with others: not looked for"]
        return lines
    }

    private static func amount(_ value: Double?, _ unit: String) -> String {
        guard let value else { return Quantity.missing }
        let words = value < 0 ? Quantity.plain.digits(value) + " B" : Quantity.plain.bytes(Int(value.rounded()))
        return words + unit.dropFirst()
    }

    private static func line(_ effect: LedgerRow.Effect) -> String {
        guard let ratio = effect.ratio, let low = effect.low, let high = effect.high else {
            return "  \(effect.metric): not estimated, \(effect.reason)"
        }
        let verdict = effect.verdict?.rawValue ?? "no verdict"
        return "  \(effect.metric): \(change(ratio)) (\(change(low)) to \(change(high))), \(verdict)"
    }

    private static func words(_ check: CheckResult?) -> String {
        check.map { $0.holds ? "yes, \($0.detail)" : "NO, \($0.detail)" } ?? "not checked"
    }

    /// `+3.2 %` of a ratio.
    private static func change(_ ratio: Double) -> String { (ratio >= 1 ? "+" : "−") + percent(abs(ratio - 1)) }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1_000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// The first change and how many more.
    static func short(_ changes: [String]) -> String {
        guard let first = changes.first else { return "nothing" }
        let start = first.count > 70 ? first.prefix(69) + "…" : first
        return changes.count > 1 ? "\(start) (and \(changes.count - 1) more)" : start
    }

    /// Columns that stand below each other; the last one has no end.
    static func table(_ rows: [[String]]) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                column == columns - 1
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }.joined(separator: "  ")
        }
    }

    /// What a migration did.
    static func lines(_ report: MigrationReport) -> [String] {
        let plain = Quantity.plain
        func time(_ seconds: Double) -> String { plain.time(seconds * 1_000) }
        func window(_ window: MigrationReport.Window?) -> String {
            window.map { "\(time($0.seconds)), from \(time($0.fromSeconds)) to \(time($0.toSeconds))" } ?? "none"
        }
        let (queries, puts) = (report.queries, report.puts)
        var lines = [
            "Schema \(report.from) to \(report.to), \(plain.count(report.rows)) messages in \(plain.count(report.partitions)) partitions, PostgreSQL \(report.serverVersion)",
            "  duration           \(time(report.seconds)): script \(time(report.scriptSeconds)), \(plain.count(report.rebuilt)) look-up partitions \(time(report.rebuildSeconds))",
            "  hash queries       \(plain.count(queries.asked)) at \(digits(queries.achievedRate))/s (asked for \(digits(queries.rate))/s), \(plain.count(queries.missed)) found nothing, failed: \(words(queries.failed))",
            "  nothing found      \(window(queries.window))", "    newest message   \(window(queries.newest))",
            "    oldest message   \(window(queries.oldest))",
            "  response time      median before \(plain.time(queries.medianBeforeMs)), longest from the start on \(plain.time(queries.longestMs))",
            "  new messages       \(plain.count(puts.sent)) at \(digits(puts.rate))/s, failed: \(words(puts.failed)), \(plain.count(puts.withoutLookup)) left without a look-up row",
            "    failing          \(window(puts.window))",
        ]
        lines += report.steps.map { step in
            "  statements         \(step.name): \(plain.count(step.count)), \(time(step.seconds)) in all, longest \(time(step.longestSeconds))"
        }
        lines += report.locks.map { lock in
            "  lock               \(lock.mode) on \(lock.relations), \(plain.count(lock.most)) at once, \(lock.longestSeconds == 0 ? "seen at one look" : "longest seen \(time(lock.longestSeconds))")"
        }
        if report.locks.isEmpty {
            lines.append("  lock               none seen, looking every \(report.lookEveryMs) ms")
        }
        lines += report.waits.map { wait in
            "  waited             \(wait.who) for \(wait.mode) on \(wait.relation), \(time(wait.seconds))"
        }
        if report.waits.isEmpty {
            lines.append("  waited             nobody seen, looking every \(report.lookEveryMs) ms")
        }
        return lines + report.notes.map { "  note               \($0)" }
    }

    private static func words(_ failures: [String: Int]) -> String {
        failures.isEmpty
            ? "none" : failures.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }

    private static func digits(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
