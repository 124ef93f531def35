import Testing
import Workload

/// Rows up to a moment.
@Suite struct TraceCountsTests {
    private func counts(_ times: [UInt64]) -> TraceCounts {
        var counts = TraceCounts()
        for time in times { counts.note(time) }
        return counts
    }

    @Test func ofFewRowsItIsExact() {
        let counts = counts([0, 10, 10, 30])
        #expect([0.0, 5, 10, 11, 30, 31].map { counts.before($0) } == [0, 1, 1, 3, 3, 4])
        #expect(counts.atMost(before: 11) == 4 && counts.atMost(before: 1e9) == 4 && counts.atMost(before: 5) == 2)
        #expect(TraceCounts().before(100) == 0 && TraceCounts().atMost(before: 100) == 0)
    }

    /// Half of the rows lie in the first thousandth of the time.
    @Test func ofManyRowsItIsWithinAThousandthAndNeverTooFew() {
        let burst = (0..<500_000).map { UInt64($0) }
        let calm = (0..<500_000).map { 500_000 + UInt64($0) * 1_000 }
        let (all, counts) = (burst + calm, counts(burst + calm))
        for moment in stride(from: 0.0, through: 6e8, by: 7_654_321) {
            let truth = Double(all.partitioningIndex { Double($0) >= moment })
            #expect(abs(counts.before(moment) - truth) <= 1_001, "\(moment)")
            #expect(Double(counts.atMost(before: moment)) >= truth)
            #expect(Double(counts.atMost(before: moment)) <= truth + 2_000)
        }
        #expect(counts.before(500_000) > 499_000)
    }
}

extension [UInt64] {
    fileprivate func partitioningIndex(where condition: (UInt64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
