import LinuxSystem
import LoadRunner
import Workload

/// A simulation whose worker is not woken for a while: what a busy host does to a load generator.
final class OversleepingTarget: LoadTarget {
    private let inner: SimulatedTarget
    private let from: Nanoseconds
    private let until: Nanoseconds

    /// The first wake at or after `from` comes at `until` instead.
    init(_ inner: SimulatedTarget, from: Nanoseconds, until: Nanoseconds) {
        self.inner = inner
        self.from = from
        self.until = until
    }

    func wait(until deadline: Nanoseconds) -> Nanoseconds {
        let now = inner.wait(until: deadline)
        return now >= from && now < until ? inner.wait(until: until) : now
    }

    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        inner.begin(operation, ticket: ticket, now: now)
    }
    func clock() -> Nanoseconds { inner.clock() }
    func takeCompletion() -> Completion? { inner.takeCompletion() }
    func hasStarted(_ ticket: Int) -> Bool { inner.hasStarted(ticket) }
    func takeEvents() -> [TargetEvent] { inner.takeEvents() }
    func end() { inner.end() }
}
