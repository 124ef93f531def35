import ArchiveDriver
import RunRecord
import Statistics
import Workload

/// One shard of an archive: what was seen of it, and the laws fitted to that.
struct ShardFit {
    let index: Int
    let pubsubTopic: String
    /// Payloads, bytes.
    let sizes: CountedSample
    /// Messages of each content topic that was seen, most first.
    let topicCounts: [Int]
    let zipf: ZipfFit
    /// Messages a second of consecutive hours from the epoch on.
    let rates: [Double]
    let meanRate: Double
    /// Share of messages whose `meta` is a signature, and mean length of it.
    private let signedShare: Double
    private let meanMeta: Double
    /// Share of messages whose content topic is as long as Status' are.
    private let statusShare: Double
    let meanTopicBytes: Double

    /// Length of `/waku/1/0x<8 hex>/rfc26`.
    private static let statusTopicBytes = 24
    /// Length of a protected shard's signature.
    private static let signatureBytes = 64

    /// - Parameters:
    ///   - index: of the shard in the survey.
    ///   - rows: of that shard, one at least.
    ///   - survey: what they are from.
    ///   - hours: messages by hour.
    ///   - epoch: hours since 1970.
    init?(_ index: Int, _ rows: [ArchiveSurvey.Row], _ survey: ArchiveSurvey, _ hours: HourlyCounts, epoch: Int) {
        let counts = Dictionary(rows.map { ($0.topic, 1) }, uniquingKeysWith: +).values.sorted(by: >)
        guard let zipf = ZipfFit(counts: counts, most: Self.mostTopics) else { return nil }
        let size = Double(rows.count)
        self.index = index
        self.zipf = zipf
        pubsubTopic = survey.shards[index]
        // An empty payload is written as one byte, because the generator makes none.
        sizes = CountedSample(rows.map { Double(max(1, $0.bytes)) })
        topicCounts = counts
        rates = hours.fittedRates(ofShard: index, from: epoch)
        meanRate = hours.meanRate(ofShard: index)
        signedShare = Double(rows.count { $0.metaBytes == Self.signatureBytes }) / size
        meanMeta = Double(rows.reduce(0) { $0 + $1.metaBytes }) / size
        statusShare = Double(rows.count { $0.topicBytes == Self.statusTopicBytes }) / size
        meanTopicBytes = Double(rows.reduce(0) { $0 + $1.topicBytes }) / size
    }

    /// Topics of one shard that a workload can have.
    private static let mostTopics = 1_000_000

    var isProtected: Bool { signedShare > 0.95 }

    /// Rows in the sample.
    var sampled: Int { Int(sizes.total) }

    /// Share of the sample on its most popular topic.
    var topShare: Double { Double(topicCounts.first ?? 0) / Double(max(1, sampled)) }

    /// `/waku/2/rs/16/32` as cluster and index; `nil` for a name of another form.
    var place: (cluster: Int, index: Int)? {
        let parts = pubsubTopic.split(separator: "/")
        guard parts.count == 5, parts[0] == "waku", parts[1] == "2", parts[2] == "rs", let cluster = Int(parts[3]),
            let index = Int(parts[4]), (0...65_535).contains(cluster), (0...1_023).contains(index),
            // The one spelling that a workload writes.
            pubsubTopic == "/waku/2/rs/\(cluster)/\(index)"
        else { return nil }
        return (cluster, index)
    }

    /// The shard as the workload has it.
    ///
    /// - Parameter place: where it lies.
    /// - Returns: its topics and its stream.
    func fitted(at place: (cluster: Int, index: Int)) -> FittedWorkload.Shard {
        let kind = statusShare > 0.9 ? "status" : "named"
        let pairs = zip(sizes.values, sizes.counts).map { (bytes: Int($0), count: Int($1)) }
        return FittedWorkload.Shard(
            name: "shard-\(place.cluster)-\(place.index)", place: "\(place.cluster)/\(place.index)", topicKind: kind,
            topics: zipf.population, zipf: zipf.exponent, rates: rates, sizes: FittedSizes(pairs),
            metaBytes: min(Self.signatureBytes, Int(meanMeta.rounded())), isProtected: isProtected,
            note: """
                M: \(sampled) messages were read of it, \(FitNumbers.short(meanRate)) a second, \
                \(FitNumbers.short(sizes.mean)) bytes on average, on \(topicCounts.count) content topics of \
                \(FitNumbers.short(meanTopicBytes)) characters. D: \(zipf.population) topics by Zipf's law make samples \
                that look like it.
                """)
    }

    /// The shard as the record has it.
    var figures: ShardFigures {
        let edges = WorkloadPortrait.edges
        var bins = edges.indices.map { index in
            ShardFigures.SizeBin(upTo: index + 1 < edges.count ? edges[index + 1] : nil, share: 0)
        }
        for (bytes, count) in zip(sizes.values, sizes.counts) {
            let bin = edges.dropFirst().firstIndex { Int(bytes) <= $0 }.map { $0 - 1 } ?? bins.count - 1
            bins[bin].share += count / sizes.total
        }
        return ShardFigures(
            shard: pubsubTopic, sampled: sampled, perSecond: meanRate, meanBytes: sizes.mean,
            sizes: bins.filter { $0.share > 0 }, topicsSeen: topicCounts.count, topicsFitted: zipf.population,
            zipf: zipf.exponent, topShare: topShare, isProtected: isProtected)
    }
}

/// Numbers in comments and sentences.
enum FitNumbers {
    /// Three digits that say something.
    static func short(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        if value >= 100 { return String(Int(value.rounded())) }
        var factor = 1.0
        while value * factor < 100, factor < 1e9 { factor *= 10 }
        let rounded = (value * factor).rounded() / factor
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
