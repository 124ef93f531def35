/// A candidate against the base.
public struct ComparedPair: Codable, Sendable {
    /// Name of the candidate's side.
    public var candidate: String
    /// By metric, those that carry verdicts first.
    public var metrics: [MetricVerdict]
    /// By request class.
    public var curves: [ShiftCurve]
    /// Blocks that counted.
    public var blocks: Int
    /// Blocks that were left out by a rule fixed beforehand, by reason.
    public var excluded: [String: Int]
    /// Why no more blocks were run.
    public var stopped: String
    /// Whether both sides carried the offered rate; a side that did not has no latency.
    public var keptUp: KeptUp
    /// Same answers: `nil` for "not checked".
    public var equivalence: CheckResult?
    /// Nothing lost: `nil` for "not checked".
    public var safety: CheckResult?

    /// Which sides carried the rate.
    public enum KeptUp: String, Codable, Sendable, CaseIterable {
        /// Both did.
        case both
        /// The base did not.
        case candidateOnly
        /// The candidate did not.
        case baseOnly
        /// None did.
        case neither
        /// One was behind in more blocks than is usual, the other was not, and that may be chance.
        case unsure
    }

    /// A pair of which nothing but verdicts and curves is known.
    public init(
        candidate: String, metrics: [MetricVerdict], curves: [ShiftCurve], blocks: Int, excluded: [String: Int],
        stopped: String, keptUp: KeptUp
    ) {
        self.candidate = candidate
        self.metrics = metrics
        self.curves = curves
        self.blocks = blocks
        self.excluded = excluded
        self.stopped = stopped
        self.keptUp = keptUp
    }
}

/// Whether something was found right.
public struct CheckResult: Codable, Sendable, Equatable {
    /// Whether it was.
    public var holds: Bool
    /// What was looked at and found, one sentence.
    public var detail: String

    /// Takes each value as it is.
    public init(holds: Bool, detail: String) {
        self.holds = holds
        self.detail = detail
    }
}

/// The four words a metric is judged by.
public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Surely beyond the margin on the good side.
    case better
    /// Surely beyond zero on the bad side, and by more than the margin.
    case worse
    /// Surely within the margin.
    case equivalent
    /// None of these can be said.
    case inconclusive
}

/// One metric of a candidate against the base.
public struct MetricVerdict: Codable, Sendable, Equatable {
    /// Unique within a pair: the quantity, and behind a colon the request class where it has one, such as
    /// `response.p99:put`, `throughput:put`, `server.cpu`, `wal.bytes`.
    public var metric: String
    /// `µs`, `ms`, `s`, `1/s`, `B`, `B/message`, or a count's name.
    public var unit: String
    /// Whether less of it is better.
    public var lessIsBetter: Bool
    /// The base's value over all blocks that counted; `nil` when it has none.
    public var base: Double?
    /// The candidate's.
    public var candidate: Double?
    /// Candidate by base; `nil` when it could not be estimated.
    public var ratio: RatioInterval?
    /// `nil` for a metric that carries none.
    public var verdict: Verdict?
    /// The rule that gave the verdict, or why there is none, one sentence.
    public var reason: String
    /// Probability of a difference at least as large without any, after Holm's correction; `nil` without verdict.
    public var probability: Double?
    /// The smallest effect, as a share, that this many blocks would have found four times out of five; `nil` unknown.
    public var smallestEffect: Double?
    /// Blocks that would settle an inconclusive verdict at the noise seen; `nil` for others.
    public var blocksToSettle: Int?

    /// A metric with its two values, of which nothing is said yet.
    public init(
        metric: String, unit: String, lessIsBetter: Bool, base: Double?, candidate: Double?, ratio: RatioInterval?,
        verdict: Verdict?, reason: String
    ) {
        self.metric = metric
        self.unit = unit
        self.lessIsBetter = lessIsBetter
        self.base = base
        self.candidate = candidate
        self.ratio = ratio
        self.verdict = verdict
        self.reason = reason
    }
}

/// A ratio with its interval.
public struct RatioInterval: Codable, Sendable, Equatable {
    /// Candidate by base.
    public var value: Double
    /// Lower end of the interval, adjusted for looks and metrics.
    public var low: Double
    /// Upper end of the interval, adjusted for looks and metrics.
    public var high: Double
    /// Blocks behind it.
    public var blocks: Int
    /// Of the blocks' log ratios.
    public var deviation: Double
    /// Of the blocks' log ratios, from one to the next.
    public var autocorrelation: Double

    /// Takes each value as it is.
    public init(value: Double, low: Double, high: Double, blocks: Int, deviation: Double, autocorrelation: Double) {
        self.value = value
        self.low = low
        self.high = high
        self.blocks = blocks
        self.deviation = deviation
        self.autocorrelation = autocorrelation
    }
}

/// How the distribution of response times moved: the shift function (Wilcox, "Introduction to Robust Estimation and
/// Hypothesis Testing", 5.1.3), as ratios of quantiles.
public struct ShiftCurve: Codable, Sendable, Equatable {
    /// One quantile of both sides.
    public struct Point: Codable, Sendable, Equatable {
        /// 10 … 99.9.
        public var percentile: Double
        /// Response time of the base, milliseconds (Harrell–Davis, all its slices together).
        public var baseMs: Double
        /// Of the candidate.
        public var candidateMs: Double
        /// Candidate by base.
        public var ratio: Double
        /// Lower end of a band that holds all points at once.
        public var low: Double
        /// Upper end of that band.
        public var high: Double

        /// Takes each value as it is.
        public init(
            percentile: Double, baseMs: Double, candidateMs: Double, ratio: Double, low: Double, high: Double
        ) {
            self.percentile = percentile
            self.baseMs = baseMs
            self.candidateMs = candidateMs
            self.ratio = ratio
            self.low = low
            self.high = high
        }
    }

    /// Of the requests.
    public var requestClass: String
    /// Operations of both sides together.
    public var operations: Int
    /// Quantiles that the sample carries (at least ten operations beyond each), ascending.
    public var points: [Point]

    /// Takes each value as it is.
    public init(requestClass: String, operations: Int, points: [Point]) {
        self.requestClass = requestClass
        self.operations = operations
        self.points = points
    }
}

/// One side's turn in one block: a line of `slices.jsonl`.
public struct SliceRecord: Codable, Sendable, Equatable {
    /// Number of the block, from 0.
    public var block: Int
    /// Place within the block, from 0; a coin decides which side has which.
    public var place: Int
    /// Name of the side.
    public var side: String
    /// Start, seconds from the start of the first slice.
    public var atSeconds: Double
    /// In which operations were begun.
    public var seconds: Double
    /// From there to the last completion.
    public var drainSeconds: Double
    /// Whether all its operations ended before the drain limit.
    public var isDrained: Bool
    /// Why its block does not count; `nil` when it does.
    public var excluded: String?
    /// By request class: begun in this slice.
    public var scheduled: [String: Int]
    /// By request class: ended well in this slice, those left over from an earlier one included; the others are in ``failed``.
    public var completed: [String: Int]
    /// By request class.
    public var failed: [String: Int]
    /// By the name that ``MetricVerdict/metric`` has; only what could be read.
    public var metrics: [String: Double]

    /// A slice of which nothing has been measured yet.
    public init(block: Int, place: Int, side: String, atSeconds: Double, seconds: Double) {
        self.block = block
        self.place = place
        self.side = side
        self.atSeconds = atSeconds
        self.seconds = seconds
        drainSeconds = 0
        isDrained = true
        (scheduled, completed, failed, metrics) = ([:], [:], [:], [:])
    }
}
