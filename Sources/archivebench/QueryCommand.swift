import ArchiveDriver
import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import WakuModel

/// `archivebench query`
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask an archive one store request, with the statements and the answer of a store node.",
        discussion: """
            Prints JSON as the node's REST interface has it (GET /store/v3/messages): hashes in hexadecimal behind 0x,
            payload and meta in base64, times in nanoseconds. The page is oldest first, but for requests by hashes alone.

            Examples:
              archivebench query --cluster k3f9a2hm --shard 16/32 --page-size 50 --include-data
              archivebench query --cluster k3f9a2hm --content-topic /waku/1/0x242ed557/rfc26 --backward \\
                --start 2026-01-05T18:00:00Z --end 2026-01-05T19:00:00Z
              archivebench query --cluster k3f9a2hm --hash 0x4c9f… --hash 0x77ab…
              archivebench query --shard 16/32 --cursor 0x4c9f… --sql       what would be sent; needs no server
              archivebench query --cluster k3f9a2hm --shard 16/32 --explain | jq '.[].plan[0]."Execution Time"'

            The next page has the cursor of the one before:
              archivebench query … --cursor $(archivebench query … | jq -r .paginationCursor)
            """)

    @OptionGroup var archive: ArchiveOptions

    @OptionGroup var request: RequestOptions

    @OptionGroup var timeout: TimeoutOptions

    @Flag(help: "Print the statements with their parameters instead of sending them; needs no server.")
    var sql = false

    @Flag(help: "Print each statement's plan as JSON: EXPLAIN (ANALYZE, BUFFERS) in a read-only transaction.")
    var explain = false

    @Flag(help: "With --sql: print as JSON. Everything else is JSON anyway.")
    var json = false

    func validate() throws {
        if sql && explain { throw ValidationError("--sql and --explain: choose one of them") }
        if sql && (archive.target != nil || archive.cluster != nil) {
            throw ValidationError("--sql: asks no server; leave --cluster and --target out")
        }
    }

    func run() throws {
        let query = try request.read()
        let limit = try timeout.nanoseconds()
        do {
            if sql { return try show(RequestStatement.all(of: query)) }
            let signals = EndingSignals { _ in _exit(ExitStatus.interrupted.rawValue) }
            defer { withExtendedLifetime(signals) {} }
            let resolved = try archive.resolve(forReading: true)
            let connection = try ByHand.open(resolved, limit: limit, forReading: true)
            if explain { return try printPlans(query, connection, resolved.behaviour) }
            let session = ArchiveSession(connection, behaviour: resolved.behaviour)
            try ByHand.print(StoreAnswer(session.ask(query), to: query))
        } catch let error as PostgresError {
            throw ByHand.explained(error, limit: timeout.timeout)
        }
    }

    // MARK: Statements

    private func show(_ statements: [RequestStatement]) throws {
        if json { return try ByHand.print(statements) }
        Terminal.out(statements.enumerated().map { Self.text($0 + 1, $1) }.joined(separator: "\n\n"))
    }

    private static func text(_ number: Int, _ statement: RequestStatement) -> String {
        var head = "-- \(number)  \(statement.shape), "
        head += statement.preparedAs.map { "prepared as \($0)" } ?? "simple protocol"
        if statement.text.contains(RequestStatement.cursorTimestamp) {
            head += "; \(RequestStatement.cursorTimestamp) is the timestamp of the statement before"
        }
        let values = statement.parameters.enumerated().map { "--    $\($0 + 1) = \($1)" }
        return ([head] + values + [statement.text]).joined(separator: "\n")
    }

    // MARK: Plans

    private struct Explained: Encodable {
        let shape, text: String
        let preparedAs: String?
        let parameters: [String]
    }

    /// The plans are the server's own JSON, put in as it came.
    private func printPlans(
        _ query: StoreQuery, _ connection: Connection, _ behaviour: DriverBehaviour
    ) throws {
        let statements = try RequestStatement.all(of: query)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var entries: [String] = []
        try connection.run("BEGIN READ ONLY")
        try StatementInstances(connection, behaviour: behaviour).visit(query) { instance in
            let rows = try connection.run("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) \(instance.text)")
            let plan = rows.compactMap { $0.first ?? nil }.joined(separator: "\n")
            let statement = statements[entries.count]
            let isText = statement.preparedAs == nil
            let head = try encoder.encode(
                Explained(
                    shape: statement.shape, text: isText ? instance.text : statement.text,
                    preparedAs: statement.preparedAs, parameters: statement.parameters))
            entries.append("\(String(decoding: head, as: UTF8.self).dropLast()),\"plan\":\(plan)}")
        }
        try connection.run("ROLLBACK")
        Terminal.out("[\(entries.joined(separator: ",\n"))]")
    }
}

