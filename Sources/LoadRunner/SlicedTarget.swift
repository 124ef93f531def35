import LinuxSystem
import Workload

/// A target for which time passes in its own turns only, so that several sides can take the same sequence of operations
/// in turns on one machine.
///
/// The worker lives in the target's time. Within a turn that runs with the clock of the target inside. When a turn is
/// over it stands one nanosecond before the turn's end until nothing is in flight any more, then at the end, until the
/// next turn opens: so each second of the worker holds what was due in one turn, with its completions, however long
/// the turns of others took. An operation that ends after its turn has the time it really took: its end lies that much
/// beyond the turn's.
public final class SlicedTarget<Inside: LoadTarget>: LoadTarget {
    /// A turn in this target's time and in that of the target inside.
    private struct Slice {
        /// In this target's time.
        var base: Nanoseconds
        /// In the time inside.
        var opens: Nanoseconds
        var length: Nanoseconds

        var ends: Nanoseconds { opens + length }
    }

    private enum State {
        /// Nothing is begun.
        case shut
        case running
        /// The turn is over; operations are in flight, or may be due that the worker has not begun yet.
        case draining
    }

    private let inside: Inside
    private let gate: SliceGate
    private let holdsAtEnd: Bool

    private var state = State.shut
    /// This target's time while it stands.
    private var standing: Nanoseconds = 0
    private var origin: Nanoseconds?
    private var slice: Slice?
    private var sliceBefore: Slice?
    /// Number of the next turn.
    private var next = 0
    /// The clock inside as it was last read.
    private var insideNow: Nanoseconds = 0
    private var isEnded = false
    private var inFlight = 0
    private var held: [(operation: Operation, ticket: Int)] = []
    private var account = SliceGate.Account()
    private var cpuAtOpening: Nanoseconds = 0

    /// How often a side that waits looks for its next turn, nanoseconds.
    private static var poll: Nanoseconds { SliceGate.lead / 2 }

    /// - Parameters:
    ///   - inside: what operations are sent to.
    ///   - gate: gives the turns.
    ///   - holdsAtEnd: whether what is begun when a turn is over waits for the next: in a closed loop it comes instead of
    ///     what has just ended, in an open one it was due in the turn.
    public init(_ inside: Inside, gate: SliceGate, holdsAtEnd: Bool) {
        self.inside = inside
        self.gate = gate
        self.holdsAtEnd = holdsAtEnd
    }

    // MARK: Time

    public func start(at moment: Nanoseconds) {
        origin = moment
        standing = moment - 1
        inside.start(at: moment)
    }

    public func clock() -> Nanoseconds {
        insideNow = inside.clock()
        // Before the start there is no time of our own yet; one before it has to exist.
        return origin == nil ? max(1, insideNow) : now
    }

    private var now: Nanoseconds {
        guard state == .running, let slice else { return standing }
        return slice.base + min(insideNow - slice.opens, slice.length - 1)
    }

    private var isTurnOver: Bool { slice.map { insideNow >= $0.ends } ?? true }

    public func wait(until deadline: Nanoseconds) -> Nanoseconds {
        insideNow = inside.clock()
        if gate.isEnding && !isEnded {
            // Without waiting: the worker is to look first whether it has been asked to end.
            runOn()
            return now
        }
        switch state {
        case .running: run(until: deadline)
        case .draining: drain()
        case .shut: waitForTurn()
        }
        return now
    }

    private func run(until deadline: Nanoseconds) {
        guard let slice else { return }
        if insideNow < slice.ends {
            let ahead = deadline > slice.base ? deadline - slice.base : 0
            insideNow = max(insideNow, inside.wait(until: slice.opens + min(ahead, slice.length)))
        }
        guard insideNow >= slice.ends else { return }
        state = .draining
        standing = slice.base + slice.length - 1
    }

