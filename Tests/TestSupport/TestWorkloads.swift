import SpecReader
import Workload

/// Small workloads, written out so that a test shows what it runs.
public enum TestWorkloads {
    /// Reads a workload from its text.
    public static func read(_ text: String) throws -> WorkloadSpec {
        try WorkloadSpec(document: SpecDocument(text: text, file: "test.yaml"))
    }

    /// A shipped workload, the first one unless named.
    public static func shipped(_ name: String = "status-prod-steady") throws -> WorkloadSpec {
        try WorkloadSpec(path: "\(packageRoot)/Workloads/traffic/\(name).yaml")
    }

    /// Messages only, at equal distances, from one node: what a test can compute by hand.
    public static func clockwork(rate: String, measure: String, drain: String = "30s") throws -> WorkloadSpec {
        try read(
            """
            archivebench: workload/1
            name: clockwork
            summary: messages at equal distances
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 10}]
            messages:
              streams:
                - name: only
                  arrivals: {process: constant, rate: \(rate)}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 100B}}]
            writers: {count: 1}
            clockwork: off
            history: {partitions: 1, rows: 0}
            phases: {warm-up: 0s, measure: \(measure), drain-limit: \(drain)}
            """)
    }

    /// Every kind of request there is, from two nodes, often enough for a trial of seconds.
    public static func everything(
        rows: Int = 2_000, partitions: Int = 2, warmUp: String = "1s", measure: String = "3s"
    ) throws -> WorkloadSpec {
        try read(
            """
            archivebench: workload/1
            name: everything
            summary: all request classes in a short time
            archive-epoch: 2026-01-05T18:00:00Z
            topics:
              - {name: communities, shard: 16/32, count: 40, zipf: 1}
              - {name: personal, shard: 16/64, count: 40}
            messages:
              streams:
                - name: only
                  arrivals: {process: poisson, rate: 50/s}
                  to: [{topics: communities, share: 75%}, {topics: personal, share: 25%}]
                  classes: [{name: chat, payload: {lognormal: {mean: 400B, sigma: 0.5}}}]
            clockwork: off
            writers: {count: 2, duplicate-gap: [10ms, 50ms]}
            queries:
              - {name: presence, ask: presence-by-hashes, arrivals: {process: poisson, rate: 20/s}, hashes: [1, 5], age: [200ms, 2s], unknown: 20%, page-size: 50}
              - {name: fetch, ask: data-by-hashes, arrivals: {process: poisson, rate: 5/s}, hashes: 50, age: [200ms, 20min]}
              - {name: hundred, ask: data-by-hashes, arrivals: {process: constant, rate: 2/s}, hashes: 100, age: [200ms, 20min], page-size: 100}
              - {name: hashes, ask: hashes-by-topics, arrivals: {process: poisson, rate: 10/s}, topics: 10, window: 1h, page-size: 100, pages: 3, direction: backward}
              - {name: day, ask: data-by-topics, arrivals: {process: poisson, rate: 10/s}, topics: 10, window: 24h, page-size: 50, pages: 4}
              - {name: scan, ask: data-by-time, arrivals: {process: constant, rate: 2/s}, window: 1h, page-size: 100, pages: 2}
            history: {partitions: \(partitions), rows: \(rows)}
            phases: {warm-up: \(warmUp), measure: \(measure), drain-limit: 20s}
            objectives:
              - {classes: store.hashes.*, hashes-below: 10, quantile: 95%, limit: 10s}
              - {classes: put, quantile: 50%, limit: 1ns}
            """)
    }
}
