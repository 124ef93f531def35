import SpecReader
import TestSupport
import Testing
import WakuModel
import Workload

/// What is recorded is what is replayed.
@Suite struct TraceTests {
    /// What an operation does and says, but for the clock of a message's sender, on which its hash depends.
    private struct Said: Equatable {
        var due, origin: UInt64
        var label, node, ask: Int
        var number: Int64
        var shard: String?
        var topics: [String]
        var payload, meta, messageClass, hashes: Int
        var times: [Int64?]
        var requestID: String

        init(_ operation: Operation, _ traffic: Traffic) {
            (due, origin, number) = (operation.due, operation.origin, operation.number)
            (label, node, ask) = (operation.label, operation.node, operation.ask)
            (topics, payload, meta, messageClass, hashes, times, requestID) = ([], 0, 0, 0, 0, [], "")
            if traffic.labels[label].isPut {
                let (topic, message) = traffic.message(of: operation)
                (shard, topics) = (topic.text, [message.contentTopic.text])
                (payload, meta) = (message.payload.count, message.meta.count)
                messageClass = traffic.messageClass(of: operation)
            } else if traffic.labels[label].job == nil {
                let query = traffic.query(of: operation)
                (shard, topics) = (query.pubsubTopic?.text, query.contentTopics.map(\.text))
                (hashes, times, requestID) = (query.hashes.count, [query.startTime, query.endTime], query.requestID)
            }
        }
    }

    private static func said(_ spec: WorkloadSpec, seed: UInt64) -> [Said] {
        let traffic = Traffic(spec, seed: seed)
        var all: [Said] = []
        while let operation = traffic.next() { all.append(Said(operation, traffic)) }
        return all
    }

    /// Everything that the language has: volleys, segments, protected shards, ephemeral messages, sessions, the nodes' jobs.
    @Test(arguments: ["shared", "per-shard"]) func theSequenceOfAWorkloadReplaysAsItWas(_ databases: String) throws {
        let base = WrongSpecs.workload.replacing("databases: shared", with: "databases: \(databases)")
        let spec = try TestWorkloads.read(base)
        let text = try TraceSample.export(spec, seed: 7)
        let sample = try TraceSample()
        let replayed = try sample.replaying(file: text, in: base)
        let (made, played) = (Self.said(spec, seed: 7), Self.said(replayed, seed: 7))
        #expect(made.count == played.count && made.count > 3_000)
        let first = zip(made, played).first { $0 != $1 }
        #expect(first == nil, "\(String(describing: first))")
    }

    /// Per-class counts of operations, and messages and bytes of every message class on every shard.
    @Test func countsAndBytesAreTheSame() throws {
        let spec = try TestWorkloads.everything(measure: "30s")
        let replayed = try TraceSample().replaying(file: TraceSample.export(spec, seed: 3), in: spec.text)
        let (made, played) = (SequenceDigest(of: spec, seed: 3), SequenceDigest(of: replayed, seed: 3))
        #expect(made.operations == played.operations && made.operations.count >= 6, "\(made.operations)")
        #expect(Self.ledger(spec) == Self.ledger(replayed))
        #expect(Self.ledger(spec).joined().reduce(0) { $0 + $1.bytes } > 100_000)
    }

    private static func ledger(_ spec: WorkloadSpec) -> [[BandwidthLedger.Entry]] {
        let traffic = Traffic(spec, seed: 3)
        while traffic.next() != nil {}
        return traffic.arrived.entries
    }

    @Test func everyRowIsAnOperationThatNothingElseBringsForth() throws {
        let spec = try TestWorkloads.everything(measure: "10s")
        let export = try TraceExport(spec, seed: 5)
        var text = ""
        while let piece = export.next() { text += String(decoding: piece, as: UTF8.self) }
        let rows = text.split(separator: "\n").dropFirst()
        let operations = SequenceDigest(of: spec, seed: 5).operations
        #expect(rows.count == operations.values.reduce(0, +) - (operations["put.duplicate"] ?? 0))
        #expect(export.written.reduce(0) { $0 + $1.rows } == rows.count && export.progress == 1)
        #expect(export.written.first { $0.kind == "put/chat" }?.rows == operations["put"])
        let odd = rows.filter { $0.wholeMatch(of: /\d+\.\d{9},(16\/\d+)?,\d*,\d+,[a-z.-]+\/[a-z]+/) == nil }
        #expect(odd.isEmpty, "\(odd.prefix(3))")
    }

