import LoadRunner
import Measurement
import TestSupport
import Testing
import WakuModel
import Workload

/// What clients ask for and in which order, against a store that answers as the test says. Simulated time.
@Suite struct SessionTests {
    private static let second: UInt64 = 1_000_000_000
    private static let day: Int64 = 86_400_000_000_000
    private let second = Self.second

    /// A page of 50 that says whether another one follows; its cursors name slice and page.
    private func page(_ entry: ScriptedTarget.Entry, of pages: Int, messages: Int = 50) -> ScriptedTarget.Answer {
        let cursor = MessageHash(words: (7, UInt64(entry.operation.ask), UInt64(entry.operation.page), 7))
        let isLast = entry.operation.page + 1 >= pages
        return .init(delivered: messages, nextCursor: isLast ? nil : cursor, last: messages == 0 ? nil : cursor)
    }

    /// A later page begins where the one before it ended, and asks the same otherwise.
    private func chainsHold(_ requests: [ScriptedTarget.Entry]) -> Bool {
        Dictionary(grouping: requests) { $0.operation.ask }.values.allSatisfy { chain in
            chain[0].operation.page == 0 && chain[0].query?.cursor == nil
                && zip(chain, chain.dropFirst()).allSatisfy { isContinued($0, by: $1) }
        }
    }

    private func isContinued(_ page: ScriptedTarget.Entry, by next: ScriptedTarget.Entry) -> Bool {
        guard let before = page.query, let after = next.query else { return false }
        let cursor = MessageHash(words: (7, UInt64(page.operation.ask), UInt64(page.operation.page), 7))
        let isSame =
            before.startTime == after.startTime && before.endTime == after.endTime
            && before.contentTopics == after.contentTopics && before.pubsubTopic == after.pubsubTopic
        return isSame && after.cursor == cursor && next.operation.page == page.operation.page + 1
            && page.ended <= next.begun
    }

    /// Requests under way at the moment that each is begun, itself included; the most of them.
    private func mostInFlight(_ requests: [ScriptedTarget.Entry]) -> Int {
        requests.map { one in requests.count { $0.begun <= one.begun && $0.ended > one.begun } }.max() ?? 0
    }

    private let oneHerd = "arrivals: {process: herd, count: 1, within: 1ms}"

    // MARK: Reading history

    /// 25 topics make groups of 10, 10 and 5; three days make nine windows, each of three pages.
    @Test func historyIsReadNewestFirstInGroupsOfTenThreeAtATime() throws {
        let (result, target) = try ScriptedTarget.run(
            "kind: history-sync, \(oneHerd), follows: [{topics: all, count: 25}], outage: 3d"
        ) { page($0, of: 3) }
        let requests = target.requests
        #expect(requests.count == 27 && mostInFlight(requests) == 3 && chainsHold(requests))
        let first = requests.filter { $0.operation.page == 0 }
        #expect(first.map { $0.operation.ask } == Array(0..<9))
        #expect(first.prefix(3).map { $0.query?.contentTopics.count } == [10, 10, 5])
        #expect(Set(first.prefix(3).flatMap { $0.query?.contentTopics ?? [] }).count == 25)
        let now = try #require(first[0].query?.endTime)
        let days: [Int64] = [0, 0, 0, 1, 1, 1, 2, 2, 2]
        #expect(first.compactMap { $0.query?.endTime } == days.map { now - $0 * Self.day })
        #expect(first.compactMap { $0.query?.startTime } == days.map { now - Self.day - $0 * Self.day })
        #expect(requests.allSatisfy { $0.query?.includeData == true && $0.query?.pageSize == 50 })
        #expect(requests.allSatisfy { $0.query?.pubsubTopic?.text == "/waku/2/rs/16/32" })
        #expect(Set(requests.map(\.operation.node)).count == 1)

        let tally = result.sessions[0]
        #expect((tally.started, tally.finished, tally.gaveUp, tally.unfinished) == (1, 1, 0, 0))
        #expect((tally.requests, tally.retries, tally.timeouts, tally.nodeSwitches) == (27, 0, 0, 0))
        #expect(tally.messages == 1_350)
        // Nine pages one behind the other, 100 ms each.
        #expect(tally.durations.holds(1, at: 900_000_000) && tally.firstPages.holds(1, at: 100_000_000))
        #expect(reached(tally) == [1, 1, 0])
        #expect(tally.milestones[...1].allSatisfy { $0.holds(1, at: 100_000_000) })
        #expect(result.results.allSatisfy { $0.measure.identityHolds && $0.chainsCut == 0 })
    }

