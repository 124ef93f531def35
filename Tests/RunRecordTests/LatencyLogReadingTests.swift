import FoundationEssentials
import Measurement
import RunRecord
import TestSupport
import Testing

@Suite struct LatencyLogReadingTests {
    @Test(arguments: [LatencyHistogram.Precision.result, .interval])
    func aHistogramComesBackWithAllItsCounts(_ precision: LatencyHistogram.Precision) throws {
        for durations in LatencyLogTests.durations.values {
            let written = LatencyLogTests.histogram(durations, precision)
            let read = try #require(LatencyLog.decode(LatencyLog.encode(written)))
            #expect(read.count == written.count && read.encoded == written.encoded)
            for quantile in [0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
                let (one, other) = (try #require(written.value(at: quantile)), try #require(read.value(at: quantile)))
                #expect(written.layout.highestEquivalent(to: one) == written.layout.highestEquivalent(to: other))
            }
        }
    }

    @Test func aLogIsReadLineByLine() throws {
        let log = "Tag=put,1.000,2.000,2.007,\(try LatencyLog.encode(LatencyLogTests.histogram([1, 2, 2_000_000])))\n"
        let intervals = try LatencyLog.intervals(Data(("#[comment]\n\"head\"\n" + log).utf8))
        #expect(intervals.map(\.tag) == ["put"] && intervals[0].start == 1 && intervals[0].length == 2)
        #expect(intervals[0].histogram.count == 3)
    }

    @Test func whatIsDamagedIsRefused() throws {
        let whole = try LatencyLog.encode(LatencyLogTests.histogram([1, 2_000_000]))
        #expect(LatencyLog.decode("") == nil && LatencyLog.decode("AAAA") == nil)
        #expect(LatencyLog.decode(String(whole.dropLast(8))) == nil)
        #expect(LatencyHistogram(encoded: []) == nil)
        var bytes = LatencyLogTests.histogram([1, 2_000_000]).encoded
        // A run of zeros beyond the last count.
        bytes[40...] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        bytes[4...7] = [0, 0, 0, 9]
        #expect(LatencyHistogram(encoded: bytes) == nil)
        #expect(throws: LatencyLog.Problem.self) { try LatencyLog.intervals(Data("Tag=a,1,2,3,nonsense\n".utf8)) }
    }

    @Test func aLineCutShortIsLeftOut() throws {
        let line = try LatencyLog.line(tag: "a", start: 0, length: 1, LatencyLogTests.histogram([5_000]))
        #expect(try LatencyLog.intervals(Data((line + line.dropLast(20)).utf8)).count == 1)
        #expect(try LatencyLog.intervals(Data(line.dropLast().utf8)).isEmpty)
    }
}
