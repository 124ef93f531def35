import Workload

extension TestWorkloads {
    /// Three communities, each on a shard of its own, with requests that are about one shard and such that are about all.
    public static func shards(
        databases: String = "per-shard", rows: Int = 900, measure: String = "4s", clients: String = ""
    ) throws -> WorkloadSpec {
        try read(
            """
            archivebench: workload/1
            name: shards
            summary: three shards
            archive-epoch: 2026-01-05T18:00:00Z
            topics:
              - {name: towns, shard: 16/128..130, kind: communities, count: 3, channels: 4, zipf: 1}
            messages:
              streams:
                - name: only
                  arrivals: {process: poisson, rate: 60/s}
                  to: [{topics: towns}]
                  classes: [{name: chat, payload: {lognormal: {mean: 400B, sigma: 0.5}}}]
            clockwork: {exporter: 15s}
            writers: {count: 2, duplicate-gap: [10ms, 50ms], databases: \(databases)}
            queries:
              - {name: presence, ask: presence-by-hashes, arrivals: {process: poisson, rate: 20/s}, hashes: [1, 8], age: [2s, 20min], page-size: 50}
              - {name: lost, ask: data-by-hashes, arrivals: {process: constant, rate: 5/s}, hashes: 4, age: [2s, 20min], unknown: 100%}
              - {name: topics, ask: data-by-topics, arrivals: {process: poisson, rate: 10/s}, topics: 3, window: 1h, page-size: 20, pages: 3}
              - {name: scan, ask: hashes-by-time, arrivals: {process: constant, rate: 2/s}, window: 30min, page-size: 100, pages: 2}
            \(clients.isEmpty ? "" : "clients:\n\(clients)")
            history: {partitions: 2, rows: \(rows)}
            phases: {warm-up: 0s, measure: \(measure), drain-limit: 20s}
            """)
    }
}
