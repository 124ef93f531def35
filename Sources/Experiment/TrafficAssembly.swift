import ArchiveDriver
import LoadRunner
import Measurement
import RunRecord
import WakuModel
import Workload

/// Turns what is known of a trial's traffic into the record's words.
enum TrafficAssembly {
    static func summary(
        _ spec: WorkloadSpec, seed: UInt64, _ result: LoadResult, _ pacing: Pacing = .open
    ) -> TrafficSummary {
        let traffic = Traffic(spec, seed: seed)
        var sessions = sessions(spec, result)
        // How soon a herd was served says how many clients the loop had.
        if pacing != .open { for index in sessions.indices { sessions[index].clearSeconds = nil } }
        return TrafficSummary(
            timeScale: Double(spec.timeScale), distortions: (pacing == .open ? [] : ofClosedLoop) + distortions(spec),
            bandwidth: bandwidth(traffic, result), selfChecks: [], sessions: sessions)
    }

    /// What a reader must not take for production in a closed loop.
    private static let ofClosedLoop = [
        "Closed loop: operations came as fast as they were answered, in the mix and order of the workload; rates a second are this server's, not production's.",
        "Messages lie closer together in archive time than in production, and clients did not think between requests.",
    ]

    // MARK: Time scale

    /// What a reader must not take for production.
    static func distortions(_ spec: WorkloadSpec) -> [String] {
        var sentences: [String] = []
        if spec.timeScale > 1 {
            let scale = spec.timeScale
            sentences += [
                "A partition turns every \(number(3_600 / Double(scale))) s and takes in 1/\(scale) of the messages of a production hour, so partition work is \(scale) times as much for each message.",
                "The nodes' own jobs (counts, ANALYZE, partition factory, retention, health checks) run \(scale) times as often beside the same traffic.",
                "A request for a span of archive time finds 1/\(scale) of the messages that would have arrived in it; what lies in the history is as dense as the history was loaded.",
                "Checkpoints, caches, autovacuum and clients' time-outs know nothing of it: they run by the wall clock.",
            ]
        }
        if !spec.clockwork.makesPartitions {
            sentences.append("No node made partitions: those that the trial needs were there when it began.")
        }
        return sentences + TraceDescription.distortions(spec)
    }

    // MARK: Bandwidth

    static func bandwidth(_ traffic: Traffic, _ result: LoadResult) -> [BandwidthRow] {
        let names = traffic.classNames + ["hashes"]
        var rows: [BandwidthRow] = []
        for (shard, place) in traffic.topics.shards.enumerated() {
            for (item, name) in names.enumerated() {
                let come = result.arrived?.entries[shard][item] ?? .init()
                let gone = result.delivered?.entries[shard][item] ?? .init()
                guard come.messages > 0 || gone.messages > 0 else { continue }
                rows.append(
                    BandwidthRow(
                        shard: place.pubsubTopic.text, messageClass: name, messagesIn: come.messages,
                        bytesIn: come.bytes, ephemeral: come.ephemeral, messagesOut: gone.messages,
                        bytesOut: gone.bytes))
            }
        }
        return rows.sorted { $0.bytesIn + $0.bytesOut > $1.bytesIn + $1.bytesOut }
    }

    // MARK: Sessions

    static func sessions(_ spec: WorkloadSpec, _ result: LoadResult) -> [SessionSummary] {
        zip(spec.clients, result.sessions).map { client, tally in
            var summary = SessionSummary(name: client.name, kind: type(of: client.kind).name)
            summary.started = tally.started
            summary.finished = tally.finished
            summary.gaveUp = tally.gaveUp
            summary.unfinished = tally.unfinished
            summary.requests = tally.requests
            summary.retries = tally.retries
            summary.timeouts = tally.timeouts
            summary.nodeSwitches = tally.nodeSwitches
            summary.messages = tally.messages
            summary.durationMs = RecordAssembly.quantiles(tally.durations)
            summary.firstPageMs = RecordAssembly.quantiles(tally.firstPages)
            summary.toMessages = zip(SessionTally.milestoneCounts, tally.milestones).compactMap { count, times in
                RecordAssembly.quantiles(times).map { MessagesReached(messages: count, sessions: times.count, ms: $0) }
            }
            if client.arrivals is HerdArrivals, tally.unfinished == 0, tally.gaveUp == 0, let start = tally.firstStart,
                let end = tally.lastEnd
            {
                summary.clearSeconds = RecordAssembly.rounded(Double(end - start) / 1e9, 3)
            }
            return summary
        }
    }

