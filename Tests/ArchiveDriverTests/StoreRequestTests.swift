import ArchiveDriver
import PostgresClient
import SpecReader
import TestSupport
import Testing
import WakuModel

/// What is put and then asked for is answered as the node's documentation has it, case by case (`Tests/StoreRequests`).
@Suite(.ownThreads) struct StoreRequestTests {
    @Test func theTableIsLargeAndEveryKindOfAnswerIsInIt() throws {
        let tables = try StoreRequestTable.all()
        let requests = tables.flatMap(\.requests)
        #expect(requests.count >= 130)
        #expect(requests.count { $0.refusal != nil } >= 15)
        #expect(requests.count { $0.query.direction == .backward } >= 20)
        #expect(requests.count { !$0.query.includeData } >= 20)
        #expect(requests.count { $0.query.cursor != nil } >= 30)
        #expect(requests.count { $0.query.hashes.count >= 99 } >= 10)
        let known = Set(StatementShapes.names)
        #expect(requests.flatMap { $0.sent ?? [] }.allSatisfy { known.contains($0) })
        for stored in tables.flatMap(\.stored) {
            guard let digits = stored.digits else { continue }
            #expect(digits.count >= 8 && stored.hash.description.hasPrefix(digits), "\(stored.name)")
        }
    }

    /// Nothing is made beforehand but the tables: the hours come with the messages.
    private func archive(_ table: StoreRequestTable, schema version: Int) async throws -> ConnectionParameters {
        let parameters = try await TestServers.archive(schema: version, partitionsFrom: 0, hours: 0)
        let connection = try Connection.open(parameters)
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try MissingPartitions(connection, schema).make(for: table.stored.map(\.message.timestamp))
        let session = ArchiveSession(connection)
        for stored in table.stored {
            for offer in 0..<stored.offered {
                #expect(try session.put(stored.message, on: stored.topic) == (offer == 0), "\(stored.name)")
            }
        }
        for stored in table.stored where !stored.isLookedUp {
            try connection.run("DELETE FROM messages_lookup WHERE messageHash = '\(stored.hash)'")
        }
        return parameters
    }

    @Test(arguments: [7, 8]) func everyRequestIsAnsweredAsDocumented(_ schema: Int) async throws {
        for table in try StoreRequestTable.all() {
            let parameters = try await archive(table, schema: schema)
            let messages = Dictionary(table.stored.map { ($0.hash, $0) }) { first, _ in first }
            let session = ArchiveSession(try Connection.open(parameters))
            for request in table.requests {
                check(request, "schema \(schema), \(table.file):\(request.line)", session, messages)
            }
        }
    }

    private func check(
        _ request: StoreRequestTable.Request, _ place: String, _ session: ArchiveSession,
        _ messages: [MessageHash: StoreRequestTable.Stored]
    ) {
        do throws(PostgresError) {
            let reply = try session.ask(request.query)
            #expect(reply.rows.map(\.hash) == request.page, "\(place): \(request.name)")
            #expect(reply.nextCursor == request.next, "\(place): next cursor")
            for row in reply.rows {
                let whole = messages[row.hash].map(Self.row)
                #expect(row == (request.isWhole ? whole : StoreReply.Row(hash: row.hash)), "\(place): row")
            }
        } catch {
            #expect(error.code.description == request.refusal, "\(place): \(request.name): \(error)")
        }
    }

    /// As it is stored.
    private static func row(_ stored: StoreRequestTable.Stored) -> StoreReply.Row {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let message = stored.message
        return StoreReply.Row(
            hash: stored.hash, pubsubTopic: stored.topic.text, contentTopic: message.contentTopic.text,
            payload: hex(message.payload), version: Int(message.version), timestamp: message.timestamp,
            meta: message.meta.isEmpty ? nil : hex(message.meta))
    }

    // MARK: The statements

    /// Without a server there is no cursor that is missing.
    @Test func statementsAreShownAsDocumentedWithoutAServer() throws {
        for table in try StoreRequestTable.all() {
            for request in table.requests {
                guard let sent = request.sent, request.refusal != "cursor-missing" else { continue }
                let place = "\(table.file):\(request.line): \(request.name)"
                do throws(PostgresError) {
                    let shown = try RequestStatement.all(of: request.query)
                    #expect(shown.map(\.shape) == sent && request.refusal == nil, "\(place)")
                } catch {
                    #expect(error.code.description == request.refusal, "\(place): \(error)")
                }
            }
        }
    }

