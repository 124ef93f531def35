/// Counts of operations whose intended start lay in one phase. The identity
/// `scheduled = completed + failed + abandoned` holds once the phase has been drained.
public struct Tally: Sendable, Equatable {
    /// All whose intended start lay in the phase.
    public var scheduled = 0
    /// Of those, answered without an error.
    public var completed = 0
    /// Of those, unfinished when the drain limit was reached.
    public var abandoned = 0
    /// Due and not sent when the measure phase ended.
    public var backlog = 0
    /// Failures by SQLSTATE or client code.
    public var failures: [String: Int] = [:]

    /// Nothing counted yet.
    public init() {}

    /// All failures, whatever the reason.
    public var failed: Int { failures.values.reduce(0, +) }

    /// Whether nothing was lost or counted twice; `true` once the phase has been drained.
    public var identityHolds: Bool { scheduled == completed + failed + abandoned }

    /// Adds another tally, field by field.
    public mutating func add(_ other: Tally) {
        scheduled += other.scheduled
        completed += other.completed
        abandoned += other.abandoned
        backlog += other.backlog
        failures.merge(other.failures, uniquingKeysWith: +)
    }
}
