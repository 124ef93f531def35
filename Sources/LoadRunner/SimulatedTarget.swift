import LinuxSystem
import Workload

/// A target without a server: a number of connections, known service times, known stalls, and a clock that jumps.
///
/// Operations wait first-come-first-served for a connection. With it, schedule, phases and the arithmetic of
/// coordinated omission are tested exactly, and hours pass in milliseconds.
public final class SimulatedTarget: LoadTarget {
    /// A span in which no operation begins to be served; those being served go on.
    public struct Stall: Sendable {
        /// On the simulated clock, nanoseconds.
        public let start: Nanoseconds
        /// Nanoseconds.
        public let length: Nanoseconds

        /// A span from a moment of the simulated clock.
        public init(start: Nanoseconds, length: Nanoseconds) {
            self.start = start
            self.length = length
        }
    }

    private struct Pending {
        let completion: Completion
        let order: Int
    }

    private var freeAt: [Nanoseconds]
    private let stalls: [Stall]
    private let serviceTime: (Operation) -> Nanoseconds
    private let failure: (Operation) -> String?
    private var now: Nanoseconds = 0
    private var pending: [Pending] = []
    private var started: [Int: Nanoseconds] = [:]
    private var accepted = 0

    /// - Parameters:
    ///   - connections: operations served at the same time.
    ///   - stalls: in the order of time.
    ///   - serviceTime: nanoseconds an operation is served.
    ///   - failure: the code an operation fails with, if it does.
    public init(
        connections: Int, stalls: [Stall] = [], serviceTime: @escaping (Operation) -> Nanoseconds,
        failure: @escaping (Operation) -> String? = { _ in nil }
    ) {
        freeAt = Array(repeating: 0, count: max(1, connections))
        self.stalls = stalls
        self.serviceTime = serviceTime
        self.failure = failure
    }

    public func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        guard let connection = freeAt.indices.min(by: { freeAt[$0] < freeAt[$1] }) else { return }
        var start = max(now, freeAt[connection])
        for stall in stalls where start >= stall.start && start < stall.start + stall.length {
            start = stall.start + stall.length
        }
        let done = start + serviceTime(operation)
        freeAt[connection] = done
        started[ticket] = start
        let waits = Waits(connection: start - now, firstByte: done - start)
        insert(
            Completion(ticket: ticket, sent: start, done: done, waits: waits, failure: failure(operation), rows: 1))
    }

    public func wait(until deadline: Nanoseconds) -> Nanoseconds {
        now = max(now, min(deadline, pending.last?.completion.done ?? .max))
        return now
    }

    public func clock() -> Nanoseconds { now }

    public func takeCompletion() -> Completion? {
        guard let last = pending.last, last.completion.done <= now else { return nil }
        pending.removeLast()
        started[last.completion.ticket] = nil
        return last.completion
    }

    public func hasStarted(_ ticket: Int) -> Bool { started[ticket].map { $0 <= now } ?? true }

    public func takeEvents() -> [TargetEvent] { [] }

    public func end() { pending.removeAll() }

    /// Keeps the soonest at the end; equal moments in the order of acceptance.
    private func insert(_ completion: Completion) {
        accepted += 1
        let item = Pending(completion: completion, order: accepted)
        var (low, high) = (0, pending.count)
        while low < high {
            let middle = (low + high) / 2
            let later =
                (pending[middle].completion.done, pending[middle].order) > (item.completion.done, item.order)
            if later { low = middle + 1 } else { high = middle }
        }
        pending.insert(item, at: low)
    }
}
