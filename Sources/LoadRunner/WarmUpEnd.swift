import LinuxSystem
import Synchronization

/// The end of the warm-up, which may move while the load runs: whoever follows the load lets the warm-up go on, the
/// workers look at each wake, and the first of them that has waited it out fixes it for all.
public final class WarmUpEnd: Sendable {
    /// Nanoseconds beyond the plan, times two; odd once it is fixed.
    private let state = Atomic<UInt64>(0)

    /// A warm-up that is as long as planned.
    public init() {}

    /// How far the warm-up goes beyond its plan, nanoseconds.
    public var extra: Nanoseconds { state.load(ordering: .acquiring) >> 1 }

    /// Lets the warm-up go on.
    ///
    /// - Parameter extra: nanoseconds beyond the plan, all steps together; not less than before.
    /// - Returns: `false` when a worker has begun to measure, so that nothing was changed.
    public func move(to extra: Nanoseconds) -> Bool {
        let known = state.load(ordering: .acquiring)
        guard known & 1 == 0, extra << 1 >= known else { return false }
        return state.compareExchange(
            expected: known, desired: extra << 1, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// Fixes the end where the caller knows it to be.
    ///
    /// - Returns: `false` when it has been moved meanwhile.
    func fix(at extra: Nanoseconds) -> Bool {
        let (exchanged, original) = state.compareExchange(
            expected: extra << 1, desired: extra << 1 | 1, ordering: .acquiringAndReleasing)
        return exchanged || original == extra << 1 | 1
    }
}
