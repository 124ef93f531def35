import FoundationEssentials
import Report
import RunRecord
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite struct BundleTests {
    private static let secret = "hunter2&very<secret"
    /// As a payload looks in a text of the server: bytes, hex text, base 64.
    private static let payload = String(repeating: "c0ffee", count: 40)
    private static let encoded = String(repeating: "UGF5bG9hZA", count: 20)

    /// A comparison with secrets and payload wherever a careless hand could have left them.
    private func planted(_ home: String) throws -> ComparisonFolder {
        let folder = try ComparisonFolder.create(path: "\(home)/study", startedAt: 0, date: "a day")
        var record = SampleComparison.record()
        record.command = "archivebench compare 'postgresql://waku:\(Self.secret)@db.example:5432/x?sslmode=require' b"
        record.notCollected = [
            "host=db password=\(Self.secret) user=waku", "ALTER ROLE waku PASSWORD '\(Self.secret)'",
        ]
        record.sides[1].variant.settings[0].value = "primary_conninfo='password=\(Self.secret)'"
        record.sides[1].statements?.others = [
            SampleServer.row("INSERT VALUES ('\\x\(Self.payload)')", calls: 1, plan: 1, exec: 1, read: 1)
        ]
        try folder.write(record)
        try folder.append(SampleComparison.slices()[0], histograms: [:])
        try folder.write(
            "{\"Query Parameters\": \"$1 = 'short but a payload'\", \"Filter\": \"(payload = '\(Self.payload)')\"}",
            file: "plans/slow.json")
        try folder.write("password: \(Self.secret)\nb: \(Self.encoded)\n", file: "notes.yaml")
        try folder.write("statement: INSERT '\\x\(Self.payload)'", file: "server.log")
        try folder.write(Self.payload, file: "payload.bin")
        try ComparisonExporters.writeAll(folder)
        return folder
    }

    @Test func aBundleHoldsNoSecretAndNoPayload() async throws {
        let home = try TemporaryFolder()
        let folder = try planted(home.path)
        let archive = "\(home.path)/study.tar.gz"
        let summary = try ReportBundle(folder: folder.path, name: "study", schemas: ["v8-up.sql": "CREATE TABLE x ();"])
            .write(to: archive)
        #expect(summary.leftOut == ["payload.bin", "server.log"])
        let files = try await Untar.files(archive, in: home.path)
        #expect(files.count == summary.files)
        for (name, text) in files {
            for word in [Self.secret, Self.payload, Self.encoded, "short but a payload"] {
                #expect(!text.contains(word), "\(name): \(word.prefix(20))")
            }
        }
        let record = try #require(files["study/comparison.json"])
        #expect(record.contains("postgresql://waku:***@db.example:5432/x?sslmode=require"))
        #expect(try JSONDecoder().decode(ComparisonRecord.self, from: Data(record.utf8)).pairs.count == 1)
        #expect(files["study/plans/slow.json"]?.contains("(120 bytes left out)") == true)
    }

    @Test func aBundleOpensByItsIndexAndNamesItsParts() async throws {
        let home = try TemporaryFolder()
        let folder = try planted(home.path)
        let archive = "\(home.path)/study.tar.gz"
        _ = try ReportBundle(folder: folder.path, name: "study", schemas: ["v8-up.sql": "CREATE TABLE x ();"])
            .write(to: archive)
        let files = try await Untar.files(archive, in: home.path)
        #expect(files["study/index.html"]?.hasPrefix("<!doctype html>") == true)
        #expect(files["study/index.html"] == files["study/report.html"])
        #expect(files["study/schema/v8-up.sql"] == "CREATE TABLE x ();")
        #expect(files["study/settings.csv"]?.contains("wal-compression-lz4,wal_compression,lz4,off,variant") == true)
        #expect(files["study/fingerprints.csv"]?.contains("query.page.first,after,2222222222222222") == true)
        let contents = try #require(files["study/CONTENTS.md"])
        for name in files.keys where name != "study/CONTENTS.md" {
            #expect(contents.contains("`\(name.dropFirst(6))`"))
        }
        #expect(contents.contains("server.log: a server"))
        let parts = try FileManager.default.contentsOfDirectory(atPath: home.path)
        #expect(Set(parts) == ["study", "study.tar.gz", "unpacked"])
    }

    @Test func digestsAndPicturesStayWhole() async throws {
        let home = try TemporaryFolder()
        let folder = try planted(home.path)
        let digest = String(repeating: "0123456789abcdef", count: 4)
        let text = "digest \(digest)\n<path d=\"M1 2L3 4\"/> passwords are out; https://host/path\n"
        try folder.write(text, file: "notes.md")
        _ = try ReportBundle(folder: folder.path, name: "study", schemas: [:]).write(to: "\(home.path)/x.tar.gz")
        #expect(try await Untar.files("\(home.path)/x.tar.gz", in: home.path)["study/notes.md"] == text)
    }

    @Test func aFolderWithoutReportIsRefused() throws {
        let home = try TemporaryFolder()
        let folder = try ComparisonFolder.create(path: "\(home.path)/c", startedAt: 0, date: "a day")
        #expect(throws: BundleProblem.self) {
            try ReportBundle(folder: folder.path, name: "c", schemas: [:]).write(to: "\(home.path)/c.tar.gz")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["c"])
    }
}

/// Reads an archive with somebody else's eyes.
private enum Untar {
    /// Texts by path within the archive.
    static func files(_ archive: String, in home: String) async throws -> [String: String] {
        let folder = "\(home)/unpacked"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let answer = try await run(
            .name("tar"), arguments: ["-xzf", archive, "-C", folder], output: .discarded,
            error: .string(limit: 10_000))
        #expect(answer.terminationStatus.isSuccess, "\(answer.standardError)")
        return try read(folder, "")
    }

    private static func read(_ folder: String, _ prefix: String) throws -> [String: String] {
        var files: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)") {
            let path = prefix + name
            if let inner = try? read(folder, path + "/") {
                files.merge(inner) { $1 }
            } else {
                files[path] = FileManager.default.contents(atPath: "\(folder)/\(path)").map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
        }
        return files
    }
}
