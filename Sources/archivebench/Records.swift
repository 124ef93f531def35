import ArgumentParser
import FoundationEssentials
import LinuxSystem
import Report
import RunRecord

/// `archivebench report`
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write the reports of a run, a comparison or an experiment again.",
        discussion: """
            A run gets report.html and report.md; a comparison and an experiment also tables (CSV), answers (JSON) and a
            test report for a build server (junit.xml).

            Examples:
              archivebench report latest
              archivebench report Reports/examples/status-prod-steady
            """)

    @Argument(help: "A run, comparison or experiment: its name, the beginning of it, its folder, or 'latest'.")
    var name: String

    func run() throws {
        Terminal.out(try StoredRecord.find(name).writeReports())
    }
}

/// `archivebench show`
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a run in the terminal.",
        discussion: """
            Examples:
              archivebench show latest
              archivebench show 20260105 --json | jq .classes
            """)

    @Argument(help: "A run: its name, the beginning of it, its folder, or 'latest'.")
    var name: String

    @Flag(help: "Print the run record as JSON.")
    var json = false

    func run() throws {
        let folder = try RunFolders.find(name)
        let record = try folder.readRecord()
        Terminal.out(json ? folder.readText(.record) ?? "" : Reporting.details(folder, record))
    }
}

/// `archivebench runs`
struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List or remove runs.", subcommands: [List.self, Prune.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List runs, comparisons and experiments, newest first, and which may be used as evidence.",
            discussion: """
                Examples:
                  archivebench runs list
                  archivebench runs list --json | jq -r '.[] | select(.evidence) | .run'
                """)

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let rows = try StoredRecord.all().map(\.row)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                return Terminal.out(String(decoding: try encoder.encode(rows), as: UTF8.self))
            }
            if rows.isEmpty { return Terminal.out("No runs yet; `archivebench run` makes one.") }
            let width = rows.map(\.run.count).max() ?? 0
            for row in rows {
                let name = row.run + String(repeating: " ", count: width - row.run.count)
                let use = row.evidence ? "evidence" : "not evidence: \(row.doubts.joined(separator: ", "))"
                let kind = row.kind == "run" ? "" : "\(row.kind), "
                Terminal.out("\(name)  \(row.started)  \(kind)\(use)")
            }
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove old runs.",
            discussion: """
                Only folders below Reports with a run record are touched; comparisons, experiments and the committed
                examples never are.

                Examples:
                  archivebench runs prune --keep 5
                  archivebench runs prune --keep 0 --dry-run
                """)

        @Option(help: ArgumentHelp("How many of the newest runs stay.", valueName: "n"))
        var keep = 10

        @Flag(help: "Say what would be removed, and stop.")
        var dryRun = false

        func validate() throws {
            if keep < 0 { throw ValidationError("--keep \(keep): use 0 or more") }
        }

        func run() throws {
            let old = try RunFolders.all().dropFirst(keep)
            for folder in old {
                if !dryRun { try FileManager.default.removeItem(atPath: folder.path) }
                Terminal.out("\(dryRun ? "would remove" : "removed") \(RunFolders.name(of: folder))")
            }
            if old.isEmpty { Terminal.out("Nothing to remove.") }
        }
    }
}
