import Measurement
import Testing

@Suite struct LatencyHistogramTests {
    @Test func quantilesAreWithinThreeDigits() throws {
        var histogram = LatencyHistogram()
        for value in 1...10_000 { histogram.record(UInt64(value) * 10_000) }
        for (quantile, expected) in [(0.5, 50_000_000.0), (0.9, 90_000_000), (0.99, 99_000_000), (1.0, 100_000_000)] {
            let found = Double(try #require(histogram.value(at: quantile)))
            #expect(abs(found / expected - 1) < 0.001)
        }
        #expect(histogram.count == 10_000)
    }

    @Test func mergingLosesNothing() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for value in 1...1_000 {
            let duration = UInt64(value * value) * 1_000
            if value % 3 == 0 { left.record(duration) } else { right.record(duration) }
            both.record(duration)
        }
        left.add(right)
        #expect(left.count == both.count)
        for quantile in [0.01, 0.5, 0.9, 0.99, 1] { #expect(left.value(at: quantile) == both.value(at: quantile)) }
    }

    @Test func whatIsTooLongIsKeptAndCounted() {
        var histogram = LatencyHistogram(.interval)
        histogram.record(LatencyHistogram.longest * 2)
        histogram.record(0)
        #expect(histogram.count == 2)
        #expect(histogram.clamped == 1)
    }

    @Test func emptyHasNoNumbers() {
        let histogram = LatencyHistogram()
        #expect(histogram.value(at: 0.5) == nil)
        #expect(histogram.mean == nil)
        #expect(histogram.max == nil)
    }

    @Test func tallyAddsFieldByField() {
        var left = Tally()
        left.scheduled = 5
        left.completed = 3
        left.failures = ["57P01": 1]
        left.abandoned = 1
        #expect(left.identityHolds)
        var right = left
        right.failures = ["57P01": 1, "connection-lost": 1]
        right.scheduled = 6
        left.add(right)
        #expect(left.failures == ["57P01": 2, "connection-lost": 1])
        #expect(left.failed == 3)
        #expect(left.identityHolds)
        left.completed -= 1
        #expect(!left.identityHolds)
    }
}