    @Test func historyIsReadUpToTheCap() throws {
        let (result, target) = try ScriptedTarget.run(
            "kind: history-sync, \(oneHerd), follows: [{topics: all, count: 25}], outage: 3d, pages: 2"
        ) { page($0, of: 100) }
        #expect(target.requests.count == 18 && chainsHold(target.requests))
        #expect(result.sessions[0].finished == 1)
    }

    /// Three empty pages come at one moment; the wait for the first page is told once.
    @Test func anEmptyHistoryHasOneFirstPage() throws {
        let (result, target) = try ScriptedTarget.run(
            "kind: history-sync, \(oneHerd), follows: [{topics: all, count: 25}], outage: 1d"
        ) { page($0, of: 1, messages: 0) }
        #expect(target.requests.count == 3)
        #expect(result.sessions[0].firstPages.holds(1, at: 100_000_000))
        #expect(reached(result.sessions[0]) == [0, 0, 0] && result.sessions[0].messages == 0)
    }

    @Test func aLongReadReachesItsMilestones() throws {
        let (result, _) = try ScriptedTarget.run(
            "kind: history-sync, \(oneHerd), follows: [{topics: all, count: 5}], outage: 1d"
        ) { page($0, of: 300, messages: $0.operation.page == 0 ? 3 : 40) }
        // 3, 43, 83 … messages; the ten thousandth comes on page 251.
        let times: [UInt64] = [200_000_000, 300_000_000, 25_100_000_000]
        #expect(zip(result.sessions[0].milestones, times).allSatisfy { $0.holds(1, at: $1) })
    }

