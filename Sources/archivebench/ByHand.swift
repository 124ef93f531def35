import ArchiveDriver
import ArgumentParser
import FoundationEssentials
import PostgresClient
import Testbed

/// What `query` and `put` have in common.
enum ByHand {
    /// A connection on which no statement runs for longer than a limit, also when the tool is gone.
    ///
    /// - Parameters:
    ///   - archive: that may be used so.
    ///   - limit: nanoseconds.
    ///   - forReading: every transaction is read-only.
    /// - Returns: an open connection.
    /// - Throws: `PostgresError` of the attempt.
    static func open(_ archive: ResolvedArchive, limit: UInt64, forReading: Bool) throws -> Connection {
        let connection = try Connection.open(archive.parameters)
        try connection.run("SET statement_timeout = \(max(1, limit / 1_000_000))")
        // Where the server's system can tell: a statement ends soon after whoever asked has gone.
        _ = try? connection.run("SET client_connection_check_interval = 1000")
        if forReading { try connection.run("SET default_transaction_read_only = on") }
        return connection
    }

    /// What a failure means to whoever asked.
    static func explained(_ error: PostgresError, limit: String) -> any Error {
        switch error.code {
        case .client(.cursorNotFound), .client(.refusedByDriver): UsageProblem("\(error.message) (\(error.code))")
        // The server gave a statement up.
        case .sqlState("57014"): TestbedProblem("no answer within \(limit); give it longer with --timeout")
        default: error
        }
    }

    /// Prints a value as JSON.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Terminal.out(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// How long a statement may take.
struct TimeoutOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The longest that the server works on one statement, 1ms to 24d.", valueName: "time"))
    var timeout = "60s"

    /// Nanoseconds.
    func nanoseconds() throws -> UInt64 {
        let limit = try Arguments.duration(timeout)
        // The server counts milliseconds in 32 bits.
        guard (1_000_000...2_073_600_000_000_000).contains(limit) else {
            throw UsageProblem("--timeout \(timeout): use 1ms to 24d")
        }
        return limit
    }
}
