import Dispatch
import LinuxSystem
import Synchronization
import Testing

/// For tests that wait for a server or a program: a few run at a time, each on threads of its own.
///
/// Swift's tasks share as many threads as there are processors. Two tests that wait in the kernel would stop every other
/// one, and programs that have ended meanwhile would stay zombies, which the testing library's own thread then looks at
/// over and over.
public struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    /// Of a suite: it holds for each test of it.
    public var isRecursive: Bool { true }

    /// Waits for a place, and runs one case of a test there.
    ///
    /// - Throws: what the test throws.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Places.shared.take()
        defer { Places.shared.giveBack() }
        try await withTaskExecutorPreference(ThreadPerJob.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    /// A few run at a time, each on threads of its own.
    public static var ownThreads: Self { Self() }
}

/// Each job of a task, from one suspension to the next, gets a thread.
private final class ThreadPerJob: TaskExecutor {
    static let shared = ThreadPerJob()

    func enqueue(_ job: consuming ExecutorJob) {
        let (job, executor) = (UnownedJob(job), asUnownedTaskExecutor())
        // A serial queue never waits for another one's thread.
        DispatchQueue(label: "test").async { job.runSynchronously(on: executor) }
    }
}

/// How many of these tests run at a time.
private final class Places: Sendable {
    static let shared = Places(3 * max(2, WorkerThread.usableProcessors))

    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
        var next = 0
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let following: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.next < state.waiting.count else {
                state.free += 1
                return nil
            }
            state.next += 1
            return state.waiting[state.next - 1]
        }
        following?.resume()
    }
}
