/// The database a trial ran against.
public struct TargetDescription: Codable, Sendable {
    /// `managed` or `external`.
    public var kind: String
    /// As `SHOW server_version` gives it.
    public var serverVersion: String
    public var schemaVersion: Int
    public var history: HistoryDescription
    /// The folder that held the server's binaries, by version label only; no path of one machine matters to a reader.
    public var binaries: String
    public var dataChecksums: Bool
    /// Sizes at the end of the trial, largest first, by relation family (`messages`, its TOAST, its indexes, …).
    public var sizes: [SizeRow]

    public init(
        kind: String, serverVersion: String, schemaVersion: Int, history: HistoryDescription, binaries: String,
        dataChecksums: Bool, sizes: [SizeRow]
    ) {
        self.kind = kind
        self.serverVersion = serverVersion
        self.schemaVersion = schemaVersion
        self.history = history
        self.binaries = binaries
        self.dataChecksums = dataChecksums
        self.sizes = sizes
    }
}

/// What the archive held when warm-up began.
public struct HistoryDescription: Codable, Sendable {
    public var rows: Int
    /// `pg_database_size` after loading, and after a variant's patch.
    public var bytes: Int
    /// Hourly partitions that hold history (the live ones for the trial come on top).
    public var partitions: Int
    /// Those that a variant's patch made of them; `nil` where it left them as they were.
    public var patchedPartitions: Int?
    public var loadSeconds: Double
    /// What was done after loading, such as "vacuumed, messages analysed, checkpoint".
    public var state: String

    public init(rows: Int, bytes: Int, partitions: Int, loadSeconds: Double, state: String) {
        self.rows = rows
        self.bytes = bytes
        self.partitions = partitions
        self.loadSeconds = loadSeconds
        self.state = state
    }
}

/// Bytes of one family of relations.
public struct SizeRow: Codable, Sendable {
    public var name: String
    public var bytes: Int

    public init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
    }
}

/// What was under test apart from hardware.
public struct VariantDescription: Codable, Sendable {
    public var name: String
    public var summary: String
    public var schemaVersion: Int
    /// `faithful` is what a store node does today.
    public var driver: String
    /// What the driver does otherwise than a store node of today, one sentence each; empty for `faithful`, `nil` in
    /// records from before there was a choice.
    public var driverChanges: [String]?
    /// Settings whose value differs from the server's built-in default, as the running server reported them.
    public var settings: [SettingRow]
    /// How the file's settings were changed to fit this host; empty when used as written.
    public var adaptations: [String]
    /// How its patch was put in force, one line each; empty or `nil` without one.
    public var applied: [String]?

    public init(
        name: String, summary: String, schemaVersion: Int, driver: String, driverChanges: [String]? = nil,
        settings: [SettingRow], adaptations: [String]
    ) {
        self.name = name
        self.summary = summary
        self.schemaVersion = schemaVersion
        self.driver = driver
        self.driverChanges = driverChanges
        self.settings = settings
        self.adaptations = adaptations
    }
}

/// One server setting as `pg_settings` shows it.
public struct SettingRow: Codable, Sendable {
    public var name: String
    /// Value with its unit, as `current_setting` prints it.
    public var value: String
    public var defaultValue: String
    /// `variant` when asked for by the variant, `tool` when set by ArchiveBench to run a private cluster.
    public var origin: String
    /// The server's own description.
    public var meaning: String
    /// Whether a change of it waits for a restart of the server; absent in older records.
    public var needsRestart: Bool?

    /// Takes each value as it is.
    public init(
        name: String, value: String, defaultValue: String, origin: String, meaning: String, needsRestart: Bool? = nil
    ) {
        self.name = name
        self.value = value
        self.defaultValue = defaultValue
        self.origin = origin
        self.meaning = meaning
        self.needsRestart = needsRestart
    }
}

/// Hardware: what was asked for, what could be enforced, what was seen.
public struct ProfileDescription: Codable, Sendable {
    public var name: String
    public var requested: [String: String]
    public var enforced: [String: String]
    public var observed: [String: String]
    /// What was asked for and is not enforced, one sentence each.
    public var notEnforced: [String]
    /// Share of the machine as its file describes it, when it was shrunk to fit the host; `nil` as written.
    public var scale: Double?
    /// What was changed to fit the host, one sentence each; `nil` for nothing.
    public var adaptations: [String]?
    /// Processors that the load generator had to itself; `nil` when it shared the server's.
    public var generatorProcessors: String?
    /// The machine under the profile, by short probes; `nil` when none ran.
    public var probes: [ProbeRow]?

    public init(
        name: String, requested: [String: String], enforced: [String: String], observed: [String: String],
        notEnforced: [String]
    ) {
        self.name = name
        self.requested = requested
        self.enforced = enforced
        self.observed = observed
        self.notEnforced = notEnforced
    }
}

