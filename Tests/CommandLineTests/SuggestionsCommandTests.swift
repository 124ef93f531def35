import FoundationEssentials
import TestSupport
import Testing

@Suite(.ownThreads) struct SuggestionsCommandTests {
    @Test func theShippedOnesAreListed() async throws {
        let tool = Tool()
        let list = try await tool("suggestions", "list")
        let lines = list.out.split(separator: "\n")
        #expect(list.status == 0 && list.error.isEmpty && lines.count > 35, "\(list.error)")
        #expect(lines[0].hasPrefix("name ") && lines.contains { $0.hasPrefix("index-drop-hash ") })
        #expect(!lines.contains { $0.hasPrefix("status-prod ") })
        struct Entry: Decodable {
            struct Suggestion: Decodable { let base: String }
            let name: String
            let suggestion: Suggestion
        }
        let json = try await tool("suggestions", "list", "--json").out
        let entries = try JSONDecoder().decode([Entry].self, from: Data(json.utf8))
        // Behind the list stands what no variant can say.
        let missing = try #require(lines.firstIndex { $0.hasPrefix("No variant says these") })
        #expect(
            lines[missing...].dropFirst().map { $0.prefix { $0 != ":" } } == [
                "  node-client", "  message-key", "  table-rename", "  vacuum-after-retention", "  pg-repack",
                "  hourly-partitions", "  payload-bytea", "  order-by-time", "  hundred-hashes", "  cursor-lookup",
                "  topic-cap", "  range-cap", "  redis-cache", "  horizontal-scaling", "  server-review",
                "  dbperf-fleet", "  detach-finalize", "  maintenance-guards", "  sync-off", "  retention-bounds",
                "  capacity-policy", "  rln-proof",
            ])
        #expect(entries.count == missing - 1)
        let why = try await tool("suggestions", "show", "payload-bytea")
        #expect(why.status == 0 && why.out.contains("  no variant   the driver writes and reads payload and meta"))
        #expect(why.out.hasSuffix("  instead      variant hash-bytea, for hashes\n"), "\(why.out)")
        let order = try await tool("suggestions", "show", "order-by-time")
        #expect(order.out.contains("  no variant   it gives other answers") && !order.out.contains("  instead "))
        #expect(entries.first { $0.name == "pgtune" }?.suggestion.base == "compose")
        #expect(tool.isClean())
    }

    /// Issues in which something was proposed for the archive, part 7.3 of the project's notes on the node: each is the
    /// source of a variant, or of what no variant says.
    private static let proposed = [
        1_604, 1_631, 1_842, 1_885, 2_110, 2_115, 2_165, 2_166, 2_171, 2_182, 2_202, 2_246, 2_296, 2_313, 2_506, 2_535,
        2_578, 2_679, 2_689, 2_776, 2_778, 2_784, 2_809, 2_846, 2_887, 2_902, 2_917, 2_933, 2_966, 2_976, 2_986, 3_008,
        3_015, 3_061, 3_083, 3_098, 3_100, 3_117, 3_170, 3_256, 3_278, 3_535, 3_728, 3_766, 4_106, 4_123, 4_124, 4_147,
        4_149, 4_260,
    ]

    @Test func everythingProposedIsAccountedFor() throws {
        let folder = "\(packageRoot)/Workloads/variants"
        var texts = try names(in: folder).map { try readText("\(folder)/\($0)") }
        texts.append(try readText("\(packageRoot)/Sources/archivebench/MissingSuggestion.swift"))
        let all = texts.joined(separator: "\n")
        for issue in Self.proposed { #expect(all.contains("#\(issue)"), "#\(issue)") }
        // What was proposed elsewhere, and what never was.
        for words in [
            "infra-waku #32", "9fac8a9", "waku.sandbox", "status-go #6115", "pgtune", "autovacuum_work_mem",
            "pg_repack", "feat/store-sync-standalone", "062cb6d", "hashes: bytea", "put: batched", "put: pipelined",
            "put: transaction", "form: copy", "index-drop-hash", "brin", "index-time-hash", "statement-timeout:",
            "plans: generic", "partitions-daily",
        ] {
            #expect(all.contains(words), "\(words)")
        }
    }

    @Test func oneIsShownInFull() async throws {
        let tool = Tool()
        let shown = try await tool("suggestions", "show", "index-drop-shard")
        #expect(shown.status == 0)
        for words in [
            "  author       ArchiveBench", "  undo         index-drop-shard-undo.sql", "\nDROP INDEX idx_query",
        ] {
            #expect(shown.out.contains(words), "\(shown.out)")
        }
        for (arguments, words) in [
            (["show", "no-such"], "no-such: no such file"),
            (["show", "status-prod"], "is a variant without 'suggestion'"),
            (["migration", "--schema", "8"], "--schema 8: the migration begins with 7"),
            (["migration", "--history", "0"], "--history 0: there is nothing to ask for"),
            (["migration", "--puts", "-1"], "puts"),
            (["check", "jit-off", "--variant", "compose"], "--variant: the archive is made as"),
        ] {
            let ending = try await tool.run(["suggestions"] + arguments)
            #expect(ending.status == 2 && ending.error.contains(words), "\(ending.error)")
            #expect(ending.error.split(separator: "\n").count == 1 && ending.out.isEmpty)
        }
        #expect(tool.isClean())
    }

    @Test func aMigrationKeepsItsRecord() async throws {
        let (tool, place) = (Tool(), try TemporaryFolder())
        let arguments = ["suggestions", "migration", "--history", "2k", "--partitions", "3", "--queries", "50"]
        let folder = "\(place.path)/m"
        let done = try await tool.run(arguments + ["--puts", "5", "--no-cache", "--json", "--output", folder])
        #expect(done.status == 0 && done.error.hasSuffix("folder     \(folder)\n"), "\(done.error)")
        struct Report: Decodable, Equatable {
            let rows: Int
            let scriptSeconds: Double
            let serverVersion: String
        }
        struct Record: Decodable {
            struct Host: Decodable { let processors: Int }
            let migrationId, command, toolVersion, programs, startedAt, variant: String
            let host: Host
            let report: Report
        }
        let record = try JSONDecoder().decode(Record.self, from: Data(readText("\(folder)/migration.json").utf8))
        let printed = try JSONDecoder().decode(Report.self, from: Data(done.out.utf8))
        #expect(record.report == printed)
        #expect(record.migrationId == "m" && record.report.rows == 2_000 && record.host.processors > 0)
        #expect(record.command.hasPrefix("archivebench suggestions migration --history 2k"))
        #expect(record.programs.hasPrefix(record.report.serverVersion.prefix { $0 != " " }))
        let again = try await tool.run(arguments + ["--output", folder])
        #expect(again.status == 2 && again.error.contains("holds a migration's record already"))
        #expect(tool.isClean())
    }

    /// One with a patch and the base's settings, on an archive of its own.
    @Test func oneIsAppliedAndUndone() async throws {
        let tool = Tool()
        let small = ["--history", "2k", "--partitions", "30", "--no-cache", "--json"]
        let done = try await tool.run(["suggestions", "check", "partitions-daily"] + small)
        #expect(done.status == 0, "\(done.error)")
        struct Outcome: Decodable {
            let applied: [String]
            let undone: [String]
        }
        let outcome = try JSONDecoder().decode(Outcome.self, from: Data(done.out.utf8))
        #expect(outcome.applied.contains { $0.hasPrefix("20 settings of the base: read back") }, "\(outcome.applied)")
        #expect(outcome.applied.contains("partitions-daily.sql, taken back by partitions-hourly.sql:"))
        #expect(outcome.undone.last?.hasPrefix("tables as before: ") == true)
        #expect(tool.isClean())
    }
}
