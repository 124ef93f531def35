import RunRecord

/// The tables of what ran and on what: facts, settings, sizes, hardware, rules.
struct SettingTables {
    let report: TrialReport
    let quantity: Quantity

    private var record: RunRecord { report.record }

    /// History in a few words, such as "200 000 rows in 24 hourly partitions, 707 MB".
    var history: String? {
        record.targets.first.map {
            "\(quantity.count($0.history.rows)) rows in \($0.history.partitionsInWords(quantity)), "
                + quantity.bytes($0.history.bytes)
        }
    }

    private var nodes: String {
        let count = quantity.count(record.workload.nodes)
        guard let databases = record.workload.databases else { return "\(count), each offering every message" }
        return
            "\(count) on \(quantity.count(databases)) databases, one for each shard; each offering every message of its shard"
    }

    var facts: ReportTable {
        let host = record.host
        let target = record.targets.first
        let state = target.map { "\($0.history.state); loaded in \(quantity.time($0.history.loadSeconds * 1_000))" }
        var rows: [(String, String)] = [
            ("workload", "\(record.workload.name): \(record.workload.summary)"),
            ("rates", rates),
            ("shards", record.workload.shards.isEmpty ? "none" : record.workload.shards.joined(separator: ", ")),
            ("store nodes", nodes),
            ("archive time", "virtual, from \(record.workload.archiveEpoch)\(speed)"),
            ("variant", "\(record.variant.name): \(record.variant.summary)"),
            ("schema, driver", "schema \(record.variant.schemaVersion), driver \(record.variant.driver)"),
        ]
        rows += (record.variant.driverChanges ?? []).map { ("driver changes", $0) }
        rows += [
            ("history", history.map { "\($0); \(state ?? "")" } ?? "not loaded"),
            (
                "server",
                target.map {
                    "\($0.kind), PostgreSQL \($0.serverVersion), data checksums \($0.dataChecksums ? "on" : "off")"
                } ?? "none"
            ),
            (
                "host",
                "\(host.processors) × \(host.processorModel), \(quantity.bytes(host.memoryBytes)) memory, "
                    + "\(host.filesystem)\(host.device.map { " on \($0)" } ?? ""), kernel \(host.kernel), "
                    + host.operatingSystem + (host.virtualisation.map { ", \($0)" } ?? "")
                    + (host.governor.map { ", governor \($0)" } ?? "")
            ),
            (
                "phases",
                "warm-up \(warmUp), measured "
                    + (record.phases.measuredSeconds.map { quantity.time($0 * 1_000) } ?? "nothing")
                    + " of \(quantity.limit(record.phases.measureSeconds * 1_000)), drain "
                    + (record.phases.drainedSeconds.map { quantity.time($0 * 1_000) } ?? "not reached")
            ),
        ]
        return plain(rows)
    }

    private var rates: String {
        let factor = "× \(quantity.factor(record.workload.rateScale)) of the workload as written"
        return PacingWords(record, quantity).map { "\($0.name), which took from a sequence \(factor)" } ?? factor
    }

    private var warmUp: String {
        let phases = record.phases
        let planned = quantity.limit(phases.warmUpSeconds * 1_000)
        guard let reason = phases.warmUpReason else { return planned }
        return "\(quantity.limit(phases.measureStartSeconds * 1_000)), longer than the \(planned) planned (\(reason))"
    }

    private var speed: String {
        guard let scale = record.traffic?.timeScale, scale != 1 else { return "" }
        return ", at \(quantity.factor(scale)) times the speed of the wall clock"
    }

    /// What another run of the same must share.
    var identity: ReportTable {
        let what: [(String, String)] = [
            ("run", record.runId), ("tool", "ArchiveBench \(record.toolVersion)"), ("seed", "\(record.seed)"),
            ("digest of the operations", record.digest),
            ("digest of the workload file", record.workload.fileDigest),
        ]
        let when = [("started", record.startedAt), ("ended", record.endedAt ?? "not written")]
        return plain(what + record.workload.traceRows + when)
    }

    var files: ReportTable {
        plain(report.files.map { ($0.rawValue, Self.meaning[$0] ?? "see ARCHITECTURE.md") })
    }

    private static let meaning: [RecordFolder.File: String] = [
        .record: "everything on this page as numbers", .samples: "one line a second", .events: "one line an event",
        .latencies: "a histogram a second and request class, for HdrHistogram's tools",
        .workload: "the traffic, word for word", .variant: "what was under test, word for word",
        .profile: "the machine asked for, word for word",
        .fit: "how well the workload resembles the archive that it was fitted to",
        .serverLog: "the database server's own log", .statements: "what the server did for each statement",
        .serverSamples: "server and host, one line a second", .plans: "plans of statements, each in a file beside it",
        .page: "this report as a page",
        .text: "this report as Markdown",
    ]

