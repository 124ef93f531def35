import RunRecord

/// Invented traffic in the manner of a Status fleet, a minute of it, for tests of layout and words only.
enum SampleTraffic {
    static let (shard32, shard64) = ("/waku/2/rs/16/32", "/waku/2/rs/16/64")

    /// ``SampleRecord`` with ``summary()``, measured for a minute.
    static func record(_ change: (inout TrafficSummary) -> Void = { _ in }) -> RunRecord {
        var record = SampleRecord.record()
        record.phases.measuredSeconds = 60
        var traffic = summary()
        change(&traffic)
        record.traffic = traffic
        return record
    }

    static func summary() -> TrafficSummary {
        TrafficSummary(
            timeScale: 60, distortions: ["partitions change each minute", "caches stay warm"],
            bandwidth: bandwidth, selfChecks: selfChecks, sessions: [storm])
    }

    private static let bandwidth = [
        BandwidthRow(
            shard: shard32, messageClass: "chat", messagesIn: 300, bytesIn: 600_000, messagesOut: 9_000,
            bytesOut: 18_000_000),
        BandwidthRow(
            shard: shard32, messageClass: "community-description", messagesIn: 10, bytesIn: 820_000, messagesOut: 60,
            bytesOut: 4_920_000),
        BandwidthRow(
            shard: shard64, messageClass: "control", messagesIn: 180, bytesIn: 180_000, ephemeral: 120,
            messagesOut: 900, bytesOut: 900_000),
        BandwidthRow(
            shard: shard64, messageClass: "chat", messagesIn: 50, bytesIn: 100_000, messagesOut: 500,
            bytesOut: 1_000_000),
        BandwidthRow(shard: shard32, messageClass: "backup", messagesIn: 10, bytesIn: 300_000),
        BandwidthRow(shard: shard32, messageClass: "hashes", messagesOut: 5_625, bytesOut: 180_000),
    ]

    private static let selfChecks = [
        SelfCheck(
            name: "heap and TOAST per archive hour", observed: 71.26, unit: "MiB/h",
            known: "64 to 85 (month averages), 92 to 143 (single hours)", source: "M, delivery#2807"),
        SelfCheck(
            name: "store requests", observed: 1_086, unit: "/min", known: "below 1 100", source: "M, November 2023"),
        SelfCheck(
            name: "content topics in use", observed: nil, unit: "", known: "not public", source: "A"),
    ]

    /// A storm of clients that come back at once.
    static var storm: SessionSummary {
        var storm = SessionSummary(name: "reconnect", kind: "history-sync")
        storm.started = 3_000
        storm.finished = 3_000
        storm.requests = 45_000
        storm.retries = 5_400
        storm.timeouts = 5_250
        storm.nodeSwitches = 2_600
        storm.messages = 410_000
        storm.durationMs = times(p50: 21_300, p95: 68_000)
        storm.firstPageMs = times(p50: 950, p95: 12_400)
        storm.toMessages = [MessagesReached(messages: 20, sessions: 2_900, ms: times(p50: 1_234, p95: 15_000))]
        storm.clearSeconds = 74.02
        return storm
    }

    private static func times(p50: Double, p95: Double) -> LatencyQuantiles {
        LatencyQuantiles(count: 3_000, mean: p50, p50: p50, p90: p95, p95: p95, p99: p95, p999: nil, max: p95)
    }
}
