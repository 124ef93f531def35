import Glibc

/// One runner at a time in an experiment's folder. The kernel lets go of it when the process ends, in whatever way.
final class FolderLock {
    private let descriptor: Int32

    /// - Parameter folder: an existing one.
    /// - Throws: `ExperimentProblem` when another process works there, or the folder cannot be opened.
    init(_ folder: String) throws {
        // Not passed on to servers, which may outlive the process.
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ExperimentProblem("\(folder): cannot be opened (\(String(cString: strerror(errno))))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ExperimentProblem(
                "\(folder): another process is running this experiment; wait for it, or end it first")
        }
    }

    deinit { close(descriptor) }
}

/// What keeps an experiment from being run, one line for people.
package struct ExperimentProblem: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
