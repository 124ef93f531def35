import Glibc
import LinuxSystem

/// What keeps an experiment from being run, one line for people.
package struct ExperimentProblem: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension FolderLock {
    /// Lets one runner at a time into an experiment's folder.
    ///
    /// - Parameter folder: an existing one.
    /// - Returns: the lock, held until its last use.
    /// - Throws: ``ExperimentProblem`` when another process works there, or the folder cannot be opened.
    static func ofExperiment(_ folder: String) throws(ExperimentProblem) -> FolderLock {
        do {
            return try FolderLock(folder)
        } catch  where error.code == EWOULDBLOCK {
            throw ExperimentProblem(
                "\(folder): another process is running this experiment; wait for it, or end it first")
        } catch {
            throw ExperimentProblem("\(folder): cannot be locked (\(error))")
        }
    }
}
