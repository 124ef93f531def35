import FoundationEssentials
import Measurement
import RunRecord
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `latency.hlog` through the eyes of somebody else: the Python port of HdrHistogram.
@Suite struct IndependentReaderTests {
    /// What the reader found in one interval.
    private struct Interval: Decodable, Equatable {
        var tag: String
        var start: Double
        var end: Double
        var count: Int
        var max: UInt64
        var p50: UInt64
        var p99: UInt64
    }

    @Test(.enabled("needs python3 with pip, and PyPI in reach once") { await PythonReader.isThere })
    func whatWasRecordedComesBackExactly() async throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        try folder.append(lines: LatencyLog.head(startedAt: 1_767_225_600_000, date: "a day"), to: .latencies)
        var expected: [Interval] = []
        for (second, (tag, durations)) in LatencyLogTests.durations.sorted(by: { $0.key < $1.key }).enumerated() {
            let histogram = LatencyLogTests.histogram(durations, tag == "put" ? .result : .interval)
            try folder.append(
                lines: try LatencyLog.line(tag: tag, start: Double(second), length: 1, histogram), to: .latencies)
            func value(_ quantile: Double) throws -> UInt64 {
                // The log knows values by their step only.
                histogram.layout.highestEquivalent(to: try #require(histogram.value(at: quantile)))
            }
            let start = 1_767_225_600_000.0 + Double(second) * 1_000
            expected.append(
                Interval(
                    tag: tag, start: start, end: start + 1_000, count: durations.count,
                    max: try #require(histogram.max), p50: try value(0.5), p99: try value(0.99)))
        }
        let read = try await PythonReader.read(folder.path(of: .latencies))
        #expect(try JSONDecoder().decode([Interval].self, from: Data(read.utf8)) == expected)
    }

    /// The encoder of the Python port makes the same bytes of the same durations.
    @Test(.enabled("needs python3 with pip, and PyPI in reach once") { await PythonReader.isThere })
    func theReadersOwnEncoderAgrees() async throws {
        let durations = try #require(LatencyLogTests.durations["store.hashes.data"])
        let ours = LatencyLogTests.histogram(durations).encoded.map { $0 < 16 ? "0" + hex($0) : hex($0) }
        #expect(try await PythonReader.encode(durations) == ours.joined())
    }

    private func hex(_ byte: UInt8) -> String { String(byte, radix: 16) }
}

/// Runs the package `hdrhistogram` of PyPI, kept in the build folder.
private enum PythonReader {
    private static let packages = "\(packageRoot)/.build/hdrhistogram-for-tests"

    static var isThere: Bool {
        get async { await looked.value }
    }

    private static let looked = Task { () async -> Bool in
        if await runs(["-c", "import sys; sys.path.insert(0, '\(packages)'); import hdrh.histogram"]) { return true }
        return await runs([
            "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target", packages,
            "hdrhistogram>=0.10.3,<1",
        ])
    }

    private static func runs(_ arguments: [String]) async -> Bool {
        let answer = try? await run(
            .name("python3"), arguments: Arguments(arguments), output: .discarded, error: .discarded)
        return answer?.terminationStatus.isSuccess == true
    }

    /// The intervals of a log as JSON.
    static func read(_ path: String) async throws -> String {
        try await output(
            """
            import json
            from hdrh.histogram import HdrHistogram
            from hdrh.log import HistogramLogReader
            reader, found = HistogramLogReader(sys.argv[1], HdrHistogram(1000, 3600000000000, 2)), []
            while (one := reader.get_next_interval_histogram()) is not None:
                found.append({
                    "tag": one.get_tag(), "start": one.get_start_time_stamp(), "end": one.get_end_time_stamp(),
                    "count": one.get_total_count(), "max": one.get_max_value(),
                    "p50": one.get_value_at_percentile(50), "p99": one.get_value_at_percentile(99)})
            print(json.dumps(found))
            """, [path])
    }

    /// Durations in the encoding that the package itself writes: hex, without head and compression.
    static func encode(_ durations: [UInt64]) async throws -> String {
        try await output(
            """
            import base64, zlib
            from hdrh.histogram import HdrHistogram
            one = HdrHistogram(1000, 3600000000000, 2)
            for value in sys.argv[1:]: one.record_value(int(value))
            print(zlib.decompress(base64.b64decode(one.encode())[8:]).hex(), end="")
            """, durations.map(String.init))
    }

    private static func output(_ script: String, _ arguments: [String]) async throws -> String {
        let whole = "import sys; sys.path.insert(0, '\(packages)')\n" + script
        let answer = try await run(
            .name("python3"), arguments: Arguments(["-c", whole] + arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        #expect(answer.terminationStatus.isSuccess, "\(answer.standardError)")
        return answer.standardOutput
    }
}
