import SpecReader
import TestSupport
import Testing

/// Lines of files, whatever their ends and wherever the reader's own pieces end.
@Suite struct LineFileTests {
    private static func lines(_ reader: LineReader) -> [String] {
        var lines: [String] = []
        while let line = reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    @Test(
        arguments: [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\n\nb\n", ["a", "", "b"]),
            ("a\r\nb\r", ["a", "b"]), ("\u{FEFF}a\nb", ["a", "b"]), ("a\n\u{FEFF}b", ["a", "\u{FEFF}b"]),
        ] as [(String, [String])])
    func linesAreWhatLiesBetweenTheirEnds(_ text: String, _ lines: [String]) throws {
        let folder = try TemporaryFolder()
        let reader = LineReader(try LineFile(path: folder.write(text, as: "f")))
        #expect(Self.lines(reader) == lines)
        #expect(reader.failure == nil)
    }

    /// Many times what is read at once: every line comes once, in order, with its place, and all bytes are shown.
    @Test func longFilesComeInPieces() throws {
        let folder = try TemporaryFolder()
        let written = (0..<40_000).map { "line \($0) \(String(repeating: "x", count: $0 % 37))" }
        let text = written.joined(separator: "\n")
        let file = try LineFile(path: folder.write(text, as: "f"))
        #expect(file.size == text.utf8.count && file.size > 10 * LineReader.longest)
        var bytes = 0
        let reader = LineReader(file) { bytes += $0.count }
        var places: [LinePlace] = []
        for expected in written {
            let line = try #require(reader.next())
            if !line.elementsEqual(expected.utf8) { Issue.record("\(String(decoding: line, as: UTF8.self))") }
            places.append(reader.place)
        }
        #expect(reader.next() == nil && bytes == file.size)
        #expect(places.map(\.line) == Array(1...40_000))
        // A walk may begin at any line.
        let later = LineReader(file, from: places[30_000])
        #expect(Self.lines(later) == Array(written[30_000...]))
    }

    @Test func theLongestLineIsReadAndALongerOneTold() throws {
        let folder = try TemporaryFolder()
        let most = String(repeating: "x", count: LineReader.longest - 1)
        let fits = LineReader(try LineFile(path: folder.write("a\n\(most)\nb", as: "fits")))
        #expect(Self.lines(fits) == ["a", most, "b"])
        let tooLong = LineReader(try LineFile(path: folder.write("a\n\(most)xx\nb", as: "long")))
        #expect(Self.lines(tooLong) == ["a"])
        let failure = try #require(tooLong.failure)
        #expect(failure.line == 2 && failure.what == "is longer than 65536 bytes")
    }

    @Test func aFileThatIsReplacedStaysAndOneThatIsWrittenToIsTold() throws {
        let folder = try TemporaryFolder()
        let file = try LineFile(path: folder.write("one\n", as: "f"))
        #expect(file.isUnchanged)
        _ = try folder.write("other\n", as: "f")
        #expect(!file.isUnchanged)
        #expect(Self.lines(LineReader(file)) == ["other"])
    }

    @Test(arguments: [("none", "cannot be read: No such file or directory"), ("", "is not a plain file")])
    func whatIsNoFileIsTold(_ name: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        do throws(SpecProblem) {
            _ = try LineFile(path: "\(folder.path)/\(name)")
            Issue.record("opened")
        } catch {
            #expect(error.what == words && error.line == nil && !error.remedy.isEmpty)
        }
    }
}
