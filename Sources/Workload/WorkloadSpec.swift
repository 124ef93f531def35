import SpecReader

/// What a workload file says, checked. With a seed it fixes one traffic sequence.
public struct WorkloadSpec: Sendable {
    /// The first line of every workload file of this format.
    public static let format = "workload/1"

    /// 2000-01-01T00:00:00Z: the longest history then still begins after 1970.
    private static let earliestEpoch = 946_684_800

    public var name: String
    public var summary: String
    /// Virtual time at the start of warm-up, seconds since 1970; on the full hour.
    public var archiveEpoch: Int
    /// Archive seconds in one second of the trial.
    public var timeScale: Int
    public var topics: [TopicPopulationSpec]
    public var messages: MessageSpec
    public var writers: WriterSpec
    public var queries: [QuerySpec]
    public var clients: [ClientSpec]
    public var clockwork: ClockworkSpec
    public var history: HistorySpec
    public var phases: PhaseSpec
    public var objectives: [ObjectiveSpec]
    /// The file's text, for the verbatim copy.
    public var text: String

    /// Reads and checks a workload file.
    ///
    /// - Throws: `SpecProblems` with all problems of the file.
    public init(path: String) throws {
        try self.init(document: SpecDocument(path: path))
    }

    /// Reads and checks a workload.
    ///
    /// - Throws: `SpecProblems` with all its problems.
    public init(document: SpecDocument) throws {
        let top = document.top
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note("archivebench", "'\(format)' is not a workload", remedy: "write 'archivebench: \(Self.format)'")
        }
        text = document.text
        name = top.text("name")
        summary = top.text("summary")
        archiveEpoch = top.instant("archive-epoch")
        if archiveEpoch % 3_600 != 0 {
            top.note(
                "archive-epoch", "is not on a full hour", remedy: "partitions are hourly; use a time like 18:00:00Z")
        }
        if archiveEpoch < Self.earliestEpoch {
            top.note("archive-epoch", "is before 2000", remedy: "use a later time; partitions are named by seconds")
        }
        timeScale = top.integer("time-scale", in: Self.timeScales, default: 1)
        topics = top.maps("topics", required: true).map(TopicPopulationSpec.read)
        let names = Self.targetNames(topics)
        let messages = MessageSpec.read(top.map("messages", required: true), names)
        self.messages = messages
        writers = WriterSpec.read(top.map("writers"))
        queries = top.maps("queries").map { QuerySpec.read($0, topics: names) }
        let classes = Set(messages.streams.flatMap { $0.classes.map(\.name) })
        clients = top.maps("clients").map { ClientSpec.read($0, ClientContext(topics: names, classes: classes)) }
        clockwork = ClockworkSpec.read("clockwork", of: top)
        history = HistorySpec.read(top.map("history"))
        phases = PhaseSpec.read(top.map("phases"))
        objectives = top.maps("objectives").map(ObjectiveSpec.read)
        checkNames(top)
        top.close()
        if !document.hasProblems { checkTopics(top) }
        try document.finish()
        if let bytes = history.bytes { history.rows = rows(filling: bytes) }
    }

    /// Factors on archive time that make sense: up to a day in a second.
    public static let timeScales = 1...86_400

    /// How trial time and archive time belong together.
    public var calendar: ArchiveCalendar { ArchiveCalendar(epoch: archiveEpoch, scale: timeScale) }

    /// Messages that make a database of about so many bytes, empty partitions included.
    public func rows(filling bytes: Int) -> Int {
        let each = messages.mean(calendar) { StorageModel.databaseBytes(payload: $0) }
        let empty = Double(history.partitions) * StorageModel.emptyPartition
        return each > 0 ? max(0, Int((Double(bytes) - empty) / each)) : 0
    }

    /// What messages can be sent to: populations and parts of their groups.
    var targetNames: Set<String> { Self.targetNames(topics) }

    private static func targetNames(_ topics: [TopicPopulationSpec]) -> Set<String> {
        Set(topics.flatMap { spec in [spec.name] + spec.kind.parts.map { "\(spec.name).\($0.name)" } })
            .filter { !$0.hasSuffix(".") }
    }

    /// The same workload with all its arrival rates multiplied.
    public func scaled(by factor: Double) -> WorkloadSpec { scaled(messages: factor, requests: factor) }

    /// The same workload with its rates and topics multiplied.
    ///
    /// - Parameters:
    ///   - messages: factor on arrivals of messages.
    ///   - requests: factor on requests, clients and senders.
    ///   - factor: on the number of groups of topics.
    /// - Returns: the changed workload.
    public func scaled(messages: Double, requests: Double, topics factor: Double = 1) -> WorkloadSpec {
        var scaled = self
        for index in scaled.messages.streams.indices {
            scaled.messages.streams[index].arrivals = self.messages.streams[index].arrivals.scaled(by: messages)
        }
        for index in queries.indices { scaled.queries[index].arrivals = queries[index].arrivals.scaled(by: requests) }
        for index in clients.indices { scaled.clients[index].arrivals = clients[index].arrivals?.scaled(by: requests) }
        for index in topics.indices {
            scaled.topics[index].count = max(1, Int((Double(topics[index].count) * factor).rounded()))
        }
        return scaled
    }

    private func checkNames(_ top: SpecMap) {
        Self.checkDistinct(topics.map(\.name), "topics", top)
        Self.checkDistinct(queries.map(\.name), "queries", top)
        Self.checkDistinct(clients.map(\.name), "clients", top)
        let known = Set(objectiveClasses)
        for objective in objectives where !known.contains(where: objective.matches) {
            top.note(
                "objectives", "no request of this workload is of class '\(objective.classes)'",
                remedy: "choose among \(known.sorted().joined(separator: ", ")), or end a beginning with '*'")
        }
    }

    private static func checkDistinct(_ names: [String], _ key: String, _ top: SpecMap) {
        var seen: Set<String> = []
        for name in names where !name.isEmpty && !seen.insert(name).inserted {
            top.note(key, "two entries are named '\(name)'", remedy: "give each its own name")
        }
    }

    /// Classes that latencies of this workload are kept by.
    private var objectiveClasses: [String] { RequestLabel.all(of: self).map(\.requestClass) }

    /// What takes the topics themselves: only once the rest is right.
    private func checkTopics(_ top: SpecMap) {
        let book = TopicBook(topics, seed: 0)
        for query in queries {
            guard let wanted = (query.shape as? TopicWindow), wanted.from == nil else { continue }
            if wanted.topics > book.fewestTopics {
                top.note(
                    "queries",
                    "'\(query.name)' asks for \(wanted.topics) topics, a shard has only \(book.fewestTopics)",
                    remedy: "ask for at most \(book.fewestTopics), or say 'from'")
            }
        }
        let byShard = Dictionary(grouping: topics.filter(\.isProtected), by: \.home)
        for other in topics where !other.isProtected && byShard[other.home] != nil {
            top.note(
                "topics", "'\(other.name)' is not protected, others on its shard are",
                remedy: "protection is a shard's: say the same for all its topics")
        }
    }
}
