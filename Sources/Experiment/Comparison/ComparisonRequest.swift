import ArchiveDriver
import RunRecord
import Workload

/// Everything that a comparison side by side is made from, resolved: nothing below reads the environment or guesses.
public struct ComparisonRequest: Sendable {
    /// One of those compared.
    public struct Side: Sendable {
        /// Unique within the comparison.
        public var name: String
        /// What a trial of this side alone would be made from. Its folder, identifier and phases are not used.
        public var trial: TrialRequest

        /// Takes each value as it is.
        public init(name: String, trial: TrialRequest) {
            self.name = name
            self.trial = trial
        }
    }

    /// How many operations are offered a second, open loop.
    public enum Rate: Sendable, Equatable {
        /// The workload's rates times the trial's factor.
        case asGiven
        /// Found by probing the sides: what the request classes need for their verdicts, the workload's own rates at
        /// least, and no more than the slower side carries at ``ComparisonPlan/probedShare`` of its capacity.
        case probed
    }

    /// The base first; at least two.
    public var sides: [Side]
    /// Difference that matters, as a share.
    public var margin = 0.03
    /// Of intervals and verdicts.
    public var confidence = 0.95
    /// Slices of seconds, or of a checkpoint or an archive hour.
    public var mode = ComparisonRule.Mode.short
    /// Length of one slice, whole seconds.
    public var sliceSeconds = 2
    /// Slices of each side before the first block; they do not count. At least two.
    public var warmUpSlices = 3
    /// Time for warm-up and blocks, seconds; history and its loading come on top.
    public var budgetSeconds = 600.0
    /// Completions that a request class needs in a slice to carry a verdict.
    public var leastPerSlice = 50
    /// Metrics that carry verdicts besides those that the pacing has, such as `server.cpu` or `wal.bytes`.
    public var metrics: [String] = []
    /// How much is offered.
    public var rate = Rate.asGiven
    /// Whether base and candidate are the same on purpose.
    public var isAA = false
    /// The comparison's folder and name.
    public var folder: String
    /// Name of the comparison.
    public var comparisonID: String

    /// A comparison in short blocks with the usual margin and budget.
    public init(sides: [Side], folder: String, comparisonID: String) {
        precondition(sides.count >= 2 && Set(sides.map(\.name)).count == sides.count, "two or more sides, each named")
        self.sides = sides
        self.folder = folder
        self.comparisonID = comparisonID
    }

    /// The side that the others are held against.
    var base: Side { sides[0] }

    /// Whether clients begin their next operation when the last one ended.
    var isClosed: Bool { base.trial.closedClients != nil }

    /// Candidates whose load generator works otherwise than the base's: as another driver, on another schema, or on
    /// another number of databases. What it costs then tells of the side, too.
    package var drivenOtherwise: Set<String> {
        let first = base.trial
        let others = sides.dropFirst().filter { side in
            let trial = side.trial
            return trial.driver != first.driver || trial.schemaVersion != first.schemaVersion
                || trial.workload.fleet.isDivided != first.workload.fleet.isDivided
        }
        return Set(others.map(\.name))
    }

    /// The same, with every side's archive made for a load of these phases.
    func lasting(_ phases: PhaseSpec) -> ComparisonRequest {
        var lasting = self
        for index in sides.indices { lasting.sides[index].trial.workload.phases = phases }
        return lasting
    }

    /// Names that are unique: that of a variant, with a number where two are the same.
    ///
    /// - Parameter names: of the sides' variants, in order.
    /// - Returns: as many names, unlike each other.
    public static func sideNames(_ names: [String]) -> [String] {
        var taken: Set<String> = []
        return names.map { name in
            var (chosen, number) = (name, 2)
            while !taken.insert(chosen).inserted {
                chosen = "\(name)-\(number)"
                number += 1
            }
            return chosen
        }
    }
}

/// Where a comparison stands, for a person who watches.
public struct ComparisonProgress: Sendable {
    /// What is going on, such as `making status-prod` or `block`.
    public var stage: String
    /// Blocks done.
    public var blocks = 0
    /// The most that the budget holds; 0 before it is known.
    public var mostBlocks = 0
    /// Estimate of the time to the end, seconds; that of loading history is not in it before it has begun.
    public var secondsLeft: Double
    /// The ratio so far of one metric, candidate by base, in words; `nil` with too few blocks. It ends nothing.
    public var soFar: String?

    /// Nothing done yet.
    public init(stage: String, secondsLeft: Double) {
        self.stage = stage
        self.secondsLeft = secondsLeft
    }
}

/// Told how a comparison goes. Calls come from one task at a time.
public protocol ComparisonObserver: Sendable {
    /// Something has gone on.
    func report(_ progress: ComparisonProgress)
}
