import PostgresClient
import TestSupport
import Testing

/// `characterize` as a person runs it.
@Suite(.ownThreads) struct CharacterizeCommandTests {
    @Test func anArchiveBecomesAFolderOfFiles() async throws {
        let server = try await ForeignArchive.make()
        let source = "host=\(server.host) port=\(server.port) user=\(server.user) dbname=\(server.database)"
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let output = "\(folder.path)/fleet"
        let arguments = ["characterize", "--source", source, "--output", output, "--force-load", "--share", "50%"]
        let ended = try await tool.run(arguments)
        #expect(ended.status == 0, "\(ended.error)")
        for word in ["9 000 messages", "of one processor's time, limit 50", "sizes", "not known: "] {
            #expect(ended.out.contains(word), "\(word): \(ended.out)")
        }
        #expect(
            names(in: output).sorted() == ["fit.json", "indexes.sql", "profile.yaml", "variant.yaml", "workload.yaml"])
        let checked = try await tool("workload", "check", "\(output)/workload.yaml")
        #expect(checked.status == 0, "\(checked.error)")
        // Nothing that is there is written over.
        let again = try await tool.run(arguments)
        #expect(again.status == 2 && again.error.contains("is there already"), "\(again.error)")
        #expect(tool.isClean())
    }

    @Test func whatCannotBeReadIsToldInOneLineAndLeavesNoFile() async throws {
        let server = try await TestServers.database()
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let empty = "host=\(server.host) port=\(server.port) user=\(server.user) dbname=\(server.database)"
        for (source, status, word) in [
            (empty, 3, "no archive of a store node"), ("host=/nonexistent dbname=a", 3, "check host, port and network"),
            ("postgres://%zz", 2, "--source"),
        ] as [(String, Int32, String)] {
            let ended = try await tool.run(
                ["characterize", "--source", source, "--output", "\(folder.path)/\(word.count)", "--force-load"])
            #expect(ended.status == status && ended.error.contains(word), "\(ended.status): \(ended.error)")
            #expect(names(in: "\(folder.path)/\(word.count)").isEmpty)
        }
        for (option, value) in [("--share", "0"), ("--sample", "3"), ("--statement-timeout", "1ms")] {
            let ended = try await tool.run(["characterize", "--source", empty, option, value])
            #expect(ended.status == 2 && ended.error.contains(option), "\(ended.error)")
        }
    }
}
