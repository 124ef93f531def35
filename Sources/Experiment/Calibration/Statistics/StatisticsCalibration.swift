import FoundationEssentials
import Glibc
import LinuxSystem
import RunRecord
import Statistics
import Testbed

/// The method of comparisons against truths that are known: equals compared with each other, and planted differences, on a
/// real server and on simulated ones.
///
/// Tries on the real server take minutes each, so they are kept: later calls on the same host go on from them.
public struct StatisticsCalibration: Sendable {
    /// Comparisons of one kind on the real server.
    package struct Kind: Sendable {
        /// By how much the candidate's throughput is lowered, as a share.
        package let planted: Double
        /// Blocks at most.
        let blocks: Int
        /// Tries that are wanted in all.
        let goal: Int
        /// Share of tries that must find it.
        let least: Double?

        /// Seconds of one try, at most.
        var seconds: Double { Double(blocks) * 2 * (1 + ComparisonPlan.assumedOverhead) }

        var name: String {
            "real server, throughput of puts by one client, \(blocks) blocks at most, "
                + (planted == 0 ? "base against base" : "\(Words.percent(planted)) lower")
        }
    }

    /// Equals in 26 s each; 10 % within two minutes, 5 % within five.
    static let kinds = [
        Kind(planted: 0, blocks: 12, goal: 100, least: nil), Kind(planted: 0.1, blocks: 54, goal: 20, least: 0.95),
        Kind(planted: 0.05, blocks: 136, goal: 12, least: 0.9),
    ]
    /// A pair of servers is replaced after so long, seconds: its data lie in memory, and what makes two servers unlike for as
    /// long as they live must not fall on many tries.
    private static let pairLife = 150.0
    /// Simulated tries of equals, and of each planted ratio.
    private static let simulated = (equals: 1_000, planted: 200)
    /// Ratios of response times that are planted in simulated ones.
    private static let ratios = [1.03, 1.05, 1.1]
    private static let simulatedBlocks = 40
    /// Blocks of the real server that stand for its noise; with fewer a model of a host does.
    private static let fewestRecorded = 100
    /// Time that the simulated tries take, seconds, before anything is known of this host.
    private static let simulatedSeconds = 120.0

    private let request: TrialRequest
    private let tries: Int?
    private let budget: Double
    private let file: CalibrationTries
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server, variant and seed.
    ///   - tries: on the real server in this call; `nil` for what the budget holds.
    ///   - budget: time for this call, seconds.
    ///   - file: path of the finished tries; `nil` for the registry's own.
    ///   - control: ends it between two tries; what is finished is kept.
    ///   - progress: told what is going on.
    public init(
        _ request: TrialRequest, tries: Int?, budget: Double, file: String?, control: TrialControl,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.request = request
        self.tries = tries
        self.budget = budget
        self.file = CalibrationTries(path: file ?? "\(request.registry.home)/calibration-statistics-tries.jsonl")
        self.control = control
        self.progress = progress
    }

