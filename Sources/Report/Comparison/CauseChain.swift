import RunRecord

/// From a quantile that moved to its statement, its plan, its wait and the setting: each step only where the data say so.
struct CauseChain {
    /// A step is what was looked at and what was found.
    struct Step {
        let what: String
        let found: String
        /// Name of the part of the page that has all of it.
        let anchor: String
    }

    let report: ComparisonReport
    let pair: ComparedPair
    let base: ComparedSide
    let candidate: ComparedSide
    let quantity: Quantity
    private let anchors: PairAnchors

    /// A statement's time must move by at least this share to be named.
    private static let least = 0.02
    /// Below this share of what a quantile moved by, a statement's mean is told not to be the whole of it.
    private static let mostOutside = 0.2
    /// Sightings of a statement on each side that a share of its waits needs.
    private static let sightings = 50
    /// Lines of a changed plan that are told of each side.
    private static let mostLines = 3

    init?(_ report: ComparisonReport, _ pair: ComparedPair, _ quantity: Quantity) {
        guard let base = report.base, let candidate = report.side(pair.candidate) else { return nil }
        (self.report, self.pair, self.quantity) = (report, pair, quantity)
        (self.base, self.candidate) = (base, candidate)
        anchors = PairAnchors(report, pair)
    }

    /// A chain for each request class with a quantile that moved: its largest effect leads.
    var chains: [(head: String, tone: Tone, steps: [Step])] {
        let moved = (pair.metrics(.better) + pair.metrics(.worse)).filter { MetricName($0.metric).percentile != nil }
            .sorted { ($0.ratio?.magnitude ?? 0) > ($1.ratio?.magnitude ?? 0) }
        var seen: Set<String> = []
        return moved.compactMap { metric in
            guard let requestClass = MetricName(metric.metric).requestClass, seen.insert(requestClass).inserted,
                let ratio = metric.ratio, let verdict = metric.verdict
            else { return nil }
            let head = TrialAnswer.sentence(MetricName(metric.metric).effect(ratio, quantity))
            let by = metric.base.flatMap { base in metric.candidate.map { abs($0 - base) } }
            return (head, verdict.tone, steps(of: requestClass, faster: ratio.value < 1, by: by))
        }
    }

    private func steps(of requestClass: String, faster: Bool, by milliseconds: Double?) -> [Step] {
        guard base.statements != nil, candidate.statements != nil else {
            return [statement("not collected, so the chain ends here")]
        }
        guard let sent = ClassStatements.of(requestClass) else {
            return [statement("which ones this class sends is not known, so the chain ends here")]
        }
        let own = sent.own.union(sent.besides.subtracting(sentByOthers(requestClass)))
        guard let pair = moved(own, faster: faster) else {
            return [
                statement(
                    "none of this class’s moved the same way by \(quantity.percent(Self.least)) or more"
                        + shared(sent.besides.subtracting(own), faster: faster)
                        + ": the cause lies outside of statements (schedule, pool, connection, commit), or in chance")
            ]
        }
        return [
            statement(told(pair, requestClass) + rest(pair, of: milliseconds)), plan(pair), wait(pair.shapes), setting,
        ]
    }

    /// Said where what a statement's time moved by is little of what the quantile moved by; empty otherwise, and where
    /// either is not known.
    private func rest(_ pair: StatementPair, of milliseconds: Double?) -> String {
        guard let milliseconds, pair.each != .sum, let one = pair.base?.meanMs, let other = pair.candidate?.meanMs,
            abs(other - one) < Self.mostOutside * milliseconds
        else { return "" }
        return
            "; its mean is \(quantity.time(abs(other - one))) of \(quantity.time(milliseconds)): the rest lies in its slow "
            + "calls, in other statements, or outside (commit, schedule, pool, connection)"
    }

    private func statement(_ found: String) -> Step {
        Step(what: "statement", found: found, anchor: anchors.statements)
    }

    // MARK: Statement

    /// Of some shapes, what moved the most in the same direction: a statement, or all that a role was carried out by.
    private func moved(_ shapes: Set<String>, faster: Bool) -> StatementPair? {
        StatementGroup.all(base, candidate).flatMap(\.units)
            .filter { pair in
                guard !pair.shapes.isDisjoint(with: shapes), let ratio = pair.ratio else { return false }
                return faster ? ratio <= 1 - Self.least : ratio >= 1 + Self.least
            }.max { change($0) < change($1) }
    }

    /// Milliseconds by which the time of all calls changed.
    private func change(_ pair: StatementPair) -> Double {
        abs((pair.candidate?.totalMs ?? 0) - (pair.base?.totalMs ?? 0))
    }

