import LinuxSystem
import RunRecord
import Testbed
import Workload

/// All sides of a comparison, up side by side.
struct SideSet: Sendable {
    /// The base first.
    private(set) var servers: [SideServer] = []

    /// Why sides do not stand on copies of one history, one sentence each.
    private(set) var unlike: [String] = []

    /// Builds all sides. Those of equal history are copies of one load, and all are started anew together: a server that
    /// loaded its history itself, or that waited while others were made, is not like the others. Nothing is left behind
    /// when it throws.
    ///
    /// - Parameters:
    ///   - request: of the comparison.
    ///   - control: ends it while history is loaded.
    ///   - progress: told what is going on, and the seconds left of it.
    /// - Returns: the sides; nothing is asked of them yet.
    /// - Throws: what making one of them throws, and ``TrialInterrupted``.
    static func make(
        _ request: ComparisonRequest, _ control: TrialControl,
        progress: @escaping @Sendable (String, Double) -> Void
    ) async throws -> SideSet {
        var set = SideSet()
        do {
            for side in request.sides { try await set.fillCache(side, request, control, progress) }
            for (number, side) in request.sides.enumerated() {
                progress("making \(side.name) (\(number + 1) of \(request.sides.count))", 0)
                set.servers.append(
                    try await SideServer.make(
                        side, control: control, purpose: purpose(side, request), readsDisk: request.mode == .long
                    ) { _ in })
                if control.isStopping { throw TrialInterrupted() }
            }
            for index in set.servers.indices { try await set.servers[index].startAnew() }
            return set
        } catch {
            await set.remove()
            throw error
        }
    }

    private static func purpose(_ side: ComparisonRequest.Side, _ request: ComparisonRequest) -> String {
        "compare \(request.comparisonID), \(side.name)"
    }

    private mutating func fillCache(
        _ side: ComparisonRequest.Side, _ request: ComparisonRequest, _ control: TrialControl,
        _ progress: @escaping @Sendable (String, Double) -> Void
    ) async throws {
        let stage = "history of \(side.name)"
        progress(stage, ComparisonPlan.historySeconds(side))
        let (total, started) = (side.trial.workload.history.rows, Clock.now())
        let (variant, _) = side.trial.variant.fitted(toMemory: side.trial.serverMemory)
        let builder = ArchiveBuilder(side.trial, variant: variant, control: control)
        let reason = try await builder.fillCache(purpose: Self.purpose(side, request)) { rows in
            let rate = Double(rows) / (Double(Clock.now() - started) / 1e9)
            progress("\(stage), \(rows) of \(total) rows", Double(total - rows) / max(1, rate))
        }
        if let reason {
            unlike.append(
                "\(side.name): its history was loaded for itself, so its files and planner statistics are not those of the others to the byte: \(reason)"
            )
        }
        if control.isStopping { throw TrialInterrupted() }
    }

    /// Takes another load in the place of those that have not been started.
    mutating func offer(_ spec: WorkloadSpec) throws {
        for index in servers.indices { try servers[index].offer(spec) }
    }

    /// Moves this process, with every worker and what looks at the servers, off the servers' processors where the profile asks
    /// for it. Who calls it lets it go everywhere again.
    ///
    /// - Throws: `SystemError` when the kernel refuses.
    func keepGeneratorApart() throws { try servers.first?.archive.cluster.limits?.generator?.confineProcess() }

    /// Ends all servers and removes all that was made for them.
    func remove() async {
        for server in servers { await server.archive.remove() }
    }
}
