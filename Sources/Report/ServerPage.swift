import RunRecord

/// Fields of the template `server`, for the page.
struct ServerPage {
    private let tables: ServerTables
    private let quantity: Quantity

    /// `nil` when the record says nothing of the server's side.
    init?(report: TrialReport, quantity: Quantity) {
        guard let tables = ServerTables(report: report, quantity: quantity) else { return nil }
        self.tables = tables
        self.quantity = quantity
    }

    /// Fields without content are absent.
    var context: [String: Any] {
        let report = tables.report
        var fields: [String: Any] = [
            "findings": tables.words.findings, "notes": tables.server.notes.map(TrialAnswer.sentence),
            "waitsNote": tables.words.waitsNote, "noEffects": tables.words.noEffects,
            "plansNote": ServerWords.plansNote,
        ]
        fields["hasNotes"] = tables.server.notes.isEmpty ? nil : true
        fields["statementPicture"] = report.server.statements.flatMap {
            StatementChart(statements: $0, quantity: quantity).svg
        }
        fields["forgotten"] = tables.words.forgotten
        fields["diskNote"] = tables.words.diskNote
        fields["toast"] = tables.words.toast
        fields["spans"] = tables.spans.legend
        let strips = ServerStrips(tables: tables, bins: TimeBins(report.samples))
        fields["strips"] = strips.all.map { ["name": $0.name, "note": $0.note, "svg": $0.svg] }
        fields["hasStrips"] = strips.all.isEmpty ? nil : true
        fields["samples"] = strips.table.context
        for (name, table) in named { fields[name] = table.context }
        return fields
    }

    private var named: [(String, ReportTable)] {
        [
            ("statements", tables.statements), ("texts", tables.texts), ("waits", tables.waits),
            ("statementWaits", tables.statementWaits),
            ("stalls", tables.stalls),
            ("effects", tables.effects), ("checkpoints", tables.checkpoints), ("vacuums", tables.vacuums),
            ("maintenance", tables.maintenance), ("disk", tables.diskTable), ("writing", tables.writing),
            ("io", tables.io), ("growth", tables.growth), ("bloat", tables.bloat), ("limits", tables.limits),
            ("limitFacts", tables.limitFacts), ("cache", tables.cache), ("host", tables.host), ("plans", tables.plans),
            ("cost", tables.cost),
        ]
    }
}