    /// Other classes that this comparison had.
    private func others(_ requestClass: String) -> [ClassStatements] {
        let names = Set(base.accounting.keys).union(candidate.accounting.keys).subtracting([requestClass])
        return names.sorted().compactMap { ClassStatements.of($0) }
    }

    /// What cannot be told from the statements of others; all there is where the other classes are not known.
    private func sentByOthers(_ requestClass: String) -> Set<String> {
        let isKnown = !base.accounting.isEmpty && !candidate.accounting.isEmpty
        let classes = isKnown ? others(requestClass) : ClassStatements.all
        return classes.reduce(into: []) { $0.formUnion($1.own) }
    }

    /// Said where what some requests of a class send besides moved, which others are made of.
    private func shared(_ shapes: Set<String>, faster: Bool) -> String {
        guard let pair = moved(shapes, faster: faster) else { return "" }
        return " (\(pair.name) did, but other classes send it too, so that it cannot be assigned)"
    }

    private func told(_ pair: StatementPair, _ requestClass: String) -> String {
        let (before, after) = (quantity.time(pair.base?.meanMs), quantity.time(pair.candidate?.meanMs))
        var text = "\(pair.words): \(before) → \(after) \(pair.each.rawValue)"
        let planning = [pair.base, pair.candidate].map { sum in sum.flatMap { $0.mean($0.planMs) } }
        if let one = planning[0], let other = planning[1] {
            text += "; of it planning \(quantity.time(one)) → \(quantity.time(other))"
        }
        let names = others(requestClass).filter { !$0.own.isDisjoint(with: pair.shapes) }.map(\.requestClass)
        return names.isEmpty ? text : text + "; sent for \(names.joined(separator: ", ")), too"
    }

    // MARK: Plan

    private func plan(_ statement: StatementPair) -> Step {
        let difference = PlanDifference(base, candidate, quantity)
        let own = difference.pairs.enumerated().filter { _, pair in
            !pair.base.isEmpty && !pair.candidate.isEmpty && !statement.shapes.isDisjoint(with: pair.shapes)
        }
        if let (place, pair) = own.first(where: { $0.element.isSame == false }) {
            return Step(what: "plan", found: told(pair), anchor: anchors.plan(place))
        }
        guard let (_, first) = own.first, let plan = first.base.first else {
            return Step(what: "plan", found: "not collected", anchor: anchors.plans)
        }
        return Step(
            what: "plan",
            found: own.contains { $0.element.isSame == nil }
                ? "not comparable: that of one side was told without its indexes"
                : "the same shape on both sides (\(plan.fingerprint.prefix(8)))", anchor: anchors.plans)
    }

    /// A changed plan by the lines that one side alone has; by its outline where trees were not kept.
    private func told(_ pair: PlanDifference.Pair) -> String {
        let head = pair.isRole ? "that of other statements" : "another shape"
        let own = pair.ownLines
        let (gone, come) = (told(pair.base, own.base), told(pair.candidate, own.candidate))
        switch (gone, come) {
        case (let gone?, let come?): return "\(head): \(gone) became \(come)"
        case (let gone?, nil): return "\(head): without \(gone)"
        case (nil, let come?): return "\(head): with \(come)"
        case (nil, nil):
            let outlines = [pair.base, pair.candidate].map { $0.map(\.outline).joined(separator: " and ") }
            return "\(head): \(outlines.joined(separator: " became "))"
        }
    }

