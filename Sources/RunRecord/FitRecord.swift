/// What was found in a real archive, and how well the workload that was fitted to it resembles it: `fit.json` beside the
/// workload, copied into the folder of every run on it.
///
/// No payload, no content topic and no address is in it. "Not known" is `nil`, never zero.
public struct FitRecord: Codable, Sendable, Equatable {
    /// The format that this version of the tool writes.
    public static let currentFormat = 1

    /// See ``currentFormat``.
    public var formatVersion = FitRecord.currentFormat
    /// Of the tool that read the archive.
    public var toolVersion: String
    /// Wall-clock time of the reading, ISO 8601, UTC.
    public var characterizedAt: String
    /// As `SHOW server_version` gives it.
    public var serverVersion: String
    /// Of the archive, by its tables: 7 or 8.
    public var schemaVersion: Int
    /// The archive as a whole.
    public var archive: ArchiveFigures
    /// What was read of it, and what that cost.
    public var sampling: SamplingFigures
    /// The busiest first.
    public var shards: [ShardFigures]
    /// Real against synthetic, an entry for each aspect and shard.
    public var comparisons: [FitComparison]
    /// What could not be known, one sentence each.
    public var notKnown: [String]
    /// What was assumed in its place, one sentence each.
    public var assumed: [String]

    /// Takes each value as it is.
    public init(
        toolVersion: String, characterizedAt: String, serverVersion: String, schemaVersion: Int,
        archive: ArchiveFigures, sampling: SamplingFigures, shards: [ShardFigures] = [],
        comparisons: [FitComparison] = [], notKnown: [String] = [], assumed: [String] = []
    ) {
        self.toolVersion = toolVersion
        self.characterizedAt = characterizedAt
        self.serverVersion = serverVersion
        self.schemaVersion = schemaVersion
        self.archive = archive
        self.sampling = sampling
        self.shards = shards
        self.comparisons = comparisons
        self.notKnown = notKnown
        self.assumed = assumed
    }
}

/// The archive as a whole.
public struct ArchiveFigures: Codable, Sendable, Equatable {
    /// Messages: counted where all was read, estimated otherwise.
    public var rows: Int
    /// Whether every row was read.
    public var isCounted: Bool
    /// `pg_database_size`; `nil` when the role may not ask.
    public var databaseBytes: Int?
    /// Partitions of `messages`.
    public var partitions: Int
    /// Length of most partitions; `nil` without bounds.
    public var partitionSeconds: Int?
    /// Start of the oldest partition that no gap of a day parts from the newest, seconds since 1970; `nil` without bounds.
    public var oldest: Int?
    /// End of the newest partition that holds messages, seconds since 1970; `nil` without bounds.
    public var newest: Int?
    /// Share of inserts that found the message there already; `nil` where the server does not count statements.
    public var duplicateShare: Double?
    /// Statements of retention that the server counted; `nil` where it counts none.
    public var removals: Int?

    /// Takes each value as it is.
    public init(
        rows: Int, isCounted: Bool, databaseBytes: Int?, partitions: Int, partitionSeconds: Int?, oldest: Int?,
        newest: Int?, duplicateShare: Double?, removals: Int?
    ) {
        self.rows = rows
        self.isCounted = isCounted
        self.databaseBytes = databaseBytes
        self.partitions = partitions
        self.partitionSeconds = partitionSeconds
        self.oldest = oldest
        self.newest = newest
        self.duplicateShare = duplicateShare
        self.removals = removals
    }
}

/// What was read, and what that cost the server.
public struct SamplingFigures: Codable, Sendable, Equatable {
    /// Rows of which time, shard, size and hashed topic were read.
    public var rows: Int
    /// Partitions that rows were asked of.
    public var partitions: Int
    /// Statements sent.
    public var statements: Int
    /// Statements that the server ended at their time-out.
    public var timedOut: Int
    /// Nanoseconds that the server worked on them, network included.
    public var busy: UInt64
    /// Nanoseconds from the first statement to the end.
    public var elapsed: UInt64
    /// Largest share of one processor's time that they may take.
    public var shareLimit: Double
    /// Sessions that were active beside ours, on average, before it began; `nil` when the role may not see them.
    public var activeSessions: Double?
    /// Why it ended before all partitions were asked; `nil` when it did not.
    public var endedEarly: String?

    /// Takes each value as it is.
    public init(
        rows: Int, partitions: Int, statements: Int, timedOut: Int, busy: UInt64, elapsed: UInt64, shareLimit: Double,
        activeSessions: Double?, endedEarly: String?
    ) {
        self.rows = rows
        self.partitions = partitions
        self.statements = statements
        self.timedOut = timedOut
        self.busy = busy
        self.elapsed = elapsed
        self.shareLimit = shareLimit
        self.activeSessions = activeSessions
        self.endedEarly = endedEarly
    }

    /// Share of one processor's time that the statements took.
    public var share: Double { elapsed > 0 ? Double(busy) / Double(elapsed) : 0 }
}

/// One shard of the archive, as it was found and as it was fitted.
public struct ShardFigures: Codable, Sendable, Equatable {
    /// A bin of sizes.
    public struct SizeBin: Codable, Sendable, Equatable {
        /// Upper edge, bytes of payload, inclusive; `nil` for all beyond the last edge.
        public var upTo: Int?
        /// Share of the shard's messages.
        public var share: Double