    /// The digest tells any change of what is replayed.
    @Test(arguments: [
        "0.5,16/32,1,101,put/chat", "0.500000001,16/32,1,100,put/chat", "0.5,16/32,2,100,put/chat",
        "0.5,16/64,1,100,put/chat", "0.5,16/32,1,100,put/tagged", "0.5,16/32,1,0,store.time-range/scan",
    ])
    func theDigestTellsTheContent(_ other: String) throws {
        let sample = try TraceSample()
        let rows = ["0.1,16/32,0,40,put/chat", "0.5,16/32,1,100,put/chat", "0.9,,,,store.time-range"]
        let spec = try sample.replaying(rows, in: TraceSample.small)
        let digest = SequenceDigest(of: spec, seed: 1)
        #expect(digest == SequenceDigest(of: try sample.replaying(rows, in: TraceSample.small), seed: 1))
        let changed = try sample.replaying([rows[0], other, rows[2]], in: TraceSample.small)
        #expect(SequenceDigest(of: changed, seed: 1).text != digest.text)
        #expect(spec.trace?.summary.digest != changed.trace?.summary.digest)
    }

    // MARK: Time

    @Test(
        arguments: [
            ("", [0, 1_000, 2_000, 4_000]), (", start: 1s", [0, 1_000, 3_000]),
            (", start: 1500ms, scale: 2", [250, 1_250]),
            (", scale: 0.5", [0, 2_000, 4_000, 8_000]),
            // One and a half seconds lie between rows on average, so three and a half more are a round.
            (
                ", start: 1s, repeat: yes",
                [0, 1_000, 3_000, 4_500, 5_500, 7_500, 9_000, 10_000, 12_000, 13_500, 14_500, 16_500, 18_000, 19_000]
            ),
        ] as [(String, [Double])])
    func rowsAreDueAtTheirTimes(_ keys: String, _ times: [Double]) throws {
        let rows = [0, 1, 2, 4].map { "\($0),16/32,0,10,put" }
        let spec = try TraceSample().replaying(rows, in: TraceSample.small, keys: keys)
        #expect(TraceSample.putTimes(spec) == times)
    }

    @Test func aHigherRatePlaysItFaster() throws {
        let rows = ["0,16/32,0,10,put", "0,,,,store.time-range", "8,16/32,0,10,put", "8,,,,store.time-range"]
        let spec = try TraceSample().replaying(rows, in: TraceSample.small)
        let scaled = spec.scaled(messages: 4, requests: 2)
        #expect(TraceSample.putTimes(scaled) == [0, 2_000])
        let traffic = Traffic(scaled, seed: 1)
        let scans = TraceSample.operations(traffic).filter { traffic.labels[$0.label].entry == "scan" }
        #expect(scans.map(\.due) == [0, 4_000_000_000])
    }

    @Test func whatIsExpectedIsWhatComes() throws {
        let rows = (0..<100).map { "\(Double($0) / 10),16/32,0,10,put" }
        let spec = try TraceSample().replaying(rows, in: TraceSample.small)
        #expect(abs(spec.expectedMessages(from: 0, to: 20_000_000_000) - 100) < 1e-9)
        #expect(abs(spec.expectedMessages(from: 0, to: 5_000_000_000) - 50) < 1e-9)
        #expect(abs(spec.scaled(by: 2).expectedMessages(from: 0, to: 4_000_000_000) - 80) < 1e-9)
        let again = try TraceSample().replaying(rows, in: TraceSample.small, keys: ", repeat: yes")
        #expect(abs(again.expectedMessages(from: 0, to: 20_000_000_000) - 200) < 1e-9)
        #expect(abs(spec.databaseBytesPerMessage - StorageModel.databaseBytes(payload: 10)) < 1e-6)
    }