    /// The worker has been told of the last moment of the turn, and so has begun all that was due in it.
    private func drain() {
        if inFlight == 0 || gate.isSealWished(for: next - 1) { return seal() }
        insideNow = max(insideNow, inside.wait(until: insideNow + Self.poll))
    }

    private func seal() {
        state = .shut
        standing += 1
        account.isDrained = inFlight == 0
        account.cpu = Clock.threadCPU() - cpuAtOpening
        gate.add(account)
    }

    private func waitForTurn() {
        let turn = gate.turn(next)
        let opens = turn.map { $0.opens ?? insideNow }
        if (opens ?? .max) > insideNow {
            insideNow = max(insideNow, inside.wait(until: min(opens ?? .max, insideNow + Self.poll)))
        }
        if let turn, let opens, opens <= insideNow { open(at: opens, length: turn.length) }
    }

    private func open(at opens: Nanoseconds, length: Nanoseconds) {
        let base = isEnded ? standing : standing + (slice == nil ? 1 : 0)
        (sliceBefore, slice) = (slice, Slice(base: base, opens: opens, length: length))
        next += 1
        state = .running
        account = SliceGate.Account()
        account.opened = opens
        cpuAtOpening = Clock.threadCPU()
        // For the target inside, trial time goes on where it stood.
        if let origin { inside.start(at: opens - (max(base, origin) - origin)) }
        passHeld()
    }

    /// Lets time run without end, from where it stands.
    private func runOn() {
        isEnded = true
        guard state == .shut else {
            slice?.length = Self.endless
            state = .running
            return passHeld()
        }
        // What is due at the very end of a turn belongs to the next, which does not come.
        if let slice { standing = slice.base + slice.length - 1 }
        open(at: insideNow, length: Self.endless)
    }

    private static var endless: Nanoseconds { .max / 4 }

    /// A moment of the time inside as one of ours.
    private func moment(_ inside: Nanoseconds) -> Nanoseconds {
        guard let slice else { return standing }
        if inside >= slice.opens { return slice.base + (inside - slice.opens) }
        guard let before = sliceBefore, inside >= before.opens else { return sliceBefore?.base ?? slice.base }
        return before.base + (inside - before.opens)
    }

    // MARK: Operations

    public func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        switch state {
        case .running where !(holdsAtEnd && isTurnOver), .draining where !holdsAtEnd: pass(operation, ticket)
        case .running, .draining, .shut: held.append((operation, ticket))
        }
    }

    private func passHeld() {
        for (operation, ticket) in held { pass(operation, ticket) }
        held.removeAll()
    }

    private func pass(_ operation: Operation, _ ticket: Int) {
        inFlight += 1
        account.begun += 1
        if account.firstBegun == nil { account.firstBegun = insideNow }
        inside.begin(operation, ticket: ticket, now: insideNow)
    }

    public func takeCompletion() -> Completion? {
        inside.takeCompletion().map { completion in
            var translated = completion
            note(&translated)
            return translated
        }
    }

    public func takeCompletions(_ body: (UnsafePointer<Completion>) -> Void) {
        inside.takeCompletions { place in
            var translated = place.pointee
            note(&translated)
            withUnsafePointer(to: translated, body)
        }
    }

    private func note(_ completion: inout Completion) {
        inFlight -= 1
        account.ended += 1
        account.lastEnded = max(account.lastEnded ?? 0, completion.done)
        if let slice, completion.done < slice.ends { account.endedInTurn += 1 }
        completion.sent = moment(completion.sent)
        completion.done = moment(completion.done)
    }

    public func hasStarted(_ ticket: Int) -> Bool {
        !held.contains { $0.ticket == ticket } && inside.hasStarted(ticket)
    }

    /// In this target's time.
    public func takeEvents() -> [TargetEvent] {
        inside.takeEvents().map { TargetEvent(at: moment($0.at), kind: $0.kind, detail: $0.detail) }
    }

    public func end() { inside.end() }

    public var delivered: BandwidthLedger? { inside.delivered }
}
