/// Changes that make a good file wrong, and what is said about each.
enum WrongSpecs {
    static let all = frame + topics + messages + arrivals + requests + clients + rest + overlays

    /// Mistakes that one file has all at once, in the order of its lines.
    static let together: [(from: String, to: String, words: String)] = [
        ("18:00:00Z", "18:30:00Z", "not on a full hour"),
        ("shard: 16/32", "shard: 16-32", "is not a shard"),
        ("users: 100", "usres: 100", "did you mean 'users'?"),
        ("sender-clock-skew: 2s", "sender-clock-skew: 2", "has no unit"),
        ("process: poisson, rate: 10/s", "process: poison, rate: 10/s", "'poison' is not known"),
        ("share: 75%", "share: 65%", "add up to 90.0%"),
        ("jitter: 30min", "jitter: 2h", "longer than the period"),
        ("topics: apps}]", "topics: aps}]", "no topics 'aps'"),
        ("constant: 1kB", "constant: 1kB, choices: [2kB]", "second size distribution"),
        ("classes: [chat, backup]", "classes: [chat, bakcup]", "no message class 'bakcup'"),
        ("size:250GB;time:2592000", "age:30d", "not a retention policy"),
        ("quantile: 95%", "quantile: p95", "not a share"),
    ]
}