    // MARK: What rows become

    @Test func messagesAreWhatTheRowsSay() throws {
        let rows = [
            "0,16/32,2,10,put", "0,/waku/2/rs/16/64,1,20,put/tagged", "0,16/32,0,30,put/tagged",
            "0,16/32,0,40,put/chat",
        ]
        let traffic = Traffic(try TraceSample().replaying(rows, in: TraceSample.small), seed: 1)
        let puts = TraceSample.operations(traffic).filter { traffic.labels[$0.label].isPut }
        let said = puts.map { Said($0, traffic) }
        #expect(said.map(\.payload) == [10, 20, 30, 40])
        // A protected shard has its signature, whatever the class says.
        #expect(said.map(\.meta) == [0, 64, 8, 0])
        #expect(traffic.classNames == ["chat", "tagged", "recorded"])
        #expect(said.map { traffic.classNames[$0.messageClass] } == ["recorded", "tagged", "tagged", "chat"])
        let (open, signed) = (traffic.topics.shards[0].topics, traffic.topics.shards[1].topics)
        let topics = [open[2], signed[1], open[0], open[0]].map { traffic.topics.topics[$0].text }
        #expect(said.map(\.topics) == topics.map { [$0] })
        #expect(said.map(\.number) == [100, 101, 102, 103])
    }

    @Test func wordsStandForTopicsInTheOrderOfTheirFirstRows() throws {
        let rows = ["b7f,16/64", "x,16/32", "b7f,16/32", "x,16/64", "b7f,16/64", "x,16/32"]
            .map { $0.split(separator: ",") }.map { "0,\($0[1]),\($0[0]),5,put" }
        let traffic = Traffic(
            try TraceSample().replaying(rows, in: TraceSample.small, keys: ", topics: named"), seed: 1)
        let puts = TraceSample.operations(traffic).filter { traffic.labels[$0.label].isPut }
        let (open, signed) = (traffic.topics.shards[0].topics, traffic.topics.shards[1].topics)
        let topics = [signed[0], open[0], open[1], signed[1], signed[0], open[0]]
        #expect(puts.map { Said($0, traffic).topics } == topics.map { [traffic.topics.topics[$0].text] })
    }

