import LinuxSystem
import PostgresClient
import RunRecord
import Synchronization

/// Looks at server and host while a load runs, from a thread and connections of its own. A server that is restarted is
/// waited for; the first sample after it has no differences.
public final class TelemetrySampler: Sendable {
    let plan: TelemetryPlan
    private let folder: RecordFolder
    private let first: StatementReading?
    private let gaps: [String]
    private let ended = Atomic<Bool>(false)

    /// Time between two looks at what backends do, nanoseconds.
    static let lookInterval: Nanoseconds = 400_000_000
    /// Time between two samples, nanoseconds.
    static let sampleInterval: Nanoseconds = 1_000_000_000
    /// Time before another attempt to reach the server, nanoseconds.
    static let retryInterval: Nanoseconds = 500_000_000
    /// Longest sleep, so that an end is noticed soon, nanoseconds.
    private static let nap: Nanoseconds = 20_000_000

    private init(_ plan: TelemetryPlan, _ folder: RecordFolder, first: StatementReading?, gaps: [String]) {
        self.plan = plan
        self.folder = folder
        self.first = first
        self.gaps = gaps
    }

    /// Makes the server ready: the extension that counts statements, a first reading. Blocks
    /// for a few statements.
    ///
    /// - Parameters:
    ///   - plan: what to look at.
    ///   - folder: takes the samples.
    /// - Returns: a sampler to be started with ``follow()``.
    public static func prepare(_ plan: TelemetryPlan, folder: RecordFolder) -> TelemetrySampler {
        var gaps: [String] = []
        var first: StatementReading?
        do throws(PostgresError) {
            let connection = try TelemetryConnection(plan.maintenance)
            if plan.libraries.contains(TelemetrySettings.statements) {
                if !plan.isForeign {
                    try connection.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
                }
                first = try StatementReader(connection: connection, databases: plan.databases).read()
            } else if !plan.isForeign {
                gaps.append("statement statistics of the server: its installation has no pg_stat_statements")
            }
            if let gap = slowPlansGap(plan) { gaps.append(gap) }
        } catch {
            gaps.append("statement statistics of the server: \(error)")
        }
        return TelemetrySampler(plan, folder, first: first, gaps: gaps)
    }

    /// Why plans of slow statements are not seen; `nil` where they are, and on somebody's server, whose log is not ours.
    private static func slowPlansGap(_ plan: TelemetryPlan) -> String? {
        if plan.isForeign { return nil }
        if !plan.logsSlowPlans {
            return "plans of slow statements: their logging would slow down the one server that has them"
        }
        return plan.libraries.contains(TelemetrySettings.slowPlans)
            ? nil : "plans of slow statements: the server's installation has no auto_explain"
    }

    /// The load is over; ``follow()`` returns after a last sample.
    public func end() { ended.store(true, ordering: .releasing) }

    /// Samples until ``end()``.
    ///
    /// - Returns: what was seen. Failures to reach the server are part of it.
    public func follow() async -> TelemetrySight {
        do {
            return try await WorkerThread.run { self.sample() }
        } catch {
            var sight = TelemetrySight()
            sight.gaps = ["the server's side: \(error)"]
            return sight
        }
    }

    private func sample() -> TelemetrySight {
        let run = SamplerRun(plan, folder, first: first, gaps: gaps)
        while true {
            let isLast = ended.load(ordering: .acquiring)
            let next = run.turn(isLast: isLast)
            if isLast { return run.finish() }
            let now = Clock.now()
            if next > now { Clock.pause(min(next - now, Self.nap)) }
        }
    }
}
