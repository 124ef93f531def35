import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Synchronization
import Testbed
import Workload

/// Follows a load while it runs: writes what each second saw, tells the observer, and ends it when the server is gone.
final class LoadWatch: Sendable {
    private let plan: LoadPlan
    private let control: TrialControl
    private let cluster: ManagedCluster
    private let observer: any TrialObserver
    private let folder: RecordFolder
    private let ended = Atomic<Bool>(false)

    init(
        plan: LoadPlan, control: TrialControl, cluster: ManagedCluster, observer: any TrialObserver,
        folder: RecordFolder
    ) {
        self.plan = plan
        self.control = control
        self.cluster = cluster
        self.observer = observer
        self.folder = folder
    }

    /// After the server went away the load goes on for so long, so that the record shows how the loss looked;
    /// nanoseconds.
    private static let lossShown: Nanoseconds = 2_000_000_000

    /// The load is over; ``follow()`` returns after a last look.
    func loadEnded() { ended.store(true, ordering: .releasing) }

    /// What was seen besides the numbers.
    struct Sight {
        var serverLost = false
        /// In order.
        var stalls: [Stall] = []
        /// Why the samples could not be written; the load was ended because of it.
        var failure: (any Error)?
    }

    /// Follows until ``loadEnded()``.
    func follow() async -> Sight {
        let labels = Traffic(plan.spec, seed: plan.seed).labels
        var book = SecondBook(workers: plan.workers)
        var response = LatencyHistogram(.interval)
        var failed = 0
        var lostAt: Nanoseconds?
        var stalls = StallFinder()
        var hasLatencyLog = false
        var sight = Sight()
        while true {
            let last = ended.load(ordering: .acquiring)
            for second in control.load.takeSeconds() { book.add(second) }
            for (number, phase, seen) in book.takeComplete(all: last) {
                let classes = RecordAssembly.byClass(labels, seen)
                stalls.add(number, phase, classes.mapValues(StallSample.init))
                do {
                    if !hasLatencyLog { try beginLatencyLog() }
                    hasLatencyLog = true
                    try write(number, phase, classes)
                } catch {
                    sight.failure = sight.failure ?? error
                    control.load.stop()
                }
                for one in seen {
                    if phase != .warmUp { response.add(one.response) }
                    failed += one.failed
                }
                report(number, TrialProgress.Stage(phase), seen, response, failed)
            }
            if lostAt == nil, await !cluster.isRunning { lostAt = Clock.now() }
            if last {
                sight.serverLost = lostAt != nil
                sight.stalls = stalls.stalls
                return sight
            }
            if let lostAt, Clock.now() - lostAt > Self.lossShown { control.load.stop() }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A second can only be over when the load has started.
    private func beginLatencyLog() throws {
        guard let started = control.load.started else { preconditionFailure("a second before the start") }
        let start = Clock.wallMilliseconds() - Int(Clock.now() - started) / 1_000_000
        let date = UTCTime(seconds: start / 1_000).iso8601
        try folder.append(lines: LatencyLog.head(startedAt: start, date: date), to: .latencies)
    }

    /// Adds a second to the run's files.
    private func write(_ second: Int, _ phase: LoadPhase, _ classes: [String: LabelSecond]) throws {
        try folder.append([RecordAssembly.sample(second, phase: phase.rawValue, classes)], to: .samples)
        let lines = try classes.sorted { $0.key < $1.key }.filter { $0.value.response.count > 0 }.map {
            try LatencyLog.line(tag: $0.key, start: Double(second), length: 1, $0.value.response)
        }
        try folder.append(lines: lines.joined(), to: .latencies)
    }

    private func report(
        _ second: Int, _ phase: TrialProgress.Stage, _ seen: [LabelSecond], _ response: LatencyHistogram, _ failed: Int
    ) {
        // Draining takes as long as it takes, up to its limit.
        let phases = plan.spec.phases
        let total = Double(phase == .drain ? phases.offered + phases.drainLimit : phases.offered) / 1e9
        observer.report(
            TrialProgress(
                stage: phase, secondsLeft: max(0, total - Double(second) - 1) + 2, rows: nil,
                rates: (seen.reduce(0) { $0 + $1.scheduled }, seen.reduce(0) { $0 + $1.response.count }),
                p99: response.value(at: 0.99), failed: failed))
    }
}

/// Puts the workers' seconds together.
private struct SecondBook {
    let workers: Int
    private var open: [Int: (count: Int, phase: LoadPhase, labels: [LabelSecond])] = [:]

    init(workers: Int) { self.workers = workers }

    mutating func add(_ second: WorkerSecond) {
        guard var known = open[second.second] else {
            open[second.second] = (1, second.phase, second.labels)
            return
        }
        known.count += 1
        for index in known.labels.indices { known.labels[index].add(second.labels[index]) }
        open[second.second] = known
    }

    /// Seconds that all workers have told of, in order; at the end also the others.
    mutating func takeComplete(all: Bool) -> [(Int, LoadPhase, [LabelSecond])] {
        let ready = open.filter { all || $0.value.count == workers }.keys.sorted()
        return ready.compactMap { second in
            open.removeValue(forKey: second).map { (second, $0.phase, $0.labels) }
        }
    }
}

extension TrialProgress.Stage {
    fileprivate init(_ phase: LoadPhase) {
        self =
            switch phase {
            case .warmUp: .warmUp
            case .measure: .measure
            case .drain: .drain
            }
    }
}
