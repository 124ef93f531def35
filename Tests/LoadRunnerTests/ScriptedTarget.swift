import LinuxSystem
import LoadRunner
import TestSupport
import Testing
import WakuModel
import Workload

/// A target that answers each operation as a test says, keeps a diary of what it was asked, and jumps through time.
final class ScriptedTarget: LoadTarget {
    /// What was asked, when, and what came of it.
    struct Entry {
        let operation: Operation
        let label: RequestLabel
        /// `nil` for a put.
        let query: StoreQuery?
        /// The hash of a put's message.
        let hash: MessageHash?
        let begun: Nanoseconds
        var ended: Nanoseconds
    }

    /// How one request goes.
    struct Answer {
        var after: Nanoseconds = 100_000_000
        var failure: String?
        var delivered = 0
        var nextCursor: MessageHash?
        var last: MessageHash?
        var hashes: [MessageHash] = []
    }

    private(set) var diary: [Entry] = []
    private let traffic: Traffic
    private let script: (Entry) -> Answer
    private var now: Nanoseconds = 0
    private var pending: [Completion] = []

    /// - Parameters:
    ///   - traffic: the worker's own.
    ///   - script: how an operation goes; its `ended` means nothing yet.
    init(_ traffic: Traffic, script: @escaping (Entry) -> Answer) {
        self.traffic = traffic
        self.script = script
    }

    /// Requests of sessions, in the order in which they were begun.
    var requests: [Entry] { diary.filter { $0.operation.session >= 0 } }

    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        let label = traffic.labels[operation.label]
        var hash: MessageHash?
        if label.isPut {
            let (topic, message) = traffic.message(of: operation)
            hash = message.hash(on: topic)
        }
        var entry = Entry(
            operation: operation, label: label, query: label.isPut ? nil : traffic.query(of: operation), hash: hash,
            begun: now, ended: 0)
        let answer = script(entry)
        entry.ended = now + answer.after
        diary.append(entry)
        let completion = Completion(
            ticket: ticket, sent: now, done: entry.ended, waits: Waits(), failure: answer.failure,
            rows: answer.delivered,
            delivered: answer.delivered, nextCursor: answer.nextCursor, last: answer.last,
            hashes: operation.wantsHashes ? answer.hashes : [])
        let place = pending.firstIndex { $0.done > completion.done } ?? pending.count
        pending.insert(completion, at: place)
    }

    func wait(until deadline: Nanoseconds) -> Nanoseconds {
        now = max(now, min(deadline, pending.first?.done ?? .max))
        return now
    }

    func clock() -> Nanoseconds { now }

    func takeCompletion() -> Completion? {
        guard let first = pending.first, first.done <= now else { return nil }
        return pending.removeFirst()
    }

    func hasStarted(_ ticket: Int) -> Bool { true }

    func takeEvents() -> [TargetEvent] { [] }

    func end() { pending.removeAll() }
}

extension ScriptedTarget {
    /// Some nodes, forty topics on one shard, and one kind of client.
    static func run(
        _ client: String, messages: String = "1/h", shard: String = "16/32", measure: String = "300s", nodes: Int = 2,
        script: @escaping (ScriptedTarget.Entry) -> ScriptedTarget.Answer
    ) throws -> (LoadResult, ScriptedTarget) {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: sessions
            summary: one kind of client
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: \(shard), count: 40}]
            messages:
              streams:
                - name: only
                  arrivals: {process: constant, rate: \(messages)}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 20B}}]
            writers: {count: \(nodes), duplicate-gap: [50ms, 50ms]}
            clients: [{name: it, \(client)}]
            clockwork: off
            history: {partitions: 1, rows: 0}
            phases: {warm-up: 0s, measure: \(measure), drain-limit: 30s}
            """)
        var made: ScriptedTarget?
        let result = LoadRunner.simulate(spec, seed: 1) { traffic in
            let target = ScriptedTarget(traffic, script: script)
            made = target
            return target
        }
        return (result, try #require(made))
    }
}
