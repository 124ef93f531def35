/// The result of an experiment of many trials: `experiment.json` in a folder of its own.
///
/// `experiment.yaml` beside it is the specification word for word. Each trial has a folder of its own below it, with a
/// ``RunRecord``. The record is replaced in one step after each trial, so it is complete JSON at any moment.
public struct ExperimentRecord: Codable, Sendable {
    /// The version written by this tool. A renamed or removed key is a new one.
    public static let currentFormat = 1

    /// How an experiment came to rest.
    public enum Ending: String, Codable, Sendable, CaseIterable {
        /// It runs, or was killed.
        case running
        /// Every trial has come to its end.
        case completed
        /// A person or a signal ended it; it can be resumed.
        case interrupted
        /// Its time was used up before the last trial; it can be resumed with more.
        case budgetSpent
    }

    /// See ``currentFormat``.
    public var formatVersion = ExperimentRecord.currentFormat
    /// Name of the folder.
    public var experimentId: String
    /// Of the specification.
    public var name: String
    /// Of the specification.
    public var summary: String
    /// Of the tool that ran it last.
    public var toolVersion: String
    /// ISO 8601, UTC.
    public var startedAt: String
    /// When it came to rest; `nil` while it runs.
    public var endedAt: String?
    /// How it came to rest.
    public var ending = Ending.running
    /// The command line that makes it again.
    public var command: String
    /// The specification, and every file that it names.
    public var inputs: [ExperimentInput]
    /// Decides the traffic of each repeat, which all its cells have in common, and their order within it.
    public var seed: UInt64
    /// Times that each cell is run, each time in another order.
    public var repeats: Int
    /// Difference that matters, as a share: 0.03 for 3 %.
    public var margin: Double
    /// Time for all of it, seconds; `nil` for as long as it takes.
    public var budgetSeconds: Double?
    /// Before the first trial was known, seconds.
    public var estimatedSeconds: Double
    /// The machine.
    public var host: HostDescription
    /// In the order of the specification; the first level is the base's.
    public var factors: [ExperimentFactor]
    /// How cells were chosen, and what that mixes up.
    public var design: ExperimentDesign
    /// What cells are ranked by, the one that decides first.
    public var metrics: [ExperimentMetric]
    /// In the order of the design; the base, where the design has it, is that with every factor at its first level.
    public var cells: [ExperimentCell]
    /// In the order in which they are run: repeat by repeat.
    public var trials: [ExperimentTrial]
    /// What the finished trials say so far; one for each of ``metrics`` that any trial has.
    public var results: [ExperimentResult] = []
    /// What limits the conclusions, one sentence each.
    public var threats: [String] = []
    /// What it was begun with beside its files; `nil` in records from before that was kept.
    public var conditions: ExperimentConditions?
    /// What all cells have in common; `nil` where the base fits no host, and in records from before that was kept.
    public var base: ExperimentBase?
    /// Suggestions among the levels, in the order of the factors; `nil` in records from before that was kept.
    public var suggestions: [ExperimentSuggestion]?

    /// An experiment of which nothing has been run yet.
    public init(
        experimentId: String, name: String, summary: String, toolVersion: String, startedAt: String, command: String,
        inputs: [ExperimentInput], seed: UInt64, repeats: Int, margin: Double, budgetSeconds: Double?,
        estimatedSeconds: Double, host: HostDescription, factors: [ExperimentFactor], design: ExperimentDesign,
        metrics: [ExperimentMetric], cells: [ExperimentCell], trials: [ExperimentTrial]
    ) {
        self.experimentId = experimentId
        self.name = name
        self.summary = summary
        self.toolVersion = toolVersion
        self.startedAt = startedAt
        self.command = command
        self.inputs = inputs
        self.seed = seed
        self.repeats = repeats
        self.margin = margin
        self.budgetSeconds = budgetSeconds
        self.estimatedSeconds = estimatedSeconds
        self.host = host
        self.factors = factors
        self.design = design
        self.metrics = metrics
        self.cells = cells
        self.trials = trials
    }
}

/// A file that decides what an experiment is.
public struct ExperimentInput: Codable, Sendable, Equatable {
    /// `spec`, `workload`, `overlay`, `variant`, `suggestion`, `profile` or `trace`.
    public var kind: String
    /// As the specification names it; of the specification itself the path, within the checkout where it lies there.
    public var name: String
    /// SHA-256 of its text, with that of its base where it has one; lower-case hex.
    public var digest: String

    /// Takes each value as it is.
    public init(kind: String, name: String, digest: String) {
        self.kind = kind
        self.name = name
        self.digest = digest
    }
}

/// Something that is varied.
public struct ExperimentFactor: Codable, Sendable, Equatable {
    /// Unique within the experiment.
    public var name: String
    /// What is varied, such as `profile`, `suggestion`, `history`, `rate`.
    public var kind: String
    /// At least two, the base's first, as people read them; unique within the factor.
    public var levels: [String]

    /// Takes each value as it is.
    public init(name: String, kind: String, levels: [String]) {
        self.name = name
        self.kind = kind
        self.levels = levels
    }
}

