import ArchiveDriver
import ArgumentParser
import Experiment
import FoundationEssentials
import Report
import RunRecord
import SpecReader
import Testbed

/// `archivebench suggestions`
struct SuggestionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggestions",
        abstract: "What has been proposed for the archive, and what came of it where it was tried.",
        discussion: """
            Examples:
              archivebench suggestions list                      all that are shipped, with their newest verdict
              archivebench suggestions show index-drop-hash      one in full, with its SQL
              archivebench suggestions ledger --json             every comparison of a suggestion made here
              archivebench suggestions check partitions-daily    apply and undo one on an archive of its own
              archivebench suggestions migration                 schema 7 to 8 under traffic
            """,
        subcommands: [List.self, ShowOne.self, Ledger.self, SuggestionCheck.self, MigrationCommand.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the shipped suggestions.",
            discussion: """
                Examples:
                  archivebench suggestions list
                  archivebench suggestions list --json | jq -r '.[] | select(.newest == null) | .name'
                """)

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Entry: Encodable {
            let name: String
            let summary: String
            let suggestion: SuggestionDescription
            /// Absent when it was never tried.
            let newest: LedgerRow?
        }

        func run() throws {
            let rows = try SuggestionFiles.ledger().rows()
            let entries = try SuggestionFiles.all().map { subject in
                Entry(
                    name: subject.variant.name, summary: subject.variant.summary, suggestion: subject.description,
                    newest: rows.last { $0.suggestion == subject.variant.name })
            }
            if json { return try SuggestionFiles.print(entries) }
            let head = ["name", "author", "base", "newest verdict", "changes"]
            let lines = entries.map { entry in
                [
                    entry.name, entry.suggestion.author, entry.suggestion.base,
                    entry.newest.map { "\($0.outcome), \($0.endedAt.prefix(10))" } ?? "never tried",
                    SuggestionText.short(entry.suggestion.changes),
                ]
            }
            for line in SuggestionText.table([head] + lines) + [""] + MissingSuggestion.lines { Terminal.out(line) }
        }
    }

    struct ShowOne: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show a suggestion: whose it is, what it changes, what came of it.",
            discussion: """
                Examples:
                  archivebench suggestions show put-pipelined
                  archivebench suggestions show my-idea.yaml --json
                """)

        @Argument(help: "A variant file with a suggestion, or the name of a shipped one.")
        var name: String

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Whole: Encodable {
            let name: String
            let summary: String
            let suggestion: SuggestionDescription
            let patch: String?
            let undo: String?
            let ledger: [LedgerRow]
        }

        func run() throws {
            if let missing = MissingSuggestion.named(name) {
                if json { return try SuggestionFiles.print(missing) }
                for line in missing.lines { Terminal.out(line) }
                return
            }
            let (variant, description) = try SuggestionFiles.read(name)
            let rows = try SuggestionFiles.ledger().rows().filter { $0.suggestion == variant.name }
            if json {
                return try SuggestionFiles.print(
                    Whole(
                        name: variant.name, summary: variant.summary, suggestion: description,
                        patch: variant.patch?.apply.text, undo: variant.patch?.undo?.text, ledger: rows))
            }
            Terminal.out("\(variant.name): \(variant.summary)")
            for line in SuggestionText.lines(description) { Terminal.out(line) }
            if let patch = variant.patch {
                Terminal.out("\n\(patch.apply.text)")
                if let undo = patch.undo { Terminal.out("\(undo.text)") }
            }
            Terminal.out(rows.isEmpty ? "Never tried on this machine." : "Tried:")
            for row in rows { for line in SuggestionText.lines(row) { Terminal.out(line) } }
        }
    }

    struct Ledger: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What came of every suggestion that was tried, comparison by comparison.",
            discussion: """
                The rows are kept in Reports/ledger.jsonl.

                Examples:
                  archivebench suggestions ledger
                  archivebench suggestions ledger jit-off --json | jq '.[].effects'
                """)

        @Argument(help: "Only this suggestion.")
        var name: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func run() throws {
            let rows = try SuggestionFiles.ledger().rows().filter { name == nil || $0.suggestion == name }
            if json { return try SuggestionFiles.print(rows) }
            if rows.isEmpty {
                return Terminal.out(
                    "\(name.map { "\($0) was never tried" } ?? "No suggestion was tried yet"); `archivebench compare` tries one."
                )
            }
            for row in rows { for line in SuggestionText.lines(row) { Terminal.out(line) } }
        }
    }
}

/// Where suggestions are.
enum SuggestionFiles {
    /// A suggestion as its file has it.
    typealias Subject = (variant: Variant, description: SuggestionDescription)

    /// What became of them.
    static func ledger() throws -> SuggestionLedger { SuggestionLedger(folder: try RunFolders.home()) }

    /// The shipped ones by name.
    static func all() throws -> [Subject] {
        let folder = "\(try Project.root())/Workloads/variants"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        var problems: [SpecProblem] = []
        var found: [Subject] = []
        for file in files.sorted() {
            do { if let one = try subject("\(folder)/\(file)") { found.append(one) } } catch let error as SpecProblems {
                problems += error.problems
            }
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
        return found
    }

    /// The one that a person means.
    static func read(_ name: String) throws -> Subject {
        guard let one = try subject(Project.file(name, in: "variants")) else {
            throw UsageProblem(
                "\(name): is a variant without 'suggestion'; `archivebench suggestions list` shows those")
        }
        return one
    }

    private static func subject(_ path: String) throws -> Subject? {
        var driver = DriverBehaviour.faithful
        let variant = try Variant(path: path) { driver = DriverBehaviour(variant: $0) }
        return SuggestionDescription(variant, driver: driver).map { (variant, $0) }
    }

    /// Prints a value as JSON.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Terminal.out(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
