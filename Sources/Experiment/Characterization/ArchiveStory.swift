import ArchiveDriver
import RunRecord
import Statistics
import Workload

/// What was found of an archive as a whole, what of it goes into the workload, and what nobody knows.
struct ArchiveStory {
    private let survey: ArchiveSurvey
    private let requests: RequestFit
    private let shards: [ShardFit]
    private let leftOut: [ShardFit]

    /// Shards whose name is none of cluster and index stand in this one.
    static let foreignCluster = 65_535

    init(_ survey: ArchiveSurvey, _ requests: RequestFit, shards: [ShardFit], leftOut: [ShardFit]) {
        self.survey = survey
        self.requests = requests
        self.shards = shards
        self.leftOut = leftOut
    }

    // MARK: Figures

    var rows: Int { Int(survey.estimatedRows.reduce(0, +).rounded()) }

    private static func seconds(_ nanoseconds: Int64) -> Int { Int(nanoseconds / 1_000_000_000) }

    /// A gap between partitions that ends what the archive keeps: what lies beyond it was forgotten there.
    private static let gap: Int64 = 86_400_000_000_000

    /// Start of the oldest partition this side of a gap, and end of the newest one with messages, seconds since 1970.
    private var span: (oldest: Int, newest: Int)? {
        let filled = zip(survey.partitions, survey.estimatedRows).filter { $0.1 > 0 }.compactMap(\.0.bounds)
        guard let newest = filled.map(\.upperBound).max() else { return nil }
        var oldest = newest
        for bounds in survey.partitions.compactMap(\.bounds).reversed() where oldest - bounds.upperBound <= Self.gap {
            oldest = min(oldest, bounds.lowerBound)
        }
        guard oldest < newest else { return nil }
        return (Self.seconds(oldest), Self.seconds(newest))
    }

