import LinuxSystem
import RunRecord
import Testbed
import WakuModel
import Workload

/// What is offered to every side.
struct Offer: Sendable {
    /// The load, its phases in the sides' own time.
    let spec: WorkloadSpec
    /// Factor on all arrival rates of the workload as it was written.
    let scale: Double
    /// Of the sequence of operations.
    let digest: String
    /// Pubsub topics of the workload.
    let shards: [String]
    /// By side, messages that were stored while the rate was probed; `nil` where it was given.
    var probeMessages: [(side: String, count: Int)]?

    /// The rates that the request names.
    ///
    /// - Throws: `TestbedProblem` when no request class would carry a verdict.
    static func asGiven(_ request: ComparisonRequest, _ control: TrialControl) async throws -> Offer {
        let trial = request.base.trial
        let (offer, rates) = try await make(trial.offered, trial.offeredScale, request, control)
        if !request.isClosed { try ComparisonPlan.checkCounts(rates, request) }
        return offer
    }

    /// The rates that the slower side carries, found by asking every side for as much as it can do.
    ///
    /// - Throws: `TestbedProblem` when a side completes nothing, or no request class would carry a verdict.
    static func probed(_ sides: SideSet, _ request: ComparisonRequest, _ control: TrialControl) async throws -> Offer {
        let spec = request.base.trial.offered
        let known = try await make(spec, 1, request, control).rates
        let clients = 2 * max(2, WorkerThread.usableProcessors)
        let lasting = ClosedLoop.lasting(spec, factor: ClosedLoop.factor(spec))
        var carried = Double.infinity
        var messages: [(side: String, count: Int)] = []
        for side in sides.servers {
            let seen = try await side.probe(lasting, clients: clients, seconds: probeSeconds, control: control)
            // What follows from answers comes by itself; what is offered is the rest.
            messages.append((side.name, seen.messages))
            let independent = seen.rates.filter { known[$0.key] != nil }.values.reduce(0, +)
            guard independent > 0 else { throw TestbedProblem("\(side.name): completed nothing while it was probed") }
            carried = min(carried, independent)
        }
        let factor = factor(known, carried: carried * ComparisonPlan.probedShare, request)
        let scaled = factor >= 1 ? ClosedLoop.lasting(spec, factor: factor) : slowed(spec, factor)
        var (offer, rates) = try await make(scaled, request.base.trial.offeredScale * factor, request, control)
        try ComparisonPlan.checkCounts(rates, request)
        offer.probeMessages = messages
        return offer
    }

    /// Length of a probe, seconds.
    private static let probeSeconds = 3
    /// Completions beyond those that a class needs, so that chance leaves enough.
    private static let spare = 1.5
    /// Share of all operations from which on a class is worth a higher rate.
    private static let worthwhile = 0.02

    /// As much as the classes need, the workload's own rates at least, and no more than is carried.
    private static func factor(_ known: [String: Double], carried: Double, _ request: ComparisonRequest) -> Double {
        let total = known.values.reduce(0, +)
        let need = Double(request.leastPerSlice) / Double(request.sliceSeconds) * spare
        let rates = known.filter { !RequestClass.isJob($0.key) && $0.value >= worthwhile * total }.values
        let wanted = rates.min().map { need / $0 } ?? 1
        return min(max(1, wanted), carried / max(total, 1e-9))
    }

    private static func slowed(_ spec: WorkloadSpec, _ factor: Double) -> WorkloadSpec {
        var slowed = spec.scaled(by: factor)
        slowed.messagesBefore = spec.historyMessages
        return slowed
    }

    private static func make(
        _ spec: WorkloadSpec, _ scale: Double, _ request: ComparisonRequest, _ control: TrialControl
    ) async throws -> (offer: Offer, rates: [String: Double]) {
        let seed = request.base.trial.seed
        let (digest, shards) = try await WorkerThread.run {
            (
                SequenceDigest(of: spec, seed: seed) { !control.isStopping },
                Traffic(spec, seed: seed).topics.shards.map(\.pubsubTopic.text)
            )
        }
        if control.isStopping { throw TrialInterrupted() }
        return (
            Offer(spec: spec, scale: scale, digest: digest.text, shards: shards),
            ComparisonPlan.rates(digest.operations, spec.phases)
        )
    }
}
