import ArchiveDriver
import PostgresClient
import Testing
import WakuModel

/// The texts of a store node, letter by letter.
@Suite struct StatementTextTests {
    private let hash = String(repeating: "ab", count: 32)

    private func texts(_ query: StoreQuery) -> [String] {
        let book = StatementBook()
        var machine = RequestMachine(query, book)
        var texts: [String] = []
        let (buffer, values) = (TextBuffer(), BoundParameters())
        while case .send(let step) = machine.step(), texts.count < 10 {
            if case .prepared(let statement) = step.form {
                machine.writeParameters(into: values)
                texts.append("\(step.pool) \(String(cString: book.name(statement))) \(values.redacted)")
            } else {
                machine.writeText(into: buffer)
                texts.append(String(cString: buffer.cString()))
            }
            machine.noteSent()
            machine.finishStatement()
        }
        if case .failed(let code) = machine.step() { texts.append("failed: \(code)") }
        return texts
    }

    @Test func aPageByTopicsHasItsConditionsInTheDocumentedOrder() throws {
        let query = StoreQuery(
            requestID: "0a1b", includeData: true, pubsubTopic: try PubsubTopic("/waku/2/rs/16/32"),
            contentTopics: [try ContentTopic("/a/1/it's/proto"), try ContentTopic("/b/1/c/proto")], startTime: 5,
            endTime: 9, direction: .backward, pageSize: 50)
        #expect(
            texts(query) == [
                "/* requestId=0a1b */ SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta "
                    + "FROM messages  WHERE contentTopic IN ('/a/1/it''s/proto','/b/1/c/proto') AND "
                    + "pubsubTopic = '/waku/2/rs/16/32' AND timestamp >= '5' AND timestamp <= '9' "
                    + "ORDER BY timestamp DESC, messageHash DESC LIMIT '51'"
            ])
    }

    @Test func aHashOnlyPageHasASingleBlankAndAscends() {
        #expect(
            texts(StoreQuery(includeData: false, startTime: -1)) == [
                "/* requestId= */ SELECT messageHash FROM messages WHERE timestamp >= '-1' "
                    + "ORDER BY timestamp ASC, messageHash ASC LIMIT '21'"
            ])
    }

    @Test func nothingAskedMeansNoWhere() {
        #expect(
            texts(StoreQuery(includeData: false, direction: .backward, pageSize: 500)) == [
                "/* requestId= */ SELECT messageHash FROM messages ORDER BY timestamp DESC, messageHash DESC LIMIT '101'"
            ])
    }

    @Test func aCursorIsLookedUpFirstAndItsAbsenceEndsTheRequest() throws {
        let query = StoreQuery(contentTopics: [try ContentTopic("/a/1/b/c")], cursor: try MessageHash(hex: hash))
        #expect(texts(query) == ["read SelectMessageByHashInMessagesLookup $1: 64 bytes", "failed: cursor-missing"])
    }

    @Test func hashesAloneTakeTheJoinWhateverWasAsked() throws {
        let query = StoreQuery(
            includeData: false, hashes: [try MessageHash(hex: hash), .zero], direction: .forward, pageSize: 7)
        let list = "'\(hash)','\(MessageHash.zero)'"
        #expect(
            texts(query) == [
                """
                /* requestId= */ WITH min_timestamp AS (
                  SELECT MIN(timestamp) AS min_ts FROM messages_lookup WHERE messagehash IN ( \(list) ) )
                SELECT m.messageHash, pubsubTopic, contentTopic, payload, version, m.timestamp, meta
                FROM messages m INNER JOIN messages_lookup l ON m.timestamp = l.timestamp AND m.messagehash = l.messagehash
                WHERE l.timestamp >= (SELECT min_ts FROM min_timestamp) AND l.messagehash IN ( \(list) )
                ORDER BY m.timestamp DESC, m.messagehash DESC LIMIT 8;
                """
            ])
    }

    @Test(arguments: [(1, 1, 0), (99, 1, 0), (100, 1, 1), (101, 2, 0), (199, 2, 0), (200, 2, 1), (300, 3, 1)])
    func hashesAreSplitInHundredsWithASurplusQuery(_ count: Int, _ joins: Int, _ surplus: Int) {
        let hashes = (0..<count).map { MessageHash(words: (0, 0, 0, UInt64($0))) }
        let found = texts(StoreQuery(hashes: hashes))
        #expect(found.count { $0.contains("WITH min_timestamp") } == joins)
        #expect(found.count { !$0.contains("WHERE") } == surplus)
        #expect(found.count == joins + surplus)
    }

    @Test func hashesWithAnyOtherConditionTakeTheGenericPath() throws {
        let query = StoreQuery(startTime: 1, hashes: [.zero])
        #expect(
            texts(query) == [
                "/* requestId= */ SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta "
                    + "FROM messages  WHERE messageHash IN ('\(MessageHash.zero)') AND timestamp >= '1' "
                    + "ORDER BY timestamp ASC, messageHash ASC LIMIT '21'"
            ])
    }

    @Test func onlyOneOfThePreparedSelectsWorks() throws {
        var query = StoreQuery(
            includeData: false, pubsubTopic: try PubsubTopic("/x"), contentTopics: [try ContentTopic("/a/1/b/c")],
            startTime: 1, endTime: 2, hashes: [.zero])
        #expect(
            texts(query) == [
                "read SelectWithoutCursorAndDataAsc $1: 8 bytes, $2: 64 bytes, $3: 2 bytes, $4: 1 bytes, $5: 1 bytes, $6: 2 bytes"
            ])
        query.direction = .backward
        #expect(texts(query)[0].contains("SelectWithoutCursorAndDataDesc"))
        query.includeData = true
        #expect(texts(query) == ["failed: driver-refused"])
    }

    @Test(arguments: ["a'b", "x;", "50%", "a--b", "a_b", "a/b", "a*b", "\0"])
    func identifiersThatCouldEndTheCommentAreRefused(_ identifier: String) {
        #expect(texts(StoreQuery(requestID: identifier)) == ["failed: driver-refused"])
    }
}