/// How the cells were chosen out of all combinations.
public struct ExperimentDesign: Codable, Sendable, Equatable {
    /// Which of the designs.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Every combination of levels.
        case full
        /// The base, and each other level of each factor by itself.
        case oneAtATime = "one-at-a-time"
        /// Those that the specification lists.
        case listed
        /// A screening design of Plackett and Burman.
        case plackettBurman = "plackett-burman"
        /// A regular fraction of all combinations of two levels.
        case fractional
    }

    /// An effect that cannot be told from another one.
    public struct Alias: Codable, Sendable, Equatable {
        /// A factor's name, or two with ` × ` between them.
        public var effect: String
        /// How much of it is seen in the other one: −1 to 1 and not 0; ±1 for all of it.
        public var share: Double

        /// Takes each value as it is.
        public init(effect: String, share: Double) {
            self.effect = effect
            self.share = share
        }
    }

    /// Which of the designs.
    public var kind: Kind
    /// What it is in a sentence, such as `12 runs of Plackett and Burman for 7 factors`.
    public var summary: String
    /// Resolution: 3 when main effects are mixed with interactions of two factors, 4 when only these with each other,
    /// 5 when neither; `nil` for a design that mixes nothing, or is no two-level one.
    public var resolution: Int?
    /// Of a fraction, by the factors' names, such as `d = a × b × c`; empty for others.
    public var generators: [String]
    /// By effect: what else is seen in it, of all main effects and interactions of two factors. Effects that stand for
    /// themselves are left out.
    public var aliases: [String: [Alias]]

    /// Takes each value as it is.
    public init(
        kind: Kind, summary: String, resolution: Int? = nil, generators: [String] = [],
        aliases: [String: [Alias]] = [:]
    ) {
        self.kind = kind
        self.summary = summary
        self.resolution = resolution
        self.generators = generators
        self.aliases = aliases
    }
}

/// Something that cells are ranked by.
public struct ExperimentMetric: Codable, Sendable, Equatable {
    /// As ``MetricVerdict/metric`` has it, such as `response.p99:put`.
    public var name: String
    /// `ms`, `1/s`, `B`, `B/message`, …
    public var unit: String
    /// Whether less of it is better.
    public var lessIsBetter: Bool

    /// Takes each value as it is.
    public init(name: String, unit: String, lessIsBetter: Bool) {
        self.name = name
        self.unit = unit
        self.lessIsBetter = lessIsBetter
    }
}

/// One combination of levels.
public struct ExperimentCell: Codable, Sendable, Equatable {
    /// Short and unique within the experiment; a part of its trials' folders.
    public var name: String
    /// By the factor's name.
    public var levels: [String: String]

    /// Takes each value as it is.
    public init(name: String, levels: [String: String]) {
        self.name = name
        self.levels = levels
    }
}

/// One trial of an experiment.
public struct ExperimentTrial: Codable, Sendable, Equatable {
    /// Where it stands.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Not begun, or interrupted and to be run again.
        case pending
        /// Begun; one that was running when the tool was killed is run again.
        case running
        /// Ended, and may be used as evidence.
        case done
        /// Ended, and may not be used as evidence.
        case invalid
        /// Could not be run.
        case failed
    }

    /// Place in ``ExperimentRecord/cells``.
    public var cell: Int
    /// From 0.
    public var repetition: Int
    /// Name of its folder, below the experiment's.
    public var folder: String
    /// Before it was run, seconds.
    public var estimatedSeconds: Double
    /// Where it stands.
    public var state = State.pending
    /// Times that it was begun.
    public var attempts = 0
    /// How long its last attempt took from beginning to end, seconds; `nil` until it ended.
    public var seconds: Double?
    /// How long all its attempts took, also those that were interrupted, seconds; of one that was killed as long as it
    /// left traces. `nil` before the first, and in records from before this was kept.
    public var spentSeconds: Double?
    /// Why it is `invalid` or `failed`, one sentence; `nil` for others.
    public var detail: String?
    /// Values of ``ExperimentRecord/metrics`` by name; those that the trial has. A trial that did not keep up has no
    /// response times.
    public var values: [String: Double] = [:]
    /// Objectives that were missed, as people read them; `nil` when none was judged.
    public var missedObjectives: [String]?
    /// Whether it fell behind its schedule, so that it has no response times; `nil` until it ended, and in records from
    /// before this was kept.
    public var fellBehind: Bool?
    /// What was offered and what was achieved; `nil` until it ended, and in records from before this was kept.
    public var load: ExperimentLoad?

    /// Why earlier endings of it were set aside and it was run again, one sentence each; `nil` for none. Their records are
    /// beside its own, in folders with `.set-aside-1` and so on at the end of their names.
    public var setAside: [String]?

    /// A trial to be run.
    public init(cell: Int, repetition: Int, folder: String, estimatedSeconds: Double) {
        self.cell = cell
        self.repetition = repetition
        self.folder = folder
        self.estimatedSeconds = estimatedSeconds
    }

    /// Whether it came to its end, and is not run again unless a person asks for it.
    public var isFinished: Bool { state == .done || state == .invalid || state == .failed }
}

