import LinuxSystem
import LoadRunner
import Workload

/// Completes everything at once, in real time.
final class RealTimeTarget: LoadTarget {
    private var done: [Completion] = []

    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        done.append(Completion(ticket: ticket, sent: now, done: now, waits: Waits()))
    }

    func wait(until deadline: Nanoseconds) -> Nanoseconds {
        let now = Clock.now()
        if done.isEmpty && deadline > now { Clock.pause(deadline - now) }
        return Clock.now()
    }

    func clock() -> Nanoseconds { Clock.now() }
    func takeCompletion() -> Completion? { done.popLast() }
    func hasStarted(_ ticket: Int) -> Bool { true }
    func takeEvents() -> [TargetEvent] { [] }
    func end() {}
}
