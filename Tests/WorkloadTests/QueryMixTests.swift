import TestSupport
import Testing
import WakuModel
import Workload

/// The mix of operations of the shipped fleet over a longer time than the file says. Fixed seeds.
@Suite struct QueryMixTests {
    private func fleet(seconds: UInt64) throws -> Traffic {
        var spec = try TestWorkloads.shipped()
        spec.phases.warmUp = 0
        spec.phases.measure = seconds * 1_000_000_000
        return Traffic(spec, seed: 6)
    }

    /// Half an hour. Requests keep their rates within three standard deviations; every message is offered once by each
    /// of the two nodes.
    @Test func everyEntryHasItsRateAndEveryMessageTwoOffers() throws {
        let traffic = try fleet(seconds: 1_800)
        var counts = [Int](repeating: 0, count: traffic.labels.count)
        var nodes = [0, 0]
        while let operation = traffic.next() {
            counts[operation.label] += 1
            if traffic.labels[operation.label].query != nil { nodes[operation.node] += 1 }
        }
        let rates = [
            "sent-check": 8.1, "missing-check": 5.4, "missing-fetch": 0.9, "history-day": 2.7,
            "description-month": 0.54,
        ]
        var requests = 0
        for (index, query) in traffic.spec.queries.enumerated() {
            let first = try #require(traffic.labels.firstIndex { $0.query == index })
            requests += counts[first]
            if let rate = rates[query.name] {
                #expect(abs(Double(counts[first]) - rate * 1_800) < 3 * (rate * 1_800).squareRoot(), "\(query.name)")
            } else {
                // Two canaries, once a minute each.
                #expect(query.name == "canary" && counts[first] == 60)
            }
            #expect(counts[first + 1] == 0)
        }
        #expect(abs(Double(requests) / 1_800 - 17.7) < 3 * (17.7 / 1_800).squareRoot())
        #expect(abs(nodes[0] - nodes[1]) < Int(3 * Double(requests).squareRoot()))
        // 13 a second at the peak of the day. The last half second's second offers are beyond the end.
        #expect(abs(Double(counts[0]) - 13 * 1_800) < 3 * (13.0 * 1_800).squareRoot())
        #expect((0...20).contains(counts[0] - counts[1]))
    }

    /// Ten minutes of checks: 20 % of their hashes are of no message, within 2 %; there are one to five in a request.
    @Test func everyFifthHashOfASentCheckIsUnknown() throws {
        let traffic = try fleet(seconds: 600)
        var known: Set<MessageHash> = []
        var (asked, unknown, sizes) = (0, 0, [Int](repeating: 0, count: 6))
        while let operation = traffic.next() {
            let label = traffic.labels[operation.label]
            if label.requestClass == "put" {
                let (topic, message) = traffic.message(of: operation)
                known.insert(message.hash(on: topic))
            } else if label.entry == "sent-check", operation.due > 15_000_000_000 {
                let hashes = traffic.query(of: operation).hashes
                asked += hashes.count
                unknown += hashes.count { !known.contains($0) }
                sizes[hashes.count] += 1
            }
        }
        #expect(asked > 12_000)
        #expect(abs(Double(unknown) / Double(asked) - 0.2) < 0.02)
        let total = sizes.reduce(0, +)
        let spread = 4 * (Double(total) * 0.16).squareRoot()
        #expect(sizes[0] == 0 && sizes[1...].allSatisfy { abs(Double($0) - Double(total) / 5) < spread })
    }
}
