import RunRecord

/// What the page says, as the template's fields. Everything here is text; the template escapes it. Only the pictures,
/// whose texts are escaped where they are made, go in as they are.
struct TrialPage {
    let report: TrialReport
    private let quantity = Quantity.page

    init(_ report: TrialReport) { self.report = report }

    var context: [String: Any] {
        let record = report.record
        let answer = TrialAnswer(report, quantity)
        var page: [String: Any] = [
            "title": "\(record.workload.name) on \(server)", "subtitle": subtitle, "tone": answer.tone.rawValue,
            "headline": answer.headline, "details": answer.details, "cards": cards, "classes": classRows,
            "objectives": objectiveRows, "accounting": accountRows(record.accounting),
            "warmUp": accountRows(record.warmUpAccounting), "validity": validityRows, "settings": settingRows,
            "adaptations": record.variant.adaptations, "sizes": sizeRows, "notCollected": record.notCollected,
            "notEnforced": record.profile.notEnforced, "profile": profileRows, "facts": facts,
            "reproduce": record.command,
            "files": RecordFolder.File.allCases.map(\.rawValue), "events": eventRows, "threats": threats,
        ]
        let percentiles = PercentileChart(report: report, quantity: quantity)
        let timeline = TimelineChart(report: report, quantity: quantity)
        page["percentiles"] = percentiles.svg
        page["hasPercentiles"] = !percentiles.svg.isEmpty
        page["percentileColumns"] = PercentileChart.columns.map { "p\(quantity.digits($0))" }
        page["percentileRows"] = percentiles.table.map { row in
            ["name": row.name, "values": row.values.map { quantity.milliseconds($0) }] as [String: Any]
        }
        page["throughput"] = timeline.throughput
        page["strips"] = timeline.strips.map { ["name": $0.name, "svg": $0.svg] }
        page["seconds"] = secondRows
        for key in [
            "objectives", "classes", "adaptations", "sizes", "settings", "warmUp", "events", "strips", "seconds",
        ] {
            page["has" + key.prefix(1).uppercased() + key.dropFirst()] = !((page[key] as? [Any])?.isEmpty ?? true)
        }
        return page
    }

    // MARK: Head

    private var server: String {
        report.record.targets.first.map { "PostgreSQL \($0.serverVersion.prefix { $0 != " " })" } ?? "no server"
    }

    private var subtitle: String {
        let record = report.record
        var parts: [String] = []
        if let target = record.targets.first {
            parts.append(
                "\(quantity.count(target.history.rows)) rows of history in \(quantity.count(target.history.partitions)) hourly partitions, \(quantity.bytes(target.history.bytes))"
            )
        } else {
            parts.append("history was not loaded")
        }
        parts.append("schema \(record.variant.schemaVersion)")
        parts.append("variant \(record.variant.name), driver \(record.variant.driver)")
        if record.workload.rateScale != 1 { parts.append("rates × \(quantity.digits(record.workload.rateScale))") }
        parts.append(
            record.phases.measuredSeconds.map { "measured for \(quantity.time($0 * 1_000))" } ?? "nothing was measured")
        parts.append(record.startedAt)
        return parts.joined(separator: " · ")
    }

    /// Backlog first when there is any: it is the number that makes the others meaningless.
    private var cards: [[String: Any]] {
        let record = report.record
        let total = report.total
        var cards: [[String: Any]] = [
            [
                "name": "Backlog", "value": total.backlog == 0 ? "none" : quantity.count(total.backlog),
                "tone": total.backlog == 0 ? "neutral" : "worse",
                "text": total.backlog == 0
                    ? "Everything due was started before the measure phase ended."
                    : "operations were due and not started when the measure phase ended, of \(quantity.count(total.scheduled))."
                    ,
            ],
            [
                "name": "Valid", "value": record.valid ? "yes" : "no", "tone": record.valid ? "better" : "worse",
                "text":
                    "\(record.validity.count { $0.holds }) of \(record.validity.count) rules hold. One trial: no statement on chance.",
            ],
        ]
        cards.append([
            "name": "Load generator",
            "value": record.generator.cpuMicrosPerOperation.map { quantity.time($0 / 1_000) } ?? Quantity.missing,
            "tone": "neutral",
            "text":
                "of CPU an operation. Own lateness: p50 \(quantity.time(record.generator.lagMs?.p50)), p99 \(quantity.time(record.generator.lagMs?.p99)). Peak memory \(quantity.bytes(record.generator.peakMemoryBytes)).",
        ])
        return cards
    }

    // MARK: Tables

    private var classRows: [[String: Any]] {
        let record = report.record
        let worst = report.classNames.max {
            (record.classes[$0]?.responseMs?.p99 ?? 0) < (record.classes[$1]?.responseMs?.p99 ?? 0)
        }
        return report.classNames.map { name in
            let (summary, account) = (record.classes[name], record.accounting[name] ?? Accounting())
            let response = summary?.responseMs
            let few = (response?.count ?? 0) < 1_000
            return [
                "name": name, "offered": quantity.digits(summary?.offeredPerSecond ?? 0),
                "achieved": quantity.digits(summary?.achievedPerSecond ?? 0),
                "goodput": summary?.goodputPerSecond.map { quantity.digits($0) } ?? "–",
                "count": quantity.count(response?.count ?? 0), "p50": quantity.milliseconds(response?.p50),
                "p90": quantity.milliseconds(response?.p90), "p95": quantity.milliseconds(response?.p95),
                "p99": quantity.milliseconds(response?.p99), "few": few && response != nil,
                "p999": quantity.milliseconds(response?.p999), "max": quantity.milliseconds(response?.max),
                "service": quantity.milliseconds(summary?.serviceMs?.p99),
                "lag": quantity.milliseconds(summary?.lagMs?.p99), "failed": quantity.count(account.failed),
                "backlog": quantity.count(account.backlog), "worst": name == worst, "isFailing": account.failed > 0,
                "isBehind": account.backlog > 0,
            ]
        }
    }

