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

    /// Start of the oldest partition, and end of the newest one with messages, seconds since 1970.
    private var span: (oldest: Int, newest: Int)? {
        let filled = zip(survey.partitions, survey.estimatedRows).filter { $0.1 > 0 }.compactMap(\.0.bounds)
        guard let oldest = survey.partitions.compactMap(\.bounds).map(\.lowerBound).min(),
            let newest = filled.map(\.upperBound).max(), oldest < newest
        else { return nil }
        return (Self.seconds(oldest), Self.seconds(newest))
    }

    /// The length that most partitions have.
    private var partitionSeconds: Int? {
        let lengths = survey.partitions.compactMap(\.bounds).map { Self.seconds($0.upperBound - $0.lowerBound) }
        let counts = Dictionary(lengths.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    var figures: ArchiveFigures {
        ArchiveFigures(
            rows: rows, isCounted: survey.isWhole, databaseBytes: survey.databaseBytes,
            partitions: survey.partitions.count, partitionSeconds: partitionSeconds, oldest: span?.oldest,
            newest: span?.newest, duplicateShare: requests.mix.duplicateShare,
            removals: survey.statements == nil ? nil : requests.mix.removals)
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
            sentences.append("the share of duplicates: the server counted no insert of a node")
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
        guard !requests.requests.isEmpty else { return "M: the server counted no store request, or not since when." }
        return
            "M: forms and counts of requests, from pg_stat_statements over \(FitNumbers.short(requests.seconds ?? 0)) s. Later pages are followed as often as on average."
    }

    /// Each node offers every message, so offers a message are nodes.
    private func setWriters(_ workload: inout FittedWorkload) {
        let inserts = requests.mix.inserts
        guard inserts.rows > 0 else { return }
        let offers = Double(inserts.calls) / Double(inserts.rows)
        workload.writers = (
            min(64, max(1, Int(offers.rounded()))),
            "D: \(FitNumbers.short(offers)) inserts for each message that was new (M), and each node offers every message."
        )
    }

    private func setRetention(_ workload: inout FittedWorkload) {
        guard let span else {
            workload.retentionNote = "Not known: the partitions have no bounds of time, so how long messages are kept."
            return
        }
        let seconds = span.newest - span.oldest
        let kept =
            "M: the oldest of \(survey.partitions.count) partitions begins \(seconds) s before the newest message's ends."
        switch survey.statements == nil ? nil : requests.mix.removals {
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
