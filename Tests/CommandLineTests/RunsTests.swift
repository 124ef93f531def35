import FoundationEssentials
import TestSupport
import Testing

/// The list of runs says which of them may be used as evidence, and why not.
@Suite(.ownThreads) struct RunsTests {
    /// A run among the checkout's own, for as long as the test lasts.
    private final class ListedRun {
        let name = "00000000-test-\(UInt32.random(in: 0 ... .max))"
        private let folder: String

        init(_ record: String) throws {
            folder = "\(packageRoot)/Reports/\(name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(record.utf8).write(to: URL(filePath: "\(folder)/run.json"))
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }
    }

    private struct Row: Decodable {
        let run, ending: String
        let valid, evidence: Bool
        let doubts: [String]
    }

    /// What the list says of a run, for people and for programs.
    private func listed(_ record: String) async throws -> (line: String, row: Row) {
        let (tool, run) = (Tool(), try ListedRun(record))
        defer { withExtendedLifetime(run) {} }
        let lines = try await tool("runs", "list").out.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(run.name) })
        let text = try await tool("runs", "list", "--json").out
        let rows = try JSONDecoder().decode([Row].self, from: Data(text.utf8))
        return (String(line), try #require(rows.first { $0.run == run.name }))
    }

    private func example() throws -> String {
        try readText("\(packageRoot)/Reports/examples/status-prod-steady/run.json")
    }

    @Test func aFinishedValidTrialIsEvidence() async throws {
        let (line, row) = try await listed(example())
        #expect(line.hasSuffix("  evidence"))
        #expect(row.evidence && row.valid && row.doubts.isEmpty)
    }

    @Test func whatKeepsATrialFromBeingEvidenceIsNamed() async throws {
        let text = try example().replacing("\"ending\" : \"completed\"", with: "\"ending\" : \"interrupted\"")
        let (line, row) = try await listed(text)
        #expect(line.hasSuffix("  not evidence: interrupted"))
        #expect(!row.evidence && row.ending == "interrupted" && row.doubts == ["interrupted"])
    }

    @Test func aRecordThatCannotBeReadIsNoEvidence() async throws {
        let (line, row) = try await listed("{}")
        #expect(line.hasSuffix("  not evidence: unreadable record"))
        #expect(!row.evidence && !row.valid && row.doubts == ["unreadable record"])
    }
}