    /// The length that most partitions have.
    private var partitionSeconds: Int? {
        let lengths = survey.partitions.compactMap(\.bounds).map { Self.seconds($0.upperBound - $0.lowerBound) }
        let counts = Dictionary(lengths.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    /// Partitions beyond a gap.
    private var forgotten: Int {
        guard let span else { return 0 }
        return survey.partitions.compactMap(\.bounds).count { Self.seconds($0.upperBound) <= span.oldest }
    }

    /// Whether a statement that is not among those counted was not sent: a replica counts its own alone, and texts may be
    /// hidden from this role or forgotten by the server.
    private var seesStatements: Bool {
        survey.statements.map { !survey.isReplica && $0.hiddenCalls == 0 && $0.forgotten == 0 } ?? false
    }

    /// Statements of retention; `nil` where none was seen and none need have been.
    private var removals: Int? {
        survey.statements == nil || requests.mix.removals == 0 && !seesStatements ? nil : requests.mix.removals
    }

    var figures: ArchiveFigures {
        ArchiveFigures(
            rows: rows, isCounted: survey.isWhole, databaseBytes: survey.databaseBytes,
            partitions: survey.partitions.count, partitionSeconds: partitionSeconds, oldest: span?.oldest,
            newest: span?.newest, duplicateShare: requests.mix.duplicateShare,
            removals: removals)
    }

    func sampling(shareLimit: Double) -> SamplingFigures {
        SamplingFigures(
            rows: survey.rows.count, partitions: survey.partitions.count { $0.sample != nil },
            statements: survey.cost.statements, timedOut: survey.cost.timedOut, busy: survey.cost.busy,
            elapsed: survey.cost.elapsed, shareLimit: shareLimit, activeSessions: survey.activeSessions,
            endedEarly: survey.endedEarly)
    }

    var notKnown: [String] {
        var sentences = survey.notKnown + requests.notKnown
        if survey.statements != nil, requests.mix.duplicateShare == nil {
            sentences.append(
                seesStatements
                    ? "the share of duplicates: the server counted no insert of a node"
                    : "the share of duplicates: no insert of a node is among the statements that could be seen")
        }
        sentences.append("windows, page limits and ages of requests: they stand as parameters in the statistics")
        sentences.append("ephemeral messages: no archive keeps them")
        sentences.append("kinds of messages: payloads were not looked at, so each shard is one class")
        if let early = survey.endedEarly { sentences.append("what was not read: \(early)") }
        if !leftOut.isEmpty {
            let share = leftOut.reduce(0) { $0 + $1.sampled }
            sentences.append("\(leftOut.count) rarer shards with \(share) rows of the sample are not in the workload")
        }
        return sentences
    }

    var assumed: [String] {
        var sentences = [
            "messages arrive independently of each other within an hour",
            "sizes and topics are independent of each other",
            "two nodes offer a message 50 to 500 ms apart, sender clocks are off by up to 2 s",
        ]
        if requests.mix.duplicateShare == nil { sentences.append("two nodes share the database") }
        if let length = partitionSeconds, length != 3_600 {
            sentences.append("partitions of an hour; most of the archive's are of \(length) s")
        }
        for shard in shards where shard.place == nil {
            sentences.append(
                "\(shard.pubsubTopic) is no shard by cluster and index, and stands in cluster \(Self.foreignCluster)")
        }
        return sentences
    }

    // MARK: The workload

    func workload(
        _ name: String, epoch: String, _ fitted: [FittedWorkload.Shard], fit: String, readAt: String
    ) -> FittedWorkload {
        let largest = shards.compactMap(\.sizes.values.last).max() ?? 1
        let hours = span.map { max(1, ($0.newest - $0.oldest) / 3_600) } ?? survey.partitions.count
        var workload = FittedWorkload(
            name: name, summary: "fitted to an archive of \(rows) messages on \(shards.count) shards, \(readAt)",
            epoch: epoch, largest: Int(largest), rows: rows,
            partitions: min(hours, HistorySpec.partitionRange.upperBound))
        workload.head = head(readAt)
        workload.isCounted = survey.isWhole
        workload.fit = fit
        workload.shards = fitted
        workload.requests = requests.requests
        workload.requestsNote = requestsNote
        setWriters(&workload)
        setRetention(&workload)
        workload.hasExporter = requests.mix.hasExporter
        return workload
    }

    private func head(_ readAt: String) -> [String] {
        let read =
            survey.isWhole
            ? "All \(survey.rows.count) rows were read" : "\(survey.rows.count) of about \(rows) rows were read"
        return [
            "Fitted to a real archive on \(readAt) by `archivebench characterize`. \(read): time, shard, size, and a salted hash of the content topic; no payload. How good the fit is stands in the file named by 'fit', and in the report of each run.",
            "Labels: M measured, S stated or coded, D derived, A assumed.",
            "Not known: \(notKnown.joined(separator: "; ")).", "Assumed: \(assumed.joined(separator: "; ")).",
        ]
    }

    private var requestsNote: String {
        guard survey.statements != nil else { return "Not known: the database has no pg_stat_statements." }
        guard !requests.requests.isEmpty || seesStatements else {
            return "Not known: a replica counts its own statements alone, and texts may be hidden or forgotten."
        }
        guard !requests.requests.isEmpty else { return "M: the server counted no store request, or not since when." }
        return
            "M: forms and counts of requests, from pg_stat_statements over \(FitNumbers.short(requests.seconds ?? 0)) s. Later pages are followed as often as on average."
    }

    /// Each node offers every message, so offers a message are nodes.
    private func setWriters(_ workload: inout FittedWorkload) {
        let inserts = requests.mix.inserts
        guard inserts.rows > 0 else { return }
        let offers = Double(inserts.calls) / Double(inserts.rows)
        let nodes = min(64, max(1, Int(offers.rounded())))
        workload.writers = (
            nodes,
            "D: \(FitNumbers.short(offers)) inserts for each message that was new (M), and each node offers every message. That many nodes make \(100 - 100 / nodes)% duplicates; counted were \(Int((100 - 100 / offers).rounded()))%."
        )
    }

    private func setRetention(_ workload: inout FittedWorkload) {
        guard let span else {
            workload.retentionNote = "Not known: the partitions have no bounds of time, so how long messages are kept."
            return
        }
        let seconds = span.newest - span.oldest
        let beyond = forgotten > 0 ? " \(forgotten) older ones, beyond a gap of more than a day, do not count." : ""
        let kept =
            "M: the oldest of \(survey.partitions.count - forgotten) partitions begins \(seconds) s before the newest message's ends.\(beyond)"
        switch removals {
        case .some(let removals) where removals > 0:
            workload.retention = "time:\(seconds)"
            workload.retentionNote =
                "\(kept) D: statements of retention were counted, so that is what is kept; whether by time or by size is not known."
        case .some:
            workload.retentionNote =
                "\(kept) No statement of retention was counted, so nothing is removed; to try: 'retention-policy: time:\(seconds)'."
        case nil:
            workload.retentionNote =
                "\(kept) Whether anything is removed is not known; to try: 'retention-policy: time:\(seconds)'."
        }
    }
}
