import Glibc
import LinuxSystem
import Synchronization

/// The thread of a stub server. It is started and joined by plain calls, because a client that blocks a task's thread
/// must not keep its server from starting.
final class StubThread: Sendable {
    private let outcome = Mutex<Result<StubLog, SystemError>?>(nil)
    private let serve: @Sendable () throws(SystemError) -> StubLog
    /// 0 until the thread runs.
    private let thread = Mutex<pthread_t>(0)

    /// - Parameter serve: runs on the new thread, to its end.
    /// - Throws: `SystemError` when no thread can be had.
    init(_ serve: @escaping @Sendable () throws(SystemError) -> StubLog) throws(SystemError) {
        self.serve = serve
        var made = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &made, nil,
            { context in
                if let context { Unmanaged<StubThread>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context)
        guard code == 0 else {
            Unmanaged<StubThread>.fromOpaque(context).release()
            errno = code
            throw SystemError("pthread_create")
        }
        let running = made
        thread.withLock { $0 = running }
    }

    private func run() {
        let result = Result { () throws(SystemError) in try serve() }
        outcome.withLock { $0 = result }
    }

    /// Waits for the thread's end, which somebody must have brought about. Call it once.
    func join() throws(SystemError) -> StubLog {
        pthread_join(thread.withLock { $0 }, nil)
        guard let result = outcome.withLock({ $0 }) else { preconditionFailure("a joined thread has run") }
        return try result.get()
    }
}