        /// Takes each value as it is.
        public init(upTo: Int?, share: Double) {
            self.upTo = upTo
            self.share = share
        }
    }

    /// The pubsub topic.
    public var shard: String
    /// Rows of it in the sample.
    public var sampled: Int
    /// Messages a second, over whole hours.
    public var perSecond: Double
    /// Mean payload, bytes.
    public var meanBytes: Double
    /// Payload sizes, by rising edge; shares add up to 1.
    public var sizes: [SizeBin]
    /// Content topics seen in the sample.
    public var topicsSeen: Int
    /// Content topics whose samples look like this one, under ``zipf``.
    public var topicsFitted: Int
    /// Exponent of Zipf's law over ``topicsFitted``.
    public var zipf: Double
    /// Share of the sample on its most popular topic.
    public var topShare: Double
    /// Whether all messages carry the signature of a protected shard.
    public var isProtected: Bool

    /// Takes each value as it is.
    public init(
        shard: String, sampled: Int, perSecond: Double, meanBytes: Double, sizes: [SizeBin], topicsSeen: Int,
        topicsFitted: Int, zipf: Double, topShare: Double, isProtected: Bool
    ) {
        self.shard = shard
        self.sampled = sampled
        self.perSecond = perSecond
        self.meanBytes = meanBytes
        self.sizes = sizes
        self.topicsSeen = topicsSeen
        self.topicsFitted = topicsFitted
        self.zipf = zipf
        self.topShare = topShare
        self.isProtected = isProtected
    }
}

/// One aspect of one shard, or of all requests: the archive against what the workload's generator makes.
public struct FitComparison: Codable, Sendable, Equatable {
    /// What is compared.
    public enum Aspect: String, Codable, CaseIterable, Sendable {
        /// Messages a second, hour by hour.
        case rates
        /// Bytes of payload, message by message.
        case sizes
        /// Popularity rank of a message's content topic, message by message.
        case topics
        /// Store requests by statement shape.
        case mix
    }

    /// The same place of both distributions.
    public struct Point: Codable, Sendable, Equatable {
        /// 0 to 1.
        public var share: Double
        /// Of the archive, in the comparison's unit.
        public var real: Double
        /// Of the generated traffic, in the comparison's unit.
        public var synthetic: Double

        /// Takes each value as it is.
        public init(share: Double, real: Double, synthetic: Double) {
            self.share = share
            self.real = real
            self.synthetic = synthetic
        }
    }

    /// A kind of request and its share of all of them, 0 to 1.
    public struct Part: Codable, Sendable, Equatable {
        /// The statement shape, such as `query.by-hash`.
        public var name: String
        /// In the archive.
        public var real: Double
        /// In the generated traffic.
        public var synthetic: Double

        /// Takes each value as it is.
        public init(name: String, real: Double, synthetic: Double) {
            self.name = name
            self.real = real
            self.synthetic = synthetic
        }
    }

    /// How far apart the two are. Of requests, which have no order, both distances are the share that would have to be of
    /// another kind (the total variation).
    public struct Distance: Codable, Sendable, Equatable {
        /// Kolmogorov and Smirnov's, 0 to 1.
        public var kolmogorovSmirnov: Double
        /// Wasserstein's first, in the aspect's unit.
        public var wasserstein: Double

        /// Takes each value as it is.
        public init(kolmogorovSmirnov: Double, wasserstein: Double) {
            self.kolmogorovSmirnov = kolmogorovSmirnov
            self.wasserstein = wasserstein
        }
    }

    /// What is compared.
    public var aspect: Aspect
    /// The pubsub topic; "all requests" for the mix.
    public var subject: String
    /// Of the values: `/s`, `B`, `rank`; empty for the mix.
    public var unit: String
    /// Hours, messages or requests that the real side rests on.
    public var observations: Int
    /// Mean of the real side, in the unit.
    public var realMean: Double
    /// Mean of the generated side, in the unit.
    public var syntheticMean: Double
    /// Quantiles, rising; empty for the mix.
    public var points: [Point]
    /// Empty but for the mix.
    public var parts: [Part]
    /// How far apart the two were found to be.
    public var distance: Distance
    /// What sampling alone would give: of samples of this size drawn from the synthetic traffic itself, one in twenty lies
    /// further from it (parametric bootstrap, drawn one by one as if neighbours knew nothing of each other).
    public var byChance: Distance

    /// Takes each value as it is.
    public init(
        aspect: Aspect, subject: String, unit: String, observations: Int, realMean: Double, syntheticMean: Double,
        points: [Point] = [], parts: [Part] = [], distance: Distance, byChance: Distance
    ) {
        self.aspect = aspect
        self.subject = subject
        self.unit = unit
        self.observations = observations
        self.realMean = realMean
        self.syntheticMean = syntheticMean
        self.points = points
        self.parts = parts
        self.distance = distance
        self.byChance = byChance
    }

    /// Whether chance alone would do as much.
    public var isWithinChance: Bool { distance.kolmogorovSmirnov <= byChance.kolmogorovSmirnov }
}
