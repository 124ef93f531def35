import RunRecord

/// The server's side of a trial, from the files beside `run.json`.
public struct ServerEvidence: Sendable {
    /// One look at server and host a second, in order; empty when none was kept.
    public var samples: [ServerSample]
    /// What the server did for each statement; `nil` when it was not asked.
    public var statements: ServerStatements?
    /// Plans of statements; empty when none was kept.
    public var plans: [PlanRecord]

    /// What a run without telemetry has.
    public static let none = ServerEvidence(samples: [], statements: nil, plans: [])

    /// What was read of a record's folder; empty or `nil` where it is not there.
    public init(samples: [ServerSample], statements: ServerStatements?, plans: [PlanRecord]) {
        self.samples = samples
        self.statements = statements
        self.plans = plans
    }

    /// Reads the files of a run's folder; what is not there, or damaged, is left out, as the page says where it is
    /// missing.
    init(folder: RecordFolder) {
        samples = (try? folder.readServerSamples()) ?? []
        statements = try? folder.readStatements()
        plans = (try? folder.readPlans()) ?? []
    }
}
