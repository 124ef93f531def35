/// What set the pace of a load.
public struct PacingDescription: Codable, Sendable, Equatable {
    /// How it was set.
    public enum Kind: String, Codable, Sendable {
        /// By the schedule: operations begin when they are due.
        case open
        /// By the answers: each client begins its next operation when its last one has ended.
        case closed
    }

    /// What decided when an operation began.
    public var kind: Kind
    /// Operations at most under way at any moment, the nodes' own jobs aside; `nil` in an open loop.
    public var clients: Int?

    /// An open loop where no clients are given.
    public init(clients: Int? = nil) {
        kind = clients == nil ? .open : .closed
        self.clients = clients
    }
}

extension RunRecord {
    /// The event of a closed loop that came to the end of its sequence before the time.
    public static let sequenceEndedEvent = "sequence.ended"

    /// Clients of a closed loop; `nil` when the load ran to a schedule.
    public var closedClients: Int? { pacing?.kind == .closed ? pacing?.clients : nil }

    /// Operations of all request classes that were completed within the measure phase, a second; the answer of a closed
    /// loop.
    public var throughput: Double { classes.values.reduce(0) { $0 + $1.achievedPerSecond } }
}

/// What response times were made of, milliseconds. The means add up to the response time's mean but for what a node does
/// between its statements; quantiles do not add up.
public struct WaitTimes: Codable, Sendable, Equatable {
    /// Intended start to the moment the generator turned to the operation; of all that were begun.
    public var schedule: LatencyQuantiles
    /// For a free connection of the node's pool, all statements of the operation together; of the completed, as the rest.
    public var connection: LatencyQuantiles
    /// From sending a statement to the first byte of its answer, all statements together.
    public var firstByte: LatencyQuantiles
    /// From the first byte of an answer to the last, all statements together.
    public var transfer: LatencyQuantiles

    /// The parts of the response time, each over all operations.
    public init(
        schedule: LatencyQuantiles, connection: LatencyQuantiles, firstByte: LatencyQuantiles,
        transfer: LatencyQuantiles
    ) {
        self.schedule = schedule
        self.connection = connection
        self.firstByte = firstByte
        self.transfer = transfer
    }
}
