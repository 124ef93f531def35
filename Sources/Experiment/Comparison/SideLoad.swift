import ArchiveDriver
import LinuxSystem
import LoadRunner
import PostgresClient
import Synchronization
import Testbed
import Workload

/// One side's load: a worker that lives in the side's turns.
final class SideLoad: Sendable {
    /// What the worker is made from.
    struct Plan: Sendable {
        /// Rates and phases as offered, the phases in the side's own time.
        var spec: WorkloadSpec
        var seed: UInt64
        /// Clients of a closed loop; `nil` for the open one.
        var clients: Int?
        var driver: DriverBehaviour
        var schema: ArchiveSchema
        var parameters: ConnectionParameters
        /// Names of the archive's.
        var databases: [String]
    }

    /// What one turn brought.
    struct Turn: Sendable {
        let account: SliceGate.Account
        /// By request class.
        let classes: [String: LabelSecond]
    }

    /// The load ended though it should go on; one line.
    struct Ended: Error, CustomStringConvertible {
        let description: String
    }

    /// Tells when the load started.
    let control = LoadControl()
    private let plan: Plan
    private let labels: [RequestLabel]
    private let gate = SliceGate()
    private let isStarted = Atomic<Bool>(false)
    private let outcome = Mutex<Result<LoadResult, any Error>?>(nil)

    /// Nothing runs yet.
    init(_ plan: Plan) {
        self.plan = plan
        labels = Traffic(plan.spec, seed: plan.seed).labels
    }

    private var isClosed: Bool { plan.clients != nil }

    /// Starts the worker, and waits until it is ready for its first turn.
    func start() async throws {
        let pacing = plan.clients.map { Pacing.closed(clients: $0) } ?? .open
        let loadPlan = LoadPlan(plan.spec, pacing: pacing)
        isStarted.store(true, ordering: .relaxed)
        Task.detached { [self] in
            let result: Result<LoadResult, any Error>
            do {
                let (plan, gate, holds) = (plan, gate, isClosed)
                result = .success(
                    try await LoadRunner.run(
                        loadPlan, control: control,
                        makeSource: { Traffic(plan.spec, seed: plan.seed, walk: .extendable) }
                    ) { traffic in
                        let target = try ArchiveTarget(
                            plan.parameters, databases: plan.databases, traffic: traffic, schema: plan.schema,
                            behaviour: plan.driver)
                        return SlicedTarget(target, gate: gate, holdsAtEnd: holds)
                    })
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
        }
        while control.started == nil { try await checkedPause(.milliseconds(2)) }
        if case .failure(let error) = outcome.withLock({ $0 }) { throw error }
    }

    /// Gives the side one turn and waits until it is over.
    ///
    /// - Parameters:
    ///   - seconds: whole seconds.
    ///   - drainLimit: nanoseconds to wait for what is in flight when they are over.
    ///   - goOn: looked at several times a second; throws to end it.
    /// - Returns: what it brought.
    /// - Throws: ``Ended`` when the load has ended, and what `goOn` throws.
    func turn(
        seconds: Int, drainLimit: Nanoseconds, goOn: @Sendable () async throws -> Void
    ) async throws -> Turn {
        let opens = Clock.now() + SliceGate.lead
        let ends = opens + Nanoseconds(seconds) * 1_000_000_000
        let number = gate.open(at: opens, length: ends - opens)
        while Clock.now() < ends {
            try await goOn()
            let now = Clock.now()
            try await checkedPause(.nanoseconds(min(now < ends ? ends - now : 0, 100_000_000)))
        }
        while gate.account(of: number) == nil {
            let now = Clock.now()
            if now > ends + drainLimit { gate.seal(number) }
            if now > ends + drainLimit + Self.patience {
                throw Ended(description: "the load generator did not end its slice")
            }
            if now > ends + 100_000_000 { try await goOn() }
            try await checkedPause(.milliseconds(1))
        }
        try plan.spec.checkTrace()
        guard let account = gate.account(of: number) else { throw Ended(description: "a slice without account") }
        return Turn(account: account, classes: try await classes(ofSeconds: seconds))
    }

    /// How long a worker that is told to end may take to notice, nanoseconds.
    private static let patience: Nanoseconds = 5_000_000_000

    /// The worker hands its last second over right after it told that the turn is over.
    private func classes(ofSeconds count: Int) async throws -> [String: LabelSecond] {
        var merged: [String: LabelSecond] = [:]
        var missing = count
        let deadline = Clock.now() + Self.patience
        while missing > 0 {
            for second in control.takeSeconds() {
                missing -= 1
                merged.merge(RecordAssembly.byClass(labels, second.labels)) { left, right in
                    var sum = left
                    sum.add(right)
                    return sum
                }
            }
            guard missing > 0 else { break }
            if Clock.now() > deadline { throw Ended(description: "the load generator did not hand its seconds over") }
            try await checkedPause(.milliseconds(1))
        }
        return merged
    }

    private func checkedPause(_ duration: Duration) async throws {
        if case .failure(let error) = outcome.withLock({ $0 }) { throw error }
        if outcome.withLock({ $0 != nil }) { throw Ended(description: "the load ended before its time") }
        try await Task.sleep(for: duration)
    }

    /// Ends the load and waits for it.
    ///
    /// - Returns: all that the worker saw, warm-up turns told apart; `nil` when it failed or was never started.
    func end() async -> LoadResult? {
        control.stop()
        gate.end()
        while isStarted.load(ordering: .relaxed) {
            if let outcome = outcome.withLock({ $0 }) { return try? outcome.get() }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return nil
    }
}
