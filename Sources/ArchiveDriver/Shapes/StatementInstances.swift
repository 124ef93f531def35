import PostgresClient
import WakuModel

/// One instance of each statement that a driver behaviour sends for puts and store requests, made from what the archive
/// holds, in a form that can stand behind EXPLAIN.
public final class StatementInstances {
    /// A statement to be explained.
    public struct Instance: Sendable {
        /// As ``StatementShapes`` names it.
        public let shape: String
        /// Without a semicolon; prepared ones as EXECUTE of a statement that is prepared on the connection meanwhile.
        public let text: String
    }

    private let connection: Connection
    private let behaviour: DriverBehaviour
    private let book: StatementBook
    private let values = BoundParameters()
    private let text = TextBuffer()
    private var seen: Set<String> = []

    /// - Parameters:
    ///   - connection: to the archive, used by nobody else meanwhile.
    ///   - behaviour: how the driver works.
    public init(_ connection: Connection, behaviour: DriverBehaviour) {
        self.connection = connection
        self.behaviour = behaviour
        book = StatementBook(behaviour)
    }

    /// A message of the archive and those around it.
    private struct Sample {
        let shard: PubsubTopic
        let topic: ContentTopic
        let timestamp: Int64
        let hashes: [MessageHash]
        /// Of the same topic, an hour older at most.
        let cursor: MessageHash
    }

    private static let hour: Int64 = 3_600_000_000_000
    private static let prepared = "archivebench_plan"

    /// Calls `explain` with one instance of each shape, on the connection's own session. What it writes is rolled back.
    ///
    /// - Parameter explain: does what it likes with the statement on the same connection, and may execute it.
    /// - Returns: `false` when the archive holds no message to make instances from.
    /// - Throws: ``PostgresError`` of the archive, and what `explain` throws.
    public func visit(_ explain: (Instance) throws -> Void) throws -> Bool {
        guard let sample = try sample() else { return false }
        for pool in [PoolKind.write, .read] {
            for greeting in behaviour.greetings(pool) { try connection.run(greeting) }
        }
        try connection.run("BEGIN")
        do {
            try put(sample, explain)
            try connection.run("ROLLBACK")
        } catch {
            _ = try? connection.run("ROLLBACK")
            throw error
        }
        for query in Self.queries(sample) { try ask(query, explain) }
        return true
    }

    /// The newest message, and what is near it.
    private func sample() throws -> Sample? {
        let newest = try connection.run(
            "SELECT messageHash, pubsubTopic, contentTopic, timestamp FROM messages ORDER BY timestamp DESC LIMIT 10")
        guard let first = newest.first, let shard = first[1], let topic = first[2],
            let time = first[3].flatMap({ Int64($0) })
        else { return nil }
        let hashes = newest.compactMap { $0[0].flatMap { MessageHash.read($0) } }
        let oldest = try connection.value(
            """
            SELECT messageHash FROM messages WHERE contentTopic = '\(topic)' AND timestamp BETWEEN \(time - Self.hour) \
            AND \(time) ORDER BY timestamp, messageHash LIMIT 1
            """)
        guard let newestHash = hashes.first else { return nil }
        return Sample(
            shard: try PubsubTopic(shard), topic: try ContentTopic(topic), timestamp: time, hashes: hashes,
            cursor: oldest.flatMap { MessageHash.read($0) } ?? newestHash)
    }

    /// Requests that between them send every statement of a behaviour's queries.
    private static func queries(_ sample: Sample) -> [StoreQuery] {
        func page(_ includeData: Bool, _ cursor: MessageHash?) -> StoreQuery {
            StoreQuery(
                includeData: includeData, pubsubTopic: sample.shard, contentTopics: [sample.topic],
                startTime: sample.timestamp - hour, endTime: sample.timestamp, cursor: cursor)
        }
        return [
            page(true, nil), page(true, sample.cursor), page(false, nil), page(false, sample.cursor),
            StoreQuery(includeData: true, hashes: sample.hashes, direction: .backward),
        ]
    }

    /// Calls `explain` with every statement of one request in its order. Each is executed besides, for what it answers
    /// decides on the next.
    ///
    /// - Parameters:
    ///   - query: what is asked.
    ///   - explain: does what it likes with the statement on the same connection, and may execute it.
    /// - Throws: ``PostgresError`` of the archive, or `cursor-missing` and `driver-refused` as ``ArchiveSession`` has them;
    ///   what `explain` throws.
    public func visit(_ query: StoreQuery, _ explain: (Instance) throws -> Void) throws {
        let failure = try ask(query) { instance in
            seen.remove(instance.shape)
            try explain(instance)
        }
        if let failure { throw failure }
    }

