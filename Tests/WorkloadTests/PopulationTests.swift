import Glibc
import TestSupport
import Testing
import WakuModel
import Workload

/// Which topics messages go to, of which classes they are, and how large: counted in messages and compared with what
/// the workload says. Seeds are fixed; tolerances are in standard deviations unless a test says otherwise.
@Suite struct PopulationTests {
    private func traffic(
        topics: String, stream: String, messages: String = "sender-clock-skew: 2s", rows: Int = 0,
        measure: String = "60s"
    ) throws -> Traffic {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: population
            summary: one stream
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [\(topics)]
            messages: {\(messages), streams: [{name: only, \(stream)}]}
            writers: {count: 1}
            clockwork: off
            history: {partitions: 1, rows: \(rows)}
            phases: {warm-up: 0s, measure: \(measure), drain-limit: 1s}
            """)
        return Traffic(spec, seed: 11)
    }

    private static let small =
        "arrivals: {process: poisson, rate: 1/s}, classes: [{name: chat, payload: {constant: 1B}}]"

    /// By topic: messages of the history.
    private func historyCounts(_ traffic: Traffic) -> [Int] {
        let numbers = Dictionary(uniqueKeysWithValues: traffic.topics.topics.enumerated().map { ($1, $0) })
        var counts = [Int](repeating: 0, count: traffic.topics.topics.count)
        for number in 0..<traffic.spec.history.rows {
            if let topic = numbers[traffic.message(Int64(number)).1.contentTopic] { counts[topic] += 1 }
        }
        return counts
    }

    private func liveNumbers(_ traffic: Traffic) -> [Operation] {
        var puts: [Operation] = []
        while let operation = traffic.next() {
            if traffic.labels[operation.label].isPut { puts.append(operation) }
        }
        return puts
    }

    /// The slope of log count over log rank, by least squares, with its sign turned.
    private func exponent(_ counts: ArraySlice<Int>) -> Double {
        let points = counts.enumerated().map { (log(Double($0 + 1)), log(Double($1))) }
        let count = Double(points.count)
        let (meanX, meanY) = (points.reduce(0) { $0 + $1.0 } / count, points.reduce(0) { $0 + $1.1 } / count)
        let products = points.reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
        return -products / points.reduce(0) { $0 + ($1.0 - meanX) * ($1.0 - meanX) }
    }

    private func isWithin(_ sigmas: Double, _ count: Int, of total: Int, share: Double) -> Bool {
        abs(Double(count) - Double(total) * share) <= sigmas * (Double(total) * share * (1 - share)).squareRoot()
    }

    // MARK: Topics

    /// Of 200 000 messages the thirtieth topic still gets hundreds, so the fit is good to 0.05.
    @Test(arguments: [0.8, 1.0, 1.4])
    func popularityFollowsZipfsLaw(_ zipf: Double) throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 400, zipf: \(zipf)}",
            stream: "to: [{topics: all}], \(Self.small)",
            rows: 200_000)
        #expect(abs(exponent(historyCounts(traffic).prefix(30)) - zipf) < 0.05)
    }

    @Test func withoutAnExponentAllTopicsAreAlike() throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 500}", stream: "to: [{topics: all}], \(Self.small)", rows: 100_000
        )
        let chiSquare = historyCounts(traffic).reduce(0.0) { $0 + (Double($1) - 200) * (Double($1) - 200) / 200 }
        // 499 degrees of freedom: a standard deviation is 31.6.
        #expect(abs(chiSquare - 499) < 4 * 31.6)
    }

    @Test func automaticShardingFilesTopicsByTheirApplication() throws {
        let traffic = try traffic(
            topics: "{name: all, kind: named, applications: 12, count: 600, auto-sharding: {cluster: 1, shards: 8}}",
            stream: "to: [{topics: all}], \(Self.small)", rows: 2_000)
        #expect(Set(traffic.topics.topics.map(\.application)).count == 12)
        #expect(Set(traffic.topics.topics).count == 600)
        for number in 0..<2_000 {
            let (pubsubTopic, message) = traffic.message(Int64(number))
            #expect(pubsubTopic.text == "/waku/2/rs/1/\(message.contentTopic.automaticShard(of: 8))")
        }
    }

    @Test func partsOfCommunitiesGetTheirShares() throws {
        let traffic = try traffic(
            topics: "{name: town, shard: 16/32, kind: communities, count: 10, channels: 25, channel-zipf: 1.2}",
            stream: "to: [{topics: town.control, share: 30%}, {topics: town.channels, share: 70%}], \(Self.small)",
            rows: 200_000)
        let counts = historyCounts(traffic)
        #expect(counts.count == 290)
        var members = [Int](repeating: 0, count: 29)
        for (topic, count) in counts.enumerated() { members[topic % 29] += count }
        for member in 0..<4 { #expect(isWithin(4, members[member], of: 200_000, share: 0.075)) }
        #expect(isWithin(3, members[4...].reduce(0, +), of: 200_000, share: 0.7))
        #expect(abs(exponent(members[4...]) - 1.2) < 0.05)
    }

    @Test(arguments: [(1_000, 3, 1_500), (3, 3, 4), (1, 1, 1)])
    func everyPairOfContactsHasATopic(_ users: Int, _ contacts: Int, _ pairs: Int) throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/64, kind: pairs, users: \(users), contacts: \(contacts)}",
            stream: "to: [{topics: all}], \(Self.small)")
        #expect(traffic.topics.topics.count == pairs && Set(traffic.topics.topics).count == pairs)
    }

    /// A hundred shards; beyond them they are used again.
    @Test(arguments: [100, 150])
    func groupsTakeTheShardsOfARangeInTurn(_ count: Int) throws {
        let traffic = try traffic(
            topics: "{name: town, shard: 16/128..227, kind: communities, count: \(count), channels: 3}",
            stream: "to: [{topics: town}], \(Self.small)")
        #expect(traffic.topics.shards.count == 100)
        for topic in traffic.topics.topics.indices {
            let shard = traffic.topics.shards[traffic.topics.shardOfTopic[topic]]
            #expect(shard.pubsubTopic.text == "/waku/2/rs/16/\(128 + topic / 7 % 100)")
            #expect(shard.topics.contains(topic))
        }
    }

    @Test func messagesOfProtectedShardsCarryASignature() throws {
        let traffic = try traffic(
            topics: "{name: open, shard: 16/32, count: 10}, {name: safe, shard: 16/128, count: 10, protected: true}",
            stream: """
                arrivals: {process: poisson, rate: 20/s}, to: [{topics: open, share: 50%}, {topics: safe, share: 50%}],
                classes: [{name: plain, payload: {constant: 9B}}, {name: marked, meta: 10B, payload: {constant: 9B}}]
                """, rows: 1_000)
        let numbers = (0..<1_000).map { Int64($0) } + liveNumbers(traffic).map(\.number)
        for number in numbers {
            let (pubsubTopic, message) = traffic.message(number)
            let usual = message.payload[0] == 0 ? 0 : 10
            #expect(message.meta.count == (pubsubTopic.text == "/waku/2/rs/16/128" ? 64 : usual))
        }
    }

    // MARK: Sizes

    private static let quantiles = [(0.1, -1.2815515655), (0.5, 0), (0.9, 1.2815515655), (0.99, 2.3263478740)]

    /// 200 000 sizes of each class; with sigma 1, the widest, 3 % is three standard deviations of the 99 % quantile.
    @Test func sizesOfTheFleetHaveTheQuantilesOfTheirLognormals() throws {
        let spec = try TestWorkloads.shipped()
        var checked = 0
        for item in spec.messages.streams.flatMap(\.classes) {
            guard let law = item.sizes as? LognormalSize else { continue }
            var random = RandomSource(seed: 21, .messageContent)
            let sizes = (0..<200_000).map { _ in law.draw(&random) }.sorted()
            let median = law.mean * exp(-law.sigma * law.sigma / 2)
            for (share, normal) in Self.quantiles {
                let found = Double(sizes[Int(share * 200_000)])
                #expect(abs(found / (median * exp(law.sigma * normal)) - 1) < 0.03, "\(item.name) at \(share)")
            }
            checked += 1
        }
        #expect(checked == 8)
    }

    @Test func histogramsKeepToTheirBins() throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 1}",
            stream: """
                arrivals: {process: poisson, rate: 1/s}, to: [{topics: all}],
                classes: [{name: seen, payload: {histogram: {edges: [100B, 500B, 1kB, 3kB, 4kB], counts: [50, 30, 0, 20]}}}]
                """, rows: 50_000)
        let sizes = (0..<50_000).map { traffic.message(Int64($0)).1.payload.count }
        for (bin, share) in [(100..<500, 0.5), (500..<1_000, 0.3), (1_000..<3_000, 0), (3_000..<4_000, 0.2)] {
            let inside = sizes.filter(bin.contains)
            #expect(isWithin(3, inside.count, of: 50_000, share: share))
            guard share > 0 else { continue }
            // Evenly within the bin: the mean is its middle, to a hundredth of its width.
            let mean = Double(inside.reduce(0, +)) / Double(inside.count)
            #expect(abs(mean - Double(bin.lowerBound + bin.upperBound - 1) / 2) < Double(bin.count) * 0.01)
        }
        #expect(sizes.allSatisfy { (100..<4_000).contains($0) })
    }

    /// Size, segments, parity segments.
    @Test(arguments: [
        (1, 1, 0), (999, 1, 0), (1_000, 1, 0), (1_001, 2, 0), (2_000, 2, 0), (7_000, 7, 0), (7_001, 8, 1),
        (8_000, 8, 1), (8_001, 9, 1), (15_999, 16, 2), (16_001, 17, 2), (227_000, 227, 28), (228_000, 228, 28),
        (228_001, 229, 0), (400_000, 400, 0),
    ])
    func largeMessagesAreCutAndGetParity(_ size: Int, _ segments: Int, _ parity: Int) {
        let rule = Segmentation(above: 1_000, parity: 0.125)
        #expect(rule.parts(of: size) == segments + parity)
        let parts = (0..<(segments + parity)).map { rule.bytes(ofPart: $0, of: size) }
        #expect(parts.prefix(segments).reduce(0, +) == size)
        #expect(parts.dropLast(parity + 1).allSatisfy { $0 == 1_000 })
        #expect(parts.suffix(parity).allSatisfy { $0 == 1_000 })
    }

    /// At 12.5 % four segments have no parity segment, at 25 % they have one.
    @Test(arguments: [
        ("12.5%", [786_432, 786_432, 786_432, 140_704]), ("25%", [786_432, 786_432, 786_432, 140_704, 786_432]),
    ])
    func segmentsOfAMessageShareTopicAndTimestamp(_ parity: String, _ sizes: [Int]) throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 50}",
            stream: """
                arrivals: {process: constant, rate: 1/s}, to: [{topics: all}],
                classes: [{name: description, payload: {constant: 2500kB}}]
                """, messages: "sender-clock-skew: 2s, segment-above: 768KiB, parity: \(parity)", measure: "10s")
        let puts = liveNumbers(traffic)
        #expect(puts.count == 9 * sizes.count)
        for rows in Dictionary(grouping: puts, by: \.origin).values {
            let messages = rows.map { traffic.message(of: $0).1 }
            #expect(messages.map(\.payload.count) == sizes)
            #expect(Set(messages.map(\.contentTopic)).count == 1 && Set(messages.map(\.timestamp)).count == 1)
            #expect(Set(messages.map { $0.payload[1..<64] }).count == sizes.count)
        }
    }

    @Test func volleysShareTopicAndTimestamp() throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 50}",
            stream: "per-arrival: 5, to: [{topics: all}], \(Self.small)", measure: "300s")
        let volleys = Dictionary(grouping: liveNumbers(traffic), by: \.origin)
        #expect(volleys.count > 200)
        for volley in volleys.values {
            let messages = volley.map { traffic.message(of: $0).1 }
            #expect(messages.count == 5)
            #expect(Set(messages.map(\.contentTopic)).count == 1 && Set(messages.map(\.timestamp)).count == 1)
        }
        let first = volleys.values.compactMap { $0.first }
        #expect(Set(first.map { traffic.message(of: $0).1.contentTopic }).count == 50)
    }

    // MARK: Classes

    @Test func ephemeralMessagesTravelAndAreNotArchived() throws {
        let traffic = try traffic(
            topics: "{name: open, shard: 16/32, count: 5}, {name: other, shard: 16/64, count: 5}",
            stream: """
                arrivals: {process: poisson, rate: 200/s}, to: [{topics: open, share: 60%}, {topics: other, share: 40%}],
                classes: [
                  {name: kept, payload: {lognormal: {mean: 300B, sigma: 0.5}}},
                  {name: partly, ephemeral: 40%, payload: {constant: 300B}},
                  {name: passing, ephemeral: 100%, payload: {constant: 50B}}]
                """)
        var archived = traffic.arrived
        for put in liveNumbers(traffic) {
            let (pubsubTopic, message) = traffic.message(of: put)
            let shard = try #require(traffic.topics.shards.firstIndex { $0.pubsubTopic == pubsubTopic })
            archived.add(shard: shard, messageClass: traffic.messageClass(of: put), bytes: message.wireSize)
        }
        for (arrived, archived) in zip(traffic.arrived.entries, archived.entries) {
            #expect(arrived[0] == archived[0] && arrived[0].ephemeral == 0)
            #expect(arrived[1].messages - arrived[1].ephemeral == archived[1].messages)
            #expect(isWithin(3, arrived[1].ephemeral, of: arrived[1].messages, share: 0.4))
            #expect(arrived[2].ephemeral == arrived[2].messages && archived[2].messages == 0)
        }
        let all = traffic.arrived.entries.flatMap { $0 }.reduce(0) { $0 + $1.messages }
        let open = traffic.arrived.entries[0].reduce(0) { $0 + $1.messages }
        #expect(abs(Double(all) - 12_000) < 3 * 12_000.0.squareRoot())
        #expect(isWithin(3, open, of: all, share: 0.6))
    }

    private func classCounts(_ traffic: Traffic, _ puts: [Operation]) -> [Int] {
        var counts = [Int](repeating: 0, count: traffic.classNames.count)
        for put in puts { counts[traffic.messageClass(of: put)] += 1 }
        return counts
    }

    private func history(_ rows: Int) -> [Operation] {
        (0..<Int64(rows)).map {
            Operation(due: 0, label: 0, node: 0, number: $0, origin: 0, page: 0, candidates: nil, cursor: .zero)
        }
    }

    @Test func classesOfTheFleetHaveTheirSharesInHistoryAndTrial() throws {
        var spec = try TestWorkloads.shipped().scaled(messages: 60, requests: 0)
        spec.history = HistorySpec(partitions: 1, rows: 60_000)
        spec.writers.count = 1
        let traffic = Traffic(spec, seed: 2)
        let classes = spec.messages.streams[0].classes
        let total = classes.reduce(0) { $0 + $1.weight }
        for puts in [history(60_000), liveNumbers(traffic)] {
            let counts = classCounts(traffic, puts)
            #expect(puts.count > 50_000 && counts.last == 0)
            for (item, count) in zip(classes, counts) {
                #expect(isWithin(3.5, count, of: puts.count, share: item.weight / total), "\(item.name)")
            }
        }
    }

    /// Of ten arrivals one makes four rows, five make one, four make one with a probability of 25 %: ten rows.
    @Test func segmentsAndEphemeralMessagesCountAlikeInHistoryAndTrial() throws {
        let traffic = try traffic(
            topics: "{name: all, shard: 16/32, count: 10}",
            stream: """
                arrivals: {process: poisson, rate: 300/s}, to: [{topics: all}],
                classes: [
                  {name: large, weight: 1, payload: {constant: 3100B}}, {name: small, weight: 5, payload: {constant: 9B}},
                  {name: partly, weight: 4, ephemeral: 75%, payload: {constant: 9B}}]
                """, messages: "segment-above: 1kB, parity: 0%", rows: 20_000)
        for puts in [history(20_000), liveNumbers(traffic)] {
            let counts = classCounts(traffic, puts)
            // Live segments come four at a time, so their count spreads twice as much.
            for (share, count) in zip([0.4, 0.5, 0.1], counts) {
                #expect(isWithin(6, count, of: puts.count, share: share))
            }
        }
        let lengths = (0..<20_000).map { traffic.message(Int64($0)).1.payload.count }
        let large = lengths.filter { $0 > 9 }
        #expect(Set(large) == [1_000, 100])
        #expect(isWithin(3, large.count { $0 == 100 }, of: large.count, share: 0.25))
    }
}
