import RunRecord

/// From a quantile that moved to its statement, its plan, its wait and the setting: each step only where the data say so.
struct CauseChain {
    /// A step is what was looked at and what was found.
    struct Step {
        let what: String
        let found: String
    }

    let report: ComparisonReport
    let pair: ComparedPair
    let base: ComparedSide
    let candidate: ComparedSide
    let quantity: Quantity

    /// A statement's time must move by at least this share to be named.
    private static let least = 0.02
    /// Sightings of a statement on each side that a share of its waits needs.
    private static let sightings = 50

    init?(_ report: ComparisonReport, _ pair: ComparedPair, _ quantity: Quantity) {
        guard let base = report.base, let candidate = report.side(pair.candidate) else { return nil }
        (self.report, self.pair, self.quantity) = (report, pair, quantity)
        (self.base, self.candidate) = (base, candidate)
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
            return (head, verdict.tone, steps(of: requestClass, faster: ratio.value < 1))
        }
    }

    private func steps(of requestClass: String, faster: Bool) -> [Step] {
        guard base.statements != nil, candidate.statements != nil else {
            return [Step(what: "statement", found: "not collected, so the chain ends here")]
        }
        guard let statement = statement(of: requestClass, faster: faster) else {
            return [
                Step(
                    what: "statement",
                    found: "none of this class’s moved the same way by \(quantity.percent(Self.least)) or more: "
                        + "the cause lies outside of statements (schedule, pool, connection, commit), or in chance")
            ]
        }
        return [statement.step, plan(statement.name), wait(statement.name), setting]
    }

    /// The statement of the class whose time moved the most in the same direction.
    private func statement(of requestClass: String, faster: Bool) -> (name: String, step: Step)? {
        let own = StatementPair.all(base.statements, candidate.statements)
            .filter { Self.serves($0.name, requestClass) }
        let moved = own.compactMap { pair -> (StatementPair, Double)? in
            guard let one = pair.base, let other = pair.candidate, let ratio = pair.ratio,
                faster ? ratio <= 1 - Self.least : ratio >= 1 + Self.least
            else { return nil }
            return (pair, abs(other.totalMs - one.totalMs))
        }
        guard let (pair, _) = moved.max(by: { $0.1 < $1.1 }) else { return nil }
        let planning = [pair.base, pair.candidate].map { row in
            row.flatMap { row in row.planMs.map { $0 / Double(max(1, row.calls)) } }
        }
        let planned =
            planning[0].flatMap { one in
                planning[1].map { "; of it planning \(quantity.time(one)) → \(quantity.time($0))" }
            } ?? ""
        return (
            pair.name,
            Step(
                what: "statement",
                found:
                    "\(pair.name): \(quantity.time(pair.base?.meanMs)) → \(quantity.time(pair.candidate?.meanMs)) a call"
                    + planned)
        )
    }

    /// Whether a shape is a part of a request class, by the driver's names of both.
    private static func serves(_ shape: String, _ requestClass: String) -> Bool {
        let prefixes: [(request: String, shapes: [String])] = [
            ("put", ["messages.insert", "lookup.insert"]), ("store.hashes", ["query.hashes", "lookup", "query"]),
            ("store", ["query", "lookup"]),
            ("maintenance", ["messages.deleted", "lookup.deleted", "partition", "lookup"]),
        ]
        let shapes = prefixes.first { requestClass.hasPrefix($0.request) }?.shapes
        return shapes?.contains { shape.hasPrefix($0) } ?? true
    }

    private func plan(_ shape: String) -> Step {
        let pair = PlanDifference(base, candidate, quantity).pairs.first { $0.shape == shape }
        guard let pair, let one = pair.base, let other = pair.candidate else {
            return Step(what: "plan", found: "not collected")
        }
        if pair.isSame == true {
            return Step(what: "plan", found: "the same shape on both sides (\(one.fingerprint.prefix(8)))")
        }
        return Step(what: "plan", found: "another shape: \(one.outline) became \(other.outline)")
    }

    private func wait(_ shape: String) -> Step {
        let (one, other) = (sightings(shape, base), sightings(shape, candidate))
        guard one.all >= Self.sightings, other.all >= Self.sightings else {
            return Step(
                what: "wait",
                found: one.all + other.all == 0
                    ? "not collected"
                    : "seen \(one.all) and \(other.all) times, too few to tell (\(Self.sightings) on each side are needed)"
            )
        }
        let events = Set(one.events.keys).union(other.events.keys)
        func shares(_ event: String) -> (Double, Double) {
            (
                Double(one.events[event] ?? 0) / Double(one.all), Double(other.events[event] ?? 0) / Double(other.all)
            )
        }
        let most = events.sorted().max { abs(shares($0).0 - shares($0).1) < abs(shares($1).0 - shares($1).1) }
        // Two standard errors of a difference of shares.
        guard let most else { return Step(what: "wait", found: "none was seen: it ran all the time on both sides") }
        let (before, after) = shares(most)
        let error =
            before * (1 - before) / Double(one.all) + after * (1 - after) / Double(other.all)
        guard (before - after) * (before - after) > 4 * error else {
            return Step(what: "wait", found: "no share moved by more than chance")
        }
        let name = most == "CPU" ? "running" : "waiting for \(most)"
        return Step(
            what: "wait",
            found: "\(name) in \(quantity.share(before)) of sightings with the base, \(quantity.share(after)) with the "
                + "candidate")
    }

    private func sightings(_ shape: String, _ side: ComparedSide) -> (all: Int, events: [String: Int]) {
        let seen = (side.server?.statementWaits ?? []).filter { $0.statement == shape }
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
                    + (changes.count > 1 ? ": together, so which of them did it is not known" : ""))
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
        return found + told.filter { change in !names.contains { change.hasPrefix("\($0):") } }
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
        let rows = [
            ("author", told.author), ("source", told.source), ("expected", told.expectation), ("risk", told.risk),
            ("undone by", told.undo ?? "not reversible"),
        ]
        return ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}