    /// Runs what the budget holds, and puts all tries of this host together.
    ///
    /// - Returns: false verdicts, power by effect, coverage.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    public func run() async throws -> [CalibrationRow] {
        _ = CalibrationTry.usableProcessors
        try request.registry.prepare()
        try await runReal()
        let known = file.read()
        if control.isStopping {
            progress("\(known.count) finished tries are kept; the next call goes on from them")
            throw TrialInterrupted()
        }
        let noise = Self.noise(known)
        let rows = Self.rows(known) + (try await simulate(noise))
        try StoredStatistics(rows).store(in: request.registry)
        return rows
    }

    // MARK: Real server

    private func runReal() async throws {
        let started = Clock.now()
        func left() -> Double {
            tries == nil ? budget - Self.simulatedSeconds - Double(Clock.now() - started) / 1e9 : .infinity
        }
        var run = 0
        while !control.isStopping, run < tries ?? .max, next(within: left()) != nil {
            progress("making two servers")
            let pair = try await PlantedPair.make(request, seconds: Self.pairLife, control: control)
            do {
                let born = Clock.now()
                var ofPair = 0
                while !control.isStopping, run < tries ?? .max {
                    let age = Double(Clock.now() - born) / 1e9
                    guard let kind = next(within: left()) else { break }
                    if ofPair > 0 && age + kind.seconds > Self.pairLife { break }
                    try await tryOne(kind, on: pair)
                    (run, ofPair) = (run + 1, ofPair + 1)
                }
            } catch {
                await pair.remove()
                // A person who ends it has what is finished.
                if error is TrialInterrupted { return }
                throw error
            }
            await pair.remove()
        }
    }

    private func tryOne(_ kind: Kind, on pair: PlantedPair) async throws {
        let known = file.read()
        let done = known.count { $0.planted == kind.planted }
        progress("\(kind.name): try \(done + 1) of \(max(kind.goal, done + 1)), at most \(Int(kind.seconds)) s")
        let seed = request.seed &+ UInt64(known.count)
        try file.append(try await pair.compare(planted: kind.planted, blocks: kind.blocks, seed: seed))
    }

    /// What is farthest from its goal, of what fits into the time left.
    private func next(within seconds: Double) -> Kind? {
        let known = file.read()
        return Self.next(known, within: seconds)
    }

    package static func next(_ known: [CalibrationTry], within seconds: Double) -> Kind? {
        func share(_ kind: Kind) -> Double { Double(known.count { $0.planted == kind.planted }) / Double(kind.goal) }
        return kinds.filter { $0.seconds <= seconds }.min { share($0) < share($1) }
    }

    /// What all tries of this host say.
    package static func rows(_ known: [CalibrationTry]) -> [CalibrationRow] {
        kinds.flatMap { kind -> [CalibrationRow] in
            let tally = CalibrationTally(
                name: kind.name, findings: known.filter { $0.planted == kind.planted }.map(\.finding))
            let rows =
                kind.planted == 0
                ? [tally.falseVerdicts, tally.coverage(of: 1, heldFrom: .max), Self.pairs(known)]
                : [tally.power(.worse, atLeast: kind.least, heldFrom: kind.goal), tally.meanRatio]
            return rows.compactMap { $0 }
        }
    }

    /// How far apart two equal servers are for as long as they live: the largest mean of a pair, the server made second by
    /// the one made first.
    private static func pairs(_ known: [CalibrationTry]) -> CalibrationRow? {
        let means = Dictionary(grouping: known.filter { $0.planted == 0 }, by: \.pair).values.map { tries in
            Sample.mean(tries.flatMap { one in one.logRatios.map { one.isSwapped ? -$0 : $0 } })
        }
        guard let least = means.min(), let most = means.max() else { return nil }
        var row = CalibrationRow(
            told: "real server, \(means.count) pairs of servers: ratio of the second to the first, median of the pairs",
            value: exp(Sample.median(means)))
        (row.low, row.high) = (exp(least), exp(most))
        return row
    }

    // MARK: Simulated

    private static func noise(_ known: [CalibrationTry]) -> (noise: SimulatedHost.Noise, name: String) {
        let recorded = known.filter { $0.planted == 0 }.map(\.logRatios)
        guard recorded.reduce(0, { $0 + $1.count }) >= fewestRecorded else {
            var drift = SimulatedHost.Drift()
            drift.isDoubled = false
            return (.drifting(drift), "simulated, noise of a drifting host")
        }
        return (.recorded(recorded), "simulated, noise recorded here")
    }

    private func simulate(_ noise: (noise: SimulatedHost.Noise, name: String)) async throws -> [CalibrationRow] {
        var rows: [CalibrationRow] = []
        for ratio in [1] + Self.ratios {
            let count = ratio == 1 ? Self.simulated.equals : Self.simulated.planted
            let change = ratio == 1 ? "base against base" : "response \(Words.percent(ratio - 1)) longer"
            progress("\(noise.name): \(change), \(count) tries")
            let findings = try await simulate(noise.noise, ratio: ratio, count: count)
            if control.isStopping { throw TrialInterrupted() }
            let tally = CalibrationTally(name: "\(noise.name), \(change)", findings: findings)
            let found = ratio == 1 ? [tally.falseVerdicts] : [tally.power(.worse)]
            rows += (found + [tally.coverage(of: ratio, heldFrom: Self.simulated.equals)]).compactMap { $0 }
        }
        return rows
    }

    /// Shared out over the processors.
    private func simulate(
        _ noise: SimulatedHost.Noise, ratio: Double, count: Int
    ) async throws -> [CalibrationTally.Finding] {
        let (workers, seed, control) = (max(1, WorkerThread.usableProcessors), request.seed, control)
        return try await withThrowingTaskGroup(of: [CalibrationTally.Finding].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    try await WorkerThread.run {
                        stride(from: worker, to: count, by: workers).compactMap { number in
                            control.isStopping
                                ? nil
                                : CalibrationTally.Finding(
                                    SimulatedComparison(
                                        noise: noise, ratio: ratio, blocks: Self.simulatedBlocks,
                                        seed: seed &+ UInt64(number)
                                    ).run())
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}

extension CalibrationTally.Finding {
    /// Of a simulated comparison.
    init(_ metric: MetricVerdict?) {
        verdict = metric?.verdict
        ratio = metric?.ratio.map { ($0.value, $0.low, $0.high) }
    }
}

extension CalibrationTry {
    var finding: CalibrationTally.Finding {
        var interval: (value: Double, low: Double, high: Double)?
        if let ratio, let low, let high { interval = (ratio, low, high) }
        return CalibrationTally.Finding(verdict: verdict, ratio: interval)
    }
}

/// The last calibration of the statistics on this host, kept beside the clusters so that comparisons can quote it.
struct StoredStatistics: Codable {
    var processorModel: String
    var processors: Int
    var lines: [CalibrationLine]

    init(_ rows: [CalibrationRow]) {
        processorModel = Host.processorModel
        processors = CalibrationTry.usableProcessors
        lines = rows.map { CalibrationLine(name: $0.name, value: $0.value, low: $0.low, high: $0.high) }
    }

    private static func path(in registry: ClusterRegistry) -> String {
        "\(registry.home)/calibration-statistics.json"
    }

    func store(in registry: ClusterRegistry) throws {
        try JSONEncoder().encode(self).write(to: URL(filePath: Self.path(in: registry)), options: .atomic)
    }

    /// What is stored of this host; `nil` when nothing is, or another processor was measured.
    static func lines(in registry: ClusterRegistry) -> [CalibrationLine]? {
        guard let data = FileManager.default.contents(atPath: path(in: registry)),
            let stored = try? JSONDecoder().decode(StoredStatistics.self, from: data),
            stored.processorModel == Host.processorModel, stored.processors == CalibrationTry.usableProcessors
        else { return nil }
        return stored.lines
    }
}
