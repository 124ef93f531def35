import Workload

/// Where a worker's operations come from: a workload's traffic, or something simpler.
public protocol LoadSource: AnyObject {
    /// What latency is kept by; operations carry indices into it.
    var labels: [RequestLabel] { get }
    /// The next independent operation in the order of intended starts; `nil` when there is none any more.
    func next() -> Operation?
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
    var arrivals: BandwidthLedger? { get }
}

extension LoadSource {
    public func follow(
        _ operation: Operation, _ outcome: RequestOutcome, at time: UInt64, _ emit: (Operation) -> Void
    ) {}
    public func noteBegun(_ operation: Operation) {}
    public func isWanted(_ operation: Operation) -> Bool { true }
    public func restrictSessions(to nodes: [Int]) {}
    public var sessionTallies: [SessionTally] { [] }
    public var arrivals: BandwidthLedger? { nil }
}

extension Traffic: LoadSource {
    public var arrivals: BandwidthLedger? { arrived }
}
