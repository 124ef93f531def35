/// One comparison of a calibration: a script, how it is sent, and how long.
struct EnginePhase: Sendable {
    /// How statements go out.
    enum Mode: Sendable, Equatable {
        /// One at a time on each connection, as fast as it goes.
        case closed
        /// As many in flight as there may be, with a Sync after every `depth` statements.
        case pipelined(depth: Int)
        /// Due at this share of the throughput that the first phase found.
        case open(share: Double)
    }

    let script: CalibrationScript
    let connections: Int
    let mode: Mode
    /// Seconds of load in one slice. Whole ones, because pgbench counts no others.
    let slice: Int
    /// Blocks, each with two slices of every side.
    let blocks: Int

    /// Such as `point, 8 connections`.
    var name: String {
        let base = "\(script.name), \(connections) connections"
        return switch mode {
        case .closed: base
        case .pipelined(let depth): "\(base), pipelined, a sync for \(depth)"
        case .open(let share): "\(base), at \(Int(share * 100)) %"
        }
    }

    /// What is compared. The smallest script gets the most blocks: the heavier the statement, the smaller is the
    /// generator's part in it. How many an interval takes is told while the suite runs.
    static let all =
        [
            EnginePhase(script: .selectOne, connections: 8, mode: .closed, slice: 1, blocks: 16),
            EnginePhase(script: .point, connections: 8, mode: .closed, slice: 1, blocks: 12),
            EnginePhase(script: .put, connections: 8, mode: .closed, slice: 1, blocks: 8),
            EnginePhase(script: .page, connections: 8, mode: .closed, slice: 1, blocks: 8),
            EnginePhase(script: .selectOne, connections: 512, mode: .closed, slice: 2, blocks: 4),
            EnginePhase(script: .selectOne, connections: 8, mode: .pipelined(depth: 100), slice: 1, blocks: 8),
            EnginePhase(script: .point, connections: 8, mode: .pipelined(depth: 100), slice: 1, blocks: 8),
        ]
        + [0.2, 0.5, 0.8].map {
            EnginePhase(script: .selectOne, connections: 8, mode: .open(share: $0), slice: 1, blocks: 6)
        }
}

/// One slice as a generator of ours is asked to run it.
public struct EngineSlice: Sendable {
    /// How much is sent.
    public enum Amount: Sendable, Equatable {
        /// As fast as it goes until so many transactions of the script are completed by all connections together.
        case transactions(Int)
        /// Due at this rate for so many seconds, independent arrivals.
        case rate(perSecond: Double, seconds: Double)
    }

    public let script: CalibrationScript
    public let connections: Int
    public let amount: Amount
    /// Statements from one Sync to the next, with at most twice as many in flight on each connection; `nil` is no
    /// pipelining.
    public let syncEvery: Int?
    public let seed: UInt64
}

/// The metrics by which sides are compared.
public enum EngineMetric {
    /// Transactions of the script completed a second.
    public static let throughput = "throughput"
    /// Nanoseconds of the generator's own CPU a transaction.
    public static let cpu = "cpu"
    /// Microseconds from due to sent; open loop only.
    public static let meanLag = "mean lag"
    public static let p99Lag = "p99 lag"
    /// Mean share of the generator's own lateness in our response time; open loop only.
    public static let ownShare = "own share of latency"
}
