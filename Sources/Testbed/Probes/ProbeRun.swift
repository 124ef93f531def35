import FoundationEssentials
import LinuxSystem

/// Runs the probes in a process of their own, under the limits of a server and with the libraries loaded into it.
public struct ProbeRun: Sendable {
    /// The hidden command of the tool that runs them and prints JSON.
    public static let command = "probe-worker"
    /// Longer than all parts together ever take, nanoseconds.
    private static let limit: Nanoseconds = 30_000_000_000

    /// Path of the tool's own program.
    private let tool: String

    /// - Parameter tool: path of the tool's own program.
    public init(tool: String) { self.tool = tool }

    /// Probes.
    ///
    /// - Parameters:
    ///   - directory: an existing folder on the disk to probe.
    ///   - surroundings: what the probes run in.
    /// - Returns: what was measured.
    /// - Throws: ``TestbedProblem`` with the reason.
    public func callAsFunction(in directory: String, _ surroundings: ServerSurroundings) async throws -> ProbeReading {
        let words = surroundings.prefix + [tool, Self.command, directory]
        let variables = ["PATH=/usr/bin:/bin", "LC_ALL=C"] + surroundings.variables.map { "\($0.key)=\($0.value)" }
        let deadline = Clock.now() + Self.limit
        let ended = try await WorkerThread.run {
            Result {
                try ChildProcess.run(words[0], Array(words.dropFirst()), environment: variables) {
                    Clock.now() > deadline
                }
            }
        }.get()
        guard ended.status == 0, let reading = Self.decode(ended.output) else {
            let reason = ended.errors.split(whereSeparator: \.isNewline).first.map { String($0) }
            throw TestbedProblem("the probes failed: \(reason ?? "ended with status \(ended.status)")")
        }
        return reading
    }

    /// One line for the process that started the probes.
    public static func encode(_ reading: ProbeReading) throws -> String {
        String(decoding: try JSONEncoder().encode(reading), as: UTF8.self)
    }

    private static func decode(_ text: String) -> ProbeReading? {
        try? JSONDecoder().decode(ProbeReading.self, from: Data(text.utf8))
    }
}
