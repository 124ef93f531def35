import Measurement
import Testing

/// What the measured thread counts with gives the same histogram as the library that defines the layout.
@Suite struct LatencyRecorderTests {
    /// Seeded durations from nanoseconds to hours, as many of each magnitude.
    private struct Durations {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        /// SplitMix64 (Steele, Lea & Flood 2014).
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            mixed ^= mixed >> 31
            // Six bits choose the magnitude, the others the place within it: 22 bits and more, up to twice the longest.
            return (mixed >> 6) >> (15 + mixed % 43)
        }
    }

    /// Where the layout changes its step, and the ends of its range.
    private static let edges: [UInt64] = [
        0, 1, 511, 512, 513, 1_000, 1_023, 1_024, 131_071, 131_072, 1 << 20, (1 << 20) - 1, (1 << 20) + 1,
        LatencyHistogram.longest - 1, LatencyHistogram.longest, LatencyHistogram.longest * 2, .max,
    ]

    private func expectEqual(_ taken: LatencyHistogram, _ recorded: LatencyHistogram, _ what: String) {
        #expect(taken.count == recorded.count, "\(what)")
        #expect(taken.max == recorded.max, "\(what)")
        #expect(taken.clamped == recorded.clamped, "\(what)")
        #expect(taken.encoded == recorded.encoded, "\(what)")
        // Not at 0, where the library gives the smallest value exactly and a count knows its place only.
        for step in 1...1_000 {
            let quantile = Double(step) / 1_000
            #expect(taken.value(at: quantile) == recorded.value(at: quantile), "\(what) at \(quantile)")
        }
        // The library works the mean out of the counts, so it is the same number and not only a near one.
        #expect(taken.mean == recorded.mean, "\(what)")
    }

    @Test(arguments: [LatencyHistogram.Precision.result, .interval])
    func takesWhatTheLibraryWouldHaveRecorded(_ precision: LatencyHistogram.Precision) {
        var recorder = LatencyRecorder(precision)
        defer { recorder.deallocate() }
        for (round, number) in [1, 2, 100, 50_000].enumerated() {
            var durations = Durations(seed: UInt64(round))
            var histogram = LatencyHistogram(precision)
            var (sum, most, beyond) = (0.0, UInt64(0), 0)
            for _ in 0..<number {
                let duration = durations.next()
                recorder.record(duration)
                // The library takes what still fits its last count; the recorder ends where it says.
                histogram.record(duration > LatencyHistogram.longest ? .max : duration)
                sum += Double(min(duration, LatencyHistogram.longest))
                most = max(most, min(duration, LatencyHistogram.longest))
                beyond += duration > LatencyHistogram.longest ? 1 : 0
            }
            #expect(recorder.count == number)
            let taken = recorder.take()
            expectEqual(taken, histogram, "\(number) durations")
            // And both are true: to the precision, and to the half microsecond that is told apart at the low end.
            let precision = precision == .result ? 0.001 : 0.01
            let (mean, exact) = (taken.mean ?? -1, sum / Double(number))
            #expect(abs(mean - exact) <= exact * precision + 512, "\(mean) for \(exact)")
            #expect(abs(Double(taken.max ?? 0) - Double(most)) <= Double(most) * precision + 512)
            #expect(taken.clamped == beyond && (number < 50_000 || beyond > 0))
        }
    }

    @Test(arguments: [LatencyHistogram.Precision.result, .interval])
    func eachEdgeIsCountedWhereTheLibraryCountsIt(_ precision: LatencyHistogram.Precision) {
        var recorder = LatencyRecorder(precision)
        defer { recorder.deallocate() }
        var all = LatencyHistogram(precision)
        for edge in Self.edges {
            var alone = LatencyHistogram(precision)
            recorder.record(edge)
            alone.record(edge)
            all.record(edge)
            let taken = recorder.take()
            expectEqual(taken, alone, "\(edge)")
            #expect(taken.clamped == (edge > LatencyHistogram.longest ? 1 : 0))
        }
        for edge in Self.edges.reversed() { recorder.record(edge) }
        expectEqual(recorder.take(), all, "all edges")
        #expect(all.clamped == 2 && all.count == Self.edges.count)
    }

    @Test(arguments: [LatencyHistogram.Precision.result, .interval])
    func whatWasTakenIsForgotten(_ precision: LatencyHistogram.Precision) {
        var recorder = LatencyRecorder(precision)
        defer { recorder.deallocate() }
        for edge in Self.edges { recorder.record(edge) }
        #expect(recorder.take().count == Self.edges.count)
        for _ in 0..<2 {
            let second = recorder.take()
            #expect(recorder.count == 0 && second.count == 0 && second.clamped == 0)
            #expect(second.max == nil && second.mean == nil && second.value(at: 0.5) == nil)
            #expect(second.encoded == LatencyHistogram(precision).encoded)
        }
        // The library takes what still fits its last count; the recorder ends where it says.
        recorder.record(LatencyHistogram.longest + 1)
        #expect(recorder.take().clamped == 1)
        // Nothing of the first load is left in the counts of the next.
        recorder.record(700)
        var single = LatencyHistogram(precision)
        single.record(700)
        expectEqual(recorder.take(), single, "one after all")
    }
}
