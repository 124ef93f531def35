import ArchiveDriver
import PostgresClient
import Testing
import WakuModel

/// Which statements each behaviour sends, letter by letter.
@Suite struct DriverStatementTests {
    private static let hash = MessageHash(words: (1, 2, 3, 4))

    /// One statement on its way: how it is sent, and its text.
    struct Sent: Equatable {
        var name: String
        var text: String
        var flags: String
        var parameters: Int

        init(_ step: Step, _ book: StatementBook, text: String, parameters: Int) {
            if case .prepared(let statement) = step.form {
                name = String(cString: book.name(statement))
            } else {
                name = step.form == .copyIn ? "COPY" : "text"
            }
            self.text = text
            let flags = [
                (step.holdsConnection, "holds"), (step.sendsOn, "on"), (step.endsUnit, "unit"),
                (step.binaryResults, "binary"), (step.needsMessage, "message"),
            ]
            self.flags = ([step.pool == .write ? "write" : "read"] + flags.filter(\.0).map(\.1)).joined(separator: " ")
            self.parameters = parameters
        }
    }

    private func message(_ number: UInt8 = 1) throws -> Message {
        Message(payload: [number], contentTopic: try ContentTopic("/a/1/b/c"), timestamp: Int64(number))
    }

    /// Sends a put as far as it goes without a single result.
    private func put(_ words: String) throws -> [Sent] {
        let book = StatementBook(try Behaviours.read(words))
        var machine = RequestMachine.put(book)
        var sent: [Sent] = []
        let values = BoundParameters()
        while case .send(let step) = machine.step() {
            if step.needsMessage {
                machine.writeRow(try PubsubTopic("/waku/2/rs/16/32"), try message(), into: values)
            } else {
                machine.writeParameters(into: values)
            }
            sent.append(written(step, book, values))
            machine.noteSent()
            if !step.sendsOn { for _ in 0..<unanswered(sent) { machine.finishStatement() } }
        }
        #expect(machine.step() == .finished)
        return sent
    }

    /// Statements sent since the last one that was waited for, that one included.
    private func unanswered(_ sent: [Sent]) -> Int {
        1 + sent.dropLast().reversed().prefix { $0.flags.contains("on") }.count
    }

    private func written(_ step: Step, _ book: StatementBook, _ values: BoundParameters) -> Sent {
        guard case .prepared(let statement) = step.form else { preconditionFailure("a text") }
        #expect(values.count == book.parameterCount(statement))
        return Sent(step, book, text: String(cString: book.text(statement)), parameters: values.count)
    }

    private func batch(_ words: String, messages: Int) throws -> [Sent] {
        let book = StatementBook(try Behaviours.read(words))
        let batch = PutBatch(book)
        var sent: [Sent] = []
        let (buffer, values) = (TextBuffer(), BoundParameters())
        for number in 0..<messages {
            let isFull = batch.add(
                number, try PubsubTopic("/waku/2/rs/16/32"), try message(UInt8(number)), now: 1_000 + UInt64(number))
            #expect(isFull == (number + 1 == book.behaviour.batch.most))
        }
        #expect(batch.deadline == 1_000 + book.behaviour.batch.wait && batch.tickets == Array(0..<messages))
        batch.close()
        while case .send(let step) = batch.step() {
            if step.form == .copyIn {
                batch.writeText(into: buffer)
                sent.append(Sent(step, book, text: String(cString: buffer.cString()), parameters: 0))
            } else {
                batch.writeParameters(into: values)
                sent.append(written(step, book, values))
            }
            batch.noteSent()
            #expect(batch.step() == .waits)
            batch.finishStatement()
        }
        #expect(batch.step() == .finished)
        return sent
    }

