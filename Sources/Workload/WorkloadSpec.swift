import SpecReader

/// What a workload file says, checked. With a seed it fixes one traffic sequence.
public struct WorkloadSpec: Sendable {
    /// The first line of every workload file of this format.
    public static let format = "workload/1"

    public var name: String
    public var summary: String
    /// Virtual time at the start of warm-up, seconds since 1970; on the full hour.
    public var archiveEpoch: Int
    /// Archive seconds in one second of the trial.
    public var timeScale: Int
    public var topics: [TopicPopulationSpec]
    public var messages: MessageSpec
    /// What the history is made of where the trial's messages are not what came before; `nil` where they are.
    public var messagesBefore: MessageSpec?
    /// A recording that the trial's messages and requests come from; `nil` where streams and queries make them.
    public private(set) var trace: TraceSpec?
    public var writers: WriterSpec
    public var queries: [QuerySpec]
    public var clients: [ClientSpec]
    public var clockwork: ClockworkSpec
    public var history: HistorySpec
    public var phases: PhaseSpec
    public var objectives: [ObjectiveSpec]
    /// Path of what is known of the archive that the workload was fitted to; `nil` where it was not fitted.
    public var fit: String?
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
        name = top.name("name")
        summary = top.text("summary")
        fit = top.has("fit") ? Self.beside(document.file, top.name("fit")) : nil
        archiveEpoch = top.instant("archive-epoch")
        timeScale = top.integer("time-scale", in: Self.timeScales, default: 1)
        let topicMaps = top.maps("topics", required: true)
        topics = topicMaps.map(TopicPopulationSpec.read)
        // What refers to topics is checked only where their names are known.
        let hasNames = top.isSound("topics") && topicMaps.allSatisfy { $0.isSound("name") && $0.isSound("kind") }
        let names = hasNames ? Self.targetNames(topics) : []
        let messages = MessageSpec.read(top.map("messages", required: true), names)
        self.messages = messages
        let traceKeys = top.map("trace").map(TraceKeys.init)
        writers = WriterSpec.read(top.map("writers"))
        let queryMaps = top.maps("queries")
        queries = queryMaps.map { QuerySpec.read($0, topics: names) }
        let context = ClientContext(topics: names, classes: messages.classNames)
        let clientMaps = top.maps("clients")
        clients = clientMaps.map { ClientSpec.read($0, context) }
        clockwork = ClockworkSpec.read("clockwork", of: top)
        history = HistorySpec.read(top.map("history"))
        phases = PhaseSpec.read(top.map("phases"))
        let objectiveMaps = top.maps("objectives")
        objectives = objectiveMaps.map(ObjectiveSpec.read)
        top.close()
        Self.checkDistinct(topics.map(\.name), topicMaps)
        Self.checkDistinct(queries.map(\.name), queryMaps)
        Self.checkDistinct(clients.map(\.name), clientMaps)
        checkTime(top)
        checkProtection(topicMaps)
        let knowsRequests =
            top.isSound("queries") && top.isSound("clients") && top.isSound("clockwork")
            && queryMaps.allSatisfy { $0.isSound("ask") } && clientMaps.allSatisfy { $0.isSound("kind") }
        if knowsRequests { checkObjectives(objectiveMaps) }
        if !document.hasProblems { checkTopics(top, queryMaps) }
        try document.finish()
        if let traceKeys, let file = traceKeys.file { trace = try TraceSpec(traceKeys, file, self) }
        if let bytes = history.bytes { history.rows = rows(filling: bytes) }
    }

    /// The path of a file that lies in the folder of another one.
    private static func beside(_ file: String, _ name: String) -> String {
        (file.lastIndex(of: "/").map { String(file[...$0]) } ?? "") + name
    }

    /// Factors on archive time that make sense: up to a day in a second.
    public static let timeScales = 1...86_400

    /// What the history is made of.
    public var historyMessages: MessageSpec { messagesBefore ?? messages }

    /// How trial time and archive time belong together.
    public var calendar: ArchiveCalendar { ArchiveCalendar(epoch: archiveEpoch, scale: timeScale) }

    /// Messages that make a database of about so many bytes, empty partitions included.
    public func rows(filling bytes: Int) -> Int {
        let each = historyMessages.mean(calendar) { StorageModel.databaseBytes(payload: $0) }
        let empty = Double(history.partitions * fleet.databases) * StorageModel.emptyPartition
        return each > 0 ? max(0, Int(min((Double(bytes) - empty) / each, Double(HistorySpec.rowRange.upperBound)))) : 0
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
        scaled.trace = trace?.scaled(messages: messages, requests: requests)
        for index in queries.indices { scaled.queries[index].arrivals = queries[index].arrivals.scaled(by: requests) }
        for index in clients.indices {
            scaled.clients[index].arrivals = clients[index].arrivals?.scaled(by: requests)
            scaled.clients[index].kind = clients[index].kind.scaled(by: requests)
        }
        for index in topics.indices {
            scaled.topics[index].count = max(1, Int((Double(topics[index].count) * factor).rounded()))
        }
        return scaled
    }

    /// The same workload in a part of the time: so many times the arrivals, and as many messages as before between a
    /// message and its duplicates, or the requests that name it. Sessions keep their own times.
    ///
    /// - Parameter factor: 1 or more.
    /// - Returns: the changed workload.
    public func compressed(by factor: Double) -> WorkloadSpec {
        var compressed = scaled(by: factor)
        compressed.writers.duplicateGap = writers.duplicateGap.scaled(by: 1 / factor)
        for index in queries.indices {
            compressed.queries[index].shape = queries[index].shape.lookingBack(overPart: 1 / factor)
        }
        return compressed
    }
}

extension ClosedRange<UInt64> {
    /// Durations times a factor, 0 … 1.
    func scaled(by factor: Double) -> ClosedRange<UInt64> {
        UInt64(Double(lowerBound) * factor)...UInt64(Double(upperBound) * factor)
    }
}
