import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Synchronization
import Testbed
import Workload

/// What was seen of a load besides the workers' numbers.
package struct LoadSight {
    package var serverLost = false
    /// In order.
    package var stalls: [Stall] = []
    /// Why the samples could not be written; the load was ended because of it.
    package var failure: (any Error)?
    /// The seconds of the measure phase.
    package var measured = LoadSeries()
    /// What the host did in the measure phase; `nil` when it was not looked at twice.
    package var host: HostSpan?
    package var extensions: [WarmUpJudge.Extension] = []
    /// The trend that was left when the warm-up could not go on.
    package var trendLeft: String?
    /// Why the warm-up was not judged; `nil` when it was.
    package var warmUpNotJudged: String?

    package init() {}
}

/// Follows a load while it runs: writes what each second saw, tells the observer, lets the warm-up go on while a trend is left
/// in it, looks at the host, and ends the load when the server is gone.
final class LoadWatch: Sendable {
    private let plan: LoadPlan
    private let labels: [RequestLabel]
    private let control: TrialControl
    private let isServerThere: @Sendable () async -> Bool
    private let observer: any TrialObserver
    private let folder: RecordFolder
    private let ended = Atomic<Bool>(false)

    init(
        plan: LoadPlan, labels: [RequestLabel], control: TrialControl,
        isServerThere: @escaping @Sendable () async -> Bool, observer: any TrialObserver, folder: RecordFolder
    ) {
        self.plan = plan
        self.labels = labels
        self.control = control
        self.isServerThere = isServerThere
        self.observer = observer
        self.folder = folder
    }

    /// After the server went away the load goes on for so long, so that the record shows how the loss looked;
    /// nanoseconds.
    private static let lossShown: Nanoseconds = 2_000_000_000

    /// The load is over; ``follow()`` returns after a last look.
    func loadEnded() { ended.store(true, ordering: .releasing) }

    /// Follows until ``loadEnded()``.
    func follow() async -> LoadSight {
        var book = SecondBook(workers: plan.workers)
        var response = LatencyHistogram(.interval)
        var failed = 0
        var lostAt: Nanoseconds?
        var sight = LoadSight()
        var (warmUp, host) = (WarmUpJudge(plan.phases, isClosed: plan.pacing != .open), HostWatch())
        var stalls = StallFinder()
        var hasLatencyLog = false
        while true {
            let last = ended.load(ordering: .acquiring)
            for second in control.load.takeSeconds() { book.add(second) }
            for (number, phase, seen) in book.takeComplete(all: last) {
                let classes = RecordAssembly.byClass(labels, seen)
                let sample = RecordAssembly.sample(number, phase: phase.rawValue, classes)
                if phase == .warmUp { warmUp.note(sample) }
                if phase == .measure { sight.measured.add(sample) }
                stalls.add(number, phase, classes.mapValues(StallSample.init))
                do {
                    if !hasLatencyLog { try beginLatencyLog() }
                    hasLatencyLog = true
                    try write(number, sample, classes)
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
            look(&warmUp, &host, isLast: last)
            if lostAt == nil, await !isServerThere() { lostAt = Clock.now() }
            if last {
                sight.serverLost = lostAt != nil
                sight.host = host.span
                sight.extensions = warmUp.extensions
                (sight.trendLeft, sight.warmUpNotJudged) = (warmUp.trendLeft, warmUp.notJudged)
                sight.stalls = stalls.stalls
                return sight
            }
            if let lostAt, Clock.now() - lostAt > Self.lossShown { control.load.stop() }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Decides on the warm-up, and looks at the host in the measure phase.
    private func look(_ warmUp: inout WarmUpJudge, _ host: inout HostWatch, isLast: Bool) {
        guard let started = control.load.started else { return }
        let now = Clock.now()
        if !isLast && !control.isStopping && now >= started {
            warmUp.decide(at: now - started) { control.load.warmUp.move(to: $0) }
        }
        let begin = started + plan.phases.warmUp + control.load.warmUp.extra
        host.look(at: now, measure: begin..<begin + plan.phases.measure, isLast: isLast)
    }

    /// A second can only be over when the load has started.
    private func beginLatencyLog() throws {
        guard let started = control.load.started else { preconditionFailure("a second before the start") }
        let start = Clock.wallMilliseconds() - Int(max(Clock.now(), started) - started) / 1_000_000
        let date = UTCTime(seconds: start / 1_000).iso8601
        try folder.append(lines: LatencyLog.head(startedAt: start, date: date), to: .latencies)
    }

    /// Adds a second to the run's files.
    private func write(_ second: Int, _ sample: SecondSample, _ classes: [String: LabelSecond]) throws {
        try folder.append([sample], to: .samples)
        let lines = try classes.sorted { $0.key < $1.key }.filter { $0.value.response.count > 0 }.map {
            try LatencyLog.line(tag: $0.key, start: Double(second), length: 1, $0.value.response)
        }
        try folder.append(lines: lines.joined(), to: .latencies)
    }

    private func report(
        _ second: Int, _ phase: TrialProgress.Stage, _ seen: [LabelSecond], _ response: LatencyHistogram, _ failed: Int
    ) {
        // Draining takes as long as it takes, up to its limit.
        let phases = plan.phases
        let offered = phases.offered + control.load.warmUp.extra
        let begun = seen.reduce(0) { $0 + $1.scheduled }
        let total = Double(phase == .drain ? offered + phases.drainLimit : offered) / 1e9
        observer.report(
            TrialProgress(
                stage: phase, secondsLeft: max(0, total - Double(second) - 1) + 2, rows: nil,
                rates: (plan.pacing == .open ? begun : nil, seen.reduce(0) { $0 + $1.response.count }),
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
