import RunRecord

/// The two servers side by side: what they waited for, wrote, kept and held.
struct ServerDifference {
    let base: ComparedSide
    let candidate: ComparedSide
    let quantity: Quantity

    /// Waits rarer than this share on both sides are left out.
    private static let rare = 0.01

    /// What the slices took for each message, or for each operation where none stored any; what is rare, and what the
    /// server held, as it is.
    var totals: ReportTable {
        guard base.server != nil || candidate.server != nil else { return table([]) }
        return table([
            each("WAL", \.wal?.bytes.real, "B"), each("WAL records", \.wal?.records.real),
            each("full page images", \.wal?.fullPageImages.real), each("WAL flushes", \.wal?.syncs?.real),
            row("mean WAL flush", { $0.wal.flatMap { wal in mean(wal.syncMs, wal.syncs) } }, "ms"),
            each("blocks read", \.database?.blocksRead.real),
            each("blocks found in memory", \.database?.blocksHit.real),
            each("read by the server", { sum($0.io) { $0.readBytes.real } }, "B"),
            row("mean read", { meanRead($0.io) }, "ms"),
            each("written by the server", { sum($0.io) { $0.writtenBytes.real } }, "B"),
            each("temporary files", \.database?.tempBytes.real, "B"),
            each("transactions", \.database?.commits.real),
            each("buffers written by checkpoints", \.writing?.buffersByCheckpoints.real),
            state("growth on disk for each message", \.growthPerMessage),
            state("memory of the server after the last slice", \.memoryBytes?.real),
            row("deadlocks", \.database?.deadlocks.real, ""),
            row("checkpoints", { $0.checkpoints.count.real }, ""),
            row("runs of autovacuum", { $0.autovacuum.count.real }, ""),
            row("dead rows at the end", \.tuplesAtEnd?.dead.real, ""),
            row("locks in the table, most", \.locks?.peak.real, ""),
            row("locks waited for, most", \.locks?.peakWaiting.real, ""),
            row("connections, most", \.connections?.peak.real, ""),
            row("wait for a connection of the pool, mean", \.connections?.poolWaitMeanMs, "ms"),
        ])
    }

    /// What the figures of ``totals`` are, one sentence.
    var note: String {
        guard let thing = share?.thing else { return "All slices of each side together, as each row says." }
        let done = thing == "message" ? "messages that it stored" : "operations that it completed"
        return "Counters of all slices of each side, divided by the \(done); a row that does not say "
            + "“for each \(thing)” is not divided by them; means are of their own events."
    }

    /// Sizes of relations at the end.
    var sizes: ReportTable {
        func end(_ side: ComparedSide) -> [String: Int] {
            let grown = side.server?.relations.map { ($0.name, $0.endBytes) } ?? []
            return Dictionary(
                grown.isEmpty ? side.target.sizes.map { ($0.name, $0.bytes) } : grown, uniquingKeysWith: { $1 })
        }
        let (one, other) = (end(base), end(candidate))
        let names = Set(one.keys).union(other.keys).sorted {
            (max(one[$1] ?? 0, other[$1] ?? 0), $0) < (max(one[$0] ?? 0, other[$0] ?? 0), $1)
        }
        return table(names.map { cells($0, one[$0]?.real, other[$0]?.real, "B", missing: "not there") })
    }

    /// What clients were seen doing, as shares of all sightings.
    var waits: ReportTable {
        let (one, other) = (Self.shares(base), Self.shares(candidate))
        let names = Set(one.keys).union(other.keys).filter { max(one[$0] ?? 0, other[$0] ?? 0) >= Self.rare }
            .sorted { (max(one[$1] ?? 0, other[$1] ?? 0), $0) < (max(one[$0] ?? 0, other[$0] ?? 0), $1) }
        return ReportTable(
            [.init("clients seen", .name), .init("base", .number), .init("candidate", .number)],
            names.map { name in
                let shares = [(one, base), (other, candidate)].map { shares, side -> ReportTable.Cell in
                    shares.isEmpty ? .unknown(Quantity.missing) : .init(quantity.share(shares[name] ?? 0))
                }
                return [.init(name)] + shares
            })
    }

    private static func shares(_ side: ComparedSide) -> [String: Double] {
        let clients = (side.server?.waits ?? []).filter { $0.backend == "client backend" }
        let all = clients.reduce(0) { $0 + $1.count }
        guard all > 0 else { return [:] }
        return Dictionary(
            clients.map { ($0.type == "CPU" ? "running" : $0.event, Double($0.count) / Double(all)) },
            uniquingKeysWith: +)
    }

    /// Statements of both sides, the one with the most time of either first; behind those that one side sends in place
    /// of the other's, all of them together.
    var statements: ReportTable {
        ReportTable(
            [.init("statement", .name)]
                + [
                    "calls, base", "candidate", "a call, base", "candidate", "change", "planning, base", "candidate",
                    "WAL a call, base", "candidate",
                ].map { .init($0, .number) },
            StatementGroup.all(base, candidate).flatMap { group -> [ReportTable.Row] in
                group.shapes.map { ReportTable.Row(cells: cells($0)) }
                    + (group.sum.map { [ReportTable.Row(cells: cells($0), isTotal: true)] } ?? [])
            })
    }