    // MARK: Self-checks

    /// Figures of this trial beside those that are public.
    static func selfChecks(
        _ spec: WorkloadSpec, _ shape: ArchiveInspector.Shape?, _ result: LoadResult
    ) -> [SelfCheck] {
        let seconds = max(Double(result.measured) / 1e9, 1e-9)
        func sum(_ part: (LabelResult) -> Int, where matches: (RequestLabel) -> Bool) -> Double {
            Double(zip(result.labels, result.results).reduce(0) { $0 + (matches($1.0) ? part($1.1) : 0) })
        }
        let puts = sum({ $0.measure.completed }) { $0.isPut }
        let inserted = sum({ $0.rows }) { $0.isPut }
        let requests = sum({ $0.measure.scheduled }) { $0.requestClass.hasPrefix("store.") }
        // A counter asks for what it has just been told of, and finds it.
        let asksForNews = { (label: RequestLabel) in
            label.requestClass == "store.hashes.presence"
                && !(label.client.map { spec.clients[$0].kind is MessageCounter } ?? false)
        }
        let asked = sum({ $0.asked }, where: asksForNews)
        let found = sum({ $0.delivered }, where: asksForNews)
        let bytesPerRow = shape.flatMap { $0.rows > 0 ? Double($0.tableBytes) / Double($0.rows) : nil }
        let all = shape.flatMap { $0.rows > 0 ? Double($0.databaseBytes) / Double($0.rows) : nil }
        func check(_ name: String, _ value: Double?, _ unit: String, _ known: String, _ source: String) -> SelfCheck {
            SelfCheck(
                name: name, observed: value.map { RecordAssembly.rounded($0, 1) }, unit: unit, known: known,
                source: source)
        }
        return [
            check(
                "heap and TOAST an hour at this rate", bytesPerRow.map { $0 * inserted / seconds * 3_600 / 1_048_576 },
                "MiB/h", "64 to 85 (month averages), 92 to 143 (single hours); 310 to 5053 in July 2024",
                "partition listings of the Status fleet, 2024 (M)"),
            check(
                "messages archived", inserted / seconds, "/s", "about 10", "status.prod, late 2023 (M, one sentence)"),
            check(
                "heap and TOAST a row", bytesPerRow, "B", "1800 to 2500; 4200 in one hour",
                "the same listings at 10 messages/s (D)"),
            check(
                "database a row, all indexes included", all, "B", "2.1 to 2.9 times the payload and about 700",
                "the archive's encoding (D)"),
            check(
                "rows with their payload in TOAST", shape?.toastShare.map { $0 * 100 }, "%",
                "not public; payloads above about 0.9 kB go there", "the archive's encoding (O)"),
            check(
                "puts that were conflicts", puts > 0 ? (puts - inserted) / puts * 100 : nil, "%",
                "50 with two nodes on a database", "every node stores every message (S)"),
            check(
                "store requests", requests / seconds * 60, "/min", "below 1100", "status.prod, 7 November 2023 (M)"),
            check(
                "presence checks that found nothing", asked > 0 ? (asked - found) / asked * 100 : nil, "%",
                "not public", "assumed in each workload (A)"),
            check(
                "rows in the database", shape.map { Double($0.rows) }, "", "about 67 000 000 fit into 250 GB",
                "the fleet's retention and row size (D)"),
            check(
                "partitions", shape.map { Double($0.partitions) }, "", "about 1870 (250 GB), up to 8000",
                "retention (D), a sandbox in 2025 (M)"),
        ]
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(RecordAssembly.rounded(value, 2))
    }
}
