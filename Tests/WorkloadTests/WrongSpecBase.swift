/// The right texts that the wrong ones are made from. They use everything that the language has.
extension WrongSpecs {
    static let workload = """
        archivebench: workload/1
        name: base
        summary: every feature of the language in one file
        archive-epoch: 2026-01-05T18:00:00Z
        topics:
          - {name: lone, kind: status, shard: 16/32, count: 40, zipf: 1.0}
          - {name: pairs, kind: pairs, shard: 16/64, users: 100, contacts: 3}
          - {name: towns, kind: communities, shard: 16/128..131, count: 8, channels: 5, channel-zipf: 1.2, protected: true}
          - name: apps
            kind: named
            auto-sharding: {cluster: 1, shards: 8}
            applications: 20
            count: 400
        messages:
          sender-clock-skew: 2s
          at-most: 2MB
          segment-above: 768KiB
          parity: 12.5%
          streams:
            - name: fleet
              arrivals: {process: poisson, rate: 10/s, day-amplitude: 30%, peak-hour: 18, weekend: 80%}
              to: [{topics: lone, share: 75%}, {topics: towns.channels, share: 25%}]
              classes:
                - {name: chat, weight: 3, payload: {lognormal: {mean: 1100B, sigma: 0.5}}}
                - {name: backup, weight: 1, payload: {histogram: {edges: [109B, 120B, 650B], counts: [5, 2]}}, meta: 8B}
            - name: volley
              arrivals: {process: periodic, every: 1h, jitter: 30min, first: 5s}
              per-arrival: 10
              to: [{topics: towns.control}]
              classes: [{name: description, payload: {choices: [88kB, 247kB]}}]
            - name: quota
              arrivals: {process: epoch-edge, rate: 5/s, epoch: 600s, edge: 30s, edge-share: 50%}
              to: [{topics: apps}]
              classes: [{name: fixed, payload: {constant: 1kB}, ephemeral: 10%, stands-for: an application}]
            - name: replay
              arrivals: {process: hourly-volumes, volumes: [31MiB, 92MiB]}
              to: [{topics: pairs}]
              classes:
                - name: mixed
                  payload: {mixture: [{weight: 1, constant: 10B}, {weight: 2, constant: 2kB}]}
            - name: bursts
              arrivals: {process: on-off, rate: 50/s, on: 2s, off: 8s}
              to: [{topics: pairs}]
              classes: [{name: chat, payload: {constant: 100B}}]
        writers: {count: 2, duplicate-gap: [50ms, 500ms], write-connections: 25, read-connections: 25, databases: shared}
        queries:
          - {name: day, ask: data-by-topics, from: lone, topics: 10, window: 24h, arrivals: {process: constant, rate: 3/s}}
          - {name: minute, ask: hashes-by-topics, topics: 5, window: 1min, window-ends-before: 20s, arrivals: {process: clocks, count: 3, every: 60s}, pages: 10, direction: backward}
          - {name: fetch, ask: data-by-hashes, hashes: [1, 50], age: [20s, 80s], unknown: 2%, page-size: 50, arrivals: {process: poisson, rate: 1/s}}
          - {name: there, ask: presence-by-hashes, hashes: 5, arrivals: {process: poisson, rate: 1/s}}
          - {name: scan, ask: data-by-time, window: 1h, arrivals: {process: poisson, rate: 1/s}}
          - {name: scan-hashes, ask: hashes-by-time, window: 1h, arrivals: {process: hourly-rates, rates: [1/s, 2/s]}}
        clients:
          - name: back
            kind: history-sync
            arrivals: {process: herd, count: 200, at: 5s, within: 30s}
            follows: [{topics: lone, count: 10}, {topics: towns, count: 5}]
            outage: 24h
            slice: 6h
            topics-per-request: 10
            page-size: 50
            pages: 5
            in-flight: 3
            direction: backward
            timeout: 30s
            failures: 2
            back-off: 10s
            grey-list: 3min
            attempts: 6
          - {name: sent, kind: sent-check, senders: 30, share: 60%, classes: [chat, backup], after: 3s, every: 3s, give-up: 10s, batch: 50, delivery: [100ms, 4s], lost: 1%}
          - {name: missed, kind: missing-check, arrivals: {process: clocks, count: 30, every: 60s}, follows: [{topics: lone, count: 5}], window: 1min, window-ends-before: 20s, missing: 1%, clients: 30}
          - {name: web, kind: js-waku, arrivals: {process: poisson, rate: 1/s}, follows: [{topics: apps, count: 4}], outage: 30d, slice: 24h}
          - {name: counter, kind: message-counter, arrivals: {process: clocks, count: 4, every: 2min}, window: 2min, batch: 25}
          - {name: peer, kind: store-resume, arrivals: {process: poisson, rate: 1/h}, outage: 6h}
          - {name: sync, kind: store-sync, arrivals: {process: periodic, every: 300s}, start-up-scan: 1h, range: 300s, missing: 0.5%, nodes: 2}
        clockwork:
          health-check: 60s
          message-count: on
          analyze: off
          retention: 30min
          retention-policy: size:250GB;time:2592000
          exporter: 15s
          at-start: true
        history:
          partitions: 24
          rows: 200_000
        time-scale: 1
        phases: {warm-up: 15s, measure: 60s, drain-limit: 30s}
        objectives:
          - {classes: store.hashes.*, hashes-below: 51, quantile: 95%, limit: 10ms, source: a requirement}
          - {classes: store.topics.*, topics-at-most: 10, window-at-most: 24h, quantile: 90%, limit: 400ms}

        """

    static let overlay = """
        archivebench: overlay/1
        name: other
        summary: every key of an overlay
        time-scale: 60
        multiply:
          messages: 10
          requests: 2.5
          topics: 2
        arrivals-instead:
          volumes: [310MiB, 926MiB]
          class: large
          payload: {constant: 768KiB}
        drop-queries: true
        drop-clients: [web, counter]
        clients:
          - {name: late, kind: sent-check, senders: 10}
          - {name: early, kind: store-resume, arrivals: {process: poisson, rate: 1/h}}
        variant:
          schema: 7
          settings:
            autovacuum: on
        writers:
          databases: per-shard

        """
}