    /// What is shown is what is sent: plans are of the same statements, in the same order, with the cursor's time put in.
    @Test(arguments: [7, 8]) func shownStatementsAreThoseThatAreExplained(_ schema: Int) async throws {
        for table in try StoreRequestTable.all() {
            let parameters = try await archive(table, schema: schema)
            let connection = try Connection.open(parameters)
            let times = Dictionary(table.stored.map { ($0.hash, $0.message.timestamp) }) { first, _ in first }
            for request in table.requests where request.refusal != "driver-refused" {
                let place = "schema \(schema), \(table.file):\(request.line): \(request.name)"
                var seen: [(shape: String, text: String)] = []
                try connection.run("BEGIN READ ONLY")
                do {
                    try StatementInstances(connection, behaviour: .faithful).visit(request.query) { instance in
                        let plan = try connection.value("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) \(instance.text)")
                        #expect(plan?.contains("\"Execution Time\"") == true, "\(place)")
                        seen.append((instance.shape, instance.text))
                    }
                } catch let error as PostgresError {
                    #expect(error.code.description == request.refusal, "\(place): \(error)")
                }
                try connection.run("ROLLBACK")
                if let sent = request.sent { #expect(seen.map(\.shape) == sent, "\(place)") }
                guard request.refusal == nil else { continue }
                let time = request.query.cursor.flatMap { times[$0] } ?? 0
                for (shown, found) in zip(try RequestStatement.all(of: request.query), seen)
                where shown.preparedAs == nil {
                    let text = shown.text.replacing(RequestStatement.cursorTimestamp, with: "'\(time)'")
                    #expect(text == found.text || text == found.text + ";", "\(place)")
                }
            }
        }
    }

    @Test func aShownStatementHasItsNameTextAndValues() throws {
        let cursor = MessageHash(words: (1, 2, 3, 4))
        let shown = try RequestStatement.all(
            of: StoreQuery(
                requestID: "0a", includeData: false, startTime: .min, cursor: cursor, direction: .backward,
                pageSize: 5))
        #expect(
            shown == [
                RequestStatement(
                    shape: "lookup.timestamp", preparedAs: "SelectMessageByHashInMessagesLookup",
                    text: "SELECT timestamp FROM messages_lookup\n    WHERE messageHash = $1",
                    parameters: ["'\(cursor)'"]),
                RequestStatement(
                    shape: "query.hashes.next", preparedAs: nil,
                    text: "/* requestId=0a */ SELECT messageHash FROM messages WHERE (timestamp, messageHash) < "
                        + "(:'cursor_timestamp','\(cursor)') AND timestamp >= '\(Int64.min)' "
                        + "ORDER BY timestamp DESC, messageHash DESC LIMIT '6'",
                    parameters: []),
            ])
    }

    // MARK: The table itself

    /// A wrong entry is told with its place, so that people can add to the table.
    @Test func wrongTablesAreToldWithTheirPlaces() throws {
        let text = """
            archivebench: requests/1
            name: wrong
            summary: with mistakes
            epoch: 2026-01-05T18:00:00Z
            messages:
              - {name: a, shard: 16-32, topic: /app/1/chat/proto, at: 1s}
              - {name: b, shard: 16/32, topic: chat, at: 1s, payload: 0g}
              - {name: c, shard: 16/32, topic: /app/1/chat/proto, at: 1s, colour: red}
            requests:
              - {name: one, ask: {cursor: d}, page: []}
              - {name: two, ask: {}}
              - {name: two, ask: {}, page: [], refused: x}
            """
        do {
            _ = try StoreRequestTable(SpecDocument(text: text, file: "w.yaml"), file: "w.yaml")
            Issue.record("a wrong table was taken")
        } catch let error as SpecProblems {
            let lines = error.problems.compactMap(\.line)
            #expect(lines == [6, 7, 7, 8, 10, 11, 12, 12], "\(error)")
        }
    }
}