    private func cells(_ pair: StatementPair) -> [ReportTable.Cell] {
        func each(
            _ value: (StatementSum) -> Double?, _ format: (Double) -> String, _ none: String
        ) -> [ReportTable.Cell] {
            [pair.base, pair.candidate].map { sum in
                guard let sum else { return .unknown("not called") }
                return value(sum).map { .init(format($0)) } ?? .unknown(none)
            }
        }
        let name = pair.each == .call ? pair.name : "\(pair.name), \(pair.each.rawValue)"
        return [.init(name)] + each({ $0.calls.real }, { quantity.count(Int($0)) }, "not called")
            + each({ $0.meanMs }, { quantity.time($0) }, "not called") + [.init(change(pair.ratio))]
            + each({ $0.mean($0.planMs) }, { quantity.time($0) }, "not tracked")
            + each({ $0.mean($0.walBytes.real) }, { quantity.measure($0, "B") }, "none")
    }

    // MARK: Rows

    private func table(_ rows: [[ReportTable.Cell]?]) -> ReportTable {
        ReportTable(
            [.init("", .text), .init("base", .number), .init("candidate", .number), .init("change", .number)],
            rows.compactMap { $0 })
    }

    /// `nil` when neither side has it.
    private func row(_ name: String, _ value: (ServerSummary) -> Double?, _ unit: String) -> [ReportTable.Cell]? {
        let (one, other) = (base.server.flatMap(value), candidate.server.flatMap(value))
        return one == nil && other == nil ? nil : cells(name, one, other, unit)
    }

    /// A counter for each message or operation: sides need not have done as many of them.
    private func each(
        _ name: String, _ value: (ServerSummary) -> Double?, _ unit: String = "each"
    ) -> [ReportTable.Cell]? {
        guard let share else { return row("\(name), all slices", value, unit == "each" ? "" : unit) }
        let (one, other) = (base.server.flatMap(value), candidate.server.flatMap(value))
        guard one != nil || other != nil else { return nil }
        return cells(
            "\(name) for each \(share.thing)", one.map { $0 / share.base }, other.map { $0 / share.candidate }, unit)
    }

    /// What counters are shared among; `nil` when it is not known of both sides.
    private var share: (thing: String, base: Double, candidate: Double)? {
        if let one = base.messages, let other = candidate.messages { return ("message", one.real, other.real) }
        if let one = base.operations, let other = candidate.operations { return ("operation", one.real, other.real) }
        return nil
    }

    /// Bytes of a side as a whole.
    private func state(_ name: String, _ value: (ComparedSide) -> Double?) -> [ReportTable.Cell]? {
        let (one, other) = (value(base), value(candidate))
        return one == nil && other == nil ? nil : cells(name, one, other, "B")
    }

    private func cells(
        _ name: String, _ one: Double?, _ other: Double?, _ unit: String, missing: String = Quantity.missing
    ) -> [ReportTable.Cell] {
        func cell(_ value: Double?) -> ReportTable.Cell {
            value.map { .init(amount($0, unit)) } ?? .unknown(missing)
        }
        let ratio = one.flatMap { one in other.flatMap { one > 0 ? $0 / one : nil } }
        let word =
            one == nil || other == nil
            ? "on one side only" : one == other ? "none" : (one ?? 0) < 0 ? "from less than nothing" : "from nothing"
        return [.init(name), cell(one), cell(other), ratio.map { .init(change($0)) } ?? .unknown(word)]
    }

    /// A count without unit, the share of one (`each`), or a quantity.
    private func amount(_ value: Double, _ unit: String) -> String {
        switch unit {
        case "": quantity.count(Int(value))
        case "each": quantity.digits(value)
        default: quantity.measure(value, unit)
        }
    }

    private func change(_ ratio: Double?) -> String {
        guard let ratio else { return "on one side only" }
        let size = quantity.fixed(abs(ratio - 1) * 100, abs(ratio - 1) < 0.0995 ? 1 : 0)
        return (size == "0.0" ? "0" : (ratio < 1 ? "−" : "+") + size) + quantity.space + "%"
    }

    private func mean(_ sum: Double?, _ count: Int?) -> Double? {
        guard let sum, let count, count > 0 else { return nil }
        return sum / Double(count)
    }

    private func sum(_ rows: [IoCounters]?, _ value: (IoCounters) -> Double) -> Double? {
        rows.map { $0.reduce(0) { $0 + value($1) } }
    }

    /// Milliseconds of a read, of those whose time is tracked; `nil` when that of none is.
    private func meanRead(_ rows: [IoCounters]?) -> Double? {
        let timed = (rows ?? []).filter { $0.readMs != nil }
        return mean(timed.reduce(0) { $0 + ($1.readMs ?? 0) }, timed.reduce(0) { $0 + $1.reads })
    }
}

extension Int {
    /// For a formatter of measured values.
    fileprivate var real: Double { Double(self) }
}
