import RunRecord

/// `report.md`: the same facts for a merge request, a ticket or a terminal.
public struct MarkdownExporter: Exporter {
    public let file = RecordFolder.File.text
    private let quantity = Quantity.page

    public init() {}

    public func export(_ report: TrialReport) -> String {
        let record = report.record
        let answer = TrialAnswer(report, quantity)
        var parts = [
            "# \(cell(record.workload.name)): \(answer.headline)",
            answer.details.map { "- \(cell($0))" }.joined(separator: "\n"),
            head(report), classTable(report), accountTable(report),
        ]
        if !record.objectives.isEmpty { parts.append(objectiveTable(record)) }
        parts.append(validityTable(record))
        if !record.variant.settings.isEmpty { parts.append(settingTable(record)) }
        parts.append(foot(record))
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func head(_ report: TrialReport) -> String {
        let record = report.record
        let history = record.targets.first.map {
            "\(quantity.count($0.history.rows)) rows in \(quantity.count($0.history.partitions)) hourly partitions, \(quantity.bytes($0.history.bytes))"
        }
        return table(
            ["", ""],
            [
                ["history", history ?? "not loaded"],
                [
                    "server",
                    record.targets.first.map { "PostgreSQL \($0.serverVersion), schema \($0.schemaVersion)" } ?? "none",
                ],
                ["variant", "\(record.variant.name), driver \(record.variant.driver)"],
                ["measured", record.phases.measuredSeconds.map { quantity.time($0 * 1_000) } ?? "nothing"],
                ["backlog", quantity.count(report.total.backlog)],
                [
                    "load generator",
                    "\(record.generator.cpuMicrosPerOperation.map { quantity.time($0 / 1_000) } ?? Quantity.missing) CPU an operation, own lateness p99 \(quantity.time(record.generator.lagMs?.p99)), peak memory \(quantity.bytes(record.generator.peakMemoryBytes))",
                ],
                ["digest", "`\(record.digest)`, seed \(record.seed)"],
            ])
    }

    private func classTable(_ report: TrialReport) -> String {
        "## Response time, ms\n\n"
            + table(
                [
                    "request class", "offered/s", "achieved/s", "goodput/s", "p50", "p90", "p95", "p99", "max",
                    "service p99", "lag p99",
                ],
                report.classNames.map { name in
                    let summary = report.record.classes[name]
                    let response = summary?.responseMs
                    return [
                        "`\(name)`", quantity.digits(summary?.offeredPerSecond ?? 0),
                        quantity.digits(summary?.achievedPerSecond ?? 0),
                        summary?.goodputPerSecond.map { quantity.digits($0) } ?? "–",
                    ]
                        + [
                            response?.p50, response?.p90, response?.p95, response?.p99, response?.max,
                            summary?.serviceMs?.p99, summary?.lagMs?.p99,
                        ].map { quantity.milliseconds($0) }
                })
    }

    private func accountTable(_ report: TrialReport) -> String {
        "## Accounting: scheduled = completed + failed + abandoned\n\n"
            + table(
                ["request class", "backlog", "scheduled", "completed", "failed", "abandoned", "failures by code"],
                report.record.accounting.sorted { $0.key < $1.key }.filter { $0.value.scheduled > 0 }.map {
                    name, account in
                    ["`\(name)`"]
                        + [account.backlog, account.scheduled, account.completed, account.failed, account.abandoned]
                        .map { quantity.count($0) }
                        + [
                            account.errors.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(
                                separator: ", ")
                        ]
                })
    }

    private func objectiveTable(_ record: RunRecord) -> String {
        "## Objectives\n\n"
            + table(
                ["objective", "observed", "operations", ""],
                record.objectives.map {
                    [
                        $0.objective, quantity.time($0.observedMs), quantity.count($0.operations),
                        $0.holds.map { $0 ? "held" : "**missed**" } ?? "not judged",
                    ]
                })
    }

    private func validityTable(_ record: RunRecord) -> String {
        "## Validity\n\n"
            + table(
                ["rule", "", "observed", "allowed"],
                record.validity.map { [$0.rule, $0.holds ? "holds" : "**broken**", $0.observed, $0.threshold] })
    }

    private func settingTable(_ record: RunRecord) -> String {
        "## Settings that differ from default\n\n"
            + table(
                ["setting", "value", "default", "set by"],
                record.variant.settings.map {
                    ["`\($0.name)`", $0.value.isEmpty ? "empty" : $0.value, $0.defaultValue, $0.origin]
                })
    }

    private func foot(_ record: RunRecord) -> String {
        let lines =
            record.variant.adaptations + record.profile.notEnforced.map { "Not enforced: \($0)" }
            + record.notCollected.map { "Not collected: \($0)" }
        return "## How to read and repeat it\n\n" + lines.map { "- \(cell($0))" }.joined(separator: "\n")
            + "\n\n```\n\(record.command)\n```"
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = [head, head.map { _ in "---" }] + rows
        return lines.map { "| " + $0.map(cell).joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    /// A cell must not end the table or become markup of a page.
    private func cell(_ text: String) -> String {
        var safe = ""
        for character in text {
            switch character {
            case "|": safe += "\\|"
            case "<": safe += "&lt;"
            case _ where character.isNewline: safe += " "
            default: safe.append(character)
            }
        }
        return safe
    }
}
