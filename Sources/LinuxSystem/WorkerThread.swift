import CLinux
import Glibc

/// A thread of its own for measured work: no pool, no executor, no task.
public enum WorkerThread {
    /// Runs `body` on a new thread and waits for it without blocking the caller's executor.
    ///
    /// - Parameters:
    ///   - processor: pin the thread to this processor; `nil` leaves it to the scheduler.
    ///   - body: runs to its end on the new thread; what it builds there stays there, what it returns is handed over.
    /// - Returns: what `body` returned.
    /// - Throws: ``SystemError`` when no thread can be had.
    public static func run<Result: Sendable>(
        processor: Int? = nil, _ body: @escaping @Sendable () -> Result
    ) async throws(SystemError) -> Result {
        let result: Swift.Result<Result, SystemError> = await withCheckedContinuation { continuation in
            let job = Job {
                if let processor { clinux_pin_to_processor(Int32(processor)) }
                continuation.resume(returning: .success(body()))
            }
            var thread = pthread_t()
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            let context = Unmanaged.passRetained(job).toOpaque()
            let code = pthread_create(
                &thread, &attributes,
                { context in
                    if let context { Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body() }
                    return nil
                }, context)
            pthread_attr_destroy(&attributes)
            if code != 0 {
                Unmanaged<Job>.fromOpaque(context).release()
                errno = code
                continuation.resume(returning: .failure(SystemError("pthread_create")))
            }
        }
        return try result.get()
    }

    /// Processors the process may use.
    public static var usableProcessors: Int { Int(clinux_usable_processors()) }
}

private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