    /// The first of some lines; `nil` for none.
    private func told(_ plans: [PlanRecord], _ places: Set<Int>) -> String? {
        let lines = plans.flatMap { $0.lines ?? [] }
        let own = places.sorted().filter { lines.indices.contains($0) }.map { "“\(lines[$0].what)”" }
        let rest = own.count - Self.mostLines
        guard !own.isEmpty else { return nil }
        return own.prefix(Self.mostLines).joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    // MARK: Wait and setting

    private func wait(_ shapes: Set<String>) -> Step {
        Step(what: "wait", found: waited(sightings(shapes, base), sightings(shapes, candidate)), anchor: anchors.waits)
    }

    private func waited(_ one: Sightings, _ other: Sightings) -> String {
        guard one.all >= Self.sightings, other.all >= Self.sightings else {
            return one.all + other.all == 0
                ? "not collected"
                : "seen \(one.all) and \(other.all) times, too few to tell (\(Self.sightings) on each side are needed)"
        }
        func shares(_ event: String) -> (Double, Double) {
            (
                Double(one.events[event] ?? 0) / Double(one.all), Double(other.events[event] ?? 0) / Double(other.all)
            )
        }
        let events = Set(one.events.keys).union(other.events.keys)
        let most = events.sorted().max { abs(shares($0).0 - shares($0).1) < abs(shares($1).0 - shares($1).1) }
        guard let most else { return "none was seen: it ran all the time on both sides" }
        let (before, after) = shares(most)
        // Two standard errors of a difference of shares.
        let error =
            before * (1 - before) / Double(one.all) + after * (1 - after) / Double(other.all)
        guard (before - after) * (before - after) > 4 * error else { return "no share moved by more than chance" }
        let name = most == "CPU" ? "running" : "waiting for \(most)"
        return "\(name) in \(quantity.share(before)) of sightings with the base, \(quantity.share(after)) with the "
            + "candidate"
    }

    private typealias Sightings = (all: Int, events: [String: Int])

    private func sightings(_ shapes: Set<String>, _ side: ComparedSide) -> Sightings {
        let seen = (side.server?.statementWaits ?? []).filter { wait in
            wait.statement.map { shapes.contains($0) } == true
        }
        return (
            seen.reduce(0) { $0 + $1.count }, Dictionary(seen.map { ($0.event, $0.count) }, uniquingKeysWith: +)
        )
    }

    private var setting: Step {
        let changes = VariantDifference(base, candidate, quantity).changes
        return Step(
            what: changes.count == 1 ? "setting" : "settings",
            found: changes.isEmpty
                ? "nothing differs but the name"
                : changes.prefix(6).joined(separator: "; ")
                    + (changes.count > 6 ? "; and \(changes.count - 6) more" : "")
                    + (changes.count > 1 ? ": together, so which of them did it is not known" : ""),
            anchor: anchors.settings)
    }
}

/// What differs between the two variants.
struct VariantDifference {
    let base: ComparedSide
    let candidate: ComparedSide
    let quantity: Quantity

    init(_ base: ComparedSide, _ candidate: ComparedSide, _ quantity: Quantity) {
        (self.base, self.candidate, self.quantity) = (base, candidate, quantity)
    }

    private struct Change {
        let name: String
        let base: String
        let candidate: String
        let note: String
    }

    private var differing: [Change] {
        let (one, other) = (Self.byName(base), Self.byName(candidate))
        return Set(one.keys).union(other.keys).sorted().compactMap { name in
            let row = one[name] ?? other[name]
            let value = { (found: SettingRow?) in found?.value ?? row?.defaultValue ?? "unknown" }
            let (before, after) = (value(one[name]), value(other[name]))
            guard before != after else { return nil }
            return Change(name: name, base: before, candidate: after, note: row?.meaning ?? "")
        }
    }

    private static func byName(_ side: ComparedSide) -> [String: SettingRow] {
        Dictionary(side.variant.settings.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    private var others: [Change] {
        // Of what was imported none of this is known.
        guard base.imported == nil, candidate.imported == nil else { return [] }
        func pair(_ name: String, _ value: (ComparedSide) -> String) -> Change? {
            value(base) == value(candidate)
                ? nil : Change(name: name, base: value(base), candidate: value(candidate), note: "not a setting")
        }
        return [
            pair("PostgreSQL", { $0.target.serverVersion }), pair("schema", { "\($0.variant.schemaVersion)" }),
            pair("driver", { $0.variant.driver }),
            pair("driver changes", { ($0.variant.driverChanges ?? []).joined(separator: "; ") }),
            pair("data checksums", { $0.target.dataChecksums ? "on" : "off" }),
        ].compactMap { $0 }
    }

    /// One line each, such as `wal_compression: off → lz4`; what the suggestion says it changes where that is more.
    var changes: [String] {
        let found = (others + differing).map { "\($0.name): \($0.base) → \($0.candidate)" }
        let names = (others + differing).map(\.name)
        let told = candidate.suggestion?.changes ?? []
        return found
            + told.filter { change in
                !names.contains { change.hasPrefix("\($0):") } && !found.contains { $0.contains(change) }
            }
    }

    /// Settings and versions that differ; a server's default stands where a side does not set one.
    var table: ReportTable {
        ReportTable(
            [.init("what", .name), .init("base", .number), .init("candidate", .number), .init("meaning", .text)],
            (others + differing).map { change in
                [.init(change.name)]
                    + [change.base, change.candidate].map { $0.isEmpty ? .unknown("none") : .init($0) }
                    + [change.note.isEmpty ? .unknown("not described") : .init(change.note)]
            })
    }

    /// Whose suggestion it is, and what is expected of it.
    var suggestion: ReportTable {
        guard let told = candidate.suggestion else { return ReportTable([], [[ReportTable.Cell]]()) }
        return ReportTable([.init("", .word), .init("", .text)], told.rows.map { [.init($0.0), .init($0.1)] })
    }
}
