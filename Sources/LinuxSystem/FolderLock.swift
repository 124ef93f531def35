import Glibc

/// A lock on a folder among processes. It is let go of with the last use, and by the kernel when the process ends in
/// whatever way.
public final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes it without waiting.
    ///
    /// - Parameters:
    ///   - folder: an existing one.
    ///   - shared: with others who share it; otherwise by one alone.
    /// - Throws: ``SystemError``; its code is `EWOULDBLOCK` when another process holds the lock.
    public init(_ folder: String, shared: Bool = false) throws(SystemError) {
        // Not passed on to servers, which may outlive the process.
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let failure = SystemError("flock \(folder)")
            close(descriptor)
            throw failure
        }
    }

    /// A child between its fork and its exec holds the descriptor too: closing ours alone would keep the lock.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
