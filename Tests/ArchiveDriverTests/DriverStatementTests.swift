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

    // MARK: Hashes as bytes

    /// A hash of digits `01`, and what the server reads as such bytes.
    private static let ones = MessageHash(
        words: (
            0x0101_0101_0101_0101, 0x0101_0101_0101_0101, 0x0101_0101_0101_0101, 0x0101_0101_0101_0101
        ))
    private static let digits = String(repeating: "01", count: 32)

    @Test func bytesArePutBehindABackslash() throws {
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        let hash = try message().hash(on: topic)
        for words in ["put: separate", "put: one-statement", "put: transaction"] {
            let (digits, bytes) = (try put(words), try put("\(words), hashes: bytea"))
            #expect(digits == bytes, "the statements are those of digits")
        }
        var machine = RequestMachine.put(StatementBook(try Behaviours.read("hashes: bytea")))
        let values = BoundParameters()
        machine.writeRow(topic, try message(), into: values)
        // Literals that have a backslash have two.
        #expect(values.literals[1] == "E'\\\\x\(hash)'" && values.literals.count == 8)
        machine.noteSent()
        machine.finishStatement()
        machine.writeParameters(into: values)
        #expect(values.literals == ["E'\\\\x\(hash)'", "'1'"])
    }

    @Test func batchesOfBytesNameTheirType() throws {
        let arrays = try batch("put: batched, batch: {form: unnest}, hashes: bytea", messages: 3).map(\.text)
        let digits = try batch("put: batched, batch: {form: unnest}", messages: 3).map(\.text)
        #expect(arrays == digits.map { $0.replacing("unnest($1::varchar[],", with: "unnest($1::bytea[],") })
        #expect(arrays != digits)
        let staging = try Behaviours.read("put: batched, batch: {form: copy}, hashes: bytea").greetings(.write)
        #expect(
            staging == [
                "CREATE TEMPORARY TABLE IF NOT EXISTS archivebench_staging (messageHash BYTEA NOT NULL, "
                    + "pubsubTopic VARCHAR NOT NULL, contentTopic VARCHAR NOT NULL, payload VARCHAR, "
                    + "version INTEGER NOT NULL, timestamp BIGINT NOT NULL, meta VARCHAR) ON COMMIT DELETE ROWS"
            ])
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        let hash = try message().hash(on: topic)
        let (buffer, values) = (TextBuffer(), BoundParameters())
        for form in ["copy", "unnest"] {
            let words = "put: batched, batch: {form: \(form)}, hashes: bytea"
            let batch = PutBatch(StatementBook(try Behaviours.read(words)))
            for number in 0..<2 { _ = batch.add(number, topic, try message(), now: 0) }
            batch.close()
            if form == "copy" {
                batch.writeCopyData(into: buffer)
                let line = "\\\\x\(hash)\t/waku/2/rs/16/32\t/a/1/b/c\t01\t0\t1\t\n"
                #expect(String(decoding: buffer.content, as: UTF8.self) == line + line)
            } else {
                batch.writeParameters(into: values)
                #expect(values.literals[0] == "E'{\\\\\\\\x\(hash),\\\\\\\\x\(hash)}'")
            }
        }
    }

    @Test func bytesAreAskedForAsLiteralsAndValues() throws {
        let byHash = StoreQuery(requestID: "0a", hashes: [Self.ones, .zero])
        let texts = try ask(byHash, "hashes: bytea").map(\.text)
        #expect(
            texts == [
                """
                /* requestId=0a */ WITH min_timestamp AS (
                  SELECT MIN(timestamp) AS min_ts FROM messages_lookup WHERE messagehash IN ( '\\x\(Self.digits)','\\x\(MessageHash.zero)' ) )
                SELECT m.messageHash, pubsubTopic, contentTopic, payload, version, m.timestamp, meta
                FROM messages m INNER JOIN messages_lookup l ON m.timestamp = l.timestamp AND m.messagehash = l.messagehash
                WHERE l.timestamp >= (SELECT min_ts FROM min_timestamp) AND l.messagehash IN ( '\\x\(Self.digits)','\\x\(MessageHash.zero)' )
                ORDER BY m.timestamp DESC, m.messagehash DESC LIMIT 21;
                """
            ])
        let later = StoreQuery(includeData: false, cursor: Self.ones)
        var machine = RequestMachine(later, StatementBook(try Behaviours.read("hashes: bytea")))
        let (buffer, values) = (TextBuffer(), BoundParameters())
        machine.writeParameters(into: values)
        #expect(values.literals == ["E'\\\\x\(Self.digits)'"])
        machine.noteSent()
        machine.assumeCursor(at: 5)
        machine.finishStatement()
        machine.writeText(into: buffer)
        #expect(
            String(cString: buffer.cString())
                == "/* requestId= */ SELECT messageHash FROM messages WHERE (timestamp, messageHash) > "
                + "('5','\\x\(Self.digits)') ORDER BY timestamp ASC, messageHash ASC LIMIT '21'")
        for (lists, literals) in [
            ("in", ["E'\\\\x\(Self.digits)'", "E'\\\\x\(MessageHash.zero)'"]),
            ("array", ["E'{\\\\\\\\x\(Self.digits),\\\\\\\\x\(MessageHash.zero)}'"]),
        ] {
            let words = "queries: prepared, lists: \(lists), hashes: bytea"
            RequestMachine(byHash, StatementBook(try Behaviours.read(words))).writeParameters(into: values)
            #expect(values.literals == literals + ["'21'"], "\(lists)")
        }
    }

    // MARK: The surplus

    @Test(arguments: [(0, 1, 1), (1, 1, 1), (99, 1, 1), (100, 2, 1), (101, 2, 2), (200, 3, 2), (300, 4, 3)])
    func theQueryWithoutHashesCanBeDropped(_ hashes: Int, _ sent: Int, _ withoutSurplus: Int) throws {
        let query = StoreQuery(hashes: (0..<hashes).map { MessageHash(words: (0, 0, 0, UInt64($0 + 1))) })
        let (node, dropped) = (try ask(query, "surplus: sent"), try ask(query, "surplus: dropped"))
        #expect(node.count == sent && dropped.count == withoutSurplus && Array(node.prefix(dropped.count)) == dropped)
        #expect(hashes == 0 || dropped.allSatisfy { $0.text.contains("messagehash IN") })
        #expect(try ask(query, "surplus: dropped, queries: prepared").count == withoutSurplus)
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
