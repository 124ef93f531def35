import LoadRunner
import Measurement
import TestSupport
import Testing
import WakuModel
import Workload

/// How clients treat nodes that are slow or fail, and how senders ask again and again. All computed by hand, in
/// simulated time.
@Suite struct PatienceTests {
    private static let second: UInt64 = 1_000_000_000
    private let second = Self.second

    /// One client that asks for one window in one request.
    private let reader = """
        kind: history-sync, arrivals: {process: herd, count: 1, within: 1ms}, follows: [{topics: all, count: 5}],
        outage: 1d
        """
    /// Longer than any client waits.
    private let tooLate = ScriptedTarget.Answer(after: 100 * second, delivered: 7)

    /// Seconds from the session's start to each request, with 0 for the node it began with and 1 for the other.
    private func course(_ target: ScriptedTarget) -> [[UInt64]] {
        let requests = target.requests
        return requests.map { entry in
            [
                (entry.begun - entry.operation.origin) / second,
                entry.operation.node == requests[0].operation.node ? 0 : 1,
            ]
        }
    }

    /// The sum over all labels of a client's requests.
    private func sum(_ result: LoadResult, _ value: (LabelResult) -> Int) -> Int {
        zip(result.labels, result.results).reduce(0) { $0 + ($1.0.client == nil ? 0 : value($1.1)) }
    }

    // MARK: Time-outs

    /// The first node never answers in time: given up at 30 and 60 s, the other one is asked after 10 s more.
    @Test func twoTimeOutsTurnAClientToTheOtherNode() throws {
        var first: Int?
        let (result, target) = try ScriptedTarget.run(reader) { entry in
            first = first ?? entry.operation.node
            return entry.operation.node == first ? tooLate : .init(delivered: 50)
        }
        #expect(course(target) == [[0, 0], [30, 0], [70, 1]])
        let tally = result.sessions[0]
        #expect((tally.started, tally.finished, tally.gaveUp, tally.unfinished) == (1, 1, 0, 0))
        #expect((tally.requests, tally.retries, tally.timeouts, tally.nodeSwitches) == (3, 2, 2, 1))
        #expect(tally.durations.holds(1, at: 70_100_000_000) && tally.firstPages.holds(1, at: 70_100_000_000))
        // What nobody waits for is still done, and counted as done; only its client has seen nothing of it.
        #expect(tally.messages == 50)
        #expect(sum(result) { $0.measure.completed } == 3 && sum(result) { $0.delivered } == 64)
        #expect(result.results.allSatisfy { $0.measure.identityHolds && $0.measure.abandoned == 0 })
        let label = try #require(result.labels.firstIndex { $0.role == .first })
        #expect(result.results[label].response.count == 3)
    }

    @Test func anAnswerJustInTimeIsTaken() throws {
        let (result, target) = try ScriptedTarget.run(reader) { _ in .init(after: 30 * second, delivered: 50) }
        #expect(course(target) == [[0, 0]])
        #expect(result.sessions[0].timeouts == 0 && result.sessions[0].durations.holds(1, at: 30 * second))
    }

    /// One failure alone turns no client away, and a page between two failures makes them single ones.
    @Test func aSuccessForgetsFailures() throws {
        let (result, target) = try ScriptedTarget.run(reader) { entry in
            if begins(entry, at: [0, 2]) { return .init(after: second, failure: "57P01") }
            let cursor = MessageHash(words: (1, 2, 3, UInt64(entry.operation.page)))
            return .init(after: second, delivered: 50, nextCursor: entry.operation.page == 0 ? cursor : nil)
        }
        #expect(course(target) == [[0, 0], [1, 0], [2, 0], [3, 0]])
        #expect(target.requests.map { $0.operation.page } == [0, 0, 1, 1])
        #expect(result.sessions[0].retries == 2 && result.sessions[0].nodeSwitches == 0)
        #expect(sum(result) { $0.measure.failed } == 2 && result.sessions[0].timeouts == 0)
    }

    /// Whether a request that is begun at a second of its session is one of those to fail.
    private func begins(_ entry: ScriptedTarget.Entry, at seconds: [UInt64]) -> Bool {
        seconds.contains((entry.begun - entry.operation.origin) / second)
    }

    @Test func failuresCountAsTimeOutsDo() throws {
        let (result, target) = try ScriptedTarget.run(reader) { entry in
            begins(entry, at: [0, 1]) ? .init(after: second, failure: "57P01") : .init(delivered: 50)
        }
        #expect(course(target) == [[0, 0], [1, 0], [12, 1]])
        #expect(result.sessions[0].nodeSwitches == 1 && result.sessions[0].finished == 1)
    }

