import RunRecord

/// Fields of the template `traffic` and of the note on archive time, for the page.
struct TrafficPage {
    private let tables: TrafficTables

    private var words: TrafficWords { tables.words }

    /// `nil` when the record says nothing of its traffic, so that the section falls away.
    init?(report: TrialReport, quantity: Quantity) {
        guard let tables = TrafficTables(report: report, quantity: quantity) else { return nil }
        self.tables = tables
    }

    /// What a reader must know about archive time and other shortcuts; `nil` when there is nothing.
    var notice: [String: Any]? {
        words.notice.map { ["text": $0, "distortions": words.traffic.distortions.map(TrialAnswer.sentence)] }
    }

    /// Fields without content are absent.
    var context: [String: Any] {
        var fields: [String: Any] = ["outcomes": tables.shownSessions.map(words.outcome)]
        fields["bandwidth"] = tables.bandwidthTable.context
        fields["shares"] = BandwidthChart(words: words).svg
        fields["topConsumers"] = words.topConsumers
        fields["ephemeral"] = words.ephemeral
        fields["selfChecks"] = tables.selfChecks.context
        fields["sessions"] = tables.sessions.context
        fields["waits"] = tables.waits.context
        fields["hiddenSessions"] = tables.hiddenSessions
        return fields
    }
}