/// What is asked, in the words of the node's REST interface.
struct RequestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only messages of this shard, such as 16/32.", valueName: "cluster/index"))
    var shard: String?

    @Option(help: ArgumentHelp("The same by the topic's whole name, such as /waku/2/rs/16/32.", valueName: "topic"))
    var pubsubTopic: String?

    @Option(help: ArgumentHelp("Only messages of this content topic; several may be given.", valueName: "topic"))
    var contentTopic: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only this message; several may be given, also with commas between them.", valueName: "hash"))
    var hash: [String] = []

    @Option(
        help: ArgumentHelp(
            "Earliest time, inclusive: nanoseconds since 1970, or 2026-01-05T18:00:00Z.", valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("Latest time, inclusive.", valueName: "time"))
    var end: String?

    @Option(help: ArgumentHelp("The last message of the page before, exclusive.", valueName: "hash"))
    var cursor: String?

    @Option(
        help: ArgumentHelp(
            "Messages of the page; 0 means 20, and more than 100 are cut to 100, as the node does.", valueName: "n"))
    var pageSize: Int?

    @Flag(help: "From the newest to older ones; the page itself is still oldest first.")
    var backward = false

    @Flag(help: "Whole messages; only their hashes without it.")
    var includeData = false

    @Option(help: ArgumentHelp("Identifies the request in the server's log; hexadecimal digits.", valueName: "id"))
    var requestID = ""

    func validate() throws {
        if shard != nil && pubsubTopic != nil {
            throw ValidationError("--shard and --pubsub-topic name the same thing: choose one of them")
        }
        if let pageSize, pageSize < 0 { throw ValidationError("--page-size \(pageSize): use 0 or more") }
    }

    /// The request; what is no value of its kind is told with the option's name.
    func read() throws -> StoreQuery {
        let hashes = hash.flatMap { $0.split(separator: ",").map(String.init) }
        return StoreQuery(
            requestID: requestID, includeData: includeData, pubsubTopic: try topic(),
            contentTopics: try contentTopic.map { text in try Self.value("content-topic") { try ContentTopic(text) } },
            startTime: try start.map { try Self.time("start", $0) }, endTime: try end.map { try Self.time("end", $0) },
            hashes: try hashes.map { text in try Self.value("hash") { try MessageHash(hex: text) } },
            cursor: try cursor.map { text in try Self.value("cursor") { try MessageHash(hex: text) } },
            direction: backward ? .backward : .forward, pageSize: pageSize)
    }

    private func topic() throws -> PubsubTopic? {
        if let shard { return PubsubTopic(try Self.value("shard") { try Shard(shard) }) }
        guard let pubsubTopic else { return nil }
        return try Self.value("pubsub-topic") { try PubsubTopic(pubsubTopic) }
    }

    private static func time(_ option: String, _ text: String) throws -> Int64 {
        if let nanoseconds = Int64(text) { return nanoseconds }
        let seconds = try Arguments.instant(text, option)
        guard seconds < 9_000_000_000 else { throw UsageProblem("--\(option) \(text): is beyond the year 2250") }
        return Int64(seconds) * 1_000_000_000
    }

    private static func value<Value>(_ option: String, _ make: () throws -> Value) throws -> Value {
        do {
            return try make()
        } catch let error as WakuFormatError {
            throw UsageProblem("--\(option): \(error)")
        }
    }
}
