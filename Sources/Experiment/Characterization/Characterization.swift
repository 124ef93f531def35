import ArchiveDriver
import LinuxSystem
import RunRecord
import SpecReader
import Workload

/// A real archive turned into files of this tool: a workload that was fitted to it, what runs there today as a variant, the
/// stub of a profile, and how good the fit is.
public struct Characterization: Sendable {
    /// A file to write.
    public struct File: Sendable {
        /// Within the folder of all of them.
        public let name: String
        /// All of it.
        public let text: String
    }

    /// In the order in which they are read.
    public let files: [File]
    /// What was found, and how well the workload resembles it.
    public let fit: FitRecord
    /// Fitted, and read back from its file.
    public let workload: WorkloadSpec
    /// What was read of the archive.
    public let survey: ArchiveSurvey

    /// Of the file that says how good the fit is, as the workload names it.
    public static let fitFile = RecordFolder.File.fit.rawValue
    /// Of the fitted workload.
    public static let workloadFile = RecordFolder.File.workload.rawValue
    static let indexesFile = "\(ServerTexts.patch).sql"
    /// All that may be written.
    public static let fileNames = [
        workloadFile, fitFile, RecordFolder.File.variant.rawValue, RecordFolder.File.profile.rawValue,
        indexesFile,
    ]

    /// What the files are to say of their making.
    public struct Heading: Sendable {
        /// Of the workload, and the beginning of the other names.
        public var name: String
        /// Of the tool that reads.
        public var toolVersion: String
        /// Seconds since 1970.
        public var readAt: Int
        /// How it was read.
        public var manners: ReadingManners

        /// Takes each value as it is.
        public init(name: String, toolVersion: String, readAt: Int, manners: ReadingManners) {
            self.name = name
            self.toolVersion = toolVersion
            self.readAt = readAt
            self.manners = manners
        }
    }

    /// Shards that get a stream; what is rarer is left out, and told.
    private static let mostShards = 100

    /// Fits everything; takes seconds of this machine, and asks the server nothing.
    ///
    /// - Throws: ``CharacterizationProblem`` for an archive without messages; `SpecProblems` for a workload that its own
    ///   reader would not take, which is a mistake of this tool.
    public init(_ survey: ArchiveSurvey, _ heading: Heading) throws {
        guard let hours = HourlyCounts(survey) else {
            throw CharacterizationProblem(description: "no message was read, so there is nothing to fit")
        }
        self.survey = survey
        let epoch = hours.hours.upperBound
        var rows = [[ArchiveSurvey.Row]](repeating: [], count: survey.shards.count)
        for row in survey.rows { rows[row.shard].append(row) }
        let all = rows.enumerated().compactMap { index, own in
            own.isEmpty ? nil : ShardFit(index, own, survey, hours, epoch: epoch)
        }
        .sorted { ($1.meanRate, $0.pubsubTopic) < ($0.meanRate, $1.pubsubTopic) }
        let shards = Array(all.prefix(Self.mostShards))
        let places = Self.places(shards)
        let fitted = zip(shards, places).map { $0.fitted(at: $1) }
        let perSecond = shards.reduce(0) { $0 + $1.meanRate }
        let requests = RequestFit(survey.statements, messagesPerSecond: perSecond, shards: fitted)
        let readAt = UTCTime(seconds: heading.readAt).iso8601
        let story = ArchiveStory(survey, requests, shards: shards, leftOut: Array(all.dropFirst(Self.mostShards)))
        let text = story.workload(
            heading.name, epoch: UTCTime(seconds: epoch * 3_600).iso8601, fitted, fit: Self.fitFile, readAt: readAt
        ).text
        workload = try WorkloadSpec(document: SpecDocument(text: text, file: Self.workloadFile))
        var record = FitRecord(
            toolVersion: heading.toolVersion, characterizedAt: readAt, serverVersion: survey.serverVersion,
            schemaVersion: survey.schemaVersion, archive: story.figures,
            sampling: story.sampling(shareLimit: heading.manners.share), shards: shards.map(\.figures),
            notKnown: story.notKnown, assumed: story.assumed)
        record.comparisons = Self.comparisons(shards, places, workload, hours, requests, heading.manners.seed)
        fit = record
        let server = ServerTexts(name: heading.name, survey: survey, readAt: readAt)
        files =
            [
                File(name: Self.workloadFile, text: text), File(name: Self.fitFile, text: try record.json()),
                File(name: RecordFolder.File.variant.rawValue, text: server.variant),
                File(name: RecordFolder.File.profile.rawValue, text: server.profile),
            ] + [server.indexes.map { File(name: Self.indexesFile, text: $0) }].compactMap { $0 }
    }

    /// Where the workload puts the shards: where they are, or in a cluster of their own where the name is of another form.
    private static func places(_ shards: [ShardFit]) -> [(cluster: Int, index: Int)] {
        var others = 0
        return shards.map { shard in
            if let place = shard.place { return place }
            others += 1
            return (ArchiveStory.foreignCluster, others - 1)
        }
    }

    private static func comparisons(
        _ shards: [ShardFit], _ places: [(cluster: Int, index: Int)], _ spec: WorkloadSpec, _ hours: HourlyCounts,
        _ requests: RequestFit, _ seed: UInt64
    ) -> [FitComparison] {
        let sampled = shards.reduce(0) { $0 + $1.sampled }
        let synthetic = SyntheticTraffic(spec, seed: seed, messages: sampled)
        let byShard = zip(shards, places).enumerated().flatMap { stream, pair in
            let name = "/waku/2/rs/\(pair.1.cluster)/\(pair.1.index)"
            return ShardComparison(
                shard: pair.0, stream: stream, spec: spec, hours: hours,
                synthetic: synthetic.shards[name] ?? SyntheticTraffic.Shard(), seed: seed
            ).all
        }
        return byShard + [requests.comparison(spec)].compactMap { $0 }
    }
}

/// Why an archive cannot be fitted; one line.
public struct CharacterizationProblem: Error, CustomStringConvertible {
    /// The reason.
    public let description: String
}