    private var objectiveRows: [[String: Any]] {
        report.record.objectives.map { finding in
            let word = finding.holds.map { $0 ? "held" : "missed" } ?? "not judged"
            return [
                "objective": finding.objective, "limit": quantity.limit(finding.limitMs),
                "observed": finding.observedMs.map { quantity.time($0) }
                    ?? (finding.operations == 0 ? "no operations" : "did not finish"),
                "operations": quantity.count(finding.operations), "word": word,
                "tone": finding.holds.map { $0 ? "better" : "worse" } ?? "open",
            ]
        }
    }

    private func accountRows(_ accounts: [String: Accounting]) -> [[String: Any]] {
        accounts.filter { $0.value.scheduled > 0 }.sorted { $0.key < $1.key }.map { name, account in
            [
                "name": name, "backlog": quantity.count(account.backlog),
                "scheduled": quantity.count(account.scheduled),
                "completed": quantity.count(account.completed), "failed": quantity.count(account.failed),
                "abandoned": quantity.count(account.abandoned), "holds": account.identityHolds,
                "errors": account.errors.isEmpty
                    ? "none"
                    : account.errors.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(
                        separator: ", "),
            ]
        }
    }

    private var validityRows: [[String: Any]] {
        report.record.validity.map {
            [
                "rule": $0.rule, "word": $0.holds ? "holds" : "broken", "tone": $0.holds ? "better" : "worse",
                "observed": $0.observed, "threshold": $0.threshold, "reason": $0.reason,
            ]
        }
    }

    private var settingRows: [[String: Any]] {
        report.record.variant.settings.sorted {
            ($0.origin == "variant" ? 0 : 1, $0.name) < ($1.origin == "variant" ? 0 : 1, $1.name)
        }
        .map {
            [
                "name": $0.name, "value": $0.value.isEmpty ? "empty" : $0.value, "default": $0.defaultValue,
                "origin": $0.origin, "meaning": $0.meaning,
            ]
        }
    }

    private var sizeRows: [[String: Any]] {
        let sizes = report.record.targets.first?.sizes ?? []
        let largest = Double(sizes.map(\.bytes).max() ?? 1)
        return sizes.map {
            [
                "name": $0.name, "bytes": quantity.bytes($0.bytes),
                "width": SVG.number(max(0.5, Double($0.bytes) / largest * 100)),
            ]
        }
    }

    private var profileRows: [[String: Any]] {
        let profile = report.record.profile
        let names = Set(profile.requested.keys).union(profile.enforced.keys).union(profile.observed.keys).sorted()
        return names.map { name in
            [
                "name": name, "requested": profile.requested[name] ?? "nothing asked",
                "enforced": profile.enforced[name] ?? "not enforced",
                "observed": profile.observed[name] ?? "not observed",
            ]
        }
    }

    private var eventRows: [[String: Any]] {
        report.record.events.map {
            ["at": quantity.fixed($0.atSeconds, 1) + quantity.space + "s", "kind": $0.kind, "detail": $0.detail]
        }
    }

    private var secondRows: [[String: Any]] {
        report.samples.prefix(600).map { sample in
            let classes = sample.classes.values
            return [
                "second": "\(sample.second)", "phase": sample.phase,
                "offered": quantity.count(classes.reduce(0) { $0 + $1.scheduled }),
                "achieved": quantity.count(classes.reduce(0) { $0 + $1.completed }),
                "failed": quantity.count(classes.reduce(0) { $0 + $1.failed }),
                "worst": quantity.milliseconds(classes.compactMap(\.p99Ms).max()),
            ]
        }
    }

    // MARK: Foot

    private var facts: [[String: Any]] {
        let record = report.record
        let host = record.host
        let target = record.targets.first
        let rows: [(String, String)] = [
            ("workload", "\(record.workload.name): \(record.workload.summary)"),
            ("shards", record.workload.shards.joined(separator: ", ")),
            ("store nodes", "\(record.workload.nodes), each offering every message"),
            ("archive time", "begins at \(record.workload.archiveEpoch), virtual"),
            (
                "history",
                target.map { "\($0.history.state); loaded in \(quantity.time($0.history.loadSeconds * 1_000))" }
                    ?? Quantity.missing
            ),
            (
                "server",
                target.map { "\($0.serverVersion), data checksums \($0.dataChecksums ? "on" : "off")" }
                    ?? Quantity.missing
            ),
            (
                "host",
                "\(host.processors) × \(host.processorModel), \(quantity.bytes(host.memoryBytes)) memory, \(host.filesystem), kernel \(host.kernel), \(host.operatingSystem)"
            ),
            ("seed", "\(record.seed)"), ("digest of the operations", record.digest),
            ("digest of the workload file", record.workload.fileDigest),
            ("tool", "ArchiveBench \(record.toolVersion), run \(record.runId)"),
            ("ended", "\(record.ending.rawValue)\(record.endingDetail.map { ": \($0)" } ?? "")"),
        ]
        return rows.map { ["name": $0.0, "value": $0.1] }
    }

    private var threats: [String] {
        [
            "One trial on one host: another run differs by the host's own noise, which this page does not know.",
            "Server and load generator share the host's processors.",
            "The history is young and freshly loaded: no bloat, no dead rows, no months of churn.",
            "Percentiles marked with * rest on fewer than 1 000 operations: p99 then lies among the ten slowest.",
        ]
    }
}