    private func ask(_ query: StoreQuery, _ words: String) throws -> [Sent] {
        let book = StatementBook(try Behaviours.read(words))
        var machine = RequestMachine(query, book)
        var sent: [Sent] = []
        let (buffer, values) = (TextBuffer(), BoundParameters())
        while case .send(let step) = machine.step() {
            machine.writeParameters(into: values)
            if step.form == .simple {
                machine.writeText(into: buffer)
                sent.append(Sent(step, book, text: String(cString: buffer.cString()), parameters: 0))
            } else {
                sent.append(written(step, book, values))
            }
            machine.noteSent()
            #expect(machine.step() == .waits)
            machine.finishStatement()
        }
        return sent
    }

    // MARK: Puts

    @Test func aTransactionHoldsItsConnectionAndThePipelineDoesNotWait() throws {
        #expect(
            try put("put: transaction").map { "\($0.name): \($0.flags)" } == [
                "Begin: write holds unit", "InsertRow: write holds unit message",
                "InsertRowMessagesLookup: write holds unit", "Commit: write unit",
            ])
        #expect(
            try put("put: pipelined").map { "\($0.name): \($0.flags)" }
                == ["InsertRow: write holds on message", "InsertRowMessagesLookup: write unit"])
        #expect(
            try put("put: pipelined, sync: statement").map(\.flags)
                == ["write holds on unit message", "write unit"])
        #expect(try put("queries: prepared, window: 4, sync: 4").map(\.flags) == ["write unit message", "write unit"])
        let faithful = try put("put: separate")
        #expect(
            faithful.map { "\($0.name): \($0.flags)" } == [
                "InsertRow: write unit message", "InsertRowMessagesLookup: write unit",
            ])
        #expect(try put("put: pipelined").map(\.text) == faithful.map(\.text))
    }

    @Test func bothInsertsStandInOneStatement() throws {
        let sent = try put("put: one-statement")
        #expect(sent.map { "\($0.name): \($0.flags)" } == ["InsertBoth: write unit message"])
        #expect(
            sent.map(\.text) == [
                """
                WITH lookup AS (INSERT INTO messages_lookup (messageHash, timestamp) VALUES ($2, $7) ON CONFLICT DO NOTHING) \
                INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 = '' THEN NULL ELSE $8 END) ON CONFLICT DO NOTHING
                """
            ])
    }

    @Test func rowsOfABatchGoInPowersOfTwo() throws {
        let sent = try batch("put: batched, batch: {most: 50}", messages: 13)
        #expect(sent.map(\.name) == ["InsertRows8", "InsertRows4", "InsertRows1"])
        #expect(sent.map(\.parameters) == [56, 28, 7])
        #expect(
            try batch("put: batched, batch: {most: 2}", messages: 2).map(\.text) == [
                """
                WITH lookup AS (INSERT INTO messages_lookup (messageHash, timestamp) VALUES ($1, $6), ($8, $13) ON CONFLICT DO NOTHING) \
                INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) \
                VALUES ('0', $1, $2, $3, $4, $5, $6, CASE WHEN $7 = '' THEN NULL ELSE $7 END), \
                ('0', $8, $9, $10, $11, $12, $13, CASE WHEN $14 = '' THEN NULL ELSE $14 END) ON CONFLICT DO NOTHING
                """
            ])
    }

    @Test func arraysAndCopiesAreOneStatementWhateverTheirNumber() throws {
        let arrays = try batch("put: batched, batch: {form: unnest}", messages: 13)
        #expect(arrays.map { "\($0.name): \($0.flags) \($0.parameters)" } == ["InsertArrays: write unit 7"])
        let into =
            "INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta)"
        let columns = "messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta"
        let rows =
            "SELECT '0', messageHash, pubsubTopic, contentTopic, payload, version, timestamp, CASE WHEN meta = '' THEN NULL ELSE meta END"
        #expect(
            arrays.map(\.text) == [
                """
                WITH given AS (SELECT * FROM unnest($1::varchar[], $2::varchar[], $3::varchar[], $4::varchar[], \
                $5::integer[], $6::bigint[], $7::varchar[]) AS g(\(columns))), \
                lookup AS (INSERT INTO messages_lookup (messageHash, timestamp) SELECT messageHash, timestamp FROM given ON CONFLICT DO NOTHING) \
                \(into) \(rows) FROM given ON CONFLICT DO NOTHING
                """
            ])
        let copied = try batch("put: batched, batch: {form: copy}", messages: 13)
        #expect(
            copied.map { "\($0.name): \($0.flags)" } == [
                "Begin: write holds unit", "COPY: write holds unit", "InsertStaged: write holds unit",
                "Commit: write unit",
            ])
        #expect(
            copied.map(\.text) == [
                "BEGIN", "COPY archivebench_staging (\(columns)) FROM STDIN",
                """
                WITH lookup AS (INSERT INTO messages_lookup (messageHash, timestamp) \
                SELECT messageHash, timestamp FROM archivebench_staging ON CONFLICT DO NOTHING) \
                \(into) \(rows) FROM archivebench_staging ON CONFLICT DO NOTHING
                """, "COMMIT",
            ])
        let behaviour = try Behaviours.read("put: batched, batch: {form: copy}")
        #expect(
            behaviour.greetings(.write).first?.hasPrefix("CREATE TEMPORARY TABLE IF NOT EXISTS archivebench_staging (")
                == true)
        #expect(behaviour.greetings(.read).isEmpty)
    }

    // MARK: Failures

    @Test func aFailureInATransactionIsRolledBackBeforeItIsTold() throws {
        var machine = RequestMachine.put(StatementBook(try Behaviours.read("put: transaction")))
        machine.noteSent()
        machine.finishStatement()
        machine.noteSent()
        machine.finishStatement(failure: .sqlState("23514"))
        guard case .send(let step) = machine.step() else {
            Issue.record("no rollback")
            return
        }
        #expect(step.pool == .write && !step.holdsConnection)
        machine.noteSent()
        #expect(machine.step() == .waits)
        machine.finishStatement()
        #expect(machine.step() == .failed(.sqlState("23514")))
    }

    @Test func aPipelineFailsWithItsFirstFailureAfterItsLastResult() throws {
        var machine = RequestMachine.put(StatementBook(try Behaviours.read("put: pipelined")))
        machine.noteSent()
        machine.noteSent()
        machine.finishStatement(failure: .sqlState("23514"))
        #expect(machine.step() == .waits)
        machine.finishStatement(failure: .client(.unexpectedReply))
        #expect(machine.step() == .failed(.sqlState("23514")))
    }

    // MARK: Queries

    @Test func aPageIsPreparedOnceAShape() throws {
        let query = StoreQuery(
            requestID: "0a", pubsubTopic: try PubsubTopic("/waku/2/rs/16/32"),
            contentTopics: [try ContentTopic("/a/1/b/c"), try ContentTopic("/a/1/d/c")], startTime: 5, endTime: 9,
            direction: .backward)
        let list = try ask(query, "queries: prepared")
        #expect(list.map { "\($0.name): \($0.flags)" } == ["PageDescending_data_topics2_shard_start_end: read unit"])
        #expect(
            list.map(\.text) == [
                "SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM messages "
                    + "WHERE contentTopic IN ($1,$2) AND pubsubTopic = $3 AND timestamp >= $4 AND timestamp <= $5 "
                    + "ORDER BY timestamp DESC, messageHash DESC LIMIT $6"
            ])
        var onlyHashes = query
        onlyHashes.includeData = false
        let array = try ask(onlyHashes, "queries: prepared, lists: array, results: binary")
        #expect(array.map { "\($0.name): \($0.flags)" } == ["PageDescending_topics_shard_start_end: read unit binary"])
        #expect(
            array.map(\.text) == [
                "SELECT messageHash FROM messages WHERE contentTopic = ANY($1) AND pubsubTopic = $2 "
                    + "AND timestamp >= $3 AND timestamp <= $4 ORDER BY timestamp DESC, messageHash DESC LIMIT $5"
            ])
    }

    @Test func hashesAloneAreJoinedPreparedOrBounded() throws {
        let query = StoreQuery(requestID: "0a", includeData: false, hashes: [Self.hash, .zero])
        let node = try ask(query, "queries: prepared, hash-only: hashes")
        #expect(node.map(\.name) == ["PageByHash_hashes2"])
        #expect(
            node.map(\.text) == [
                """
                WITH min_timestamp AS (
                  SELECT MIN(timestamp) AS min_ts FROM messages_lookup WHERE messagehash IN ( $1,$2 ) )
                SELECT m.messageHash
                FROM messages m INNER JOIN messages_lookup l ON m.timestamp = l.timestamp AND m.messagehash = l.messagehash
                WHERE l.timestamp >= (SELECT min_ts FROM min_timestamp) AND l.messagehash IN ( $1,$2 )
                ORDER BY m.timestamp DESC, m.messagehash DESC LIMIT $3;
                """
            ])
        let bounded = try ask(query, "by-hash: bounded")
        #expect(
            bounded.map(\.text) == [
                """
                /* requestId=0a */ WITH found AS MATERIALIZED (
                  SELECT timestamp, messageHash FROM messages_lookup WHERE messageHash IN ( '\(Self.hash)','\(MessageHash.zero)' ) )
                SELECT m.messageHash, pubsubTopic, contentTopic, payload, version, m.timestamp, meta
                FROM messages m INNER JOIN found f ON m.timestamp = f.timestamp AND m.messageHash = f.messageHash
                WHERE m.timestamp BETWEEN (SELECT MIN(timestamp) FROM found) AND (SELECT MAX(timestamp) FROM found) AND m.messageHash IN ( '\(Self.hash)','\(MessageHash.zero)' )
                ORDER BY m.timestamp DESC, m.messageHash DESC LIMIT 21;
                """
            ])
        // Without a single result no hash is known, and the second statement is not sent.
        let first = try ask(query, "by-hash: bounded-first, queries: prepared, lists: array")
        #expect(
            first.map { "\($0.name): \($0.text)" } == [
                "BoundsOfHashes_hashes: SELECT timestamp, messageHash FROM messages_lookup WHERE messageHash = ANY($1);"
            ])
    }

    // MARK: What behaviours say of themselves

    private static func queries() throws -> [StoreQuery] {
        let topic = try ContentTopic("/a/1/b/c")
        let hashes = (0..<100).map { MessageHash(words: (0, 0, 0, UInt64($0 + 1))) }
        return [
            StoreQuery(), StoreQuery(includeData: false, contentTopics: [topic], direction: .backward),
            StoreQuery(hashes: hashes), StoreQuery(includeData: false, hashes: [hash]), StoreQuery(cursor: hash),
            StoreQuery(
                pubsubTopic: try PubsubTopic("/waku/2/rs/16/32"), contentTopics: [topic], startTime: 1, endTime: 2,
                hashes: [hash]),
        ]
    }

    /// Statements by name, the variable parts of names cut off.
    private func statements(_ words: String) throws -> Set<String> {
        let behaviour = try Behaviours.read(words)
        var sent = try Self.queries().flatMap { try ask($0, words) }
        sent += behaviour.put == .batched ? try batch(words, messages: 7) : try put(words)
        return Set(sent.map { String($0.name.prefix { $0 != "_" }.filter { !$0.isNumber }) })
    }

    @Test(arguments: Behaviours.all) func everyStatementThatIsNotTheNodesIsTold(_ words: String) throws {
        let behaviour = try Behaviours.read(words)
        let node = try statements("put: separate")
        #expect(node == ["InsertRow", "InsertRowMessagesLookup", "SelectMessageByHashInMessagesLookup", "text"])
        let told = behaviour.changes.joined(separator: "\n")
        for name in try statements(words).subtracting(node) {
            let isTold = told.contains(name) || name.hasPrefix("Page") && told.contains("Page and PageByHash")
            #expect(isTold, "\(name) is not in: \(told)")
        }
        #expect(!behaviour.changes.isEmpty && behaviour.name != "faithful")
        #expect(behaviour.changes.allSatisfy { !$0.contains("\n") })
    }
}
