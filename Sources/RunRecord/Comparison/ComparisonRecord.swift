/// The result of one comparison: `comparison.json` in a folder of its own.
///
/// A base and its candidates took the same operations in turns; `slices.jsonl` beside it has one ``SliceRecord`` a line,
/// `slices.hlog` the histograms of each slice by side and request class. A comparison of trials that were run apart has
/// neither.
public struct ComparisonRecord: Codable, Sendable {
    /// The version written by this tool. A renamed or removed key is a new one.
    public static let currentFormat = 1

    /// See ``currentFormat``.
    public var formatVersion = ComparisonRecord.currentFormat
    /// Name of the folder.
    public var comparisonId: String
    /// Of the tool that ran it.
    public var toolVersion: String
    /// ISO 8601, UTC.
    public var startedAt: String
    /// `nil` while it runs.
    public var endedAt: String?
    /// The command line that makes it again.
    public var command: String
    /// Decides traffic, and the order of sides in each block.
    public var seed: UInt64
    /// Of the sequence of operations that every side took.
    public var digest: String
    /// The traffic.
    public var workload: WorkloadDescription
    /// The machine.
    public var host: HostDescription
    /// The hardware that every side was held to; `nil` for the host as it is.
    public var profile: ProfileDescription?
    /// Fixed before the first slice.
    public var rule: ComparisonRule
    /// The base first.
    public var sides: [ComparedSide]
    /// One for each candidate, in the order of ``sides``.
    public var pairs: [ComparedPair] = []
    /// Whether the verdicts may be used as evidence.
    public var valid = false
    /// What ``valid`` was decided by.
    public var validity: [ValidityFinding] = []
    /// What was asked for and is not there, one sentence each.
    public var notCollected: [String] = []
    /// What limits the conclusions, one sentence each.
    public var threats: [String] = []
    /// What this host's calibration of the statistics said; `nil` when there was none.
    public var calibration: [CalibrationLine]?

    /// A comparison of which nothing has been run yet.
    public init(
        comparisonId: String, toolVersion: String, startedAt: String, command: String, seed: UInt64, digest: String,
        workload: WorkloadDescription, host: HostDescription, profile: ProfileDescription?, rule: ComparisonRule,
        sides: [ComparedSide]
    ) {
        self.comparisonId = comparisonId
        self.toolVersion = toolVersion
        self.startedAt = startedAt
        self.command = command
        self.seed = seed
        self.digest = digest
        self.workload = workload
        self.host = host
        self.profile = profile
        self.rule = rule
        self.sides = sides
    }
}

/// One line of a calibration, as a report quotes it.
public struct CalibrationLine: Codable, Sendable, Equatable {
    /// What was measured.
    public var name: String
    /// Its value.
    public var value: Double
    /// Lower end of its interval.
    public var low: Double
    /// Upper end of its interval.
    public var high: Double

    /// Takes each value as it is.
    public init(name: String, value: Double, low: Double, high: Double) {
        self.name = name
        self.value = value
        self.low = low
        self.high = high
    }
}

/// How verdicts are come by, fixed before the first slice.
public struct ComparisonRule: Codable, Sendable, Equatable {
    /// How the sides were measured.
    public enum Mode: String, Codable, Sendable, CaseIterable {
        /// Slices of seconds in turns, for steady effects of single operations.
        case short
        /// Slices of at least a checkpoint or an archive hour, for effects of that scale.
        case long
        /// Trials that were run apart.
        case offline
    }

    /// Difference that matters, as a share: 0.03 for 3 %.
    public var margin: Double
    /// Of intervals and verdicts, all looks and metrics together: 0.95.
    public var confidence: Double
    /// How the sides were measured.
    public var mode: Mode
    /// Whether operations kept to a schedule; `false` for clients without pause.
    public var isOpenLoop: Bool
    /// Clients of the closed loop; `nil` for the open one.
    public var clients: Int?
    /// Length of one slice, seconds.
    public var sliceSeconds: Double
    /// Numbers of blocks after which the verdict is looked at; the last is the most that the budget holds.
    public var looks: [Int]
    /// Time for all of it, seconds.
    public var budgetSeconds: Double
    /// Completions that a request class needs in a slice, on average, to carry a verdict.
    public var leastPerSlice: Int
    /// Metrics that carry verdicts; others are told with an interval only. See ``MetricVerdict/metric``.
    public var primary: [String]
    /// Whether base and candidate are the same on purpose.
    public var isAA: Bool

    /// Takes each value as it is.
    public init(
        margin: Double, confidence: Double, mode: Mode, isOpenLoop: Bool, clients: Int?, sliceSeconds: Double,
        looks: [Int], budgetSeconds: Double, leastPerSlice: Int, primary: [String], isAA: Bool
    ) {
        self.margin = margin
        self.confidence = confidence
        self.mode = mode
        self.isOpenLoop = isOpenLoop
        self.clients = clients
        self.sliceSeconds = sliceSeconds
        self.looks = looks
        self.budgetSeconds = budgetSeconds
        self.leastPerSlice = leastPerSlice
        self.primary = primary
        self.isAA = isAA
    }
}

/// One side of a comparison.
public struct ComparedSide: Codable, Sendable {
    /// Unique within the comparison: the variant's name, with a number or what differs where two are the same.
    public var name: String
    /// What was under test.
    public var variant: VariantDescription
    /// Where it ran; sizes at the end.
    public var target: TargetDescription
    /// What it suggests; `nil` for what is no suggestion.
    public var suggestion: SuggestionDescription?
    /// How each part of it was put in force, in order, such as "work_mem: read back as 64MB".
    public var applied: [String] = []
    /// Operations of its slices by request class.
    public var accounting: [String: Accounting] = [:]
    /// Statements over all its slices; `nil` where the server does not tell.
    public var statements: ServerStatements?
    /// The server over all its slices; `nil` where it was not looked at.
    public var server: ServerSummary?
    /// Memory of the server's processes after the last slice, shared memory once, with all connections open; bytes. `nil`
    /// where it was not looked at.
    public var memoryBytes: Int?
    /// Plans of its statements after the last slice.
    public var plans: [PlanRecord] = []
    /// The record of the trial, for a side that was run apart.
    public var runId: String?
    /// What a side was imported from, such as `pgbench transaction log`; `nil` for trials of this tool.
    public var imported: String?

    /// A side of which nothing has been run yet.
    public init(
        name: String, variant: VariantDescription, target: TargetDescription, suggestion: SuggestionDescription? = nil
    ) {
        self.name = name
        self.variant = variant
        self.target = target
        self.suggestion = suggestion
    }
}

/// A suggestion: a difference to a base, whose it is, and what is expected of it.
public struct SuggestionDescription: Codable, Sendable, Equatable {
    /// Name of the variant that it is a difference to.
    public var base: String
    /// Who proposed it.
    public var author: String
    /// Where that stands: a page, an issue.
    public var source: String
    /// What is expected of it, one sentence.
    public var expectation: String
    /// What it could do harm to, one sentence.
    public var risk: String
    /// What it changes, one line each, such as `work_mem: 4MB → 64MB` or the name of an SQL patch.
    public var changes: [String]
    /// How it is undone; `nil` for one that is not reversible.
    public var undo: String?

    /// Takes each value as it is.
    public init(
        base: String, author: String, source: String, expectation: String, risk: String, changes: [String],
        undo: String?
    ) {
        self.base = base
        self.author = author
        self.source = source
        self.expectation = expectation
        self.risk = risk
        self.changes = changes
        self.undo = undo
    }
}
