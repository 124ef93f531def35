/// The result of one trial: what was asked, what was enforced, what was observed, and whether it may be used.
///
/// Stored as `run.json` in the run's folder. The keys of this type down to ``profile`` and ``host`` are the stable
/// core; a renamed or removed key is a new ``formatVersion``. More keys may be added beside them at any time.
///
/// Times are milliseconds, rates are per second, sizes are bytes, unless a name says otherwise.
/// "No data" is `nil` (an absent key), never zero.
public struct RunRecord: Codable, Sendable {
    /// The format that this version of the tool writes.
    public static let currentFormat = 1

    /// How the trial came to its end.
    public enum Ending: String, Codable, Sendable {
        /// The record was opened and the trial has not ended yet (or the tool was killed).
        case running
        /// All phases ran to their planned end.
        case completed
        /// A person or a signal ended it early; what was measured until then is here.
        case interrupted
        /// The database server went away during the trial.
        case serverLost
        /// The trial could not go on for another reason, given in ``RunRecord/endingDetail``.
        case failed
    }

    public var formatVersion = RunRecord.currentFormat
    /// The name of the run's folder: start time, workload and a few random characters.
    public var runId: String
    public var toolVersion: String
    /// Wall-clock start, ISO 8601, UTC.
    public var startedAt: String
    /// Wall-clock end of the drain phase, ISO 8601, UTC.
    public var endedAt: String?
    public var ending: Ending
    /// One sentence on an ending other than `completed`.
    public var endingDetail: String?
    /// SHA-256 of the canonical bytes of the offered operations, lower-case hex.
    public var digest: String
    public var seed: UInt64

    /// Whether the trial ran to its plan and every rule of ``validity`` holds. Who uses records as evidence asks
    /// ``isEvidence``.
    public var valid: Bool
    public var validity: [ValidityFinding]
    /// The measure phase, by request class.
    public var accounting: [String: Accounting]
    /// The warm-up phase, by request class, so that nothing offered goes unaccounted for.
    public var warmUpAccounting: [String: Accounting]
    /// The measure phase, by request class.
    public var classes: [String: ClassSummary]
    public var generator: GeneratorCost
    public var objectives: [ObjectiveFinding]
    public var targets: [TargetDescription]
    public var variant: VariantDescription
    public var profile: ProfileDescription
    public var host: HostDescription

    public var workload: WorkloadDescription
    public var phases: PhaseDescription
    /// What set the pace; `nil` in records of tools that knew the open loop only.
    public var pacing: PacingDescription?
    /// What the traffic was like; `nil` until the load has ended.
    public var traffic: TrafficSummary?
    /// Response times by page depth and by age of the data; `nil` when they were not kept apart.
    public var aspects: RequestAspects?
    /// What the load generator was found to be on this host; `nil` when it was never calibrated here.
    public var calibration: CalibrationQuote?
    /// The exact command line that makes this run again.
    public var command: String
    /// Where the numbers are from when another program measured them; `nil` for a trial of this tool.
    public var imported: ImportDescription?
    /// Moments worth a mark on a time line, in order; also in `events.jsonl`.
    public var events: [TrialEvent]
    /// Stalls of the measured load, in order, the longest hundred at most; each is an event too. `nil` when none was
    /// looked for.
    public var stalls: [Stall]?
    /// The server's side; `nil` when it was not looked at.
    public var server: ServerSummary?
    /// What a reader might look for and this run does not have, one sentence each.
    public var notCollected: [String]

    public init(
        runId: String, toolVersion: String, startedAt: String, digest: String, seed: UInt64,
        variant: VariantDescription, profile: ProfileDescription, host: HostDescription,
        workload: WorkloadDescription, phases: PhaseDescription, command: String
    ) {
        self.runId = runId
        self.toolVersion = toolVersion
        self.startedAt = startedAt
        self.ending = .running
        self.digest = digest
        self.seed = seed
        self.valid = false
        self.validity = []
        self.accounting = [:]
        self.warmUpAccounting = [:]
        self.classes = [:]
        self.generator = GeneratorCost()
        self.objectives = []
        self.targets = []
        self.variant = variant
        self.profile = profile
        self.host = host
        self.workload = workload
        self.phases = phases
        self.command = command
        self.events = []
        self.notCollected = []
    }
}

/// One rule a trial must obey to count as evidence, and what was found.
public struct ValidityFinding: Codable, Sendable, Equatable {
    /// A short stable name, such as `generator-lag`.
    public var rule: String
    public var holds: Bool
    /// What was seen, with its unit, as text for people.
    public var observed: String
    /// What the rule allows, with its unit, as text for people.
    public var threshold: String
    /// Why the rule exists, in one sentence.
    public var reason: String

    public init(rule: String, holds: Bool, observed: String, threshold: String, reason: String) {
        self.rule = rule
        self.holds = holds
        self.observed = observed
        self.threshold = threshold
        self.reason = reason
    }
}

/// What became of the operations whose intended start lay in one phase.
///
/// The identity `scheduled = completed + failed + abandoned` holds, as does `failed = Σ errors`.
public struct Accounting: Codable, Sendable, Equatable {
    public var scheduled = 0
    public var completed = 0
    public var failed = 0
    /// Unfinished when the drain limit was reached.
    public var abandoned = 0
    /// Due and not started when the measure phase ended (a part of the others, not one more).
    public var backlog = 0
    /// Failures by SQLSTATE or client code.
    public var errors: [String: Int] = [:]

    public init() {}

    /// `true` when nothing was lost or counted twice.
    public var identityHolds: Bool {
        scheduled == completed + failed + abandoned && failed == errors.values.reduce(0, +)
    }

