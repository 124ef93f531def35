import LinuxSystem
import PostgresClient
import RunRecord
import SpecReader
import Testbed
import Workload

/// What a side's variant asks for could not be put in force: its server did not start with it, or refused it.
public struct SideFailure: Error, CustomStringConvertible {
    /// Name of the side.
    public let side: String
    /// One line for each problem.
    public let reason: String
    /// The end of its server's log behind it; empty without one.
    let log: String
    /// Problems of files behind it; `nil` for other reasons.
    public let problems: SpecProblems?

    init(side: String, reason: any Error, log: String = "") {
        (self.side, self.reason, self.log) = (side, "\(reason)", log)
        problems = reason as? SpecProblems
    }

    /// Side, reason and log.
    public var description: String { "\(side): \(reason)\(log)" }
}

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
    /// - Throws: ``SideFailure`` for a side whose variant cannot be put in force, `TestbedProblem` with the side's name for
    ///   what else keeps it from being made, and ``TrialInterrupted``.
    static func make(
        _ request: ComparisonRequest, _ control: TrialControl,
        progress: @escaping @Sendable (String, Double) -> Void
    ) async throws -> SideSet {
        var set = SideSet()
        do {
            for side in request.sides {
                do { try await set.fillCache(side, request, control, progress) } catch { throw named(error, side) }
            }
            let unlike = try await WorkerThread.run { request.unlikeHistories }
            set.unlike += unlike
            for (number, side) in request.sides.enumerated() {
                progress("making \(side.name) (\(number + 1) of \(request.sides.count))", 0)
                do { try await set.add(side, request, control) } catch { throw named(error, side) }
                if control.isStopping { throw TrialInterrupted() }
            }
            for index in set.servers.indices {
                do { try await set.servers[index].startAnew() } catch { throw named(error, set.servers[index].side) }
            }
            return set
        } catch {
            await set.remove()
            throw error
        }
    }

    private static func purpose(_ side: ComparisonRequest.Side, _ request: ComparisonRequest) -> String {
        "compare \(request.comparisonID), \(side.name)"
    }

    /// What kept a side from being made, with the side's name and the end of its server's log before it is removed.
    private static func named(_ error: any Error, _ side: ComparisonRequest.Side) -> any Error {
        switch error {
        case let refusal as SideServer.Refusal: return SideFailure(side: side.name, reason: refusal.reason)
        case let problem as TestbedProblem:
            guard let log = problem.log else { return TestbedProblem("\(side.name): \(problem.description)") }
            return SideFailure(side: side.name, reason: problem, log: "; the server's log ends with:\n\(log)")
        case let problem as PostgresError: return TestbedProblem("\(side.name): \(problem)")
        default: return error
        }
    }

    private mutating func add(
        _ side: ComparisonRequest.Side, _ request: ComparisonRequest, _ control: TrialControl
    ) async throws {
        servers.append(
            try await SideServer.make(
                side, control: control, purpose: Self.purpose(side, request), readsDisk: request.mode == .long
            ) { _ in })
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

extension ComparisonRequest {
    /// Candidates whose history is no copy of the load that the base's is a copy of, with what decides that: one
    /// sentence each.
    package var unlikeHistories: [String] {
        func parts(_ side: Side) -> [String: String] {
            let variant = side.trial.variant.fitted(toMemory: side.trial.serverMemory).variant
            let parts = DatasetIdentity.parts(side.trial, variant)
            return Dictionary(uniqueKeysWithValues: parts.map { ($0.label, $0.value) })
        }
        let first = parts(base)
        return sides.dropFirst().compactMap { side in
            let own = parts(side)
            let apart = Set(first.keys).union(own.keys).filter { first[$0] != own[$0] }.sorted()
            guard !apart.isEmpty else { return nil }
            return
                "\(side.name): its history is a load of its own and no copy of \(base.name)'s, because what decides its bytes differs (\(apart.joined(separator: ", "))): files and planner statistics are not those of one load"
        }
    }
}
