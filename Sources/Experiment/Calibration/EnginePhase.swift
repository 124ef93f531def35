/// One comparison of a calibration: a script, how it is sent, how long, and what it is held to.
struct EnginePhase: Sendable {
    /// How statements go out.
    enum Mode: Sendable, Equatable {
        /// One at a time on each connection, as fast as it goes.
        case closed
        /// Up to `window` in flight on each connection, with a Sync after every `syncEvery` statements. pgbench sends
        /// `syncEvery` statements and waits for all of them; with a Sync for each it has no such mode.
        case pipelined(window: Int, syncEvery: Int)
        /// Due at this share of the throughput that the first phase found.
        case open(share: Double)
    }

    /// What a ratio of two sides is held to.
    struct Bound: Sendable {
        let metric: String
        let side: String
        let other: String
        let limit: Double
        /// Whether the ratio must be at least, not at most, the limit.
        let isLeast: Bool

        static func least(_ metric: String, _ side: String, _ other: String, _ limit: Double) -> Bound {
            Bound(metric: metric, side: side, other: other, limit: limit, isLeast: true)
        }

        static func most(_ metric: String, _ side: String, _ other: String, _ limit: Double) -> Bound {
            Bound(metric: metric, side: side, other: other, limit: limit, isLeast: false)
        }
    }

    let script: CalibrationScript
    let connections: Int
    let mode: Mode
    /// Seconds of load in one slice. Whole ones, because pgbench counts no others.
    let slice: Int
    /// Blocks at most, each with two slices of every side.
    let blocks: Int
    var bounds: [Bound] = []

    var isOpen: Bool {
        if case .open = mode { return true }
        return false
    }

    /// Such as `point, 8 connections`.
    var name: String {
        let base = "\(script.name), \(connections) connections"
        return switch mode {
        case .closed: base
        case .pipelined(_, let every): "\(base), pipelined, a sync for \(every)"
        case .open(let share): "\(base), at \(Int(share * 100)) %"
        }
    }

    private typealias Name = EngineCalibration.SideName
    private static let window = 200

    /// What is compared. The smallest script gets the most blocks: the heavier the statement, the smaller is the
    /// generator's part in it.
    static let all =
        [
            EnginePhase(
                script: .selectOne, connections: 8, mode: .closed, slice: 1, blocks: 22,
                bounds: [
                    .least(EngineMetric.throughput, Name.ours, Name.pgbench, 1.05),
                    .most(EngineMetric.cpu, Name.ours, Name.pgbench, 1),
                    .least(EngineMetric.throughput, Name.ours, Name.bare, 0.95),
                    .most(EngineMetric.cpu, Name.ours, Name.bare, 1 / 0.95),
                ]),
            EnginePhase(script: .point, connections: 8, mode: .closed, slice: 1, blocks: 4),
            EnginePhase(script: .put, connections: 8, mode: .closed, slice: 1, blocks: 4),
            EnginePhase(script: .page, connections: 8, mode: .closed, slice: 1, blocks: 4),
            EnginePhase(
                script: .selectOne, connections: 8, mode: .pipelined(window: window, syncEvery: 100), slice: 1,
                blocks: 6,
                bounds: [
                    .most(EngineMetric.cpu, Name.ours, Name.pgbench, 1),
                    .least(EngineMetric.throughput, Name.ours, Name.unpipelined, 2.5),
                ]),
            EnginePhase(
                script: .point, connections: 8, mode: .pipelined(window: window, syncEvery: 100), slice: 1, blocks: 3),
            EnginePhase(
                script: .selectOne, connections: 8, mode: .pipelined(window: window, syncEvery: 1), slice: 1, blocks: 3),
        ]
        + [0.2, 0.5, 0.8].map { share in
            EnginePhase(
                script: .selectOne, connections: 8, mode: .open(share: share), slice: 2, blocks: share == 0.5 ? 10 : 3,
                bounds: share == 0.5 ? [.most(EngineMetric.meanLag, Name.ours, Name.pgbench, 1)] : [])
        } + [
            EnginePhase(
                script: .selectOne, connections: 512, mode: .closed, slice: 2, blocks: 8,
                bounds: [.most(EngineMetric.cpu, Name.ours, Name.pgbench, 1)])
        ]
}

/// One slice as a generator of ours is asked to run it.
struct EngineSlice: Sendable {
    /// How much is sent.
    enum Amount: Sendable, Equatable {
        /// As fast as it goes until so many transactions of the script are completed by all connections together.
        case transactions(Int)
        /// Due at this rate for so many seconds, independent arrivals.
        case rate(perSecond: Double, seconds: Double)
    }

    let script: CalibrationScript
    let connections: Int
    let amount: Amount
    /// Statements in flight on each connection at most.
    let window: Int
    /// Statements from one Sync to the next; `nil` is no pipelining.
    let syncEvery: Int?
    let seed: UInt64
}

/// The metrics by which sides are compared.
enum EngineMetric {
    /// Transactions of the script completed a second.
    static let throughput = "throughput"
    /// Nanoseconds of the generator's own CPU a transaction.
    static let cpu = "cpu"
    /// Microseconds from due to sent; open loop only.
    static let meanLag = "mean lag"
    static let p99Lag = "p99 lag"
    /// Share of our mean response time that is certainly the generator's own: its lateness and its CPU for an operation.
    /// What an answer waits in the socket while others are handled comes on top, and cannot be told from the kernel's
    /// part. Open loop only: in a closed one nothing is due.
    static let ownShare = "own share of latency, at least"
    /// Megabytes of the generator's process.
    static let peakMemory = "peak memory"
}
