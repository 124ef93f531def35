import Measurement
import Workload

extension LatencyHistogram {
    /// Whether exactly so many durations were recorded, all of them at this one, to the histogram's precision.
    func holds(_ count: Int, at duration: UInt64) -> Bool {
        guard self.count == count, let least = value(at: 0), let most = max else { return false }
        let slack = duration / 1_000
        return least + slack >= duration && most <= duration + slack
    }
}

/// How many sessions got as far as each of ``SessionTally/milestoneCounts``.
func reached(_ tally: SessionTally) -> [Int] { tally.milestones.map(\.count) }
