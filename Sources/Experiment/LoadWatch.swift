import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Synchronization
import Testbed
import Workload

/// Follows a load while it runs: writes a line a second, tells the observer, and ends it when the server is gone.
final class LoadWatch: Sendable {
    private let plan: LoadPlan
    private let labels: [RequestLabel]
    private let control: TrialControl
    private let cluster: ManagedCluster
    private let observer: any TrialObserver
    private let folder: RecordFolder
    private let ended = Atomic<Bool>(false)

    init(
        plan: LoadPlan, labels: [RequestLabel], control: TrialControl, cluster: ManagedCluster,
        observer: any TrialObserver,
        folder: RecordFolder
    ) {
        self.plan = plan
        self.labels = labels
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
        /// Why the samples could not be written; the load was ended because of it.
        var failure: (any Error)?
    }

    /// Follows until ``loadEnded()``.
    func follow() async -> Sight {
        var book = SecondBook(workers: plan.workers)
        var response = LatencyHistogram(.interval)
        var failed = 0
        var lostAt: Nanoseconds?
        var sight = Sight()
        while true {
            let last = ended.load(ordering: .acquiring)
            for second in control.load.takeSeconds() { book.add(second) }
            for (number, phase, seen) in book.takeComplete(all: last) {
                do {
                    try folder.append(
                        [RecordAssembly.sample(number, phase: phase.rawValue, labels, seen)], to: .samples)
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
                return sight
            }
            if let lostAt, Clock.now() - lostAt > Self.lossShown { control.load.stop() }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func report(
        _ second: Int, _ phase: TrialProgress.Stage, _ seen: [LabelSecond], _ response: LatencyHistogram, _ failed: Int
    ) {
        // Draining takes as long as it takes, up to its limit.
        let phases = plan.phases
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
