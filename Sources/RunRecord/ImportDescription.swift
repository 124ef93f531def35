/// Where the numbers of a record are from that another program measured, and what they cannot carry.
///
/// A record of kind *imported* is one that has this. No rule of validity was checked for it, so it is never evidence.
/// The stable core of `run.json` is there all the same: texts that the source does not tell are ``notKnown``, and the
/// keys named by ``unknown`` hold nothing.
public struct ImportDescription: Codable, Sendable, Equatable {
    /// A file that was read. Names no folder: no path of one machine matters to a reader.
    public struct File: Codable, Sendable, Equatable {
        /// Without its folder.
        public var name: String
        /// Its length.
        public var bytes: Int
        /// SHA-256 of the file, lower-case hex.
        public var digest: String

        /// Takes each value as it is.
        public init(name: String, bytes: Int, digest: String) {
            self.name = name
            self.bytes = bytes
            self.digest = digest
        }
    }

    /// Stands for a text that the source does not tell.
    public static let notKnown = "not known"

    /// What was read, such as `pgbench transaction log`.
    public var source: String
    /// In the order in which they were given.
    public var files: [File]
    /// Wall-clock time of the import, ISO 8601, UTC.
    public var importedAt: String
    /// Whether durations count from the moment an operation was due. If not, they count from its begin, and an
    /// operation that waited to be begun looks fast.
    public var countsFromSchedule: Bool
    /// What such a record cannot support, one sentence each.
    public var limits: [String]
    /// Keys of `run.json` that hold nothing, because the source does not tell, such as `seed` and `host`.
    public var unknown: [String]
    /// How the source's figures moved over the whole time; empty where it has none.
    public var counters: [ImportedCounter]
    /// What the source tells of parts of the time; empty where it tells of single operations.
    public var intervals: [ImportedInterval]

    /// Takes each value as it is.
    public init(
        source: String, files: [File], importedAt: String, countsFromSchedule: Bool, limits: [String],
        unknown: [String], counters: [ImportedCounter], intervals: [ImportedInterval]
    ) {
        self.source = source
        self.files = files
        self.importedAt = importedAt
        self.countsFromSchedule = countsFromSchedule
        self.limits = limits
        self.unknown = unknown
        self.counters = counters
        self.intervals = intervals
    }
}

/// A figure of the source that counts something.
public struct ImportedCounter: Codable, Sendable, Equatable {
    /// With its labels, as the source writes it.
    public var name: String
    /// What it counts.
    public var meaning: String
    /// From the first reading to the last; what was lost in a restart of the source is not in it.
    public var increase: Double
    /// ``increase`` by the time between; `nil` where that is not known.
    public var perSecond: Double?

    /// Takes each value as it is.
    public init(name: String, meaning: String, increase: Double, perSecond: Double?) {
        self.name = name
        self.meaning = meaning
        self.increase = increase
        self.perSecond = perSecond
    }
}

/// What one request class did in a part of the time.
public struct ImportedInterval: Codable, Sendable, Equatable {
    /// Start, in seconds from the start of the record.
    public var atSeconds: Double
    /// Its length.
    public var seconds: Double
    /// As in ``RunRecord/classes``.
    public var requestClass: String
    /// What was completed in it, and what is known of how long that took.
    public var known: KnownLatency
    /// `nil` where the source does not tell.
    public var failed: Int?

    /// Takes each value as it is.
    public init(atSeconds: Double, seconds: Double, requestClass: String, known: KnownLatency, failed: Int?) {
        self.atSeconds = atSeconds
        self.seconds = seconds
        self.requestClass = requestClass
        self.known = known
        self.failed = failed
    }
}

/// What is known of a distribution of durations that is not known as a whole, milliseconds. `nil` is not known.
public struct KnownLatency: Codable, Sendable, Equatable {
    /// Durations it is about.
    public var count: Int
    /// Arithmetic mean.
    public var mean: Double?
    /// Standard deviation.
    public var deviation: Double?
    /// Shortest.
    public var min: Double?
    /// Median.
    public var p50: Double?
    /// 90th percentile.
    public var p90: Double?
    /// 95th percentile.
    public var p95: Double?
    /// 99th percentile.
    public var p99: Double?
    /// 99.9th percentile.
    public var p999: Double?
    /// Longest.
    public var max: Double?
    /// The counts that the percentiles were estimated from, by rising bound; `nil` when they were not.
    public var buckets: [DurationBucket]?

    /// So many durations of which nothing else is known.
    public init(count: Int) {
        self.count = count
    }

    /// A distribution that is known.
    public init(_ quantiles: LatencyQuantiles) {
        self.init(count: quantiles.count)
        mean = quantiles.mean
        p50 = quantiles.p50
        p90 = quantiles.p90
        p95 = quantiles.p95
        p99 = quantiles.p99
        p999 = quantiles.p999
        max = quantiles.max
    }
}

/// How many durations lay between the bound before and this one.
public struct DurationBucket: Codable, Sendable, Equatable {
    /// Milliseconds, inclusive; `nil` for the last one, which has no bound.
    public var upToMs: Double?
    /// Durations above the bound before and up to this one.
    public var count: Int

    /// Takes each value as it is.
    public init(upToMs: Double?, count: Int) {
        self.upToMs = upToMs
        self.count = count
    }
}

extension RunRecord {
    /// Word for why a record that was imported is no evidence; also the kind of such a record.
    public static let importedKind = "imported"

    /// What set the pace, as far as is known: clients without pause, or a schedule.
    public var paceInWords: String {
        if let clients = closedClients { return "\(clients) clients without pause" }
        return imported?.countsFromSchedule == false ? ImportDescription.notKnown : "a schedule"
    }
}

extension ClassSummary {
    /// What is known of its response times, from a distribution or from less; `nil` when nothing completed.
    public var known: KnownLatency? { knownMs ?? responseMs.map(KnownLatency.init) }
}
