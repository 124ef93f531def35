import SpecReader
import TestSupport
import Testing
import WakuModel
import Workload

/// What is written for an archive is read by this tool, and says what was meant.
@Suite struct FittedWorkloadTests {
    private static func sizes(_ bytes: [Int]) -> FittedSizes {
        let counts = Dictionary(bytes.map { ($0, 1) }, uniquingKeysWith: +)
        return FittedSizes(counts.sorted { $0.key < $1.key }.map { (bytes: $0.key, count: $0.value) })
    }

    private static func drawn(_ sizes: FittedSizes) throws -> [Int] {
        let document = try SpecDocument(text: "payload: \(sizes.text)", file: "sizes")
        let distribution = try #require(
            SizeDistributions.all.first { sizes.text.contains("\($0.key):") }, "\(sizes.text)")
        let map = try #require(document.top.map("payload", required: true))
        let law = distribution.read(map)
        try document.finish()
        var random = RandomSource(seed: 5, purpose: 1)
        return (0..<20_000).map { _ in law.draw(&random) }.sorted()
    }

    @Test func oneSizeIsAConstant() {
        #expect(Self.sizes([300, 300, 300]).text == "{constant: 300B}")
    }

    @Test func sizesThatManyShareStayApart() throws {
        let sample = (0..<700).map { _ in 150 } + (0..<300).map { 3_000 + $0 * 20 }
        let drawn = try Self.drawn(Self.sizes(sample))
        let small = drawn.count { $0 == 150 }
        #expect(abs(Double(small) / 20_000 - 0.7) < 0.01)
        #expect(drawn.allSatisfy { $0 == 150 || (3_000..<9_000).contains($0) })
    }

    @Test func quantilesAndTheMeanOfALongTailAreKept() throws {
        var random = RandomSource(seed: 9, purpose: 1)
        let law = LognormalSize(mean: 1_100, sigma: 1.2)
        let sample = (0..<50_000).map { _ in max(1, law.draw(&random)) }.sorted()
        let drawn = try Self.drawn(Self.sizes(sample))
        for share in [0.05, 0.25, 0.5, 0.75, 0.9, 0.99] {
            let (real, made) = (sample[Int(share * 50_000)], drawn[Int(share * 20_000)])
            #expect(abs(Double(made) / Double(real) - 1) < 0.08, "\(share): \(real), \(made)")
        }
        let means = [sample, drawn].map { Double($0.reduce(0, +)) / Double($0.count) }
        #expect(abs(means[1] / means[0] - 1) < 0.05, "\(means)")
        #expect(drawn.last ?? 0 <= sample.last ?? 0)
    }

    private static func workload() -> FittedWorkload {
        var workload = FittedWorkload(
            name: "mine", summary: "a \"real\" one", epoch: "2026-01-05T18:00:00Z", largest: 9_000, rows: 12_000,
            partitions: 48)
        workload.head = ["A line break\nin a name, and: a colon."]
        workload.fit = "fit.json"
        workload.shards = [
            .init(
                name: "shard-16-32", place: "16/32", topicKind: "status", topics: 300, zipf: 1.02,
                rates: [1, 2.5, 1e-5],
                sizes: sizes([100, 200, 300]), metaBytes: 0, isProtected: true, note: "M: much of it"),
            .init(
                name: "shard-1-7", place: "1/7", topicKind: "named", topics: 4, zipf: 0, rates: [0.25],
                sizes: sizes([64]), metaBytes: 12, isProtected: false, note: "M: little"),
        ]
        workload.requests = [
            .init(
                name: "day", ask: "data-by-topics", rate: 3, keys: "topics: 3, window: 24h", isBackward: true,
                pageSize: 50, pages: 4, note: "A: all of it"),
            .init(
                name: "there", ask: "presence-by-hashes", rate: 1.5, keys: "hashes: [1, 5], age: [3s, 10s]",
                isBackward: false, pageSize: 50, pages: 1, note: ""),
        ]
        workload.retention = "time:172800"
        workload.hasExporter = true
        return workload
    }

    @Test func theTextIsRead() throws {
        let text = Self.workload().text
        let spec = try WorkloadSpec(document: SpecDocument(text: text, file: "folder/workload.yaml"))
        #expect(spec.fit == "folder/fit.json" && spec.history.rows == 12_000 && spec.history.partitions == 48)
        #expect(spec.topics.map(\.count) == [300, 4] && spec.topics[0].isProtected)
        let rates = try #require(spec.messages.streams[0].arrivals as? HourlyRates)
        #expect(rates.rates == [1, 2.5, 1e-5])
        #expect(spec.messages.streams[1].arrivals is PoissonArrivals)
        #expect(spec.clockwork.retention == [.time(seconds: 172_800)])
        #expect(spec.queries.map(\.pages) == [4, 1] && spec.queries[0].direction == .backward)
        #expect(text.split(separator: "\n").allSatisfy { !$0.hasPrefix("#") || $0.count <= 120 })
        // A silent archive has neither requests nor retention.
        var silent = Self.workload()
        (silent.requests, silent.retention, silent.hasExporter, silent.fit) = ([], nil, false, nil)
        let quiet = try WorkloadSpec(document: SpecDocument(text: silent.text, file: "workload.yaml"))
        #expect(quiet.queries.isEmpty && quiet.clockwork.retention.isEmpty && quiet.fit == nil)
    }

    @Test func ratesFollowTheHours() throws {
        let spec = try TestWorkloads.read(Self.workload().text)
        let epoch = spec.archiveEpoch / 3_600
        // The first rate is the epoch's hour's; before it the list goes on backwards.
        let expected = [1, 2.5, 1e-5, 1, 1e-5, 2.5, 1]
        for (hour, rate) in zip([0, 1, 2, 3, -1, -2, -3], expected) {
            #expect(spec.rate(ofStream: 0, inHour: epoch + hour) == rate, "\(hour)")
        }
        #expect(spec.rate(ofStream: 1, inHour: epoch - 100) == 0.25)
    }

    @Test func whatTheGeneratorMakesIsSortedByShard() throws {
        let spec = try TestWorkloads.read(Self.workload().text)
        let made = SyntheticTraffic(spec, seed: 1, messages: 5_000)
        let (large, small) = (
            try #require(made.shards["/waku/2/rs/16/32"]), try #require(made.shards["/waku/2/rs/1/7"])
        )
        #expect(large.sizes.count + small.sizes.count == 20_000)
        #expect(large.topicCounts.reduce(0, +) + small.topicCounts.reduce(0, +) == 5_000)
        #expect(small.sizes.allSatisfy { $0 == 64 } && small.topicCounts.count == 4)
        let share = 0.25 / (3.5 / 3 + 0.25)
        let drawn = Double(small.sizes.count) / 20_000
        #expect(abs(drawn - share) < 0.02)
    }
}