    @Test func aClientGivesUpAfterSixAttempts() throws {
        let (result, target) = try ScriptedTarget.run(reader) { _ in tooLate }
        #expect(course(target) == [[0, 0], [30, 0], [70, 1], [100, 1], [140, 1], [170, 1]])
        let tally = result.sessions[0]
        #expect((tally.started, tally.finished, tally.gaveUp, tally.unfinished) == (1, 0, 1, 0))
        #expect((tally.requests, tally.retries, tally.timeouts) == (6, 5, 6))
        #expect(tally.durations.count == 0 && tally.firstPages.count == 0 && tally.messages == 0)
        #expect(sum(result) { $0.measure.completed } == 6)
    }

    /// The first node is on the grey list from 60 s to 240 s, the other one from 130 s on, and longer with each failure.
    /// While both are, the client stays where it is; it turns only to a node whose three minutes are over.
    @Test func aNodeOnTheGreyListIsNotAskedForThreeMinutes() throws {
        let (result, target) = try ScriptedTarget.run("\(reader), attempts: 100", measure: "600s") { _ in tooLate }
        #expect(
            course(target).prefix(16) == [
                [0, 0], [30, 0], [70, 1], [100, 1], [140, 1], [170, 1], [210, 1], [240, 1], [280, 0], [310, 0],
                [350, 0], [380, 0], [420, 0], [450, 0], [490, 1], [520, 1],
            ])
        // At 60, 270 and 480 s; a pause without another node to turn to is no switch.
        #expect(result.sessions[0].nodeSwitches == 3)
        #expect(result.sessions[0].unfinished == 1)
    }

    /// Four requests under way to one node all time out. Two of them turn the client to another node; the others, and
    /// the one that was sent again before, are not held against that one. All wait until the pause is over.
    @Test(arguments: [2, 3])
    func failuresCountAgainstTheNodeThatWasAsked(_ nodes: Int) throws {
        var first: Int?
        let (result, target) = try ScriptedTarget.run(
            """
            kind: history-sync, arrivals: {process: herd, count: 1, within: 1ms}, follows: [{topics: all, count: 20}],
            outage: 1d, topics-per-request: 5, in-flight: 4
            """, nodes: nodes
        ) { entry in
            first = first ?? entry.operation.node
            return entry.operation.node == first ? tooLate : .init(delivered: 50)
        }
        #expect(
            course(target) == [
                [0, 0], [0, 0], [0, 0], [0, 0], [30, 0], [40, 1], [40, 1], [40, 1], [60, 1],
            ])
        #expect(Set(target.requests.map(\.operation.node)).count == 2)
        let tally = result.sessions[0]
        #expect((tally.finished, tally.retries, tally.timeouts, tally.nodeSwitches) == (1, 5, 5, 1))
        #expect(tally.durations.holds(1, at: 60_100_000_000))
    }

    @Test func patienceIsTheWorkloads() throws {
        let (result, target) = try ScriptedTarget.run(
            "\(reader), timeout: 5s, failures: 1, back-off: 2s, grey-list: 1s, attempts: 3"
        ) { _ in tooLate }
        #expect(course(target) == [[0, 0], [7, 1], [14, 0]])
        #expect(result.sessions[0].gaveUp == 1 && result.sessions[0].nodeSwitches == 2)
    }

    /// Three windows under way, one of which fails six times: the client wants nothing of the others any more.
    @Test func whoGaveUpSendsNothingMore() throws {
        let (result, target) = try ScriptedTarget.run(
            """
            kind: history-sync, arrivals: {process: herd, count: 1, within: 1ms}, follows: [{topics: all, count: 30}],
            outage: 2d, failures: 100
            """
        ) { entry in
            if entry.operation.ask == 1 { return .init(after: second, failure: "57P01") }
            return .init(after: 4 * second, delivered: 1)
        }
        let requests = target.requests
        #expect(requests.count { $0.operation.ask == 1 } == 6)
        let end = requests[0].operation.origin + 6 * second
        #expect(requests.allSatisfy { $0.begun < end })
        #expect(result.sessions[0].gaveUp == 1 && sum(result) { $0.measure.completed } == requests.count - 6)
    }

    @Test func sessionsThatTheTrialCutsAreUnfinished() throws {
        let (result, _) = try ScriptedTarget.run(
            """
            kind: history-sync, arrivals: {process: herd, count: 40, within: 60s}, follows: [{topics: all, count: 5}],
            outage: 1d
            """, measure: "60s"
        ) { .init(after: 10 * second, delivered: 1, nextCursor: $0.operation.page == 0 ? .zero : nil) }
        let tally = result.sessions[0]
        // Two pages of ten seconds each: who came in the last twenty seconds but one slot is cut or still waits.
        #expect(tally.started == 40 && tally.gaveUp == 0)
        #expect((33...34).contains(tally.finished) && tally.unfinished == 40 - tally.finished)
        #expect(sum(result) { $0.chainsCut } == tally.unfinished)
        #expect(tally.durations.holds(tally.finished, at: 20 * second))
    }

    // MARK: Senders

    /// By hash: when it was asked for.
    private func questions(_ target: ScriptedTarget) -> [MessageHash: [Int64]] {
        var questions: [MessageHash: [Int64]] = [:]
        for entry in target.requests {
            for hash in entry.query?.hashes ?? [] { questions[hash, default: []].append(Int64(entry.begun)) }
        }
        return questions
    }

    /// A second from sender to store, so a message is three seconds old two seconds after its first put. It is found
    /// by asks from five seconds of age on, every fourth message never.
    @Test func sendersAskEveryThreeSecondsUntilFoundOrTooOld() throws {
        let second = Int64(second)
        var sent: [MessageHash: (number: Int64, at: Int64)] = [:]
        let (result, target) = try ScriptedTarget.run(
            "kind: sent-check, senders: 7, delivery: [1s, 1s], lost: 0%", messages: "5/s"
        ) { entry in
            if let hash = entry.hash { sent[hash] = (entry.operation.number, Int64(entry.operation.origin) - second) }
            let hashes = (entry.query?.hashes ?? []).filter { hash in
                guard let message = sent[hash] else { return false }
                return message.number % 4 != 0 && Int64(entry.begun) >= message.at + 5 * second
            }
            return .init(after: entry.hash == nil ? 100_000_000 : 1, delivered: hashes.count, hashes: hashes)
        }
        let asked = questions(target)
        var checked = 0
        for (hash, asks) in asked {
            let message = try #require(sent[hash])
            // Whose asks all lie in the trial, and who was sent in it.
            guard message.at >= -second, message.at < 280 * second else { continue }
            checked += 1
            #expect(asks[0] >= message.at + 3 * second && asks[0] < message.at + 6 * second)
            #expect(zip(asks, asks.dropFirst()).allSatisfy { $1 - $0 == 3 * second })
            let last = try #require(asks.last)
            #expect(last <= message.at + 10 * second)
            if message.number % 4 == 0 {
                #expect(last + 3 * second > message.at + 10 * second)
            } else {
                #expect(last >= message.at + 5 * second && asks.dropLast().allSatisfy { $0 < message.at + 5 * second })
            }
        }
        #expect(checked >= 1_380)
        #expect(target.requests.allSatisfy { $0.query?.includeData == false && ($0.query?.hashes.count ?? 99) <= 50 })
        #expect(result.sessions[0].gaveUp == 0 && result.sessions[0].retries == 0)
        #expect(result.sessions[0].started == result.sessions[0].finished + result.sessions[0].unfinished)
    }

    /// One sender of a hundred messages a second has three hundred of them at each tick: six batches of fifty.
    @Test func aRequestHasFiftyHashesAtMost() throws {
        let (_, target) = try ScriptedTarget.run(
            "kind: sent-check, senders: 1, delivery: [1s, 1s], lost: 20%", messages: "100/s", measure: "60s"
        ) { .init(delivered: $0.query?.hashes.count ?? 0, hashes: $0.query?.hashes ?? []) }
        let sizes = target.requests.compactMap { $0.query?.hashes.count }
        #expect(sizes.max() == 50 && sizes.count { $0 == 50 } > 100)
        #expect(Set(target.requests.map(\.begun)).count < 21)
        // Lost messages are asked for by hashes that nobody has; three standard deviations of 20 %.
        let known = Set(target.diary.compactMap(\.hash))
        let hashes = target.requests.flatMap { $0.query?.hashes ?? [] }
        let lost = Double(hashes.count { !known.contains($0) }) / Double(hashes.count)
        #expect(Set(hashes).count == hashes.count && hashes.count > 5_000)
        #expect(abs(lost - 0.2) < 3 * (0.16 / Double(hashes.count)).squareRoot())
    }
}
