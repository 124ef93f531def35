import ArchiveDriver
import ArgumentParser
import FoundationEssentials
import LinuxSystem
import PostgresClient
import Testbed

/// Which server of somebody's.
struct TargetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A database of ours on somebody's server, made by `archivebench target prepare`: a libpq URL or keyword string. What it leaves out comes from service file, PG* environment and password file; empty for these alone.",
            valueName: "server"))
    var target: String?
}

/// `archivebench target`
struct TargetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "target",
        abstract: "Make a database of ours on somebody's server, and look at it.",
        discussion: """
            ArchiveBench writes to no database but those it made itself. They bear a marker: a comment on the database that
            names it and says that ArchiveBench may empty and drop it. `archivebench clean --target` drops one.

            A connection string is a libpq URL or keywords. Keep passwords out of it: libpq's password file, a service file
            and PGPASSWORD are read as psql reads them.

            Examples:
              archivebench target prepare --target 'host=db.example.org user=bench dbname=bench sslmode=verify-full'
              archivebench target prepare --target 'postgresql://bench@db.example.org/bench' --dry-run
              archivebench target check --target 'service=bench'
            """,
        subcommands: [Prepare.self, Check.self])

    /// `archivebench target prepare`
    struct Prepare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make and mark a database that does not exist yet, with an archive's empty tables.",
            discussion: """
                The role needs the right to make databases: ALTER ROLE bench CREATEDB.

                Example:
                  archivebench target prepare --target 'host=db.example.org user=bench dbname=bench'
                """)

        @OptionGroup var named: NamedTarget

        @Option(help: ArgumentHelp("Version of the archive's tables, 7 or 8.", valueName: "n"))
        var schema = 8

        @Flag(help: "Print the statements, and send none that changes anything.")
        var dryRun = false

        func run() throws {
            let schema = try named.schema(schema)
            let target = try named.resolve()
            let now = UTCTime(seconds: Clock.wallSeconds()).iso8601
            if dryRun {
                let isThere = try target.checkCreation().marker != nil
                let making = isThere ? [] : try target.creation(at: now)
                return TargetText.printPlan(
                    target, making + (isThere ? [] : schema.installation), size: "about 8 MB", time: "about 1 s")
            }
            // A database that was made has to be marked: an ending waits for that.
            let signals = EndingSignals { _ in Terminal.error("ending when the database is made and marked") }
            defer { withExtendedLifetime(signals) {} }
            let isNew = try target.create(at: now)
            guard isNew else {
                return Terminal.out("\(target.parameters.shown): is there already, with its marker; nothing was done")
            }
            do {
                try schema.install(on: Connection.open(target.parameters))
            } catch {
                try? target.remove(known: ArchiveSchema.tableNames)
                throw error
            }
            Terminal.out(
                "\(target.parameters.shown): made and marked, with the empty tables of schema \(schema.version); `archivebench clean --target` drops it"
            )
        }
    }

    /// `archivebench target check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a database may be worked on, by reading alone.",
            discussion: """
                Examples:
                  archivebench target check --target 'service=bench'
                  archivebench target check --target 'host=db user=bench dbname=bench' --json
                """)

        @OptionGroup var named: NamedTarget

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Answer: Encodable {
            let target, serverVersion, preparedAt: String
            let schema: Int?
        }

        func run() throws {
            let target = try named.resolve()
            let standing = try target.checkOurs(known: ArchiveSchema.tableNames)
            let schema = try ArchiveSchema.version(of: Connection.open(target.parameters))
            let answer = Answer(
                target: target.parameters.shown, serverVersion: standing.version,
                preparedAt: standing.marker?.createdAt ?? "not known", schema: schema)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                return Terminal.out(String(decoding: try encoder.encode(answer), as: UTF8.self))
            }
            let archive = schema.map { "an archive of schema \($0)" } ?? "no archive"
            Terminal.out(
                "\(answer.target): may be worked on; PostgreSQL \(answer.serverVersion), marked \(answer.preparedAt), \(archive)"
            )
        }
    }

    /// Drops the marked database of a server, or says how.
    static func remove(_ text: String, dryRun: Bool) throws {
        let target = ExternalTarget(try ServerArguments.resolve(text))
        if dryRun {
            try target.checkOurs(known: ArchiveSchema.tableNames)
            let connection = try Connection.open(target.parameters)
            let bytes = try ArchiveInspector(connection).databaseBytes()
            return TargetText.printPlan(
                target, try target.removal(), size: "frees \(bytes / 1_000_000) MB", time: "a few seconds")
        }
        try target.remove(known: ArchiveSchema.tableNames)
        Terminal.out("\(target.parameters.shown): dropped")
    }
}

/// The server of a `target` command.
struct NamedTarget: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server and the name of our database on it: a libpq URL or keyword string, as psql takes it.",
            valueName: "server"))
    var target: String

    func resolve() throws -> ExternalTarget { ExternalTarget(try ServerArguments.resolve(target)) }

    func schema(_ version: Int) throws -> ArchiveSchema {
        guard ArchiveSchema.supported.contains(version) else {
            throw UsageProblem("--schema \(version): choose 7 or 8")
        }
        return try ArchiveSchema(version: version, folder: "\(try Project.root())/sql/schema")
    }
}

/// Words about somebody's servers.
enum TargetText {
    /// Statements that would be sent.
    static func printPlan(_ target: ExternalTarget, _ statements: [String], size: String, time: String) {
        var lines = ["On \(target.parameters.shown), \(size), \(time):"]
        lines += statements.isEmpty ? ["  nothing: it is there already"] : statements.map { "  " + indented($0) + ";" }
        Terminal.out(lines.joined(separator: "\n") + "\nNothing was changed.")
    }

    /// A statement of several lines, without the semicolon at its end.
    static func indented(_ statement: String) -> String {
        let plain = statement.reversed().drop { $0 == ";" || $0.isWhitespace }.reversed()
        return String(plain).split(separator: "\n").joined(separator: "\n  ")
    }
}
