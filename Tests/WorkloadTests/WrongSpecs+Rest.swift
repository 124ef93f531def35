extension WrongSpecs {
    // Writers, clockwork, history, phases, objectives.
    static let rest: [WrongSpec] = [
        WrongSpec(
            "duplicate-gap: [50ms, 500ms]", "duplicate-gap: [50ms, 2h]",
            "45:43: writers.duplicate-gap: 2h is out of range; use 0s to 1h"),
        WrongSpec(
            "write-connections: 25", "write-connections: 0",
            "45:70: writers.write-connections: 0 is out of range; use 1 to 1000"),
        WrongSpec(
            "databases: shared", "databases: sharded",
            "45:107: writers.databases: 'sharded' is not known; choose one of shared, per-shard"),
        WrongSpec(
            "databases: shared", "database: shared",
            "45:96: unknown key 'writers.database'; did you mean 'databases'?"),
        WrongSpec(
            "count: 2, dup", "count: two, dup",
            "45:18: writers.count: 'two' is not a whole number; write digits, such as 2"),
        WrongSpec(
            "health-check: 60s", "health-check: 60",
            "77:17: clockwork.health-check: '60' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "health-check: 60s", "health-check: [60s]",
            "77:17: clockwork.health-check: expected one value; write it after 'health-check: ', without brackets or lines below"
        ),
        WrongSpec(
            "message-count: on", "mesage-count: on",
            "78:3: unknown key 'clockwork.mesage-count'; did you mean 'message-count'?"),
        WrongSpec(
            "analyze: off", "analyze: 1ms",
            "79:12: clockwork.analyze: 1ms is out of range; use 100ms to 365d"),
        WrongSpec(
            "at-start: true", "at-start: 1",
            "83:13: clockwork.at-start: '1' is neither yes nor no; write true or false"),
        WrongSpec(
            "size:250GB;time:2592000", "age:30d",
            "81:21: clockwork.retention-policy: 'age:30d' is not a retention policy; write time:86400, size:250GB, capacity:1000000 or none, joined by ';'"
        ),
        WrongSpec(
            "size:250GB;time:2592000", "time:60;time:90",
            "81:21: clockwork.retention-policy: 'time' is given twice; give each kind of policy once"),
        WrongSpec(
            "size:250GB;time:2592000", "size:250",
            "81:21: clockwork.retention-policy: 'size:250' is not a retention policy; write time:86400, size:250GB, capacity:1000000 or none, joined by ';'"
        ),
        WrongSpec(
            "size:250GB;time:2592000", "capacity:-5",
            "81:21: clockwork.retention-policy: 'capacity:-5' is not a retention policy; write time:86400, size:250GB, capacity:1000000 or none, joined by ';'"
        ),
        WrongSpec(
            "rows: 200_000", "rows: 200_000\n  bytes: 25GB",
            "86:9: history.rows: is given beside 'bytes'; give one of them"),
        WrongSpec(
            "rows: 200_000", "rows: 1e6",
            "86:9: history.rows: '1e6' is not a whole number; write digits, such as 200000"),
        WrongSpec(
            "partitions: 24", "partitions: 0",
            "85:15: history.partitions: 0 is out of range; use 1 to 100000"),
        WrongSpec(
            "measure: 60s", "measure: 500ms",
            "88:33: phases.measure: 500ms is out of range; use 1s to 7d"),
        WrongSpec(
            "measure: 60s", "measure: 60",
            "88:33: phases.measure: '60' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "drain-limit: 30s", "drain: 30s",
            "88:38: unknown key 'phases.drain'; known here: warm-up, measure, drain-limit, warm-up-limit"),
        WrongSpec(
            "classes: store.topics.*", "classes: store.topic.*",
            "91:15: objectives[1].classes: no request of this workload is of class 'store.topic.*'; choose among maintenance.exporter, maintenance.health-check, maintenance.message-count, maintenance.partition-factory, maintenance.retention, put, put.duplicate, store.hashes.data, store.hashes.presence, store.sync, store.time-range, store.topics.data.first, store.topics.data.next, store.topics.hashes.first, store.topics.hashes.next, or end a beginning with '*'"
        ),
        WrongSpec(
            "quantile: 95%", "quantile: p95",
            "90:59: objectives[0].quantile: 'p95' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec(
            "quantile: 95%, ", "",
            "90:5: 'objectives[0].quantile' is missing; give it a share such as 45%"),
        WrongSpec(
            "limit: 10ms", "limit: 0ms",
            "90:71: objectives[0].limit: 0ms is out of range; use 1ns or more"),
        WrongSpec(
            "limit: 10ms", "limit: -10ms",
            "90:71: objectives[0].limit: '-10ms' is negative; use zero or more"),
        WrongSpec(
            "hashes-below: 51", "hashes-below: 0",
            "90:45: objectives[0].hashes-below: 0 is out of range; use 1 to 1000000"),
        WrongSpec(
            "topics-at-most: 10", "topics-at-most: ten",
            "91:47: objectives[1].topics-at-most: 'ten' is not a whole number; write digits, such as 1"),
    ]

    // Overlay files.
    static let overlays: [WrongSpec] = [
        .overlay(
            "archivebench: overlay/1", "archivebench: workload/1",
            "1:15: archivebench: 'workload/1' is not an overlay; write 'archivebench: overlay/1'"),
        .overlay("summary: every key of an overlay\n", "", "1:1: 'summary' is missing; give it a text"),
        .overlay(
            "name: other", "name: null",
            "2:7: name: has no value; write one after 'name: ', or leave the line out if it may be missing"),
        .overlay(
            "messages: 10", "messages: 0",
            "6:13: multiply.messages: 0 is out of range; use 0.001 to 100000"),
        .overlay("messages: 10", "mesages: 10", "6:3: unknown key 'multiply.mesages'; did you mean 'messages'?"),
        .overlay(
            "requests: 2.5", "requests: 2x",
            "7:13: multiply.requests: '2x' is not a number; write a number, such as 1"),
        .overlay(
            "multiply:\n  messages: 10\n  requests: 2.5\n  topics: 2", "multiply: 10",
            "5:11: multiply: expected a mapping; write 'key: value' lines below it"),
        .overlay(
            "volumes: [310MiB, 926MiB]", "volumes: []",
            "10:12: arrivals-instead.volumes: is empty; write a list such as [1kB, 2kB]"),
        .overlay(
            "  volumes: [310MiB, 926MiB]\n", "",
            "10:3: 'arrivals-instead.volumes' is missing; give it a list such as [1kB, 2kB]"),
        .overlay("  class: large\n", "", "10:3: 'arrivals-instead.class' is missing; give it a text"),
        .overlay(
            "payload: {constant: 768KiB}", "payload: 768KiB",
            "12:12: arrivals-instead.payload: expected a mapping; write 'key: value' lines below it"),
        .overlay(
            "drop-queries: true", "drop-queries: all",
            "13:15: drop-queries: 'all' is neither yes nor no; write true or false"),
        .overlay(
            "drop-clients: [web, counter]", "drop-clients: web",
            "14:15: drop-clients: expected a list; write it as [one, two]"),
        .overlay(
            "name: early", "name: late",
            "17:12: clients[1].name: two entries are named 'late'; give each its own name"),
        .overlay(
            "databases: per-shard", "databases: one",
            "23:14: writers.databases: 'one' is not known; choose one of shared, per-shard"),
        .overlay(
            "databases: per-shard", "count: 3",
            "23:3: unknown key 'writers.count'; known here: databases"),
        .overlay("schema: 7", "schema: 6", "19:11: variant.schema: 6 is out of range; use 7 to 8"),
        .overlay(
            "autovacuum: on", "autovacuum: [on]",
            "21:17: variant.settings.autovacuum: expected one value; write it after 'autovacuum: ', without brackets or lines below"
        ),
        .overlay(
            "autovacuum: on", "autovacuum:",
            "21:16: variant.settings.autovacuum: has no value; write one after 'autovacuum: ', or leave the line out if it may be missing"
        ),
        .overlay(
            "settings:\n    autovacuum: on", "settings: autovacuum",
            "20:13: variant.settings: expected a mapping; write 'key: value' lines below it"),
        .overlay(
            "time-scale: 60", "time-scale: 1h",
            "4:13: time-scale: '1h' is not a whole number; write digits, such as 1"),
        .overlay("variant:", "variants:", "18:1: unknown key 'variants'; did you mean 'variant'?"),
    ]
}
