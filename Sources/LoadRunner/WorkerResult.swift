import LinuxSystem
import Measurement
import Workload

/// What one worker saw of one label.
public struct LabelResult: Sendable {
    /// Operations due in the warm-up.
    public var warmUp = Tally()
    /// Operations due in the measure phase.
    public var measure = Tally()
    /// Completed operations of the measure phase: intended start to done, nanoseconds.
    public var response = LatencyHistogram()
    /// Of the same: sent to done, nanoseconds.
    public var service = LatencyHistogram()
    /// Of the same: intended start to sent, nanoseconds.
    public var lag = LatencyHistogram()
    /// Of all begun: intended start to the moment the worker turned to it, the generator's own lateness.
    public var scheduleWait = LatencyHistogram()
    /// Of the completed: for a free connection, nanoseconds.
    public var connectionWait = LatencyHistogram()
    /// Of the completed: for the first byte of each answer, nanoseconds.
    public var firstByteWait = LatencyHistogram()
    /// Of the completed: from the first byte of each answer to its last, nanoseconds.
    public var transfer = LatencyHistogram()
    /// Response times of the completed by what they asked for.
    public var aspects = AspectResult()
    /// Completed before the measure phase ended; the rest of the completed ones ended in drain.
    public var inPhase = 0
    /// Completed before the measure phase ended, and within the objective.
    public var good = 0
    /// Rows that the completed read or wrote.
    public var rows = 0
    /// Hashes that were asked for.
    public var asked = 0
    /// What clients got: messages, or hashes where only those were asked for.
    public var delivered = 0
    /// On the wire: messages that were put, or replies.
    public var bytes = 0
    /// Next pages that would have started after the measure phase.
    public var chainsCut = 0

    /// Nothing seen yet.
    public init() {}

    /// Adds what another worker saw.
    public mutating func add(_ other: LabelResult) {
        warmUp.add(other.warmUp)
        measure.add(other.measure)
        response.add(other.response)
        service.add(other.service)
        lag.add(other.lag)
        scheduleWait.add(other.scheduleWait)
        connectionWait.add(other.connectionWait)
        firstByteWait.add(other.firstByteWait)
        transfer.add(other.transfer)
        aspects.add(other.aspects)
        inPhase += other.inPhase
        good += other.good
        rows += other.rows
        asked += other.asked
        delivered += other.delivered
        bytes += other.bytes
        chainsCut += other.chainsCut
    }
}

/// What a whole load saw.
public struct LoadResult: Sendable {
    /// What latency was kept by.
    public var labels: [RequestLabel]
    /// By label.
    public var results: [LabelResult]
    /// CPU time of the workers within the measure phase, nanoseconds.
    public var cpu: UInt64 = 0
    /// Threads that took part.
    public var workers = 0
    /// Length of the warm-up as it came out, nanoseconds.
    public var warmedUp: UInt64 = 0
    /// Length of the measure phase as it came out, nanoseconds.
    public var measured: UInt64 = 0
    /// From the end of the measure phase to the last completion, nanoseconds.
    public var drained: UInt64 = 0
    /// What targets noted, in order.
    public var events: [TargetEvent] = []
    /// When a closed loop came to the end of its sequence before the time; `nil` when it did not.
    public var sequenceEnded: Nanoseconds?
    /// Start of warm-up on the monotonic clock.
    public var started: Nanoseconds = 0
    /// By entry of the workload's clients.
    public var sessions: [SessionTally] = []
    /// Messages that arrived in the measure phase, each once.
    public var arrived: BandwidthLedger?
    /// What clients got in the measure phase.
    public var delivered: BandwidthLedger?

    /// Intended start to the moment a worker turned to the operation, over all labels.
    public var generatorLag: LatencyHistogram {
        var lag = LatencyHistogram()
        for result in results { lag.add(result.scheduleWait) }
        return lag
    }

    /// Operations of the measure phase that came to an end.
    public var finishedOperations: Int {
        results.reduce(0) { $0 + $1.measure.completed + $1.measure.failed }
    }

    /// Adds what another worker saw of the same load.
    public mutating func add(_ other: LoadResult) {
        for index in results.indices { results[index].add(other.results[index]) }
        cpu += other.cpu
        workers += other.workers
        warmedUp = max(warmedUp, other.warmedUp)
        measured = max(measured, other.measured)
        drained = max(drained, other.drained)
        events += other.events
        sequenceEnded = [sequenceEnded, other.sequenceEnded].compactMap { $0 }.min()
        for index in sessions.indices { sessions[index].add(other.sessions[index]) }
        arrived = Self.sum(arrived, other.arrived)
        delivered = Self.sum(delivered, other.delivered)
    }

    private static func sum(_ left: BandwidthLedger?, _ right: BandwidthLedger?) -> BandwidthLedger? {
        guard var sum = left, let right else { return left ?? right }
        sum.add(right)
        return sum
    }
}

/// The phases of a load.
public enum LoadPhase: String, Sendable {
    case warmUp = "warm-up"
    case measure
    case drain
}

/// One second of one worker.
public struct WorkerSecond: Sendable {
    /// Whole seconds from the start of warm-up.
    public let second: Int
    /// The phase in which it began.
    public let phase: LoadPhase
    /// By label.
    public let labels: [LabelSecond]
}

/// One second of one label.
public struct LabelSecond: Sendable {
    /// Operations that the worker turned to in this second.
    public var scheduled = 0
    /// Operations that ended in this second with an error.
    public var failed = 0
    /// Bytes on the wire of what completed in this second.
    public var bytes = 0
    /// Response times of what completed in this second.
    public var response = LatencyHistogram(.interval)

    /// Nothing seen yet.
    public init() {}

    /// Adds what another worker or label saw in the same second.
    public mutating func add(_ other: LabelSecond) {
        scheduled += other.scheduled
        failed += other.failed
        bytes += other.bytes
        response.add(other.response)
    }
}