    /// Of three days the first is empty, the second holds two pages, the third one.
    @Test func javaScriptClientsReadOldestFirstUntilAPageIsEmpty() throws {
        let (result, target) = try ScriptedTarget.run(
            "kind: js-waku, \(oneHerd), follows: [{topics: all, count: 12}], outage: 3d"
        ) { page($0, of: 1, messages: $0.operation.page < [0, 2, 1][$0.operation.ask] ? 20 : 0) }
        let requests = target.requests
        #expect(
            requests.map { [$0.operation.ask, $0.operation.page] } == [
                [0, 0], [1, 0], [1, 1], [1, 2], [2, 0], [2, 1],
            ])
        #expect(chainsHold(requests) && mostInFlight(requests) == 1)
        #expect(requests.allSatisfy { $0.query?.contentTopics.count == 12 && $0.query?.pageSize == 20 })
        let start = try #require(requests[0].query?.startTime)
        let days: [Int64] = [0, 1, 1, 1, 2, 2]
        #expect(requests.compactMap { $0.query?.startTime } == days.map { start + $0 * Self.day })
        #expect(requests.allSatisfy { ($0.query?.endTime ?? 0) - ($0.query?.startTime ?? 0) == Self.day })
        #expect(result.sessions[0].messages == 60 && result.sessions[0].durations.holds(1, at: 600_000_000))
    }

    // MARK: By hashes

    private func hash(_ entry: ScriptedTarget.Entry, _ index: Int) -> MessageHash {
        let operation = entry.operation
        return MessageHash(
            words: (UInt64(operation.number), UInt64(operation.ask), UInt64(operation.page), UInt64(index + 1)))
    }

    /// Three groups of two pages: 200 hashes a group, 600 a session, 300 sessions; a tenth is fetched.
    @Test func missingMessagesAreFetchedByTheirHashes() throws {
        let (result, target) = try ScriptedTarget.run(
            """
            kind: missing-check, arrivals: {process: clocks, count: 10, every: 10s}, missing: 10%,
            follows: [{topics: all, count: 25}]
            """
        ) { entry in
            if entry.label.role == .fetch { return .init(delivered: entry.query?.hashes.count ?? 0) }
            var answer = page(entry, of: 2, messages: 100)
            answer.hashes = (0..<100).map { hash(entry, $0) }
            return answer
        }
        let windows = target.requests.filter { $0.label.role != .fetch }
        let fetches = target.requests.filter { $0.label.role == .fetch }
        #expect(windows.count == 1_800)
        #expect(windows.allSatisfy { $0.query?.includeData == false && ($0.query?.contentTopics.count ?? 99) <= 10 })
        for entry in windows {
            let age = Int64(entry.operation.origin) + 1_767_636_000_000_000_000 - (entry.query?.endTime ?? 0)
            #expect(age == 20_000_000_000)
            #expect((entry.query?.endTime ?? 0) - (entry.query?.startTime ?? 0) == 60_000_000_000)
        }
        let wanted = fetches.flatMap { $0.query?.hashes ?? [] }
        #expect(fetches.allSatisfy { $0.query?.includeData == true && (1...50).contains($0.query?.hashes.count ?? 0) })
        let known = Set(windows.flatMap { entry in (0..<100).map { hash(entry, $0) } })
        #expect(Set(wanted).count == wanted.count && known.isSuperset(of: wanted))
        // A tenth of 180 000, three standard deviations.
        #expect(known.count == 180_000 && abs(wanted.count - 18_000) < 382)
        // Only the last batch of a session is not full, and no fetch comes before the last window's end.
        for session in Dictionary(grouping: target.requests, by: \.operation.number).values {
            let sizes = session.compactMap { $0.label.role == .fetch ? $0.query?.hashes.count : nil }
            #expect(sizes.dropLast().allSatisfy { $0 == 50 })
            let lastWindow = session.filter { $0.label.role != .fetch }.map(\.ended).max() ?? 0
            #expect(session.allSatisfy { $0.label.role != .fetch || $0.begun >= lastWindow })
        }
        #expect(result.sessions[0].finished == 300)
    }

    @Test func countersAskForPresenceInBatches() throws {
        let (result, target) = try ScriptedTarget.run(
            "kind: message-counter, arrivals: {process: clocks, count: 2, every: 2min}", shard: "16/32..35"
        ) { entry in
            if entry.label.role == .presence { return .init(delivered: entry.query?.hashes.count ?? 0) }
            var answer = page(entry, of: 2, messages: entry.operation.page == 0 ? 100 : 60)
            answer.hashes = (0..<answer.delivered).map { hash(entry, $0) }
            return answer
        }
        let sessions = Dictionary(grouping: target.requests, by: \.operation.number)
        #expect(sessions.count == result.sessions[0].started && sessions.count >= 4)
        for (number, requests) in sessions {
            #expect(requests.map { $0.query?.hashes.count } == [0, 0, 25, 25, 25, 25, 25, 25, 10])
            #expect(requests.allSatisfy { $0.query?.includeData == false } && mostInFlight(requests) == 1)
            #expect(requests[0].query?.pubsubTopic?.text == "/waku/2/rs/16/\(32 + number % 4)")
            #expect(requests[0].query?.contentTopics == [] && requests[1].query?.cursor != nil)
            let asked = requests.flatMap { $0.query?.hashes ?? [] }
            #expect(asked == (0..<100).map { hash(requests[0], $0) } + (0..<60).map { hash(requests[1], $0) })
        }
    }

    /// Twenty messages a second, six minutes known; each message of the last five minutes is lacking with 5 %.
    @Test func nodesHandTheirPeersWhatTheyLackOneByOne() throws {
        let (result, target) = try ScriptedTarget.run(
            """
            kind: store-sync, arrivals: {process: constant, rate: 4/min}, range: 20s, missing: 5%, start-up-scan: 1h,
            nodes: 2
            """, messages: "20/s", measure: "1h"
        ) { $0.label.role == .fetch ? .init(delivered: 1) : page($0, of: 2, messages: 100) }
        let sessions = Dictionary(grouping: target.requests, by: \.operation.number)
        for number in 0..<2 as Range<Int64> {
            let scan = try #require(sessions[number])
            #expect(scan.map { $0.operation.page } == [0, 1] && chainsHold(scan))
            #expect(scan.allSatisfy { $0.query?.contentTopics == [] && $0.query?.pubsubTopic == nil })
            #expect((scan[0].query?.endTime ?? 0) - (scan[0].query?.startTime ?? 0) == Self.day / 24)
        }
        let arrivals = Dictionary(
            target.diary.compactMap { entry in entry.hash.map { ($0, entry.operation.origin) } }, uniquingKeysWith: min)
        let fetches = target.requests.filter { $0.label.role == .fetch }
        for fetch in fetches {
            let hash = try #require(fetch.query?.hashes.first)
            let arrival = try #require(arrivals[hash])
            #expect(fetch.query?.hashes.count == 1 && fetch.query?.includeData == true)
            #expect(arrival <= fetch.operation.origin && fetch.operation.origin - arrival <= 20 * second)
        }
        #expect(mostInFlight(Array(fetches.prefix(2_000))) <= 10)
        // 400 or 401 messages in the range of each session but the two that scanned; three standard deviations.
        let wanted = Double(result.sessions[0].started - 2) * 400 * 0.05
        #expect(
            wanted > 4_000 && abs(Double(fetches.count) - wanted) < 3 * (wanted * 0.95).squareRoot() + wanted * 0.003)
    }
}
