/// What all cells of an experiment have in common: the cell with every factor at its first level, whether the design
/// has it or not.
public struct ExperimentBase: Codable, Sendable, Equatable {
    /// Name of the traffic.
    public var workload: String
    /// The traffic in one line.
    public var workloadSummary: String
    /// What is laid over the traffic, in order.
    public var overlays: [String]
    /// Factor on all arrival rates (1 = as written).
    public var rateScale: Double
    /// Archive seconds in one second.
    public var timeScale: Int
    /// Messages loaded before each trial.
    public var historyRows: Int
    /// The size that ``historyRows`` was worked out from; `nil` where rows were given.
    public var historyBytes: Int?
    /// Hourly partitions that hold them.
    public var partitions: Int
    /// What is kept, in the node's words; empty for everything.
    public var retention: [String]
    /// As planned, seconds.
    public var warmUpSeconds: Double
    /// As planned, seconds.
    public var measureSeconds: Double
    /// How long the end of requests is waited for, seconds.
    public var drainLimitSeconds: Double
    /// Name of the variant.
    public var variant: String
    /// The variant in one line.
    public var variantSummary: String
    /// Version of the archive's schema.
    public var schemaVersion: Int
    /// Suggestions that every cell has, each with what it changes, such as `connections-5: write-connections 10 → 5`.
    public var suggestions: [String]
    /// Name of the machine's profile; `nil` for the host as it is.
    public var profile: String?
    /// The machine in one line; `nil` for the host as it is.
    public var profileSummary: String?
    /// What was changed to fit machine and host, one sentence each.
    public var adaptations: [String]

    /// Takes each value as it is.
    public init(
        workload: String, workloadSummary: String, overlays: [String] = [], rateScale: Double = 1, timeScale: Int = 1,
        historyRows: Int, historyBytes: Int? = nil, partitions: Int, retention: [String] = [], warmUpSeconds: Double,
        measureSeconds: Double, drainLimitSeconds: Double, variant: String, variantSummary: String,
        schemaVersion: Int, suggestions: [String] = [], profile: String? = nil, profileSummary: String? = nil,
        adaptations: [String] = []
    ) {
        self.workload = workload
        self.workloadSummary = workloadSummary
        self.overlays = overlays
        self.rateScale = rateScale
        self.timeScale = timeScale
        self.historyRows = historyRows
        self.historyBytes = historyBytes
        self.partitions = partitions
        self.retention = retention
        self.warmUpSeconds = warmUpSeconds
        self.measureSeconds = measureSeconds
        self.drainLimitSeconds = drainLimitSeconds
        self.variant = variant
        self.variantSummary = variantSummary
        self.schemaVersion = schemaVersion
        self.suggestions = suggestions
        self.profile = profile
        self.profileSummary = profileSummary
        self.adaptations = adaptations
    }
}

/// A suggestion that a level of a factor puts to the test.
public struct ExperimentSuggestion: Codable, Sendable, Equatable {
    /// Name of the factor.
    public var factor: String
    /// Its level that has the suggestion in force.
    public var level: String
    /// Name of the suggestion.
    public var name: String
    /// Whose it is, what is expected of it, what it risks, and how it is undone.
    public var description: SuggestionDescription

    /// Takes each value as it is.
    public init(factor: String, level: String, name: String, description: SuggestionDescription) {
        self.factor = factor
        self.level = level
        self.name = name
        self.description = description
    }
}

/// What a trial of an experiment was offered, and what it achieved of that.
public struct ExperimentLoad: Codable, Sendable, Equatable {
    /// Due in the measure phase, a second, all request classes together.
    public var offeredPerSecond: Double
    /// Of those, completed before the measure phase ended.
    public var achievedPerSecond: Double
    /// Due and not started when the measure phase ended.
    public var backlog: Int
    /// By request class: requests that response times of the measure phase rest on.
    public var completed: [String: Int]

    /// Takes each value as it is.
    public init(offeredPerSecond: Double, achievedPerSecond: Double, backlog: Int, completed: [String: Int]) {
        self.offeredPerSecond = offeredPerSecond
        self.achievedPerSecond = achievedPerSecond
        self.backlog = backlog
        self.completed = completed
    }

    /// What a trial's record says; `nil` for one that measured nothing.
    ///
    /// - Parameter record: of an ended trial.
    public init?(_ record: RunRecord) {
        guard !record.classes.isEmpty else { return nil }
        self.init(
            offeredPerSecond: record.classes.values.reduce(0) { $0 + $1.offeredPerSecond },
            achievedPerSecond: record.classes.values.reduce(0) { $0 + $1.achievedPerSecond },
            backlog: record.totalAccounting.backlog,
            completed: record.classes.mapValues { $0.responseMs?.count ?? 0 })
    }
}
