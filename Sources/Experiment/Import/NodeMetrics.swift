/// Metrics of a store node that say something of its archive. Names begin with `logos_delivery_` since 2026-07-29; before,
/// those of the archive and the store protocol began with `waku_`, the others with nothing. The node declares most of its
/// counters as gauges, so the type that a snapshot names is not looked at. Of `archive_messages` and `query_time_secs`, which
/// tell of a moment, nothing is made.
enum NodeMetrics {
    /// A histogram of durations in seconds.
    struct Duration {
        let name: String
        let requestClass: String
    }

    /// A figure that only grows until the node starts anew.
    struct Counter {
        let name: String
        let meaning: String
    }

    static let durations = [
        Duration(name: "archive_insert_duration_seconds", requestClass: "put"),
        Duration(name: "archive_query_duration_seconds", requestClass: "store"),
    ]

    static let counters = [
        Counter(name: "archive_errors", meaning: "errors of the archive"),
        Counter(name: "archive_messages_per_shard", meaning: "messages of a shard"),
        Counter(name: "archive_inserts", meaning: "inserts by where the message came from"),
        Counter(name: "store_queries", meaning: "store requests"),
        Counter(name: "store_errors", meaning: "errors of the store protocol"),
        Counter(name: "store_time_seconds", meaning: "seconds in a phase of store requests"),
        Counter(name: "query_count", meaning: "statements sent to the database"),
        Counter(name: "postgres_payload_size_bytes_sum", meaning: "bytes of payload"),
        Counter(name: "postgres_payload_size_bytes_count", meaning: "payloads"),
    ]

    private static let prefixes = ["logos_delivery_", "waku_", ""]

    /// The names that a metric may have in a snapshot; some libraries put `_total` behind a counter's.
    static func spellings(_ name: String) -> [String] {
        prefixes.flatMap { ["\($0)\(name)", "\($0)\(name)_total"] }
    }
}

/// What one snapshot tells of a node.
struct NodeSnapshot {
    /// By request class; absent where the node has not counted any.
    private(set) var durations: [String: DurationCounts] = [:]
    /// By name with labels, as the node writes it, and what it counts.
    private(set) var counters: [String: (meaning: String, value: Double)] = [:]
    /// Histograms that are there and cannot be read, by the names of their metrics.
    private(set) var unsound: [String] = []
    /// When the node's process started, seconds since 1970; `nil` when it does not tell.
    let processStart: Double?

    /// - Parameter exposition: of one moment.
    init(_ exposition: Exposition) {
        processStart = exposition.values("process_start_time_seconds").first?.value
        for metric in NodeMetrics.durations {
            durations[metric.requestClass] =
                NodeMetrics.spellings(metric.name).lazy.compactMap { Self.counts($0, in: exposition) }.first
            if durations[metric.requestClass] == nil {
                unsound += NodeMetrics.spellings(metric.name).filter {
                    !exposition.values("\($0)_bucket").isEmpty
                }
            }
        }
        for metric in NodeMetrics.counters {
            for name in NodeMetrics.spellings(metric.name) {
                for (labels, value) in exposition.values(name) where value.isFinite {
                    counters[Self.text(name, labels)] = (metric.meaning, value)
                }
            }
        }
    }

    private static func counts(_ name: String, in exposition: Exposition) -> DurationCounts? {
        let buckets = exposition.values("\(name)_bucket").compactMap { labels, count in
            labels.first { $0.name == "le" }.flatMap { Double($0.value) }.map { (bound: $0, count: count) }
        }
        guard !buckets.isEmpty, let sum = exposition.values("\(name)_sum").first?.value, sum.isFinite else {
            return nil
        }
        return DurationCounts(cumulative: buckets, sum: sum)
    }

    private static func text(_ name: String, _ labels: [Exposition.Label]) -> String {
        let inside = labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
        return inside.isEmpty ? name : "\(name){\(inside)}"
    }

    /// Whether the node was started anew since an earlier snapshot: its start moved, or a count of durations fell.
    func isRestarted(since earlier: NodeSnapshot) -> Bool {
        // The start is worked out from clocks that do not agree to the last digit.
        if let start = processStart, let before = earlier.processStart, start > before + 1 { return true }
        return durations.contains { name, counts in earlier.durations[name].map { counts.since($0) == nil } ?? false }
    }
}