    /// Adds another account to this one, field by field.
    public mutating func add(_ other: Accounting) {
        scheduled += other.scheduled
        completed += other.completed
        failed += other.failed
        abandoned += other.abandoned
        backlog += other.backlog
        errors.merge(other.errors, uniquingKeysWith: +)
    }
}

/// Rates and latencies of one request class in the measure phase.
public struct ClassSummary: Codable, Sendable {
    /// Due in the measure phase.
    public var offeredPerSecond: Double
    /// Of those, completed before the measure phase ended. What ended later is in the accounting and in the latencies.
    public var achievedPerSecond: Double
    /// Those of ``achievedPerSecond`` that met the class's objective; `nil` where the workload states none.
    public var goodputPerSecond: Double?
    /// Intended start to done; `nil` when nothing completed.
    public var responseMs: LatencyQuantiles?
    /// What is known of the response times where ``responseMs`` is not, as in some imported records; `nil` elsewhere.
    public var knownMs: KnownLatency?
    /// Sent to done.
    public var serviceMs: LatencyQuantiles?
    /// Intended start to sent.
    public var lagMs: LatencyQuantiles?
    /// What the response time was made of; `nil` when nothing completed, and in records of tools that did not tell.
    public var waitsMs: WaitTimes?
    /// Points of the percentile curve, for charts: rising percentile.
    public var curve: [CurvePoint]
    /// Rows returned by completed operations (rows, not messages of the page).
    public var rows: Int
    /// Cursor chains that ended because their next page lay beyond the measure phase.
    public var chainsCut: Int

    public init(
        offeredPerSecond: Double, achievedPerSecond: Double, goodputPerSecond: Double?,
        responseMs: LatencyQuantiles?, serviceMs: LatencyQuantiles?, lagMs: LatencyQuantiles?,
        curve: [CurvePoint], rows: Int, chainsCut: Int, waitsMs: WaitTimes? = nil
    ) {
        self.offeredPerSecond = offeredPerSecond
        self.achievedPerSecond = achievedPerSecond
        self.goodputPerSecond = goodputPerSecond
        self.responseMs = responseMs
        self.serviceMs = serviceMs
        self.lagMs = lagMs
        self.curve = curve
        self.rows = rows
        self.chainsCut = chainsCut
        self.waitsMs = waitsMs
    }
}

/// A latency distribution in short, milliseconds. Values carry the histogram's three significant digits.
public struct LatencyQuantiles: Codable, Sendable, Equatable {
    public var count: Int
    public var mean: Double
    public var p50: Double
    public var p90: Double
    public var p95: Double
    public var p99: Double
    /// `nil` where fewer than ten samples lie beyond it, so that it would rest on chance.
    public var p999: Double?
    public var max: Double

    public init(
        count: Int, mean: Double, p50: Double, p90: Double, p95: Double, p99: Double, p999: Double?, max: Double
    ) {
        self.count = count
        self.mean = mean
        self.p50 = p50
        self.p90 = p90
        self.p95 = p95
        self.p99 = p99
        self.p999 = p999
        self.max = max
    }
}

/// One point of a percentile curve.
public struct CurvePoint: Codable, Sendable, Equatable {
    /// 0 … 100.
    public var percentile: Double
    public var responseMs: Double
    public var serviceMs: Double

    public init(percentile: Double, responseMs: Double, serviceMs: Double) {
        self.percentile = percentile
        self.responseMs = responseMs
        self.serviceMs = serviceMs
    }
}

/// What the load generator itself cost, so that a reader can judge whether it disturbed the measurement.
public struct GeneratorCost: Codable, Sendable, Equatable {
    public var workers = 0
    /// CPU time of the worker threads per operation of the measure phase, in microseconds.
    public var cpuMicrosPerOperation: Double?
    /// CPU time of the worker threads as a share of the measure phase (1 = one processor busy).
    public var cpuShare: Double?
    /// Largest resident size of the process, bytes.
    public var peakMemoryBytes: Int?
    /// Intended start to the moment the worker turned to the operation: the generator's own lateness.
    public var lagMs: LatencyQuantiles?

    public init() {}
}

/// A service level of the workload and whether the trial held it.
public struct ObjectiveFinding: Codable, Sendable, Equatable {
    /// As a person reads it, such as "p95 of store.hashes.* with < 10 hashes below 10 ms".
    public var objective: String
    /// Request classes it is about: one name, or a beginning with `*`.
    public var classes: String
    public var quantile: Double
    public var limitMs: Double
    /// `nil` when no operation came under the objective.
    public var observedMs: Double?
    public var operations: Int
    /// `nil` when it cannot be judged.
    public var holds: Bool?

    public init(
        objective: String, classes: String, quantile: Double, limitMs: Double, observedMs: Double?, operations: Int,
        holds: Bool?
    ) {
        self.objective = objective
        self.classes = classes
        self.quantile = quantile
        self.limitMs = limitMs
        self.observedMs = observedMs
        self.operations = operations
        self.holds = holds
    }

    /// Whether it is about a request class.
    public func concerns(_ name: String) -> Bool {
        classes.hasSuffix("*") ? name.hasPrefix(classes.dropLast()) : name == classes
    }
}

/// A moment of the trial, in seconds from the start of warm-up (negative: before it).
public struct TrialEvent: Codable, Sendable, Equatable {
    public var atSeconds: Double
    /// A short stable name, such as `phase.measure`, `connection.lost`, `server.lost`.
    public var kind: String
    public var detail: String

    public init(atSeconds: Double, kind: String, detail: String) {
        self.atSeconds = atSeconds
        self.kind = kind
        self.detail = detail
    }
}
