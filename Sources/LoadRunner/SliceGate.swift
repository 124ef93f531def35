import LinuxSystem
import Synchronization

/// Gives one side of a comparison its turns: who runs the comparison opens them, the side's ``SlicedTarget`` takes them and
/// tells when each is over.
public final class SliceGate: Sendable {
    /// A stretch of time that belongs to this side.
    public struct Turn: Sendable, Equatable {
        /// On the target's clock; `nil` opens as soon as the turn before is over.
        public let opens: Nanoseconds?
        /// Nanoseconds in which operations are begun.
        public let length: Nanoseconds
    }

    /// What came of one turn; moments are on the target's clock.
    public struct Account: Sendable, Equatable {
        /// When it opened.
        public var opened: Nanoseconds = 0
        /// Operations handed to the target.
        public var begun = 0
        /// Operations that came to an end, in the drain as well.
        public var ended = 0
        /// Of those, before the turn's own time was over.
        public var endedInTurn = 0
        /// When the first operation was handed to the target; `nil` when none was.
        public var firstBegun: Nanoseconds?
        /// When the last operation came to its end; `nil` when none did.
        public var lastEnded: Nanoseconds?
        /// Whether nothing was in flight any more.
        public var isDrained = true
        /// CPU time of the worker's thread, drain included, nanoseconds.
        public var cpu: Nanoseconds = 0
    }

    private struct State {
        var turns: [Turn] = []
        var accounts: [Account] = []
    }

    private let state = Mutex(State())
    private let opened = Atomic<Int>(0)
    private let sealWish = Atomic<Int>(-1)
    private let ending = Atomic<Bool>(false)

    /// A gate that is shut.
    public init() {}

    /// Gives the side another turn, after those it has.
    ///
    /// - Parameters:
    ///   - moment: when it opens, far enough ahead for the side to notice (``lead``); `nil` opens it as soon as the turn
    ///     before is over.
    ///   - length: nanoseconds, whole seconds where the worker's seconds are to be the turn's.
    /// - Returns: the number of the turn, from 0.
    @discardableResult
    public func open(at moment: Nanoseconds? = nil, length: Nanoseconds) -> Int {
        state.withLock { state in
            state.turns.append(Turn(opens: moment, length: length))
            opened.store(state.turns.count, ordering: .releasing)
            return state.turns.count - 1
        }
    }

    /// How far ahead of its opening a turn is to be announced, nanoseconds: a side that waits looks this often, twice.
    public static let lead: Nanoseconds = 10_000_000

    /// Lets a turn count as over though operations are still in flight.
    public func seal(_ turn: Int) { sealWish.store(turn, ordering: .releasing) }

    /// There will be no turn any more: time runs again, so that what is in flight can end.
    public func end() { ending.store(true, ordering: .releasing) }

    /// What came of a turn; `nil` while it is not over.
    public func account(of turn: Int) -> Account? {
        state.withLock { $0.accounts.indices.contains(turn) ? $0.accounts[turn] : nil }
    }

    // MARK: The side's part

    /// Whether there will be no turn any more.
    var isEnding: Bool { ending.load(ordering: .acquiring) }

    func isSealWished(for turn: Int) -> Bool { sealWish.load(ordering: .acquiring) >= turn }

    /// A turn that has been given; `nil` when it has not yet.
    func turn(_ number: Int) -> Turn? {
        guard number < opened.load(ordering: .acquiring) else { return nil }
        return state.withLock { $0.turns[number] }
    }

    func add(_ account: Account) { state.withLock { $0.accounts.append(account) } }
}