    // MARK: Going through statements

    private func put(_ sample: Sample, _ explain: (Instance) throws -> Void) throws {
        let message = Message(
            payload: [UInt8](repeating: 7, count: 1_024), contentTopic: sample.topic, meta: [], version: 1,
            timestamp: sample.timestamp)
        if behaviour.put == .batched { return try putBatch(message, sample.shard, explain) }
        var machine = RequestMachine.put(book)
        while case .send(let step) = machine.step() {
            if step.needsMessage {
                machine.writeRow(sample.shard, message, into: values)
            } else {
                machine.writeParameters(into: values)
            }
            // In a pipeline the next statement is on its way before the result of this one.
            machine.noteSent()
            try explainPrepared(step, explain)
            machine.finishStatement()
        }
    }

    private func putBatch(_ message: Message, _ shard: PubsubTopic, _ explain: (Instance) throws -> Void) throws {
        let batch = PutBatch(book)
        _ = batch.add(0, shard, message, now: 0)
        batch.close()
        while case .send(let step) = batch.step() {
            batch.noteSent()
            if step.form == .copyIn {
                batch.writeText(into: text)
                try connection.copyIn(String(cString: text.cString())) { buffer in
                    batch.writeCopyData(into: buffer)
                    return false
                }
            } else {
                batch.writeParameters(into: values)
                try explainPrepared(step, explain)
            }
            batch.finishStatement()
        }
    }

    /// Goes through a request.
    ///
    /// - Returns: why it ended before its end.
    @discardableResult
    private func ask(_ query: StoreQuery, _ explain: (Instance) throws -> Void) throws -> PostgresError? {
        var machine = RequestMachine(query, book)
        while case .send(let step) = machine.step() {
            if step.form == .simple {
                machine.writeText(into: text)
                let statement = Self.withoutSemicolon(String(cString: text.cString()))
                try self.explain(statement, as: StatementShapes.name(of: statement), explain)
                machine.noteSent()
                try connection.sendSimple(text.cString())
                try connection.collect(statement: "instance") { result throws(PostgresError) in machine.take(result) }
            } else {
                machine.writeParameters(into: values)
                machine.noteSent()
                try explainPrepared(step, explain)
                try execute(step) { result in machine.take(result) }
            }
            machine.finishStatement()
        }
        guard case .failed(let code) = machine.step() else { return nil }
        return PostgresError(code, machine.words(code))
    }

    /// Explains a prepared step with the parameters that were written; transactions of our own stay out of it.
    private func explainPrepared(_ step: Step, _ explain: (Instance) throws -> Void) throws {
        guard case .prepared(let statement) = step.form else { return }
        let text = Self.withoutSemicolon(String(cString: book.text(statement)))
        guard let shape = StatementShapes.name(of: text), !shape.hasPrefix("transaction.") else { return }
        let list = values.count == 0 ? "" : "(\(values.literals.joined(separator: ", ")))"
        try connection.run("PREPARE \(Self.prepared) AS \(text)")
        try self.explain("EXECUTE \(Self.prepared)\(list)", as: shape, explain)
        try connection.run("DEALLOCATE \(Self.prepared)")
    }

    private func explain(_ text: String, as shape: String?, _ explain: (Instance) throws -> Void) throws {
        guard let shape, seen.insert(shape).inserted else { return }
        try explain(Instance(shape: shape, text: text))
    }

    /// Executes a prepared step for its result, which decides on the next one.
    private func execute(_ step: Step, _ take: (borrowing QueryResult) -> Void) throws {
        guard case .prepared(let statement) = step.form else { return }
        try connection.sendPrepare(name: book.name(statement), text: book.text(statement))
        try connection.collect(statement: "instance") { _ throws(PostgresError) in }
        try connection.sendPrepared(name: book.name(statement), values, binaryResults: step.binaryResults)
        try connection.collect(statement: "instance") { result throws(PostgresError) in take(result) }
        try connection.run("DEALLOCATE ALL")
    }

    private static func withoutSemicolon(_ text: String) -> String {
        String(text.reversed().drop { $0 == ";" || $0.isWhitespace }.reversed())
    }
}
