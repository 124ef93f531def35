import LinuxSystem
import LoadRunner
import Workload

/// Passes everything on to another target, and keeps a diary: what was begun when, what became of it, and how many were
/// under way at once.
final class DiaryTarget<Target: LoadTarget>: LoadTarget {
    struct Entry {
        let operation: Operation
        let begun: Nanoseconds
        var completion: Completion?
    }

    private let target: Target
    private let counts: (Operation) -> Bool
    private var open: [Int: Int] = [:]
    private var inFlight = 0
    private(set) var diary: [Entry] = []
    /// Operations that count and were under way at the same moment, at most.
    private(set) var mostInFlight = 0

    /// - Parameters:
    ///   - target: does the work.
    ///   - counts: whether an operation counts as under way.
    init(_ target: Target, counts: @escaping (Operation) -> Bool = { _ in true }) {
        self.target = target
        self.counts = counts
    }

    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        open[ticket] = diary.count
        diary.append(Entry(operation: operation, begun: now, completion: nil))
        if counts(operation) { inFlight += 1 }
        mostInFlight = max(mostInFlight, inFlight)
        target.begin(operation, ticket: ticket, now: now)
    }

    func takeCompletion() -> Completion? {
        guard let completion = target.takeCompletion() else { return nil }
        if let place = open.removeValue(forKey: completion.ticket) {
            diary[place].completion = completion
            if counts(diary[place].operation) { inFlight -= 1 }
        }
        return completion
    }

    func start(at moment: Nanoseconds) { target.start(at: moment) }
    func wait(until deadline: Nanoseconds) -> Nanoseconds { target.wait(until: deadline) }
    func clock() -> Nanoseconds { target.clock() }
    func hasStarted(_ ticket: Int) -> Bool { target.hasStarted(ticket) }
    func takeEvents() -> [TargetEvent] { target.takeEvents() }
    func end() { target.end() }
}
