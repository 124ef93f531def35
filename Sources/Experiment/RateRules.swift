import LoadRunner
import Measurement
import RunRecord
import Workload

/// The rules about rates: whether what was offered was achieved, and whether it stayed the same.
extension ValidityRules {
    /// One request class, or all of them.
    private struct Rate {
        var name: String
        var scheduled = 0
        var achieved = 0
        /// Operations that are being served at any moment: rate times time in service (J. D. C. Little, "A Proof for
        /// the Queuing Formula L = λW", Operations Research 9, 1961). So many are under way at the end of any phase.
        var underWay = 0.0

        var share: Double { scheduled == 0 ? 1 : Double(achieved) / Double(scheduled) }

        /// Three standard deviations of a Poisson number beyond its mean, so that chance at the end breaks no rule.
        var holds: Bool {
            Double(scheduled - achieved)
                <= (1 - leastAchieved) * Double(scheduled) + underWay + 3 * underWay.squareRoot()
        }
    }

    static func achieved(_ result: LoadResult) -> ValidityFinding {
        let rates = rates(result)
        var all = Rate(name: "all classes")
        for rate in rates {
            all.scheduled += rate.scheduled
            all.achieved += rate.achieved
            all.underWay += rate.underWay
        }
        let large = rates.filter { $0.scheduled >= fewestOfClass }
        let broken = ([all] + large).filter { !$0.holds }
        let worst = broken.isEmpty ? large : large.filter { !$0.holds }
        let named = worst.min { ($0.share, $0.name) < ($1.share, $1.name) }
        return ValidityFinding(
            rule: RunRecord.achievedRule, holds: all.scheduled > 0 && broken.isEmpty,
            observed: "\(Words.percent(all.share)) of what was offered"
                + (named.map { ", least in \($0.name): \(Words.percent($0.share))" } ?? ""),
            threshold: "at least \(Words.percent(leastAchieved)) besides what was just being served, in all and in "
                + "classes of \(fewestOfClass) operations or more",
            reason: "a rate that was not achieved was not measured")
    }

    private static func rates(_ result: LoadResult) -> [Rate] {
        let seconds = Double(result.measured) / 1e9
        var rates: [String: Rate] = [:]
        for (label, seen) in zip(result.labels, result.results) where seen.measure.scheduled > 0 {
            var rate = rates[label.requestClass] ?? Rate(name: label.requestClass)
            rate.scheduled += seen.measure.scheduled
            rate.achieved += seen.inPhase
            if seconds > 0, let service = seen.service.mean {
                rate.underWay += Double(seen.measure.scheduled) / seconds * service / 1e9
            }
            rates[label.requestClass] = rate
        }
        return Array(rates.values)
    }

    static func steadyState(_ sight: LoadSight, isClosed: Bool) -> (finding: ValidityFinding?, gaps: [String]) {
        let verdict = SteadyState(sight.measured, chance: driftChance, isClosed: isClosed)
        let left = sight.trendLeft.map { "; the warm-up ended with a trend left: \($0)" } ?? ""
        let warmUp = sight.warmUpNotJudged.map { ["whether the warm-up was long enough: \($0)"] } ?? []
        switch verdict.outcome {
        case .tooShort:
            let gap = "rule steady-state: a trend shows from \(fewestSteadySeconds) s of measuring on"
            guard !left.isEmpty else { return (nil, [gap] + warmUp) }
            return (steadyFinding(false, "\(verdict.seconds) s measured\(left)"), warmUp)
        case .steady(let strongest):
            let sparing = verdict.followsOffer ? "; latencies not judged, the offered rate changes" : ""
            let text = "no trend over \(verdict.seconds) s; most likely one: \(strongest)\(sparing)\(left)"
            return (steadyFinding(true, text), warmUp)
        case .drifting:
            return (steadyFinding(false, "\(verdict.drifts ?? "") over \(verdict.seconds) s\(left)"), warmUp)
        }
    }

    private static func steadyFinding(_ holds: Bool, _ observed: String) -> ValidityFinding {
        ValidityFinding(
            rule: "steady-state", holds: holds, observed: observed,
            threshold: "no trend of over \(Words.percent(mostDrift)) beyond chance, no backlog growing by over "
                + "\(Words.percent(mostBacklog)) of the load",
            reason: "a mean over a phase that drifts describes no state of the server")
    }
}
