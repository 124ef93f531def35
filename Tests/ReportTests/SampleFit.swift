import RunRecord

/// An invented fit, for tests of layout and words only.
enum SampleFit {
    static let shard = "/waku/2/rs/16/32"

    static func fit(comparisons: [FitComparison] = SampleFit.comparisons) -> FitRecord {
        FitRecord(
            toolVersion: "0", characterizedAt: "2026-11-21T20:00:00Z", serverVersion: "15.4", schemaVersion: 7,
            archive: ArchiveFigures(
                rows: 12_345_678, isCounted: false, databaseBytes: 40_000_000_000, partitions: 720,
                partitionSeconds: 3_600, oldest: 1_767_225_600, newest: 1_769_817_600, duplicateShare: nil,
                removals: nil),
            sampling: SamplingFigures(
                rows: 98_765, partitions: 719, statements: 740, timedOut: 1, busy: 4_200_000_000,
                elapsed: 60_000_000_000, shareLimit: 0.1, activeSessions: 0.4, endedEarly: nil),
            shards: [
                ShardFigures(
                    shard: shard, sampled: 98_765, perSecond: 7.25, meanBytes: 1_100,
                    sizes: [.init(upTo: 1_000, share: 0.7), .init(upTo: nil, share: 0.3)], topicsSeen: 321,
                    topicsFitted: 400, zipf: 1.04, topShare: 0.15, isProtected: false)
            ],
            comparisons: comparisons, notKnown: ["the share of <duplicates>"], assumed: ["two nodes"])
    }

    static let comparisons = [
        FitComparison(
            aspect: .rates, subject: shard, unit: "/s", observations: 718, realMean: 7.25, syntheticMean: 7.2,
            points: points(7), distance: .init(kolmogorovSmirnov: 0.031, wasserstein: 0.2),
            byChance: .init(kolmogorovSmirnov: 0.052, wasserstein: 0.3)),
        FitComparison(
            aspect: .sizes, subject: shard, unit: "B", observations: 98_765, realMean: 1_100, syntheticMean: 1_090,
            points: points(1_100), distance: .init(kolmogorovSmirnov: 0.011, wasserstein: 9),
            byChance: .init(kolmogorovSmirnov: 0.004, wasserstein: 5)),
        FitComparison(
            aspect: .mix, subject: "all requests", unit: "", observations: 4_000, realMean: 0, syntheticMean: 0,
            parts: [
                .init(name: "query.by-hash", real: 0.6, synthetic: 0.61),
                .init(name: "query.page.first", real: 0.4, synthetic: 0.39),
            ], distance: .init(kolmogorovSmirnov: 0.01, wasserstein: 0.01),
            byChance: .init(kolmogorovSmirnov: 0.02, wasserstein: 0.02)),
    ]

    private static func points(_ middle: Double) -> [FitComparison.Point] {
        [0, 0.5, 0.9, 1].map { .init(share: $0, real: middle * (0.5 + $0), synthetic: middle * (0.6 + $0)) }
    }
}
