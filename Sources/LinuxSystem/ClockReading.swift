import CLinux
import Glibc

/// The kernel's clocks at one moment, nanoseconds each. Where their distances change, the wall clock was set or the
/// machine slept: clock corrections that only change the rate (adjtimex(2)) change both clocks alike.
public struct ClockReading: Sendable, Equatable {
    /// CLOCK_MONOTONIC.
    public var monotonic: Nanoseconds
    /// CLOCK_REALTIME less CLOCK_MONOTONIC: changes when somebody sets the wall clock.
    public var wallDistance: Int64
    /// CLOCK_BOOTTIME less CLOCK_MONOTONIC: grows while the machine is suspended.
    public var suspended: Int64

    /// Three readings of one moment, nanoseconds.
    public init(monotonic: Nanoseconds, wallDistance: Int64, suspended: Int64) {
        self.monotonic = monotonic
        self.wallDistance = wallDistance
        self.suspended = suspended
    }

    /// Reads the clocks: several times, and takes the reading in which least time passed between the first and the last,
    /// because the thread may lose its processor in between.
    public static func now() -> ClockReading {
        let readings = (0..<5).map { _ in once() }
        return readings.min { $0.spread < $1.spread }?.reading ?? once().reading
    }

    private static func once() -> (spread: Nanoseconds, reading: ClockReading) {
        let before = Clock.now()
        let (wall, boot) = (read(CLOCK_REALTIME), read(CLOCK_BOOTTIME))
        let after = Clock.now()
        let middle = Int64(before + (after - before) / 2)
        return (
            after - before,
            ClockReading(monotonic: before, wallDistance: wall - middle, suspended: boot - middle)
        )
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
