import ArgumentParser
import Experiment
import Glibc
import LinuxSystem
import PostgresClient
import RunRecord
import SpecReader
import Testbed

/// The process: hides secrets among its arguments, clears what libpq would read from the environment, parses, runs, and
/// turns every ending into words and an exit code.
@main
enum Main {
    static func main() async {
        let arguments = ServerArguments.take()
        // Who names a server means the environment too; it is forgotten once the server is resolved.
        if !ServerArguments.name(arguments) { ConnectionParameters.forgetEnvironment() }
        DescriptorLimit.raise()
        var command: any ParsableCommand
        do {
            command = try ArchiveBench.parseAsRoot(Array(arguments.dropFirst()))
        } catch {
            let help = ArchiveBench.exitCode(for: error) == .success
            if help {
                Terminal.out(ArchiveBench.fullMessage(for: error))
            } else {
                let words = ArchiveBench.message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
                let shown = ServerArguments.hidden(words, of: arguments)
                Terminal.error("archivebench: \(shown); 'archivebench help' shows what there is")
            }
            exit(help ? 0 : ExitStatus.usage.rawValue)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            exit(ExitStatus.done.rawValue)
        } catch {
            Interruption.waitIfEnding()
            exit(Failure.explain(error).rawValue)
        }
    }
}

/// The exit codes, as the help documents them.
enum ExitStatus: Int32, Error {
    case done = 0
    case invalid = 1
    case usage = 2
    case environment = 3
    case interrupted = 4
}

/// Turns errors into words for people.
enum Failure {
    /// Prints why it failed, one line a problem, and says how the process ends.
    static func explain(_ error: any Error) -> ExitStatus {
        switch error {
        case let status as ExitStatus: return status
        case let problems as SpecProblems:
            Terminal.error(problems.description)
            return .usage
        case let problem as UsageProblem:
            Terminal.error("archivebench: \(problem.description)")
            return .usage
        case _ where ArchiveBench.exitCode(for: error) == .success:
            // Help and the like travel as errors.
            Terminal.out(ArchiveBench.fullMessage(for: error))
            return .done
        case is TrialInterrupted:
            Terminal.error("archivebench: \(TrialInterrupted())")
            return .interrupted
        case let validation as ValidationError:
            Terminal.error("archivebench: \(validation.message)")
            return .usage
        default:
            Terminal.error("archivebench: \(error)")
            return .environment
        }
    }
}

/// Wrong words on the command line that the parser cannot know: what and the remedy.
struct UsageProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
