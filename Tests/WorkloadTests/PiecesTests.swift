import TestSupport
import Testing
import WakuModel
import Workload

@Suite struct PiecesTests {
    @Test func heapGivesEarliestFirstAndEqualOnesInOrder() {
        var heap = DueHeap()
        var random = RandomSource(seed: 1, .offers)
        var expected: [(UInt64, Int64)] = []
        for number in 0..<500 {
            let due = UInt64(random.below(50))
            expected.append((due, Int64(number)))
            heap.insert(
                Operation(
                    due: due, label: 0, node: 0, number: Int64(number), origin: 0, page: 0, candidates: nil,
                    cursor: .zero))
        }
        expected.sort { $0 < $1 }
        var found: [(UInt64, Int64)] = []
        while !heap.isEmpty {
            let operation = heap.removeFirst()
            found.append((operation.due, operation.number))
        }
        #expect(found.map(\.0) == expected.map(\.0))
        #expect(found.map(\.1) == expected.map(\.1))
    }

    @Test(arguments: [0, 300])
    func logFindsTheMessagesOfAWindow(_ rows: Int) throws {
        var spec = try TestWorkloads.clockwork(rate: "100/s", measure: "60s")
        spec.history = HistorySpec(partitions: 1, rows: rows)
        let traffic = Traffic(spec, seed: 1)
        var times = (0..<rows).map { traffic.historyTimestamp(Int64($0)) - traffic.archiveTime(0) }
        while let operation = traffic.next() { times.append(Int64(operation.origin)) }
        for (start, end) in [(0, 1), (5, 6), (-20, 3), (-3_600, 60), (59, 60), (2, 2)] as [(Int64, Int64)] {
            let (low, high) = (start * 1_000_000_000, end * 1_000_000_000)
            let last = times.lastIndex { $0 <= high }
            let first = times.firstIndex { $0 >= low } ?? times.count
            let expected = last.map { Int64(min(first, $0))...Int64($0) }
            #expect(traffic.messageNumbers(arrivedBetween: low, and: high) == expected)
        }
    }

    @Test func sizesHaveTheirMeansAndLimits() throws {
        let spec = try TestWorkloads.shipped()
        var random = RandomSource(seed: 8, .messageContent)
        let classes = spec.messages.streams[0].classes
        let choice = WeightedChoice(classes.map(\.weight))
        let mean = classes.reduce(0) { $0 + $1.sizes.mean * $1.weight } / classes.reduce(0) { $0 + $1.weight }
        let count = 300_000
        let sum = (0..<count).reduce(0) { sum, _ in sum + classes[choice.draw(&random)].sizes.draw(&random) }
        // The sum of weight times mean over the file's eight classes.
        #expect(abs(mean - 1_311.6) < 0.1)
        #expect(abs(Double(sum) / Double(count) / mean - 1) < 0.03)
    }

    @Test func contentTopicsAreDistinctAndOfTheirForm() throws {
        let traffic = Traffic(try TestWorkloads.shipped(), seed: 1)
        let topics = traffic.topics.topics.map(\.text)
        #expect(topics.count == 5_600)
        #expect(Set(topics).count == topics.count)
        #expect(topics.allSatisfy { $0.hasPrefix("/waku/1/0x") && $0.hasSuffix("/rfc26") && $0.utf8.count == 24 })
    }

    @Test func objectivesCoverOnlyWhatAlwaysMeetsThem() throws {
        let spec = try TestWorkloads.shipped()
        let labels = Traffic(spec, seed: 1).labels
        let covered = spec.objectives.map { objective in Set(labels.filter(objective.covers).map(\.entry)) }
        #expect(covered == [["sent-check"], ["missing-check", "canary"]])
    }
}
