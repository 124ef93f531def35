import RunRecord

/// What the page says, as the template's fields. Everything here is text; the template escapes it. Only the pictures,
/// whose texts are escaped where they are made, go in as they are.
struct TrialPage {
    private let report: TrialReport
    private let quantity = Quantity.page
    private let answer: TrialAnswer
    private let tables: TrialTables
    private let settings: SettingTables

    init(_ report: TrialReport) {
        self.report = report
        answer = TrialAnswer(report, quantity)
        tables = TrialTables(report: report, quantity: quantity)
        settings = SettingTables(report: report, quantity: quantity)
    }

    /// Fields of the template `trial`. A field without content is absent, so that its section falls away.
    var context: [String: Any] {
        var page: [String: Any] = [
            "title": title, "subtitle": subtitle, "tone": answer.tone.rawValue,
            "headline": answer.headline, "details": answer.details.filter { $0 != pacing?.meaning }, "cards": cards,
            "adaptations": adaptations,
            "notEnforced": report.record.profile.notEnforced.map { TrialAnswer.sentence("not enforced: \($0)") },
            "notCollected": report.record.notCollected.map(TrialAnswer.sentence), "threats": settings.threats,
            "reproduce": report.record.command, "digest": report.record.digest,
        ]
        page["warning"] = answer.warning
        page["label"] = answer.label
        page["pacing"] = pacing?.meaning
        page["classesNote"] = pacing?.tableNote ?? Self.tableNote
        page["noObjectives"] =
            report.record.ending == .completed
            ? "The workload states none, so nothing was judged." : "None was judged."
        page["hasAdaptations"] = adaptations.isEmpty ? nil : true
        let applied = report.record.variant.applied ?? []
        page["applied"] = applied
        page["hasApplied"] = applied.isEmpty ? nil : true
        page["objectivesNote"] = tables.objectivesNote
        page["hasNotCollected"] = report.record.notCollected.isEmpty ? nil : true
        page["manyCards"] = cards.count > 3 ? true : nil
        for (name, table) in allTables { page[name] = table.context }
        let traffic = TrafficPage(report: report, quantity: quantity)
        page["traffic"] = traffic?.context
        page["notice"] = traffic?.notice
        page["server"] = ServerPage(report: report, quantity: quantity)?.context
        page["fit"] = FitPage(report: report, quantity: quantity)?.context
        page["aspects"] = AspectPage(report: report, quantity: quantity)?.context
        addPictures(to: &page)
        return page
    }

    private var adaptations: [String] {
        report.record.variant.adaptations + (report.record.profile.adaptations ?? [])
    }

    private static let tableNote =
        "Rates are operations a second. Times are milliseconds; p50 to max are response times, from the intended start to the end. Service is sent to done, lag is intended start to sent."

    private var pacing: PacingWords? { PacingWords(report.record, quantity) }

    private var allTables: [(String, ReportTable)] {
        let record = report.record
        return [
            ("objectives", tables.objectives), ("classes", tables.classes), ("waits", tables.waits),
            ("percentileTable", tables.percentiles),
            ("events", tables.events), ("accounting", tables.accounting(record.accounting)),
            ("warmUp", tables.accounting(record.warmUpAccounting)), ("facts", settings.facts),
            ("asked", settings.settings(asked: true)), ("otherSettings", settings.settings(asked: false)),
            ("sizes", settings.sizes), ("profile", settings.profile), ("probes", settings.probes),
            ("validity", settings.validity),
            ("identity", settings.identity), ("files", settings.files),
        ]
    }

    private func addPictures(to page: inout [String: Any]) {
        let timeline = TimelineChart(report: report, quantity: quantity)
        page["spans"] = timeline.spans?.legend
        page["percentiles"] = PercentileChart(report: report, quantity: quantity).svg
        page["waitPicture"] = WaitChart(report: report, quantity: quantity).svg
        page["throughput"] = timeline.throughput
        page["strips"] = timeline.strips.map(strip)
        let maintenance = timeline.maintenance
        page["maintenance"] = maintenance.map(strip)
        page["hasMaintenance"] = maintenance.isEmpty ? nil : true
        page["seconds"] = tables.seconds(timeline.bins).context
        page["binned"] =
            timeline.bins.width > 1
            ? "Each point stands for \(timeline.bins.width)\(quantity.space)s: rates are means, percentiles the "
                + "largest of those seconds." : nil
    }

