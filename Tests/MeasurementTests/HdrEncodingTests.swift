import Measurement
import Testing

/// Golden values are those of the Python port (`hdrhistogram` 0.10.8 of PyPI).
@Suite struct HdrEncodingTests {
    @Test(
        arguments: [
            (0, 0, 511), (511, 0, 511), (512, 1, 1_023), (131_071, 255, 131_071), (131_072, 256, 132_095),
            (2_000_000, 756, 2_007_039), (123_456_789, 1_515, 123_731_967),
            (3_600_000_000_000, 3_409, 3_607_772_528_639),
        ] as [(UInt64, Int, UInt64)])
    func valuesOfASecondHaveTheirPlace(_ value: UInt64, _ index: Int, _ highest: UInt64) {
        let layout = LatencyHistogram(.interval).layout
        #expect(layout.index(of: value) == index && layout.highestEquivalent(to: value) == highest)
    }

    @Test(
        arguments: [
            (131_072, 256, 131_583), (2_000_000, 2_977, 2_000_895), (123_456_789, 9_051, 123_469_823),
            (3_600_000_000_000, 24_204, 3_601_330_077_695),
        ] as [(UInt64, Int, UInt64)])
    func valuesOfAResultHaveTheirPlace(_ value: UInt64, _ index: Int, _ highest: UInt64) {
        let layout = LatencyHistogram(.result).layout
        #expect(layout.index(of: value) == index && layout.highestEquivalent(to: value) == highest)
    }

    @Test func aSecondIsEncodedAsOthersDo() {
        let durations: [UInt64] = [0, 1, 511, 512, 1_023, 131_071, 131_072, 5_000_000, 5_000_000]
        #expect(
            hex(encoded(durations, .interval))
                == "1c84931300000009000000000000000200000000000003e80000034630b8a0003ff0000000000000"
                + "0604f9030202ad0a04")
    }

    @Test func aResultIsEncodedAsOthersDo() {
        #expect(
            hex(encoded([1_500_000, 2_000_000, 1_500_000], .result))
                == "1c84931300000006000000000000000300000000000003e80000034630b8a0003ff0000000000000"
                + "ef2604cf0702")
    }

    @Test func nothingRecordedIsAHeadWithoutCounts() {
        let bytes = encoded([], .interval)
        #expect(bytes.count == 40 && bytes[4..<8].allSatisfy { $0 == 0 })
    }

    /// One zero between two counts is a zero, not a run.
    @Test func aSingleZeroStandsForItself() {
        #expect(encoded([0, 1_024], .interval).suffix(3) == [2, 0, 2])
    }

    /// 300 is 600 as ZigZag: 0x58 with the mark that more follows, then 4.
    @Test func aCountBeyondSixBitsTakesTwoBytes() {
        #expect(encoded([UInt64](repeating: 7, count: 300), .interval).suffix(2) == [0xd8, 0x04])
    }

    private func encoded(_ durations: [UInt64], _ precision: LatencyHistogram.Precision) -> [UInt8] {
        var histogram = LatencyHistogram(precision)
        for duration in durations { histogram.record(duration) }
        return histogram.encoded
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
