import CZlib
import FoundationEssentials
import Measurement
import RunRecord
import TestSupport
import Testing

@Suite struct LatencyLogTests {
    /// Durations of so many sizes that counts lie in the first bucket, in high ones, alone and side by side.
    static let durations: [String: [UInt64]] = [
        "put": (1...2_000).map { UInt64($0 * $0) * 700 },
        "store.hashes.data": [0, 1, 511, 512, 1_023, 131_071, 131_072, 5_000_000, 5_000_000],
        "store.time-range": [LatencyHistogram.longest * 2, 3_599_000_000_000, 1_000_000_000],
        "maintenance.retention": [UInt64](repeating: 1_500_000, count: 100_000),
    ]

    static func histogram(_ durations: [UInt64], _ precision: LatencyHistogram.Precision = .interval)
        -> LatencyHistogram
    {
        var histogram = LatencyHistogram(precision)
        for duration in durations { histogram.record(duration) }
        return histogram
    }

    @Test func theHeadSaysWhenTheRunBegan() {
        let lines = LatencyLog.head(startedAt: 1_767_225_600_042, date: "2026-01-01T00:00:00Z").split(separator: "\n")
        #expect(lines.contains("#[Histogram log format version 1.3]"))
        #expect(lines.contains("#[StartTime: 1767225600.042 (seconds since epoch), 2026-01-01T00:00:00Z]"))
        #expect(lines.contains("#[BaseTime: 1767225600.042 (seconds since epoch)]"))
        #expect(
            lines.last
                == #""StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram""#)
    }

    @Test func aLineNamesItsClassItsSecondAndItsMaximum() throws {
        let line = try LatencyLog.line(tag: "a,b c", start: 7, length: 1, Self.histogram([1_500_000, 2_000_000]))
        // 2 000 000 ns lie in a step of 8 192 ns that ends with 2 007 039.
        #expect(line.hasPrefix("Tag=a-b-c,7.000,1.000,2.007,HISTF"))
        #expect(line.hasSuffix("\n") && line.count { $0 == "\n" } == 1)
    }

    /// Cookie 0x1c849314, the length of the rest, and a zlib stream of the encoding.
    @Test func aHistogramIsCompressedAsTheFormatSays() throws {
        let histogram = Self.histogram(try #require(Self.durations["put"]))
        let bytes = [UInt8](try #require(Data(base64Encoded: LatencyLog.encode(histogram))))
        #expect(bytes.prefix(4) == [0x1c, 0x84, 0x93, 0x14])
        #expect(bytes[4..<8].reduce(0) { $0 << 8 | Int($1) } == bytes.count - 8)
        var plain = [UInt8](repeating: 0, count: histogram.encoded.count + 100)
        var length = UInt(plain.count)
        #expect(uncompress(&plain, &length, Array(bytes.dropFirst(8)), UInt(bytes.count - 8)) == Z_OK)
        #expect(Array(plain.prefix(Int(length))) == histogram.encoded)
    }

    @Test func linesAreAppendedWhole() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        try folder.append(lines: "one\n", to: .latencies)
        try folder.append(lines: "", to: .latencies)
        try folder.append(lines: "two\n", to: .latencies)
        #expect(try readText(folder.path(of: .latencies)) == "one\ntwo\n")
    }
}
