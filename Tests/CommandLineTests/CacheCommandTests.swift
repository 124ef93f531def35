import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// `archivebench cache` on entries that look like a server's data.
@Suite(.ownThreads) struct CacheCommandTests {
    /// Keys of the entries, the one used longest ago first.
    private let keys = ["a1", "a2", "b3"].map { $0 + String(repeating: "0", count: 62) }

    private func fill(_ tool: Tool) throws {
        for (index, key) in keys.enumerated() {
            let folder = "\(tool.home)/cache/\(key)"
            try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
            try Data("15\n".utf8).write(to: URL(filePath: "\(folder)/data/PG_VERSION"))
            let entry = """
                {"key": "\(key)", "createdAt": "2026-01-01T00:00:00Z", "lastUsedAt": "2026-01-0\(index + 2)T00:00:00Z",
                 "bytes": 2000000000, "rows": 200000, "partitions": 24, "serverVersion": "15.18 (Debian)",
                 "schemaVersion": 8, "description": "history \(index)", "facts": {}}
                """
            try Data(entry.utf8).write(to: URL(filePath: "\(folder)/entry.json"))
        }
        chmod(tool.home, 0o755)
        chmod("\(tool.home)/cache", 0o700)
        for key in keys { chmod("\(tool.home)/cache/\(key)", 0o700) }
    }

    @Test func anEmptyCacheSaysSo() async throws {
        let tool = Tool()
        let list = try await tool("cache", "list")
        #expect(list.status == 0 && list.out == "The cache is empty.\n" && list.error.isEmpty)
        let json = try await tool("cache", "list", "--json")
        #expect(json.status == 0 && json.out.contains("\"totalBytes\" : 0"))
        let prune = try await tool("cache", "prune", "--all")
        #expect(prune.status == 0 && prune.out == "Nothing to remove.\n")
        #expect(tool.isClean())
    }

    @Test func whatIsThereIsListed() async throws {
        let tool = Tool()
        try fill(tool)
        let lines = try await tool("cache").out.split(separator: "\n")
        #expect(lines.count == 5)
        let words = lines[1].split(separator: "  ").map { $0.drop { $0 == " " } }
        #expect(
            words == [
                "a10000000000", "2.00 GB", "200 000", "24", "8", "15.18", "2026-01-01T00:00:00Z",
                "2026-01-02T00:00:00Z", "history 0",
            ])
        #expect(lines[4] == "3 datasets, 6.00 GB in \(tool.home)/cache")
        struct Listing: Decodable {
            struct Dataset: Decodable { let key: String }
            let totalBytes: Int
            let datasets: [Dataset]
        }
        let json = try await tool("cache", "list", "--json").out
        let listing = try JSONDecoder().decode(Listing.self, from: Data(json.utf8))
        #expect(listing.totalBytes == 6_000_000_000 && listing.datasets.map(\.key) == keys)
        try FileManager.default.removeItem(atPath: "\(tool.home)/cache")
    }

    @Test func whatIsAskedForIsRemovedAndNothingElse() async throws {
        let tool = Tool()
        try fill(tool)
        for (wrong, words) in [
            (["ff"], "ff: no such dataset; `archivebench cache list`"), (["b3", "a"], "a: 2 datasets begin so"),
            (["--all", "b3"], "exclude each other"), (["--keep", "10"], "'10' has no unit"),
            (["../cache"], "no such dataset"), ([""], "no such dataset"),
        ] {
            let ending = try await tool.run(["cache", "prune"] + wrong)
            #expect(ending.status == 2 && ending.error.contains(words), "\(ending.error)")
            #expect(ending.error.split(separator: "\n").count == 1 && ending.out.isEmpty)
        }
        #expect(try await tool("cache", "prune").out == "Nothing to remove.\n")
        #expect(try await tool("cache", "prune", "--keep", "5GB").out == "removed a10000000000, 2.00 GB: history 0\n")
        #expect(try await tool("cache", "prune", "b", "b3").out == "removed b30000000000, 2.00 GB: history 2\n")
        #expect(names(in: "\(tool.home)/cache") == [keys[1]])
        #expect(try await tool("cache", "prune", "--all").out.hasPrefix("removed a20000000000"))
        #expect(tool.isClean())
    }

    @Test func cleanSweepsWhatKilledRunsLeft() async throws {
        let tool = Tool()
        try fill(tool)
        let left = ".new-1-1-1"
        try FileManager.default.createDirectory(
            atPath: "\(tool.home)/cache/\(left)/data", withIntermediateDirectories: true)
        let ending = try await tool("clean")
        #expect(ending.status == 0 && ending.out == "removed \(left), left behind in the cache\n")
        #expect(Set(names(in: "\(tool.home)/cache")) == Set(keys))
        #expect(try await tool("cache", "prune", "--all").status == 0)
        #expect(tool.isClean())
    }
}
