import ArchiveDriver
import PostgresClient
import Testing
import WakuModel

/// When batches of several nodes go, and with whom.
@Suite struct PutBatchesTests {
    private func batches() throws -> PutBatches {
        PutBatches(StatementBook(try Behaviours.read("put: batched, batch: {most: 3, wait: 1ms}")), nodes: 2)
    }

    private func add(_ ticket: Int, node: Int, now: UInt64, to batches: PutBatches) throws -> Int? {
        let message = Message(
            payload: [UInt8(ticket)], contentTopic: try ContentTopic("/a/1/b/c"), timestamp: Int64(ticket))
        return batches.add(ticket, node: node, try PubsubTopic("/waku/2/rs/16/32"), message, now: now)
    }

    @Test func aFullBatchGoesAtOnceAndNodesDoNotMix() throws {
        let batches = try batches()
        #expect(try add(1, node: 0, now: 10, to: batches) == nil)
        #expect(try add(2, node: 1, now: 11, to: batches) == nil)
        #expect(try add(3, node: 0, now: 12, to: batches) == nil)
        let number = try #require(try add(4, node: 0, now: 13, to: batches))
        #expect(batches[number].tickets == [1, 3, 4] && batches.node(of: number) == 0)
        guard case .send = batches[number].step() else {
            Issue.record("a full batch does not go")
            return
        }
        // The other node's waits on.
        #expect(batches.deadline == 1_000_011)
    }

    @Test func theFirstMessageWaitsNoLongerThanTheBound() throws {
        let batches = try batches()
        #expect(batches.deadline == .max && batches.takeDue(at: 5) == nil)
        _ = try add(1, node: 1, now: 100, to: batches)
        _ = try add(2, node: 1, now: 900_000, to: batches)
        _ = try add(3, node: 0, now: 500, to: batches)
        #expect(batches.deadline == 1_000_100 && batches.takeDue(at: 1_000_099) == nil)
        let first = try #require(batches.takeDue(at: 1_000_600))
        let second = try #require(batches.takeDue(at: 1_000_600))
        #expect(Set([batches[first].tickets, batches[second].tickets]) == [[1, 2], [3]])
        #expect(batches.takeDue(at: 9_000_000) == nil && batches.deadline == .max)
    }

    @Test func rowsAreLockedInTheSameOrderByAllNodes() throws {
        let book = StatementBook(try Behaviours.read("put: batched, batch: {form: unnest, most: 40}"))
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        let batch = PutBatch(book)
        var hashes: [String] = []
        for number in 0..<40 {
            let message = Message(
                payload: [UInt8(number)], contentTopic: try ContentTopic("/a/1/b/c"), timestamp: Int64(number))
            hashes.append(message.hash(on: topic).description)
            #expect(batch.add(number, topic, message, now: 0) == (number == 39))
        }
        batch.close()
        let values = BoundParameters()
        batch.writeParameters(into: values)
        let first = String(decoding: values.buffer.content.prefix { $0 != 0 }, as: UTF8.self)
        #expect(first == "{\(hashes.sorted().joined(separator: ","))}" && hashes != hashes.sorted())
    }

    @Test func batchesAreUsedAgainEmpty() throws {
        let batches = try batches()
        _ = try add(1, node: 0, now: 0, to: batches)
        let first = try #require(batches.takeDue(at: 1_000_000))
        // While the first is on its way, the next one collects.
        _ = try add(2, node: 0, now: 2_000_000, to: batches)
        let second = try #require(batches.takeDue(at: 3_000_000))
        #expect(first != second && batches[second].tickets == [2] && batches[first].tickets == [1])
        batches.release(first)
        _ = try add(3, node: 1, now: 4_000_000, to: batches)
        let third = try #require(batches.takeDue(at: 5_000_000))
        #expect(third == first && batches[third].tickets == [3] && batches.node(of: third) == 1)
    }
}
