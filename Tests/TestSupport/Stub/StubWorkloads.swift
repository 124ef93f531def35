import Workload

extension TestWorkloads {
    /// One kind of request only, of one statement in the simple protocol each, from one node, at equal distances: the
    /// k-th is due k intervals after the start. Nothing is stored.
    public static func scans(
        rate: String, warmUp: String = "0s", measure: String, connections: Int = 25, drain: String = "30s"
    ) throws -> WorkloadSpec {
        try read(
            """
            archivebench: workload/1
            name: scans
            summary: store requests at equal distances
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 10}]
            messages:
              streams:
                - name: none
                  arrivals: {process: constant, rate: 0/s}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 100B}}]
            writers: {count: 1, read-connections: \(connections)}
            clockwork: off
            queries:
              - {name: scan, ask: hashes-by-time, arrivals: {process: constant, rate: \(rate)}, window: 1s}
            history: {partitions: 1, rows: 0}
            phases: {warm-up: \(warmUp), measure: \(measure), drain-limit: \(drain)}
            """)
    }

    /// Messages only, at equal distances, offered by many nodes at once, each with so many connections for writing.
    public static func manyNodes(
        _ nodes: Int, connections: Int, rate: String, measure: String
    ) throws -> WorkloadSpec {
        try read(
            """
            archivebench: workload/1
            name: many-nodes
            summary: every message from every node
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 10}]
            messages:
              streams:
                - name: only
                  arrivals: {process: constant, rate: \(rate)}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 100B}}]
            writers: {count: \(nodes), duplicate-gap: [0ms, 1ms], write-connections: \(connections), read-connections: 1}
            clockwork: off
            history: {partitions: 1, rows: 0}
            phases: {warm-up: 0s, measure: \(measure), drain-limit: 300s}
            """)
    }
}
