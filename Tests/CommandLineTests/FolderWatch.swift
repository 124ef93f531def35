import Glibc
import LinuxSystem
import Synchronization
import TestSupport

/// Sees which names come and go in a folder. It has a thread of its own: a task would wait for its turn behind other tests
/// that keep the pool's few threads busy, and could see nothing until all is over.
final class FolderWatch: Sendable {
    private struct State {
        var seen: Set<String> = []
        var isEnding = false
    }

    private let state = Mutex(State())
    private let folder: String

    /// Watches from now on.
    init(_ folder: String) throws(SystemError) {
        self.folder = folder
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<FolderWatch>.fromOpaque(context).takeRetainedValue().watch() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            errno = code
            throw SystemError("pthread_create")
        }
        pthread_detach(thread)
    }

    private func watch() {
        while !state.withLock({ $0.isEnding }) {
            let found = names(in: folder)
            state.withLock { $0.seen.formUnion(found) }
            Clock.pause(5_000_000)
        }
    }

    /// Ends it.
    ///
    /// - Returns: all names seen.
    @discardableResult
    func end() -> Set<String> {
        state.withLock {
            $0.isEnding = true
            return $0.seen
        }
    }
}
