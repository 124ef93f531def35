import LoadRunner
import Measurement
import RunRecord
import Workload

/// When a trial may be used as evidence. Every threshold of the tool stands here.
package enum ValidityRules {
    /// Failures among the operations of the measure phase.
    package static let mostFailures = 0.01
    /// Operations that were due and not started at the end of the measure phase, or never finished; also by how much of
    /// the load the operations outstanding may grow over the phase.
    package static let mostBacklog = 0.01
    /// Operations completed by the end of the measure phase, of those due in it, besides those just being served.
    package static let leastAchieved = 0.98
    /// A class with fewer operations is judged only together with the others.
    package static let fewestOfClass = 100
    /// The generator's own lateness, 99th percentile, nanoseconds; or this share of the response time's, if larger.
    package static let mostGeneratorLag: UInt64 = 5_000_000
    package static let mostGeneratorLagShare = 0.1
    /// Share of one processor that a worker may use.
    package static let mostGeneratorCPU = 0.8
    /// Processor time of the host that the hypervisor may give to others.
    package static let mostStolen = 0.05
    /// Steps of the wall clock, and time asleep, nanoseconds.
    package static let mostClockStep: UInt64 = 10_000_000
    /// Pages to and from swap a second: 1 MB/s with the usual pages of 4 kB.
    package static let mostSwappedPages = 256.0
    /// Share of the time in which some task stood still for want of memory.
    package static let mostMemoryStall = 0.01
    /// Available memory as a share of all: below it the kernel takes back the file cache the server reads from.
    package static let leastMemory = 0.02
    /// Change of throughput or of a median latency over the phase, as a share of its median; a smaller trend is none.
    package static let mostDrift = 0.2
    /// How likely a steady phase is to be called drifting, all its series together.
    package static let driftChance = 0.01
    /// The same for a warm-up, where the mistake costs a few seconds only.
    package static let warmUpChance = 0.05
    /// Fewer seconds tell no trend from chance.
    package static let fewestSteadySeconds = 8

    /// Judges a finished load.
    ///
    /// - Returns: a finding for each rule that could be judged, and a sentence for each that could not.
    package static func judge(
        _ ending: RunRecord.Ending, _ result: LoadResult, _ sight: LoadSight, _ pacing: Pacing = .open
    ) -> (findings: [ValidityFinding], gaps: [String]) {
        let isOpen = pacing == .open
        let (steady, host) = (steadyState(sight, isClosed: !isOpen), judge(host: sight.host))
        let ofSchedule = isOpen ? [keptUp(result), achieved(result), generatorLag(result)] : []
        let findings =
            [ranToPlan(ending), identity(result), failures(result)] + ofSchedule + [generatorCPU(result)]
        let gaps = isOpen ? [] : [noSchedule]
        return (findings + [steady.finding].compactMap { $0 } + host.findings, gaps + steady.gaps + host.gaps)
    }

    /// Why rules about a schedule are left out of a closed loop.
    package static let noSchedule =
        "rules \(RunRecord.keptUpRule), \(RunRecord.achievedRule) and generator-lag: in a closed loop nothing is due "
        + "before its client's turn, so there is no schedule to keep up with"

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
            observed: "\(failed) of \(scheduled)", threshold: "at most \(Words.percent(mostFailures))",
            reason: "failed operations load the server less and do not appear in latencies")
    }

    private static func keptUp(_ result: LoadResult) -> ValidityFinding {
        let (scheduled, behind) = sums(result) { max($0.backlog, $0.abandoned) }
        return ValidityFinding(
            rule: RunRecord.keptUpRule, holds: scheduled > 0 && Double(behind) <= mostBacklog * Double(scheduled),
            observed: "\(behind) of \(scheduled) not started or never finished",
            threshold: "at most \(Words.percent(mostBacklog))",
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
            observed: "p99 \(Words.milliseconds(lag))", threshold: "p99 at most \(Words.milliseconds(limit))",
            reason: "response times contain the generator's own lateness")
    }

    private static func generatorCPU(_ result: LoadResult) -> ValidityFinding {
        let share =
            result.measured == 0 ? 0 : Double(result.cpu) / Double(result.measured) / Double(max(1, result.workers))
        return ValidityFinding(
            rule: "generator-cpu", holds: share <= mostGeneratorCPU,
            observed: "\(Words.percent(share)) of a processor",
            threshold: "at most \(Words.percent(mostGeneratorCPU)) a worker",
            reason: "a saturated generator measures itself")
    }

    private static func sums(_ result: LoadResult, _ part: (Tally) -> Int) -> (scheduled: Int, part: Int) {
        result.results.reduce((0, 0)) { ($0.0 + $1.measure.scheduled, $0.1 + part($1.measure)) }
    }
}