    private func strip(_ picture: (name: String, svg: String)) -> [String: Any] {
        let whole = report.record.classes[picture.name]?.responseMs
        return [
            "name": picture.name, "svg": picture.svg,
            "note": whole.map { "p50 \(carried($0, 50)) · p99 \(carried($0, 99))" }
                ?? "none of the measure phase completed",
        ]
    }

    private func carried(_ times: LatencyQuantiles, _ percentile: Double) -> String {
        times.carried(percentile).map { quantity.time($0) } ?? Exceedances.tooFew
    }

    // MARK: Head

    private var server: String? {
        report.record.targets.first.map { "PostgreSQL \($0.serverVersion.prefix { $0 != " " })" }
    }

    private var title: String { report.record.workload.name + (server.map { " on \($0)" } ?? "") }

    private var subtitle: String {
        let record = report.record
        return [
            pacing.map { "\(record.workload.name), \($0.name)" }
                ?? "\(record.workload.name) × \(quantity.factor(record.workload.rateScale))",
            settings.history ?? "history was not loaded", server ?? "no server",
            "schema \(record.variant.schemaVersion)",
            "variant \(record.variant.name)", "driver \(record.variant.driver)", "profile \(record.profile.name)",
            record.phases.measuredSeconds.map { "\(quantity.time($0 * 1_000)) measured" } ?? "nothing was measured",
            record.startedAt,
        ].joined(separator: " · ")
    }

    /// Backlog in front when there is any: it is the number that makes the others meaningless.
    private var cards: [[String: Any]] {
        pacing == nil && report.total.backlog > 0 || answer.label != nil
            ? [backlogCard, validCard, costCard, historyCard] : [validCard, costCard, historyCard]
    }

    private func card(_ name: String, _ value: String, _ tone: Tone, _ text: String) -> [String: Any] {
        ["name": name, "value": value, "tone": tone.rawValue, "text": text]
    }

    private var backlogCard: [String: Any] {
        if let arrears = ArrearsWords(report.record, quantity) {
            return card("Backlog", quantity.count(arrears.arrears.operations), .worse, arrears.card)
        }
        let total = report.total
        return card(
            "Backlog", quantity.count(total.backlog), .worse,
            "of \(quantity.count(total.scheduled)) operations were due and not started when the measure phase ended.")
    }

    private var validCard: [String: Any] {
        let record = report.record
        let broken = record.validity.filter { !$0.holds }.map(\.rule)
        let rules =
            record.validity.isEmpty
            ? "No rule was checked."
            : broken.isEmpty
                ? "All \(record.validity.count) rules hold." : "Broken: \(broken.joined(separator: ", "))."
        let backlog = pacing == nil && report.total.scheduled > 0 && report.total.backlog == 0 ? " No backlog." : ""
        return card(
            "How sure", record.valid ? "valid" : "not valid", record.valid ? .better : .worse,
            "\(rules)\(backlog) One trial says nothing about chance.")
    }

    private var costCard: [String: Any] {
        let (name, cost) = ("Load generator", report.record.generator)
        guard let cpu = cost.cpuMicrosPerOperation else {
            return card(name, Quantity.missing, .unknown, "No operation of the measure phase was counted.")
        }
        return card(
            name, quantity.time(cpu / 1_000), .neutral,
            "of processor time an operation. "
                + (pacing == nil ? "Own lateness p99 \(quantity.time(cost.lagMs?.p99)), peak" : "Peak") + " memory "
                + "\(quantity.bytes(cost.peakMemoryBytes)). \(CalibrationWords(report.record.calibration).sentence)")
    }

    private var historyCard: [String: Any] {
        guard let history = report.record.targets.first?.history else {
            return card("History", "not loaded", .unknown, "The trial ended before an archive was there.")
        }
        return card(
            "History", "\(quantity.count(history.rows)) rows", .neutral,
            "in \(history.partitionsInWords(quantity)), \(quantity.bytes(history.bytes)).")
    }
}