/// What finished trials say about one metric.
public struct ExperimentResult: Codable, Sendable, Equatable {
    /// Name of the metric.
    public var metric: String
    /// The best first. Cells without a value are in ``unranked``.
    public var ranking: [RankedCell]
    /// In the order of the cells; `nil` in records from before they were told.
    public var unranked: [UnrankedCell]?
    /// Main effects in the order of the factors, then interactions; empty until a repeat is complete.
    public var effects: [FactorEffect]
    /// Repeats of which every cell has a value; only these are behind effects and ratios.
    public var completeRepeats: Int
    /// How intervals of ratios and effects were come by, one sentence.
    public var method: String
    /// Cells that have the value 0 in a repeat, and so no ratio; `nil` for none.
    public var zeros: [Int]?

    /// Takes each value as it is.
    public init(
        metric: String, ranking: [RankedCell], unranked: [UnrankedCell]? = nil, effects: [FactorEffect],
        completeRepeats: Int, method: String
    ) {
        self.metric = metric
        self.ranking = ranking
        self.unranked = unranked
        self.effects = effects
        self.completeRepeats = completeRepeats
        self.method = method
    }
}

/// One cell's place.
public struct RankedCell: Codable, Sendable, Equatable {
    /// Place in ``ExperimentRecord/cells``.
    public var cell: Int
    /// Geometric mean over its repeats, in the metric's unit; the arithmetic one where a repeat has the value 0.
    public var value: Double
    /// Lower end of its 95 % interval over repeats, by the noise of all cells together where none is noisier than the
    /// others; `nil` for a single repeat, and where a repeat has the value 0.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// Repeats behind it.
    public var count: Int
    /// By the base's value, repeat by repeat; `nil` where there is no base, or no complete repeat, or a value is 0.
    public var ratio: Double?
    /// Lower end of the ratio's 95 % interval; `nil` for a single repeat.
    public var ratioLow: Double?
    /// Upper end.
    public var ratioHigh: Double?
    /// How probable a ratio at least as far from 1 would be without a difference, after Holm's correction over all
    /// cells that are held against the base; `nil` for a single repeat, and in records from before this was kept.
    public var probability: Double?
    /// The cell by the leader's value; `nil` for the leader itself, without a complete repeat, and in records from
    /// before this was kept.
    public var byLeader: CellContrast?

    /// A cell with its value, of which nothing more is known.
    public init(cell: Int, value: Double, count: Int) {
        self.cell = cell
        self.value = value
        self.count = count
    }
}

/// One cell by another, repeat by repeat.
public struct CellContrast: Codable, Sendable, Equatable {
    /// The cell's value by that of the other.
    public var ratio: Double
    /// Lower end of its 95 % interval, by itself; `nil` for a single repeat.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// How probable a ratio at least as far from 1 would be without a difference, after Holm's correction over all
    /// cells that are held against the other one; `nil` for a single repeat.
    public var probability: Double?

    /// Takes each value as it is.
    public init(ratio: Double, low: Double?, high: Double?, probability: Double?) {
        self.ratio = ratio
        self.low = low
        self.high = high
        self.probability = probability
    }
}

/// A cell that has no place.
public struct UnrankedCell: Codable, Sendable, Equatable {
    /// Place in ``ExperimentRecord/cells``.
    public var cell: Int
    /// Why it has no value, such as `did not keep up with its rate in 2 of 3 repeats`.
    public var reason: String

    /// Takes each value as it is.
    public init(cell: Int, reason: String) {
        self.cell = cell
        self.reason = reason
    }
}

/// What a step of one factor, or two together, does to a metric.
public struct FactorEffect: Codable, Sendable, Equatable {
    /// Name of a factor, or of two with ` × ` between them: by how much the one's effect grows with the other.
    public var effect: String
    /// The level from which; the factor's first. Empty for an interaction.
    public var from: String
    /// The level to which. Empty for an interaction.
    public var to: String
    /// Metric at `to` by metric at `from`, over all that the design averages. For an interaction: the one factor's ratio at
    /// the other's second level by that at its first.
    public var ratio: Double
    /// Lower end of its 95 % interval; `nil` when the design leaves nothing to estimate the noise by.
    public var low: Double?
    /// Upper end.
    public var high: Double?
    /// Pairs of cells behind it, in a screening design cells at each of the two levels; `nil` for an interaction, which
    /// rests on all cells, and in records from before this was kept.
    public var pairs: Int?
    /// Pairs that the design has; more than ``pairs`` when cells have no value.
    public var plannedPairs: Int?

    /// Takes each value as it is.
    public init(
        effect: String, from: String, to: String, ratio: Double, low: Double?, high: Double?, pairs: Int? = nil,
        plannedPairs: Int? = nil
    ) {
        self.pairs = pairs
        self.plannedPairs = plannedPairs
        self.effect = effect
        self.from = from
        self.to = to
        self.ratio = ratio
        self.low = low
        self.high = high
    }
}
