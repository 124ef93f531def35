import LoadRunner
import Measurement
import RunRecord
import Workload

/// When a trial may be used as evidence. Every threshold of the tool stands here.
enum ValidityRules {
    /// Failures among the operations of the measure phase.
    static let mostFailures = 0.01
    /// Operations that were due and not started at the end of the measure phase, or never finished.
    static let mostBacklog = 0.01
    /// The generator's own lateness, 99th percentile, nanoseconds; or this share of the response time's, if larger.
    static let mostGeneratorLag: UInt64 = 5_000_000
    static let mostGeneratorLagShare = 0.1
    /// Share of one processor that a worker may use.
    static let mostGeneratorCPU = 0.8

    /// Judges a finished load.
    static func judge(_ ending: RunRecord.Ending, _ result: LoadResult) -> [ValidityFinding] {
        [
            ranToPlan(ending), identity(result), failures(result), keptUp(result), generatorLag(result),
            generatorCPU(result),
        ]
    }

    private static func ranToPlan(_ ending: RunRecord.Ending) -> ValidityFinding {
        ValidityFinding(
            rule: "ran-to-plan", holds: ending == .completed, observed: ending.rawValue, threshold: "completed",
            reason: "a trial cut short has seen only a part of its workload")
    }

    private static func identity(_ result: LoadResult) -> ValidityFinding {
        let broken = result.results.indices.filter {
            !result.results[$0].measure.identityHolds || !result.results[$0].warmUp.identityHolds
        }
        return ValidityFinding(
            rule: "accounting-identity", holds: broken.isEmpty,
            observed: broken.isEmpty
                ? "holds" : "broken for \(broken.map { result.labels[$0].requestClass }.joined(separator: ", "))",
            threshold: "scheduled = completed + failed + abandoned",
            reason: "an operation that vanished would flatter every number")
    }

    private static func failures(_ result: LoadResult) -> ValidityFinding {
        let (scheduled, failed) = sums(result, \.failed)
        return ValidityFinding(
            rule: "failures", holds: Double(failed) <= mostFailures * Double(scheduled),
            observed: "\(failed) of \(scheduled)", threshold: "at most \(percent(mostFailures))",
            reason: "failed operations load the server less and do not appear in latencies")
    }

    private static func keptUp(_ result: LoadResult) -> ValidityFinding {
        let (scheduled, behind) = sums(result) { max($0.backlog, $0.abandoned) }
        return ValidityFinding(
            rule: "kept-up", holds: scheduled > 0 && Double(behind) <= mostBacklog * Double(scheduled),
            observed: "\(behind) of \(scheduled) not started or never finished",
            threshold: "at most \(percent(mostBacklog))",
            reason: "beyond what it can carry, a server's latency measures how long the trial lasted")
    }

    private static func generatorLag(_ result: LoadResult) -> ValidityFinding {
        var response = LatencyHistogram()
        for label in result.results { response.add(label.response) }
        let lag = result.generatorLag.value(at: 0.99) ?? 0
        let share = UInt64(mostGeneratorLagShare * Double(response.value(at: 0.99) ?? 0))
        let limit = max(mostGeneratorLag, share)
        return ValidityFinding(
            rule: "generator-lag", holds: result.generatorLag.count > 0 && lag <= limit,
            observed: "p99 \(milliseconds(lag))", threshold: "p99 at most \(milliseconds(limit))",
            reason: "response times contain the generator's own lateness")
    }

    private static func generatorCPU(_ result: LoadResult) -> ValidityFinding {
        let share =
            result.measured == 0 ? 0 : Double(result.cpu) / Double(result.measured) / Double(max(1, result.workers))
        return ValidityFinding(
            rule: "generator-cpu", holds: share <= mostGeneratorCPU, observed: "\(percent(share)) of a processor",
            threshold: "at most \(percent(mostGeneratorCPU)) a worker",
            reason: "a saturated generator measures itself")
    }

    private static func sums(_ result: LoadResult, _ part: (Tally) -> Int) -> (scheduled: Int, part: Int) {
        result.results.reduce((0, 0)) { ($0.0 + $1.measure.scheduled, $0.1 + part($1.measure)) }
    }

    private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }

    private static func milliseconds(_ duration: UInt64) -> String {
        "\((Double(duration) / 1e4).rounded() / 100) ms"
    }
}
