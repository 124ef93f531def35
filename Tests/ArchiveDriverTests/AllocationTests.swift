import ArchiveDriver
import CAllocationCount
import PostgresClient
import TestSupport
import Testing
import WakuModel
import Workload

/// The way from a request to the bytes that are sent allocates nothing once its buffers have grown.
@Suite(.ownThreads) struct AllocationTests {
    @Test func theCounterCounts() {
        callocation_start()
        let numbers = [Int](repeating: 1, count: 10_000)
        let found = callocation_stop()
        #expect(found >= 1)
        #expect(numbers.count == 10_000)
    }

    @Test func writingStatementsAllocatesNothing() throws {
        let book = StatementBook()
        let (buffer, values) = (TextBuffer(), BoundParameters())
        let hashes = (0..<50).map { MessageHash(words: (1, 2, 3, UInt64($0))) }
        let queries = [
            StoreQuery(requestID: "0a1b2c3d4e5f60718293", hashes: hashes, pageSize: 50),
            StoreQuery(
                pubsubTopic: try PubsubTopic("/waku/2/rs/16/32"),
                contentTopics: try (0..<10).map { try ContentTopic("/waku/1/0x0000000\($0)/rfc26") }, startTime: 1,
                endTime: 2),
        ]
        for query in queries {
            let machine = RequestMachine(query, book)
            machine.writeText(into: buffer)
            callocation_start()
            for _ in 0..<100 { machine.writeText(into: buffer) }
            #expect(callocation_stop() == 0)
        }
        var put = RequestMachine.put(book)
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        let message = Message(
            payload: [UInt8](repeating: 7, count: 5_000), contentTopic: try ContentTopic("/waku/1/0x00000001/rfc26"),
            timestamp: 1)
        put.writeRow(topic, message, into: values)
        _ = message.hash(on: topic)
        callocation_start()
        for _ in 0..<100 { _ = message.hash(on: topic) }
        let hashing = callocation_stop()
        callocation_start()
        for _ in 0..<100 { put.writeRow(topic, message, into: values) }
        // What remains is the cryptographic library's own, inside the message hash.
        #expect(callocation_stop() == hashing)
        put.noteSent()
        put.finishStatement()
        put.writeParameters(into: values)
        callocation_start()
        for _ in 0..<100 { put.writeParameters(into: values) }
        #expect(callocation_stop() == 0)
    }

    /// The way of other behaviours, steps and shapes of statements included.
    @Test(arguments: [
        "queries: prepared", "queries: prepared, lists: array", "by-hash: bounded",
        "queries: prepared, lists: array, by-hash: bounded-first, hash-only: hashes, results: binary",
        "hashes: bytea", "hashes: bytea, queries: prepared", "hashes: bytea, queries: prepared, lists: array",
    ])
    func walkingARequestAllocatesNothing(_ words: String) throws {
        let book = StatementBook(try Behaviours.read(words))
        let (buffer, values) = (TextBuffer(), BoundParameters())
        let queries = [
            StoreQuery(hashes: (0..<50).map { MessageHash(words: (1, 2, 3, UInt64($0))) }, pageSize: 50),
            StoreQuery(
                pubsubTopic: try PubsubTopic("/waku/2/rs/16/32"),
                contentTopics: try (0..<10).map { try ContentTopic("/waku/1/0x0000000\($0)/rfc26") }, startTime: 1,
                endTime: 2, cursor: MessageHash(words: (1, 2, 3, 4))),
        ]
        for query in queries {
            func write() {
                let machine = RequestMachine(query, book)
                guard case .send(let step) = machine.step() else { return }
                if step.form == .simple {
                    machine.writeText(into: buffer)
                } else {
                    machine.writeParameters(into: values)
                }
            }
            write()
            callocation_start()
            for _ in 0..<100 { write() }
            #expect(callocation_stop() == 0)
        }
    }

    /// A batch keeps its rows where those of the last one were.
    @Test(arguments: [DriverBehaviour.Batch.Form.multiRow, .unnest, .copy], Behaviours.hashes)
    func collectingABatchAllocatesNextToNothing(_ form: DriverBehaviour.Batch.Form, _ hashes: String) throws {
        let words = "put: batched, batch: {form: \(form.rawValue), most: 64}, hashes: \(hashes)"
        let book = StatementBook(try Behaviours.read(words))
        let batch = PutBatch(book)
        let (buffer, values) = (TextBuffer(), BoundParameters())
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        let messages = try (0..<64).map {
            Message(
                payload: [UInt8](repeating: UInt8($0), count: 700),
                contentTopic: try ContentTopic("/waku/1/0x00000001/rfc26"), timestamp: Int64($0))
        }
        func go() {
            for message in messages { _ = batch.add(0, topic, message, now: 1) }
            batch.close()
            while case .send(let step) = batch.step() {
                if step.form == .copyIn {
                    batch.writeCopyData(into: buffer)
                } else {
                    batch.writeParameters(into: values)
                }
                batch.noteSent()
                batch.finishStatement()
            }
            batch.reset()
        }
        go()
        callocation_start()
        for message in messages { _ = message.hash(on: topic) }
        let hashing = callocation_stop()
        callocation_start()
        go()
        // What remains besides the cryptographic library's own is the sorting of 64 rows.
        #expect(callocation_stop() <= hashing + 4)
    }

    @Test func sendingAllocatesNothing() async throws {
        let connection = try Connection.open(try await TestServers.database())
        let values = BoundParameters()
        try connection.sendPrepare(name: "one", text: "SELECT $1::text")
        try connection.collect(statement: "one") { _ throws(PostgresError) in }
        let name: StaticString = "one"
        var allocations = 0
        for round in 0..<20 {
            values.clear()
            values.add { $0.append("hello" as StaticString) }
            callocation_start()
            try name.utf8Start.withMemoryRebound(to: CChar.self, capacity: 4) { name in
                try connection.sendPrepared(name: name, values)
            }
            let found = callocation_stop()
            if round >= 2 { allocations += found }
            try connection.collect(statement: "one") { _ throws(PostgresError) in }
        }
        #expect(allocations == 0)
    }
}
