import FoundationEssentials
import Measurement
import RunRecord
import TestSupport
import Testing

@Suite struct ComparisonFolderTests {
    private func folder(_ home: TemporaryFolder) throws -> ComparisonFolder {
        try ComparisonFolder.create(path: "\(home.path)/c", startedAt: 1_767_225_600_000, date: "a day")
    }

    /// ABBA: each side has two slices a block.
    private func slices() -> [SliceRecord] {
        ["a b", "c,d", "c,d", "a b"].enumerated().map { place, side in
            SliceRecord(block: 0, place: place, side: side, atSeconds: Double(place) * 2.0004, seconds: 1.5)
        }
    }

    @Test func slicesComeBackWithTheirHistograms() throws {
        let home = try TemporaryFolder()
        let folder = try folder(home)
        for (number, slice) in slices().enumerated() {
            let durations = (1...UInt64(10 + number)).map { $0 * 1_000_000 }
            let histogram = LatencyLogTests.histogram(durations, .interval)
            try folder.append(
                slice, histograms: ["put": histogram, "store.topics": histogram, "empty": LatencyHistogram(.interval)])
        }
        #expect(try folder.readSlices() == slices())
        let read = try folder.readHistograms(of: slices())
        #expect(read.map(\.place) == [0, 1, 2, 3] && read.map(\.side) == slices().map(\.side))
        for (number, one) in read.enumerated() {
            #expect(Set(one.classes.keys) == ["put", "store.topics"])
            #expect(one.classes["put"]?.count == 10 + number)
        }
    }

    /// A comparison that takes no slice takes its folder away again, so it never begins in one with somebody's files.
    @Test func aFolderWithFilesInItIsRefused() throws {
        let home = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: "\(home.path)/c", withIntermediateDirectories: false)
        let file = try home.write("mine", as: "c/notes.txt")
        let problem = #expect(throws: ComparisonFolder.Problem.self) { try folder(home) }
        #expect(problem?.description.hasSuffix("/c: is not empty; choose a new folder with --output") == true)
        #expect(try readText(file) == "mine" && names(in: "\(home.path)/c") == ["notes.txt"])
    }

    @Test func whatAKillLeftIsReadAsFarAsItGoes() throws {
        let home = try TemporaryFolder()
        let folder = try folder(home)
        let slices = slices()
        try folder.append(slices[0], histograms: ["put": LatencyLogTests.histogram([1_000_000], .interval)])
        try folder.append(slices[1], histograms: ["put": LatencyLogTests.histogram([1_000_000], .interval)])
        let text = try readText(folder.path(of: .slices))
        try folder.write(String(text.dropLast(10)), to: .slices)
        let kept = try folder.readSlices()
        #expect(kept == [slices[0]])
        // The second slice's histogram is there, its record is not.
        #expect(try folder.readHistograms(of: kept).map(\.side) == ["a b"])
    }

    @Test func aComparisonIsNotWrittenOver() throws {
        let home = try TemporaryFolder()
        try folder(home).write("{\"formatVersion\": 99}", to: .record)
        #expect(throws: ComparisonFolder.Problem.self) { try folder(home) }
        #expect { try ComparisonFolder(path: "\(home.path)/c").readRecord() } throws: { error in
            "\(error)".contains("format 99, this version reads 1")
        }
        #expect { try ComparisonFolder(path: "\(home.path)/none").readRecord() } throws: { error in
            "\(error)".contains("no such record")
        }
    }

    @Test func longNamesFitAnArchiveOrAreRefused() throws {
        let home = try TemporaryFolder()
        func archive(_ name: String) throws {
            var archive = try TarArchive(path: "\(home.path)/x.tar.gz")
            try archive.add(name, [1, 2, 3])
            try archive.finish()
        }
        try archive(String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 90))
        #expect(FileManager.default.fileExists(atPath: "\(home.path)/x.tar.gz"))
        #expect(throws: TarArchive.Problem.self) { try archive(String(repeating: "a", count: 101)) }
        #expect(throws: TarArchive.Problem.self) { try archive(String(repeating: "a/", count: 200)) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["x.tar.gz"])
    }
}
