import LinuxSystem
import RunRecord
import Workload

/// Lets a warm-up go on while a trend is left in it, up to the workload's bound.
package struct WarmUpJudge {
    /// One time that the warm-up was let go on.
    package struct Extension: Equatable {
        /// When that was decided, seconds from the start of warm-up.
        package var at: Double
        /// Nanoseconds that were added.
        package var by: Nanoseconds
        package var reason: String
    }

    private let phases: PhaseSpec
    private let isClosed: Bool
    private var samples: [SecondSample] = []
    private var isDone: Bool
    /// Whether the operations outstanding grew at the end before.
    private var fellBehind = false
    package private(set) var extensions: [Extension] = []
    /// The trend that was left when the warm-up could not go on; `nil` when there was none, or none could be told.
    package private(set) var trendLeft: String?
    /// Why the warm-up was not judged; `nil` when it was.
    package private(set) var notJudged: String?

    /// So long before the planned end it is decided, so that every worker learns of it in time; nanoseconds.
    static let notice: Nanoseconds = 300_000_000
    /// Seconds that are looked back on at most.
    private static let mostSeconds = 60
    private static let shortestStep: Nanoseconds = 2_000_000_000

    package init(_ phases: PhaseSpec, isClosed: Bool = false) {
        self.phases = phases
        self.isClosed = isClosed
        isDone = phases.warmUp == 0
    }

    /// Nanoseconds beyond the plan, all steps together.
    package var extra: Nanoseconds { extensions.reduce(0) { $0 + $1.by } }

    /// A second of the warm-up is over.
    package mutating func note(_ sample: SecondSample) {
        if isDone { return }
        samples.append(sample)
        if samples.count > 2 * Self.mostSeconds { samples.removeFirst() }
    }

    /// Decides, once before each end of the warm-up, whether it goes on.
    ///
    /// - Parameters:
    ///   - time: since the start of warm-up, nanoseconds.
    ///   - move: moves the end of the warm-up to so many nanoseconds beyond its plan; `false` when that is too late.
    package mutating func decide(at time: Nanoseconds, move: (Nanoseconds) -> Bool) {
        let end = phases.warmUp + extra
        guard !isDone, time + Self.notice >= end else { return }
        let verdict = SteadyState(lastSeconds, chance: ValidityRules.warmUpChance, isWarmUp: true, isClosed: isClosed)
        if case .tooShort = verdict.outcome {
            notJudged =
                "a trend shows in a warm-up from \(ValidityRules.fewestSteadySeconds + 2) s on"
        }
        guard let drifts = verdict.drifts else { return finish() }
        let step = min(stepLength, phases.warmUpLimit - end)
        let reason = "\(drifts) in the last \(verdict.seconds) s"
        // A backlog that a longer warm-up has not stopped from growing only becomes larger by more of it.
        let isHopeless = fellBehind && verdict.isFallingBehind
        fellBehind = verdict.isFallingBehind
        guard step > 0, !isHopeless, move(extra + step) else {
            trendLeft = reason
            return finish()
        }
        extensions.append(Extension(at: Double(time) / 1e9, by: step, reason: reason))
    }

    private mutating func finish() {
        isDone = true
        samples = []
    }

    /// The second half, or as many seconds as a verdict takes; never the first one, in which connections open.
    private var lastSeconds: LoadSeries {
        let wanted = max(ValidityRules.fewestSteadySeconds, samples.count / 2)
        var series = LoadSeries()
        for sample in samples.dropFirst().suffix(min(Self.mostSeconds, wanted)) { series.add(sample) }
        return series
    }

    /// A quarter of the plan in whole seconds, so that seconds of the load lie in one phase as before.
    private var stepLength: Nanoseconds {
        let quarter = (phases.warmUp / 4 + 999_999_999) / 1_000_000_000 * 1_000_000_000
        return max(Self.shortestStep, quarter)
    }
}
