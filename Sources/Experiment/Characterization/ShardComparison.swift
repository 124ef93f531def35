import RunRecord
import Statistics
import Workload

/// The archive's side and the generator's of one shard, aspect by aspect.
struct ShardComparison {
    let shard: ShardFit
    let stream: Int
    let spec: WorkloadSpec
    let hours: HourlyCounts
    let synthetic: SyntheticTraffic.Shard
    /// Of chance.
    let seed: UInt64

    /// Aspects of which there is enough to compare.
    var all: [FitComparison] { [rates, sizes, topics].compactMap { $0 } }

    private static let shares =
        [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1]

    private func comparison(
        _ aspect: FitComparison.Aspect, _ unit: String, _ real: CountedSample, _ made: CountedSample,
        _ draw: (inout SplitMix64) -> CountedSample
    ) -> FitComparison {
        let size = Int(real.total)
        let distance = SampleDistance(real, made)
        let chance = SampleDistance.byChance(made, repeats: SampleDistance.repeats(of: size), seed: seed, draw)
        return FitComparison(
            aspect: aspect, subject: shard.pubsubTopic, unit: unit, observations: size, realMean: real.mean,
            syntheticMean: made.mean,
            // The largest of a sample grows with it, so the ends say something of size, too.
            points: Self.shares.filter { $0 <= 0.9 || $0 == 1 || (1 - $0) * real.total >= 5 }.map {
                .init(share: $0, real: real.quantile($0), synthetic: made.quantile($0))
            },
            distance: .init(kolmogorovSmirnov: distance.kolmogorovSmirnov, wasserstein: distance.wasserstein),
            byChance: .init(kolmogorovSmirnov: chance.kolmogorovSmirnov, wasserstein: chance.wasserstein))
    }

    // MARK: Aspects

    /// Fewer hours have no distribution.
    private static let fewestHours = 3
    private static let playedHours = 20

    /// Hours of the archive, and the same hours as the generator would fill them, each played several times.
    private var rates: FitComparison? {
        guard hours.keptHours.count >= Self.fewestHours else { return nil }
        let real = hours.rates(ofShard: shard.index)
        let expected = hours.keptHours.map { spec.rate(ofStream: stream, inHour: $0) * hours.secondsEach }
        // An estimate from a part of the rows is less sure than a count, and rows of one block come together.
        let read = Double(shard.sampled) / max(1, hours.messages[shard.index].reduce(0, +))
        let unit = min(1, read) / hours.clustering
        func play(_ random: inout SplitMix64) -> [Double] {
            expected.map { Double(random.poisson($0 * unit)) / unit / hours.secondsEach }
        }
        // Not the draws that tell chance.
        var random = SplitMix64(seed: seed &+ 1)
        let made = CountedSample((0..<Self.playedHours).flatMap { _ in play(&random) })
        guard unit > 0, made.total > 0 else { return nil }
        return comparison(.rates, "/s", CountedSample(real), made) { CountedSample(play(&$0)) }
    }

    private var sizes: FitComparison? {
        let made = CountedSample(synthetic.sizes.map(Double.init))
        guard made.total > 0 else { return nil }
        return comparison(.sizes, "B", shard.sizes, made) { made.resampled(shard.sampled, &$0) }
    }

    /// Messages by the rank of their topic.
    private var topics: FitComparison? {
        let made = Self.ranks(synthetic.topicCounts)
        guard made.total > 0 else { return nil }
        let shares = shard.zipf.cumulativeShares
        return comparison(.topics, "rank", Self.ranks(shard.topicCounts), made) {
            Self.ranks(ZipfFit.draw(shard.sampled, shares, &$0))
        }
    }

    private static func ranks(_ counts: [Int]) -> CountedSample {
        let ranked = counts.filter { $0 > 0 }.sorted(by: >)
        return CountedSample(ranked.enumerated().map { (value: Double($0.offset + 1), count: Double($0.element)) })
    }
}