/// The machine the trial ran on. Names no host and no path.
public struct HostDescription: Codable, Sendable {
    public var processorModel: String
    public var processors: Int
    public var memoryBytes: Int
    public var kernel: String
    public var operatingSystem: String
    /// Filesystem below the data directory, such as `ext4`.
    public var filesystem: String
    /// How the processors choose their frequency; `nil` where the kernel does not tell.
    public var governor: String?
    /// What the machine runs on, such as `virtual machine`.
    public var virtualisation: String?
    /// The disk below the data directory; `nil` when it lies on none.
    public var device: String?

    public init(
        processorModel: String, processors: Int, memoryBytes: Int, kernel: String, operatingSystem: String,
        filesystem: String
    ) {
        self.processorModel = processorModel
        self.processors = processors
        self.memoryBytes = memoryBytes
        self.kernel = kernel
        self.operatingSystem = operatingSystem
        self.filesystem = filesystem
    }
}

/// The traffic in short; the whole of it is the verbatim `workload.yaml` beside the record.
public struct WorkloadDescription: Codable, Sendable {
    public var name: String
    public var summary: String
    /// SHA-256 of the workload file, lower-case hex.
    public var fileDigest: String
    /// What was laid over the file, in order; their texts are `overlay-NAME.yaml`.
    public var overlays: [String]?
    /// Factor on all arrival rates (1 = as written).
    public var rateScale: Double
    public var nodes: Int
    /// Virtual time at the start of warm-up, ISO 8601, UTC.
    public var archiveEpoch: String
    public var shards: [String]
    /// The recording that messages or requests came from; `nil` where the workload made them.
    public var trace: TraceDescription?
    /// Databases where each shard has nodes and one of its own; `nil` where all nodes share one.
    public var databases: Int?

    public init(
        name: String, summary: String, fileDigest: String, overlays: [String] = [], rateScale: Double, nodes: Int,
        archiveEpoch: String,
        shards: [String]
    ) {
        self.name = name
        self.summary = summary
        self.fileDigest = fileDigest
        self.overlays = overlays
        self.rateScale = rateScale
        self.nodes = nodes
        self.archiveEpoch = archiveEpoch
        self.shards = shards
    }
}

/// Lengths of the phases in seconds: planned, and as they came out.
public struct PhaseDescription: Codable, Sendable {
    /// As planned.
    public var warmUpSeconds: Double
    /// As it came out: longer than planned when a trend was left in it, shorter after an early ending; `nil` until the
    /// load ended, and in records of tools that kept to the plan.
    public var warmedUpSeconds: Double?
    /// Why the warm-up went on beyond its plan; `nil` when it did not.
    public var warmUpReason: String?
    public var measureSeconds: Double
    public var drainLimitSeconds: Double
    /// `nil` until the phase ended. Shorter than planned after an early ending.
    public var measuredSeconds: Double?
    public var drainedSeconds: Double?

    /// Where the measure phase began, seconds from the start of warm-up.
    public var measureStartSeconds: Double { warmedUpSeconds ?? warmUpSeconds }

    /// Phases as planned; how they came out is filled in later.
    public init(warmUpSeconds: Double, measureSeconds: Double, drainLimitSeconds: Double) {
        self.warmUpSeconds = warmUpSeconds
        self.measureSeconds = measureSeconds
        self.drainLimitSeconds = drainLimitSeconds
    }
}

/// One second of a trial: a line of `samples.jsonl`.
public struct SecondSample: Codable, Sendable {
    /// Whole seconds from the start of warm-up to the start of this second.
    public var second: Int
    public var phase: String
    /// By request class, only those with something to tell.
    public var classes: [String: ClassSecond]

    public init(second: Int, phase: String, classes: [String: ClassSecond]) {
        self.second = second
        self.phase = phase
        self.classes = classes
    }
}

/// What one request class did in one second.
public struct ClassSecond: Codable, Sendable {
    /// Intended starts in this second.
    public var scheduled: Int
    /// Completions in this second, whenever they were intended.
    public var completed: Int
    public var failed: Int
    /// Response times of those completions, milliseconds; `nil` when none.
    public var p50Ms: Double?
    public var p99Ms: Double?
    public var maxMs: Double?
    /// Bytes on the wire of those completions: messages put, or replies.
    public var wireBytes: Int?

    public init(
        scheduled: Int, completed: Int, failed: Int, p50Ms: Double?, p99Ms: Double?, maxMs: Double?,
        wireBytes: Int? = nil
    ) {
        self.scheduled = scheduled
        self.completed = completed
        self.failed = failed
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
        self.maxMs = maxMs
        self.wireBytes = wireBytes
    }
}