    /// Settings that differ from the server's default.
    ///
    /// - Parameter asked: those the variant asked for, or all others.
    /// - Returns: a row a setting, by name.
    func settings(asked: Bool) -> ReportTable {
        let settings = record.variant.settings.filter { ($0.origin == "variant") == asked }.sorted { $0.name < $1.name }
        let isKnown = settings.contains { $0.needsRestart != nil }
        return ReportTable(
            [.init("setting", .name), .init("value", .number), .init("default", .number), .init("set by", .word)]
                + (isKnown ? [.init("to change it", .word)] : []) + [.init("meaning", .text)],
            settings.map { setting in
                let change = setting.needsRestart.map { ReportTable.Cell($0 ? "restart" : "reload") }
                return [.init(setting.name), value(setting.value), value(setting.defaultValue), .init(setting.origin)]
                    + (isKnown ? [change ?? .unknown(Quantity.missing)] : [])
                    + [setting.meaning.isEmpty ? .unknown("not described") : .init(setting.meaning)]
            })
    }

    private func value(_ text: String) -> ReportTable.Cell {
        text.isEmpty || text == "empty" ? .unknown("empty") : .init(text)
    }

    var sizes: ReportTable {
        let sizes = record.targets.first?.sizes ?? []
        let largest = Double(max(1, sizes.map(\.bytes).max() ?? 1))
        return ReportTable(
            [.init("relation", .text), .init("size", .number), .init("", .word)],
            sizes.map { size in
                [
                    .init(size.name), .init(quantity.bytes(size.bytes)),
                    .init("", bar: Double(size.bytes) / largest * 100),
                ]
            })
    }

    var profile: ReportTable {
        let profile = record.profile
        let names = Set(profile.requested.keys).union(profile.enforced.keys).union(profile.observed.keys).sorted()
        return ReportTable(
            [.init("hardware", .word), .init("requested", .text), .init("enforced", .text), .init("observed", .text)],
            names.map { name in
                [
                    .init(name), profile.requested[name].map { .init($0) } ?? .unknown("nothing asked"),
                    profile.enforced[name].map { .init($0) } ?? .unknown("not enforced"),
                    profile.observed[name].map { .init($0) } ?? .unknown("not observed"),
                ]
            })
    }

    /// What short probes got from the machine before and after the trial.
    var probes: ReportTable {
        func cell(_ value: Double?, _ missing: String) -> ReportTable.Cell {
            value.map { .init(quantity.factor($0)) } ?? .unknown(missing)
        }
        return ReportTable(
            [
                .init("probe", .word), .init("asked", .number), .init("before", .number), .init("after", .number),
                .init("unit", .word), .init("", .word),
            ],
            (record.profile.probes ?? []).map { row in
                [
                    .init(row.name), cell(row.asked, "nothing asked"), cell(row.before, "not measured"),
                    cell(row.after, "not measured"), .init(row.unit),
                    row.holds.map { $0 ? .init("holds", .better) : .init("off", .worse) } ?? .init(""),
                ]
            })
    }

    var validity: ReportTable {
        ReportTable(
            [
                .init("rule", .name), .init("", .word), .init("observed", .text), .init("allowed", .text),
                .init("why", .text),
            ],
            record.validity.map {
                [
                    .init($0.rule), $0.holds ? .init("holds", .better) : .init("broken", .worse), .init($0.observed),
                    .init($0.threshold), .init($0.reason),
                ]
            })
    }

    /// What could make the numbers wrong, as far as the record tells.
    var threats: [String] {
        var threats = [
            "One trial on one host: another run differs by the host's own noise, which this page cannot know."
        ]
        if record.targets.contains(where: { $0.kind == "managed" }), record.profile.generatorProcessors == nil {
            threats.append("The server and the load generator share the host's processors.")
        }
        threats.append("The history was loaded just before: no dead rows, no bloat, no months of churn.")
        let few = report.requestNames.filter {
            (record.classes[$0]?.responseMs?.count ?? 0) < TrialReport.fewOperations
        }
        if !few.isEmpty {
            threats.append(
                "Fewer than \(quantity.count(TrialReport.fewOperations)) operations completed in "
                    + few.joined(separator: ", ") + ": fewer than ten lie beyond their p99, so it is not told.")
        }
        if !record.profile.notEnforced.isEmpty {
            threats.append("Hardware limits listed as not enforced: the server may have had more than was asked for.")
        }
        return threats
    }

    private func plain(_ rows: [(String, String)]) -> ReportTable {
        ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}
