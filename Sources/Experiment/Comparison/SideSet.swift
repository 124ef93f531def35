import LinuxSystem
import Testbed
import Workload

/// All sides of a comparison, up side by side.
struct SideSet: Sendable {
    /// The base first.
    private(set) var servers: [SideServer] = []

    /// Builds all sides, one after the other. Nothing is left behind when it throws.
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
        let estimate = ComparisonPlan.historySeconds(request.base)
        do {
            for (number, side) in request.sides.enumerated() {
                let stage = "making \(side.name) (\(number + 1) of \(request.sides.count))"
                let later = Double(request.sides.count - number - 1) * estimate
                progress(stage, later + estimate)
                let (total, started) = (side.trial.workload.history.rows, Clock.now())
                set.servers.append(
                    try await SideServer.make(
                        side, control: control, purpose: "compare \(request.comparisonID), \(side.name)"
                    ) { rows in
                        let rate = Double(rows) / (Double(Clock.now() - started) / 1e9)
                        progress("\(stage), \(rows) of \(total) rows", later + Double(total - rows) / max(1, rate))
                    })
                if control.isStopping { throw TrialInterrupted() }
            }
            return set
        } catch {
            await set.remove()
            throw error
        }
    }

    /// Takes another load in the place of those that have not been started.
    mutating func offer(_ spec: WorkloadSpec) throws {
        for index in servers.indices { try servers[index].offer(spec) }
    }

    /// Ends all servers and removes all that was made for them.
    func remove() async {
        for server in servers { await server.archive.remove() }
    }
}
