import Glibc
import RunRecord
import Statistics

/// Puts tries whose truth is known together into rows.
package struct CalibrationTally {
    /// What one try found.
    package struct Finding: Sendable {
        /// `nil` when there was none.
        package var verdict: Verdict?
        /// Candidate by base, with its interval; `nil` when it could not be estimated.
        package var ratio: (value: Double, low: Double, high: Double)?

        /// Takes each value as it is.
        package init(verdict: Verdict?, ratio: (value: Double, low: Double, high: Double)?) {
            self.verdict = verdict
            self.ratio = ratio
        }
    }

    /// What was compared, for the names of rows.
    let name: String
    let findings: [Finding]

    /// Takes each value as it is.
    package init(name: String, findings: [Finding]) {
        self.name = name
        self.findings = findings
    }

    /// False verdicts that are allowed.
    static let mostFalse = 0.05

    private var count: String { "\(name), \(findings.count) tries" }

    /// Comparisons of equals that were called different.
    package var falseVerdicts: CalibrationRow? {
        guard !findings.isEmpty else { return nil }
        let wrong = findings.count { $0.verdict == .better || $0.verdict == .worse }
        let isLikely = Binomial.atLeast(wrong, of: findings.count, probability: Self.mostFalse) > 0.05
        return CalibrationRow(
            share: "\(count): false verdicts", wrong, of: findings.count,
            bound: "a binomial test does not reject 'at most \(Self.mostFalse)'", holds: isLikely)
    }

    /// Intervals that held the truth.
    ///
    /// - Parameters:
    ///   - truth: the true ratio.
    ///   - fewest: tries from which on the share is held to its bound.
    /// - Returns: the share with its interval; `nil` without tries.
    package func coverage(of truth: Double, heldFrom fewest: Int) -> CalibrationRow? {
        let intervals = findings.compactMap(\.ratio)
        guard !intervals.isEmpty else { return nil }
        let hits = intervals.count { $0.low <= truth && truth <= $0.high }
        let share = Double(hits) / Double(intervals.count)
        let isHeld = intervals.count >= fewest
        return CalibrationRow(
            share: "\(count): 95 % intervals that hold the truth", hits, of: intervals.count,
            bound: isHeld ? "0.93 to 0.97" : CalibrationRow.noBound, holds: !isHeld || (0.93...0.97).contains(share))
    }

    /// Comparisons that found the difference that was planted.
    ///
    /// - Parameters:
    ///   - verdict: the right one.
    ///   - least: share that must find it; `nil` only tells it.
    ///   - fewest: tries from which on it is held to that.
    /// - Returns: the share with its interval; `nil` without tries.
    package func power(_ verdict: Verdict, atLeast least: Double? = nil, heldFrom fewest: Int = 0) -> CalibrationRow? {
        guard !findings.isEmpty else { return nil }
        let found = findings.count { $0.verdict == verdict }
        let share = Double(found) / Double(findings.count)
        let bound = least.flatMap { findings.count >= fewest ? $0 : nil }
        return CalibrationRow(
            share: "\(count): found", found, of: findings.count,
            bound: bound.map { "at least \($0)" } ?? CalibrationRow.noBound, holds: bound.map { share >= $0 } ?? true)
    }

    /// The ratio that was found on average, for a look at whether what was planted came up.
    package var meanRatio: CalibrationRow? {
        let logs = findings.compactMap(\.ratio).map { log($0.value) }
        return Estimate(logRatios: logs).map { CalibrationRow(told: "\(count): ratio found, candidate / base", $0) }
    }
}

extension CalibrationRow {
    /// A share of tries with its interval (Clopper & Pearson 1934).
    init(share name: String, _ hits: Int, of tries: Int, bound: String, holds: Bool) {
        let interval = Binomial.interval(successes: hits, tries: tries)
        self.init(told: name, value: Double(hits) / Double(tries))
        (low, high) = (interval.low, interval.high)
        (self.bound, self.holds) = (bound, holds)
    }
}
