import RunRecord

/// `report.md`: the same facts for a merge request, a ticket or a terminal.
public struct MarkdownExporter: Exporter {
    /// `report.md`.
    public let file = RecordFolder.File.text

    /// An exporter without choices.
    public init() {}

    /// The whole text, one part after the other in the order of the page.
    public func export(_ report: TrialReport) -> String {
        if let imported = ImportedPage(report) { return imported.markdown }
        let tables = TrialTables(report: report, quantity: .page)
        let settings = SettingTables(report: report, quantity: .page)
        let parts =
            head(report, settings) + measured(report, tables) + aspects(report) + server(report) + traffic(report)
            + FitMarkdown.parts(report) + ran(report, settings) + foot(report, settings)
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func head(_ report: TrialReport, _ settings: SettingTables) -> [String] {
        let (record, quantity) = (report.record, Quantity.page)
        let answer = TrialAnswer(report, quantity)
        let cost = record.generator
        let total = report.total
        let backlog = "Backlog: \(quantity.count(total.backlog)) of \(quantity.count(total.scheduled)) operations."
        let isClosed = record.closedClients != nil
        let valid = record.valid ? "Valid: all \(record.validity.count) rules hold." : "Not valid."
        return [
            "# \(Markdown.escape(record.workload.name)): \(Markdown.escape(answer.headline))",
            answer.warning.map { "**\(Markdown.escape($0))**" },
            Markdown.list(
                answer.details + (isClosed ? [valid] : total.backlog > 0 ? [backlog, valid] : [valid, backlog]))
                + "\n"
                + Markdown.list([
                    "History: \(settings.history ?? "not loaded").",
                    "Load generator: \(quantity.time(cost.cpuMicrosPerOperation.map { $0 / 1_000 })) of processor "
                        + "time an operation, "
                        + (isClosed ? "" : "own lateness p99 \(quantity.time(cost.lagMs?.p99)), ") + "peak memory "
                        + "\(quantity.bytes(cost.peakMemoryBytes)).",
                    CalibrationWords(record.calibration).sentence,
                ]),
            notice(report),
        ].compactMap { $0 }
    }

    /// What archive time and other shortcuts make unlike production.
    private func notice(_ report: TrialReport) -> String? {
        guard let words = TrafficTables(report: report, quantity: .page)?.words, let notice = words.notice else {
            return nil
        }
        let points = words.traffic.distortions.map(TrialAnswer.sentence)
        return "**\(Markdown.escape(notice))**" + (points.isEmpty ? "" : "\n\n" + Markdown.list(points))
    }

    private func measured(_ report: TrialReport, _ tables: TrialTables) -> [String] {
        let record = report.record
        let label = TrialAnswer(report, .page).label.map { "**\(Markdown.escape($0))**" }
        var parts = [label].compactMap { $0 }
        parts += ["## Objectives", Markdown.table(tables.objectives, none: "None was judged.")]
        parts += [tables.objectivesNote].compactMap { $0.map(Markdown.escape) }
        parts += [
            "## Request classes",
            "Rates a second, times in ms. “Too few”: fewer than ten operations lie beyond that percentile.",
            Markdown.table(tables.classes, none: "No operation of the measure phase was recorded."),
            "## Where the time went (mean ms)",
            Markdown.table(tables.waits, none: "Not collected, or nothing completed."),
            "## Accounting: scheduled = completed + failed + abandoned",
            Markdown.table(tables.accounting(record.accounting), none: "Nothing was scheduled."),
        ]
        if !record.events.isEmpty { parts += ["## Events", Markdown.table(tables.eventsInShort, none: "None.")] }
        return parts
    }

    private func traffic(_ report: TrialReport) -> [String] {
        guard let tables = TrafficTables(report: report, quantity: .page) else { return [] }
        let words = tables.words
        var parts: [String] = []
        if !tables.shownSessions.isEmpty {
            parts += [
                "## Clients", Markdown.list(tables.shownSessions.map(words.outcome)),
                Markdown.table(tables.sessions, none: "None."),
                "How long they waited, in seconds from a session's intended start:",
                Markdown.table(tables.waits, none: "None."),
            ]
            parts += [tables.hiddenSessions].compactMap { $0 }
        }
        parts += ["## Bandwidth"]
        parts += [words.topConsumers].compactMap { $0.map(Markdown.escape) }
        parts += [Markdown.table(tables.bandwidthTable, none: "No message of the measure phase was recorded.")]
        parts += [words.ephemeral].compactMap { $0 }
        if !words.traffic.selfChecks.isEmpty {
            parts += [
                "## Does this traffic look like a store node's?",
                "The public figures are context, not limits. M is measured, S stated, D derived, O ours, A assumed.",
                Markdown.table(tables.selfChecks, none: "None."),
            ]
        }
        return parts
    }

    private func ran(_ report: TrialReport, _ settings: SettingTables) -> [String] {
        let record = report.record
        let applied = record.variant.applied ?? []
        var parts = [
            "## What ran", Markdown.table(settings.facts, none: "Not collected."), "Fitted to this host:",
            Markdown.list(
                record.variant.adaptations + (record.profile.adaptations ?? []), none: "Nothing; used as written."),
        ]
        if !applied.isEmpty { parts += ["How the suggestion was put in force:", Markdown.list(applied)] }
        return parts + [
            "### Settings the variant asks for",
            Markdown.table(
                settings.settings(asked: true), none: "None that differs from the server's default was reported."),
            "### Sizes at the end", Markdown.table(sizes(settings), none: "Not collected."),
        ]
    }

    /// Without the column of bars.
    private func sizes(_ settings: SettingTables) -> ReportTable {
        let table = settings.sizes
        return ReportTable(Array(table.columns.dropLast()), table.rows.map { $0.cells.dropLast() })
    }

    private func foot(_ report: TrialReport, _ settings: SettingTables) -> [String] {
        let record = report.record
        return [
            "## What was enforced, and what was valid",
            Markdown.table(settings.profile, none: "Hardware: nothing was asked for, enforced or observed."),
            Markdown.table(settings.probes, none: "The machine was not probed."),
            Markdown.list(
                record.profile.notEnforced.map { "Not enforced: \($0)" }, none: "Nothing is left unenforced."),
            Markdown.table(settings.validity, none: "No rule was checked."), "## Make it again, and doubt it",
            Markdown.block(record.command), Markdown.table(settings.identity, none: "Not collected."),
            Markdown.list(settings.threats + record.notCollected.map { "Not collected: \($0)" }),
        ]
    }
}
