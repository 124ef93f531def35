extension WrongSpecs {
    // Streams, classes and payloads.
    static let messages: [WrongSpec] = [
        WrongSpec(
            "sender-clock-skew: 2s", "sender-clock-skew: 2",
            "15:22: messages.sender-clock-skew: '2' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "sender-clock-skew: 2s", "sender-clock-skew: 30s",
            "15:22: messages.sender-clock-skew: 30s is out of range; use 0s to 20s"),
        WrongSpec(
            "sender-clock-skew: 2s", "sender-clock-skew: 1e400s",
            "15:22: messages.sender-clock-skew: '1e400s' is not understood; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "segment-above: 768KiB", "segment-above: 768KIB",
            "17:18: messages.segment-above: '768KIB' is not understood; write 340B, 2kB or 768KiB"),
        WrongSpec(
            "  segment-above: 768KiB\n", "",
            "17:11: 'parity' is given without 'segment-above'; give both, or neither"),
        WrongSpec(
            "parity: 12.5%", "parity: 125%",
            "18:11: messages.parity: '125%' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec(
            "topics: lone, share: 75%}", "topics: loan, share: 75%}",
            "22:21: messages.streams[0].to[0].topics: there are no topics 'loan'; choose one of apps, lone, pairs, towns, towns.channels, towns.control"
        ),
        WrongSpec(
            "topics: towns.channels", "topics: towns.chanels",
            "22:49: messages.streams[0].to[1].topics: there are no topics 'towns.chanels'; choose one of apps, lone, pairs, towns, towns.channels, towns.control"
        ),
        WrongSpec(
            "share: 75%", "share: 65%",
            "22:11: messages.streams[0].to: shares add up to 90.0%; give shares that make 100% together"),
        WrongSpec(
            "share: 75%", "share: some",
            "22:34: messages.streams[0].to[0].share: 'some' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec(
            ", share: 75%", "",
            "22:12: 'messages.streams[0].to[0].share' is missing; give it a share such as 45%"),
        WrongSpec(
            "to: [{topics: apps}]", "to: []",
            "33:11: messages.streams[2].to: is empty; give at least one entry"),
        WrongSpec(
            "to: [{topics: apps}]", "to: apps",
            "33:11: messages.streams[2].to: expected a list; start each entry with '- '"),
        WrongSpec(
            "to: [{topics: apps}]", "to: {topics: apps}",
            "33:11: messages.streams[2].to: expected a list; start each entry with '- '"),
        WrongSpec(
            "name: volley", "name: fleet",
            "26:13: messages.streams[1].name: two entries are named 'fleet'; give each its own name"),
        WrongSpec(
            "payload: {constant: 1kB}, ephemeral: 10%, stands-for: an application}",
            "payload: {constant: 1B}}, {name: fixed, payload: {constant: 1B}}",
            "34:64: messages.streams[2].classes[1].name: two entries are named 'fixed'; give each its own name"),
        WrongSpec(
            "weight: 3", "weight: -3",
            "24:32: messages.streams[0].classes[0].weight: -3 is out of range; use 0 to 1000000"),
        WrongSpec(
            "name: fixed, ", "name: fixed, weight: 0, ",
            "34:16: messages.streams[2].classes: all weights are zero; give at least one a positive weight"),
        WrongSpec(
            "per-arrival: 10", "per-arrival: 0",
            "28:20: messages.streams[1].per-arrival: 0 is out of range; use 1 to 10000"),
        WrongSpec(
            "classes: [{name: description, payload: {choices: [88kB, 247kB]}}]", "classes: []",
            "30:16: messages.streams[1].classes: is empty; give at least one entry"),
        WrongSpec(
            "ephemeral: 10%", "ephemeral: 10",
            "34:68: messages.streams[2].classes[0].ephemeral: '10' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec(
            "meta: 8B", "meta: 65B",
            "25:110: messages.streams[0].classes[1].meta: 65B is out of range; use 0B to 64B"),
        WrongSpec(
            "payload: {constant: 1kB}", "payload: 1kB",
            "34:40: messages.streams[2].classes[0].payload: expected a mapping; write 'key: value' lines below it"),
        WrongSpec(
            "payload: {constant: 1kB}, ", "",
            "34:17: 'messages.streams[2].classes[0].payload' is missing; give it a mapping"),
        WrongSpec(
            "{constant: 1kB}", "{}",
            "34:40: no size distribution given; give exactly one of constant, lognormal, choices, mixture, histogram"),
        WrongSpec(
            "{constant: 1kB}", "{constnat: 1kB}",
            "34:41: unknown key 'messages.streams[2].classes[0].payload.constnat'; did you mean 'constant'?"),
        WrongSpec(
            "{constant: 1kB}", "{constant: 1kB, choices: [2kB]}",
            "34:65: messages.streams[2].classes[0].payload.choices: a second size distribution beside 'constant'; give exactly one of constant, lognormal, choices, mixture, histogram"
        ),
        WrongSpec(
            "constant: 1kB", "constant: 1GB",
            "34:51: messages.streams[2].classes[0].payload.constant: 1GB is out of range; use 0B to 100MB"),
        WrongSpec(
            "constant: 1kB", "constant: 1000",
            "34:51: messages.streams[2].classes[0].payload.constant: '1000' has no unit; write 340B, 2kB or 768KiB"),
        WrongSpec(
            "sigma: 0.5", "sigma: 30",
            "24:77: messages.streams[0].classes[0].payload.lognormal.sigma: 30 is out of range; use 0 to 3"),
        WrongSpec(
            "mean: 1100B, ", "",
            "24:56: 'messages.streams[0].classes[0].payload.lognormal.mean' is missing; give it a size such as 340B"),
        WrongSpec(
            "choices: [88kB, 247kB]", "choices: [88kB, 247]",
            "30:63: messages.streams[1].classes[0].payload.choices: '247' has no unit; write 340B, 2kB or 768KiB"),
        WrongSpec(
            "choices: [88kB, 247kB]", "choices: []",
            "30:56: messages.streams[1].classes[0].payload.choices: is empty; write a list such as [1kB, 2kB]"),
        WrongSpec(
            "choices: [88kB, 247kB]", "choices: [9e18B]",
            "30:57: messages.streams[1].classes[0].payload.choices: '9e18B' is too many bytes; use less"),
        WrongSpec(
            "edges: [109B, 120B, 650B]", "edges: [109B, 120B, 65B]",
            "25:66: messages.streams[0].classes[1].payload.histogram.edges: do not rise; write at least two sizes, each larger than the one before"
        ),
        WrongSpec(
            "counts: [5, 2]", "counts: [5]",
            "25:94: messages.streams[0].classes[1].payload.histogram.counts: has 1 entries for 2 bins; give one count for each pair of neighbouring edges"
        ),
        WrongSpec(
            "counts: [5, 2]", "counts: [0, 0]",
            "25:94: messages.streams[0].classes[1].payload.histogram.counts: are all zero; give at least one a positive count"
        ),
        WrongSpec(
            "counts: [5, 2]", "counts: [5, -2]",
            "25:98: messages.streams[0].classes[1].payload.histogram.counts: -2 is out of range; use 0 to 1000000000000000"
        ),
        WrongSpec(
            "counts: [5, 2]", "count: [5, 2]",
            "25:86: unknown key 'messages.streams[0].classes[1].payload.histogram.count'; did you mean 'counts'?"),
        WrongSpec(
            "{weight: 1, constant: 10B}, {weight: 2, constant: 2kB}",
            "{weight: 0, constant: 10B}, {weight: 0, constant: 2kB}",
            "40:30: messages.streams[3].classes[0].payload.mixture: all weights are zero; give at least one a positive weight"
        ),
        WrongSpec(
            "{weight: 1, constant: 10B}", "{constant: 10B}",
            "40:31: 'messages.streams[3].classes[0].payload.mixture[0].weight' is missing; give it a number"),
    ]

    // Arrival processes.
    static let arrivals: [WrongSpec] = [
        WrongSpec(
            "process: poisson", "process: poison",
            "21:27: messages.streams[0].arrivals.process: 'poison' is not known; choose one of poisson, constant, on-off, epoch-edge, periodic, clocks, herd, hourly-volumes, hourly-rates"
        ),
        WrongSpec(
            "process: poisson, rate: 10/s", "rate: 10/s",
            "21:17: 'messages.streams[0].arrivals.process' is missing; give it a text"),
        WrongSpec(
            "rate: 10/s", "rate: 10",
            "21:42: messages.streams[0].arrivals.rate: '10' has no unit; write 10/s, 1100/min or 5/h"),
        WrongSpec(
            "rate: 10/s", "rate: -10/s",
            "21:42: messages.streams[0].arrivals.rate: '-10/s' is negative; use zero or more"),
        WrongSpec(
            "rate: 10/s", "rate: 1e9/s",
            "21:42: messages.streams[0].arrivals.rate: 1e9/s is out of range; use 0/s to 1000000/s"),
        WrongSpec(
            "rate: 10/s", "rte: 10/s",
            "21:36: unknown key 'messages.streams[0].arrivals.rte'; did you mean 'rate'?"),
        WrongSpec(
            "rate: 10/s", "rate: 10/s, burst: 3",
            "21:48: unknown key 'messages.streams[0].arrivals.burst'; known here: process, rate, day-amplitude, peak-hour, weekend"
        ),
        WrongSpec(
            "peak-hour: 18", "peak-hour: 24",
            "21:79: messages.streams[0].arrivals.peak-hour: 24 is out of range; use 0 to 23"),
        WrongSpec(
            "weekend: 80%", "weekend: 180%",
            "21:92: messages.streams[0].arrivals.weekend: '180%' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec(
            "arrivals: {process: poisson, rate: 10/s, day-amplitude: 30%, peak-hour: 18, weekend: 80%}",
            "arrivals: 10/s",
            "21:17: messages.streams[0].arrivals: expected a mapping; write 'key: value' lines below it"),
        WrongSpec(
            "every: 1h, jitter: 30min", "every: 1h, jitter: 2h",
            "27:56: messages.streams[1].arrivals.jitter: is longer than the period; use at most 'every'"),
        WrongSpec(
            "every: 1h, jitter", "evry: 1h, jitter",
            "27:37: unknown key 'messages.streams[1].arrivals.evry'; did you mean 'every'?"),
        WrongSpec(
            "edge: 30s", "edge: 600s",
            "32:69: messages.streams[2].arrivals.edge: is not shorter than the epoch; use less than the epoch"),
        WrongSpec(
            "epoch: 600s", "epoch: 600",
            "32:57: messages.streams[2].arrivals.epoch: '600' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "volumes: [31MiB, 92MiB]", "volumes: []",
            "36:52: messages.streams[3].arrivals.volumes: is empty; write a list such as [1kB, 2kB]"),
        WrongSpec(
            "volumes: [31MiB, 92MiB]", "volume: [31MiB]",
            "36:43: unknown key 'messages.streams[3].arrivals.volume'; did you mean 'volumes'?"),
        WrongSpec(
            "volumes: [31MiB, 92MiB]", "volumes: 31MiB",
            "36:52: messages.streams[3].arrivals.volumes: expected a list; write it as [1kB, 2kB]"),
        WrongSpec(
            "{process: constant, rate: 3/s}", "{process: hourly-volumes, volumes: [1MiB]}",
            "47:95: queries[0].arrivals.process: requests fill no volumes; use 'hourly-volumes' for messages only"),
        WrongSpec(
            "rates: [1/s, 2/s]", "rates: [1/s, 2]",
            "52:105: queries[5].arrivals.rates: '2' has no unit; write 10/s, 1100/min or 5/h"),
        WrongSpec(
            "on: 2s, off: 8s", "on: 2s",
            "42:17: 'messages.streams[4].arrivals.off' is missing; give it a time such as 10s"),
        WrongSpec(
            "on: 2s", "on: 2us",
            "42:51: messages.streams[4].arrivals.on: 2us is out of range; use 1ms to 7d"),
        WrongSpec(
            "count: 3, every: 60s", "count: 10_000_000, every: 1s",
            "48:147: queries[1].arrivals.every: makes more than 1000000 arrivals a second; use a longer time or a smaller count"
        ),
        WrongSpec(
            "within: 30s", "within: 8d",
            "56:59: clients[0].arrivals.within: 8d is out of range; use 1ms to 7d"),
    ]
}
