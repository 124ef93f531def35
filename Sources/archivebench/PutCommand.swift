import ArchiveDriver
import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import Synchronization
import Testbed
import WakuModel

/// `archivebench put`
struct PutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Store messages in an archive, with the statements of a store node.",
        discussion: """
            Reads one message a line, with the names and encodings of the node's REST interface:

              {"shard": "16/32", "contentTopic": "/app/1/chat/proto", "payload": "aGVsbG8=",
               "timestamp": 1767636000000000000, "meta": "AQI=", "version": 1, "ephemeral": false}

            payload and meta are base64, the timestamp is nanoseconds since 1970; meta, version and ephemeral may be left
            out, and pubsubTopic may stand for shard. Nothing is written while any line is wrong. Hours without a partition
            get one as a node makes its own. Like a message from another node's archive a message may be of any time; an
            ephemeral one is not stored.

            Prints a line for each message: its hash, and whether it was stored or is a duplicate.

            Examples:
              archivebench put --cluster k3f9a2hm --from messages.jsonl
              make-messages | archivebench put --cluster k3f9a2hm --from - --json
              archivebench put --from messages.jsonl --dry-run        checks the lines, prints the hashes; needs no server
              archivebench query … --include-data | jq -c '.messages[] | .message + {pubsubTopic}' > messages.jsonl
            The last needs jq 1.7 or newer: older ones round timestamps, and with them the hashes.
            """)

    @OptionGroup var archive: ArchiveOptions

    @Option(
        help: ArgumentHelp("JSON lines, or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["jsonl"]))
    var from: String

    @OptionGroup var timeout: TimeoutOptions

    @Flag(help: "Check the lines and print the hashes; write nothing, open nothing.")
    var dryRun = false

    @Flag(help: "Print as JSON.")
    var json = false

    /// What became of a message.
    private enum Fate: String, Encodable {
        case stored, duplicate, ephemeral, unwritten

        var words: String {
            switch self {
            case .stored, .duplicate: rawValue
            case .ephemeral: "not stored: ephemeral"
            case .unwritten: "not written"
            }
        }
    }

    private struct Outcome: Encodable {
        let line: Int
        let messageHash, pubsubTopic: String
        let fate: Fate

        init(_ offered: OfferedMessage, _ fate: Fate) {
            line = offered.line
            messageHash = "0x\(offered.hash)"
            pubsubTopic = offered.topic.text
            self.fate = fate
        }
    }

    private struct Delivery: Encodable {
        /// Those that were made, by name.
        var partitions: [String] = []
        var messages: [Outcome] = []
        /// Whether every message is done.
        var complete = false
    }

    private var file: String { from == "-" ? "standard input" : from }

    func run() throws {
        let limit = try timeout.nanoseconds()
        let offered = try OfferedMessage.read(try input(), file: file)
        guard !offered.isEmpty else { throw UsageProblem("\(file): holds no message; write one a line") }
        if dryRun { return try check(offered) }
        let resolved = try archive.resolve(forReading: false)
        var delivery = Delivery()
        let stop = StopFlag()
        let signals = EndingSignals { _ in
            if stop.raise() { _exit(ExitStatus.interrupted.rawValue) }
            Terminal.error("ending after this message; press Ctrl-C once more to end now")
        }
        defer { withExtendedLifetime(signals) {} }
        do {
            let connection = try ByHand.open(resolved, limit: limit, forReading: false)
            defer { if json { try? ByHand.print(delivery) } }
            try makePartitions(offered, resolved, connection, &delivery)
            try store(offered, resolved.behaviour, connection, &delivery, until: stop)
            delivery.complete = true
        } catch let error as PostgresError {
            throw ByHand.explained(error, limit: timeout.timeout)
        }
        if !json { Terminal.error(Self.summary(delivery)) }
    }

    private func check(_ offered: [OfferedMessage]) throws {
        var delivery = Delivery()
        for message in offered { note(Outcome(message, message.isEphemeral ? .ephemeral : .unwritten), &delivery) }
        if json { try ByHand.print(delivery) }
    }

    // MARK: Input

    private func input() throws -> Data {
        if from == "-" { return try Self.standardInput() }
        guard let data = FileManager.default.contents(atPath: from) else {
            throw UsageProblem("\(from): no such file, or not readable")
        }
        return data
    }

    private static func standardInput() throws -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw UsageProblem("standard input: not readable") }
            if count == 0 { return data }
            data.append(contentsOf: buffer[..<count])
        }
    }

    // MARK: Writing

    private func makePartitions(
        _ offered: [OfferedMessage], _ resolved: ResolvedArchive, _ connection: Connection, _ delivery: inout Delivery
    ) throws {
        let schema = try ArchiveSchema(version: resolved.schemaVersion, folder: "\(Project.root())/sql/schema")
        let made = try MissingPartitions(connection, schema)
            .make(for: offered.lazy.filter { !$0.isEphemeral }.map(\.message.timestamp))
        delivery.partitions = made.map(\.messages)
        if !json { for name in delivery.partitions { Terminal.error("made partition \(name)") } }
    }

    /// One after the other, each in its two statements; a signal ends it between two messages.
    private func store(
        _ offered: [OfferedMessage], _ behaviour: DriverBehaviour, _ connection: Connection, _ delivery: inout Delivery,
        until stop: StopFlag
    ) throws {
        let progress = ProgressLine()
        defer { progress.close() }
        let session = ArchiveSession(connection, behaviour: behaviour)
        let begin = Clock.now()
        for (index, message) in offered.enumerated() {
            if stop.isRaised {
                progress.close()
                Terminal.error("archivebench: ended early; \(index) of \(offered.count) messages are done")
                throw ExitStatus.interrupted
            }
            note(Outcome(message, try fate(of: message, session, done: index)), &delivery)
            Self.show(progress, index + 1, offered.count, Clock.now() - begin)
        }
    }

    private func fate(of offered: OfferedMessage, _ session: ArchiveSession, done: Int) throws -> Fate {
        if offered.isEphemeral { return .ephemeral }
        do throws(PostgresError) {
            return try session.put(offered.message, on: offered.topic) ? .stored : .duplicate
        } catch {
            let words = ByHand.explained(error, limit: timeout.timeout)
            throw TestbedProblem("\(file):\(offered.line): \(words); the \(done) messages before it are done")
        }
    }

    // MARK: Words

    private func note(_ outcome: Outcome, _ delivery: inout Delivery) {
        delivery.messages.append(outcome)
        if !json { Terminal.out("\(outcome.messageHash)  \(outcome.fate.words)") }
    }

    /// Small puts are over before a line is worth it.
    private static func show(_ progress: ProgressLine, _ done: Int, _ total: Int, _ spent: Nanoseconds) {
        guard spent > 1_000_000_000, done < total else { return }
        let left = Double(spent) / 1e9 / Double(done) * Double(total - done)
        progress.show(["put", "\(done) of \(total) messages (\(done * 100 / total) %)"], stage: "put", left: left)
    }

    private static func summary(_ delivery: Delivery) -> String {
        let fates = [Fate.stored, .duplicate, .ephemeral].map { fate in
            (fate, delivery.messages.count { $0.fate == fate })
        }
        return fates.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.words)" }.joined(separator: ", ")
    }

    /// Whether somebody wants it to end.
    private final class StopFlag: Sendable {
        private let value = Atomic<Bool>(false)

        var isRaised: Bool { value.load(ordering: .acquiring) }

        /// - Returns: whether it was raised before.
        func raise() -> Bool { value.exchange(true, ordering: .acquiringAndReleasing) }
    }
}