    /// A query that the trace has comes from it alone; the others go on by themselves, and so do messages it has none of.
    @Test func queriesComeFromTheTraceOrFromTheirArrivals() throws {
        let rows = [
            "0.5,16/64,2,0,store.topics.data.first/day", "0.5,16/32,0,0,store.topics.data.first/day",
            "7.25,,,0,store.time-range/peer",
        ]
        let spec = try TraceSample().replaying(rows, in: TraceSample.small)
        let traffic = Traffic(spec, seed: 1)
        let all = TraceSample.operations(traffic)
        let days = all.filter { traffic.labels[$0.label].entry == "day" }
        #expect(days.map(\.due) == [500_000_000, 500_000_000])
        let (open, signed) = (traffic.topics.shards[0], traffic.topics.shards[1])
        let said = days.map { Said($0, traffic) }
        #expect(said.map(\.shard) == [signed.pubsubTopic.text, open.pubsubTopic.text])
        #expect(
            said.map { $0.topics.first } == [signed.topics[2], open.topics[0]].map { traffic.topics.topics[$0].text })
        #expect(said.allSatisfy { Set($0.topics).count == 2 })
        #expect(all.count { traffic.labels[$0.label].entry == "hour" } == 19)
        #expect(all.count { traffic.labels[$0.label].isPut } == 1_999)
        let kinds = try #require(spec.trace?.summary.kinds)
        #expect(kinds.map(\.isReplayed) == [true, false] && kinds.map(\.rows) == [2, 1])
    }

    // MARK: Surroundings

    /// The history, its digest in the cache and the names of topics do not depend on a trace.
    @Test func theHistoryIsThatOfTheStreams() throws {
        let plain = try TestWorkloads.read(TraceSample.small)
        let spec = try TraceSample().replaying(["0,16/32,0,10,put"], in: TraceSample.small)
        let (left, right) = (Traffic(plain, seed: 1), Traffic(spec, seed: 1))
        func hash(_ traffic: Traffic, _ number: Int64) -> MessageHash {
            let (topic, message) = traffic.message(number)
            return message.hash(on: topic)
        }
        #expect((0..<100).allSatisfy { hash(left, $0) == hash(right, $0) })
    }

    @Test func overlaysThatTakeAwayWhatItNamesAreTold() throws {
        let rows = ["0,16/32,2,10,put", "1,,,,store.time-range", "2,16/32,0,10,put"]
        let spec = try TraceSample().replaying(rows, in: TraceSample.small)
        let head = "archivebench: overlay/1\nname: o\nsummary: o\n"
        func laid(_ text: String) throws -> WorkloadSpec {
            try spec.applying(Overlay(document: SpecDocument(text: head + text, file: "o.yaml")))
        }
        #expect(throws: OverlayProblem.self) { try laid("multiply: {topics: 0.3}\n") }
        #expect(throws: OverlayProblem.self) {
            try laid("arrivals-instead: {volumes: [1MB], class: x, payload: {constant: 1kB}}\n")
        }
        // Requests of a query that is dropped are passed over.
        let dropped = try laid("drop-queries: true\n")
        let traffic = Traffic(dropped, seed: 1)
        #expect(TraceSample.operations(traffic).map { traffic.labels[$0.label].requestClass } == ["put", "put"])
        #expect(throws: Never.self) { try dropped.checkTrace() }
    }

    @Test func aTraceThatIsWrittenToMeanwhileIsTold() throws {
        let sample = try TraceSample()
        let rows = (0..<10).map { "\($0),16/32,0,10,put" }
        let spec = try sample.replaying(rows, in: TraceSample.small)
        #expect(TraceSample.putTimes(spec).count == 10)
        #expect(throws: Never.self) { try spec.checkTrace() }
        _ = try sample.folder.write("\(TraceSample.header)\n0,16/32,0,10,put\n1,16/32,9,10,put\n", as: "trace.csv")
        #expect(TraceSample.putTimes(spec) == [0])
        let problem = try #require(spec.trace?.problem)
        // Not what the line says, nor where the file lies: this goes into records.
        #expect("\(problem)".hasPrefix("trace.csv:3:9: is no longer what was read first; "), "\(problem)")
        #expect(throws: SpecProblems.self) { try spec.checkTrace() }
        // A change that leaves sound rows is noticed as well.
        let other = try sample.replaying(rows, in: TraceSample.small)
        _ = try sample.folder.write("\(TraceSample.header)\n0,16/32,0,11,put\n", as: "trace.csv")
        #expect(other.trace?.problem?.what == "was changed while it was used")
    }

    /// As sha256sum has it.
    @Test func theDigestOfTheFileIsItsSHA256() throws {
        let spec = try TraceSample().replaying(["0,16/32,0,10,put"], in: TraceSample.small)
        #expect(spec.trace?.summary.digest == "978078201c04655fa736a52d306001c5073fb1fa1e608520bcf81e5cea2f7e1b")
    }

    /// The reference's own example.
    @Test func theExampleOfTheReferenceIsRight() throws {
        let text = try readText("\(packageRoot)/Workloads/README.md")
        let keys = try #require(text.firstMatch(of: /\ntrace: \{file: mine\.csv(.*)\}\n/)?.1)
        let file = try #require(text.firstMatch(of: /```\n(time,shard,topic,size,kind\n[^`]*)```/)?.1)
        let base = TraceSample.small.replacing("count: 3", with: "count: 8")
        let spec = try TraceSample().replaying(file: String(file), in: base)
        #expect(TraceSample.putTimes(spec) == [18.204417, 18.204417])
        let later = file.replacing("\n0.", with: "\n900.").replacing("\n1.", with: "\n901.")
        let again = try TraceSample().replaying(file: String(later), in: base, keys: String(keys))
        #expect(again.trace?.end == nil && again.trace?.messageScale == 2 && again.trace?.start == 600_000_000_000)
    }
}
