import Workload

/// Where a worker's operations come from: a workload's traffic, or something simpler.
public protocol LoadSource: AnyObject {
    /// What latency is kept by; operations carry indices into it.
    var labels: [RequestLabel] { get }
    /// The next independent operation in the order of intended starts; `nil` when there is none any more.
    func next() -> Operation?
    /// A closed loop takes what comes next at this moment, nanoseconds from the start of warm-up, whatever its intended
    /// start: what arrives with it arrives now.
    func noteTaken(at time: UInt64)
    /// Takes the first runs of the nodes' own jobs out of the sequence, before anything else is taken from it.
    func takeJobs() -> [Operation]
    /// Whether anything ever follows from an answer.
    var hasFollowUps: Bool { get }
    /// Says what follows from the end of an operation, see ``Traffic/follow(_:_:at:_:)``.
    func follow(_ operation: Operation, _ outcome: RequestOutcome, at time: UInt64, _ emit: (Operation) -> Void)
    /// An operation is being begun.
    func noteBegun(_ operation: Operation)
    /// Whether an operation that was planned is still wanted.
    func isWanted(_ operation: Operation) -> Bool
    /// Lets what the source itself begins turn to these nodes only.
    func restrictSessions(to nodes: [Int])
    /// What clients went through, by entry; empty where there are none.
    var sessionTallies: [SessionTally] { get }
    /// The account of what arrived; `nil` where none is kept.
    var arrivedMessages: BandwidthLedger? { get }
    /// The measure phase lies here, nanoseconds from the start of warm-up.
    func settle(measure: Range<UInt64>)
}

extension LoadSource {
    /// Nothing follows from a reply unless a source says so.
    public var hasFollowUps: Bool { false }
    public func follow(
        _ operation: Operation, _ outcome: RequestOutcome, at time: UInt64, _ emit: (Operation) -> Void
    ) {}
    /// Nobody needs to know unless a source says so.
    public func noteTaken(at time: UInt64) {}
    /// No jobs unless a source has some.
    public func takeJobs() -> [Operation] { [] }
    public func noteBegun(_ operation: Operation) {}
    public func isWanted(_ operation: Operation) -> Bool { true }
    public func restrictSessions(to nodes: [Int]) {}
    public var sessionTallies: [SessionTally] { [] }
    public var arrivedMessages: BandwidthLedger? { nil }
    public func settle(measure: Range<UInt64>) {}
}

extension Traffic: LoadSource {
    /// A node's clients go on from what they were told.
    public var hasFollowUps: Bool { true }
    public var arrivedMessages: BandwidthLedger? { arrived }
}
