import TestSupport
import Testing
import WakuModel
import Workload

@Suite struct TrafficTests {
    private func operations(_ spec: WorkloadSpec, seed: UInt64) -> [Operation] {
        let traffic = Traffic(spec, seed: seed)
        var all: [Operation] = []
        while let operation = traffic.next() { all.append(operation) }
        return all
    }

    /// Moves only with a new version of the generator or of the shipped workload.
    @Test func theShippedWorkloadIsPinned() throws {
        let spec = try TestWorkloads.shipped()
        #expect(SequenceDigest(of: spec, seed: 1).text == Golden.digest)
        let traffic = Traffic(spec, seed: 1)
        let (historyTopic, history) = traffic.message(0)
        #expect(history.hash(on: historyTopic).description == Golden.firstHistoryHash)
        while let operation = traffic.next() {
            guard traffic.labels[operation.label].isPut else { continue }
            let (topic, message) = traffic.message(of: operation)
            #expect(message.hash(on: topic).description == Golden.firstLiveHash)
            break
        }
    }

    @Test func sameSeedSameSequenceOtherSeedAnother() throws {
        let spec = try TestWorkloads.everything()
        #expect(SequenceDigest(of: spec, seed: 7) == SequenceDigest(of: spec, seed: 7))
        #expect(SequenceDigest(of: spec, seed: 7) != SequenceDigest(of: spec, seed: 8))
    }

    @Test func operationsComeInOrderAndWithinThePhases() throws {
        let spec = try TestWorkloads.everything()
        let all = operations(spec, seed: 1)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.due <= $1.due })
        #expect(all.allSatisfy { $0.due < spec.phases.offered && $0.node < 2 })
    }

    @Test func everyMessageIsOfferedByEveryNodeOnce() throws {
        let spec = try TestWorkloads.everything(measure: "30s")
        let puts = operations(spec, seed: 2).filter { $0.label <= 1 }
        for (number, offers) in Dictionary(grouping: puts, by: \.number)
        where offers[0].origin + 50_000_000 < spec.phases.offered {
            #expect(offers.count == 2, "message \(number)")
            #expect(Set(offers.map(\.node)) == [0, 1])
            let gap = offers[1].due - offers[0].due
            #expect((10_000_000...50_000_000).contains(gap))
            #expect(offers.map(\.label) == [0, 1])
        }
    }

    @Test func poissonGapsHaveMeanAndSpread() throws {
        let process = PoissonArrivals(rate: 50)
        let calendar = ArchiveCalendar(epoch: 0)
        var random = RandomSource(seed: 4, .offers)
        var (time, gaps): (UInt64, [Double]) = (0, [])
        for _ in 0..<100_000 {
            let next = process.next(after: time, calendar, &random)
            gaps.append(Double(next - time) / 1e9)
            time = next
        }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(mean * 50 - 1) < 0.02)
        #expect(abs(variance * 2_500 - 1) < 0.04)
        #expect(ConstantArrivals(rate: 100).next(after: 5, calendar, &random) == 10_000_005)
        #expect(PoissonArrivals(rate: 0).next(after: 5, calendar, &random) == .max)
    }

    @Test func rateScaleScalesEverything() throws {
        let spec = try TestWorkloads.everything(measure: "60s")
        let (one, ten) = (operations(spec, seed: 1), operations(spec.scaled(by: 10), seed: 1))
        #expect(abs(Double(ten.count) / Double(one.count) - 10) < 0.3)
    }

    @Test func archiveTimeIsVirtualAndSkewIsBounded() throws {
        let spec = try TestWorkloads.shipped()
        let traffic = Traffic(spec, seed: 1)
        let epoch = Int64(spec.archiveEpoch) * 1_000_000_000
        while let operation = traffic.next() {
            guard traffic.labels[operation.label].isPut else { continue }
            let (_, message) = traffic.message(of: operation)
            #expect(abs(message.timestamp - epoch - Int64(operation.origin)) <= 2_000_000_000)
            #expect((1...786_432).contains(message.payload.count))
        }
    }

    @Test func historyFillsItsPartitionsInOrder() throws {
        var spec = try TestWorkloads.shipped()
        spec.history = HistorySpec(partitions: 24, rows: 24_000)
        let traffic = Traffic(spec, seed: 1)
        let start = (Int64(spec.archiveEpoch) - 86_400) * 1_000_000_000
        var counts = [Int](repeating: 0, count: 24)
        var last = Int64.min
        for number in 0..<24_000 {
            let timestamp = traffic.historyTimestamp(Int64(number))
            #expect(timestamp >= last)
            last = timestamp
            counts[Int((timestamp - start) / 3_600_000_000_000)] += 1
        }
        // As many an hour as the day's curve says: a Sunday's, then a Monday's.
        let whole = (0..<24).map { hour in
            (1 + 0.3 * DeterministicMath.cosineOfHours(hour)) * (hour < 6 ? 0.8 : 1)
        }
        let share = 24_000 / whole.reduce(0, +)
        #expect(zip(counts, whole).allSatisfy { abs(Double($0) - $1 * share) <= 1 })
    }

    @Test func requestsByHashNameOfferedMessagesOrMissOnPurpose() throws {
        let spec = try TestWorkloads.everything(measure: "30s")
        let traffic = Traffic(spec, seed: 3)
        var known: Set<MessageHash> = []
        for number in 0..<2_000 {
            let (topic, message) = traffic.message(Int64(number))
            known.insert(message.hash(on: topic))
        }
        var (asked, missed) = (0, 0)
        while let operation = traffic.next() {
            let label = traffic.labels[operation.label]
            if label.isPut {
                let (topic, message) = traffic.message(of: operation)
                known.insert(message.hash(on: topic))
            } else if label.requestClass.hasPrefix("store.hashes") {
                let query = traffic.query(of: operation)
                #expect(Set(query.hashes).count == query.hashes.count)
                let unknown = query.hashes.count { !known.contains($0) }
                if label.entry == "presence" {
                    asked += query.hashes.count
                    missed += unknown
                    #expect((1...5).contains(query.hashes.count))
                } else {
                    #expect(unknown == 0)
                }
            }
        }
        #expect(abs(Double(missed) / Double(asked) - 0.2) < 0.04)
    }

    @Test func pagesOfAChainKeepTheirQuestion() throws {
        let traffic = Traffic(try TestWorkloads.everything(), seed: 1)
        while let operation = traffic.next() {
            guard traffic.labels[operation.label].entry == "day" else { continue }
            let first = traffic.query(of: operation)
            #expect(first.contentTopics.count == 10 && Set(first.contentTopics).count == 10)
            #expect(try #require(first.endTime) - #require(first.startTime) == 86_400_000_000_000)
            let cursor = MessageHash(words: (1, 2, 3, 4))
            var followed: [Operation] = []
            let page = RequestOutcome.page(messages: 50, nextCursor: cursor, last: cursor, hashes: [])
            traffic.follow(operation, page, at: operation.due + 5) { followed.append($0) }
            let next = try #require(followed.first)
            #expect(followed.count == 1 && next.due == operation.due + 5)
            let second = traffic.query(of: next)
            #expect(traffic.labels[next.label].requestClass == "store.topics.data.next")
            #expect(second.cursor == cursor && first.cursor == nil)
            #expect(second.contentTopics == first.contentTopics && second.startTime == first.startTime)
            #expect(second.requestID != first.requestID)
            #expect(second.requestID.count == 20)
            return
        }
    }
}
