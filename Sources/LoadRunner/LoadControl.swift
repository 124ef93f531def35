import LinuxSystem
import Synchronization
import Workload

/// What the orchestrator and the workers share while a trial runs: the start, the wish to stop, and the seconds done.
public final class LoadControl: Sendable {
    private let readyWorkers = Atomic<Int>(0)
    private let startInstant = Atomic<UInt64>(0)
    private let stopRequested = Atomic<Bool>(false)
    private let seconds = Mutex<[WorkerSecond]>([])
    /// Where the warm-up ends.
    public let warmUp = WarmUpEnd()

    /// Nothing asked for, nothing seen yet.
    public init() {}

    /// Ends the offering at the next wake of each worker (within a quarter of a second); what is in flight is drained.
    public func stop() { stopRequested.store(true, ordering: .relaxed) }

    /// Whether an end was asked for.
    public var isStopping: Bool { stopRequested.load(ordering: .relaxed) }

    /// The seconds that workers finished since the last call.
    public func takeSeconds() -> [WorkerSecond] {
        seconds.withLock { seconds in
            defer { seconds.removeAll(keepingCapacity: true) }
            return seconds
        }
    }

    /// Start of warm-up, once all workers are ready; nanoseconds of the monotonic clock.
    public var started: Nanoseconds? {
        let instant = startInstant.load(ordering: .acquiring)
        return instant == 0 ? nil : instant
    }

    func hand(over second: WorkerSecond) { seconds.withLock { $0.append(second) } }

    /// Waits at the barrier. The last worker to arrive sets the common start, a little ahead.
    func awaitStart(of workers: Int) -> Nanoseconds {
        if readyWorkers.add(1, ordering: .acquiringAndReleasing).newValue == workers {
            startInstant.store(Clock.now() + 20_000_000, ordering: .releasing)
        }
        while true {
            if let started { return started }
            Clock.pause(1_000_000)
        }
    }

    /// Lets the others start without a worker that could not be built.
    func giveUpStart() { startInstant.store(Clock.now(), ordering: .releasing) }
}
