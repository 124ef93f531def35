import LoadRunner
import RunRecord
import Workload

/// What a closed loop needs beyond a workload: a sequence that lasts until the end of the time.
///
/// The loop takes operations in the order of the sequence as fast as answers come, so arrival rates decide nothing but
/// how many there are, and how they are mixed.
public enum ClosedLoop {
    /// Independent operations a second that the sequence holds at least; more than most servers answer, and few enough that
    /// planning a minute of them takes a few seconds. Twice as many took twice that.
    public static let sequenceRate = 10_000.0
    /// Clients that make sense: the nodes' pools are smaller by far.
    public static let clientRange = 1...10_000

    /// Factor on all arrival rates of a workload at which its sequence holds ``sequenceRate`` on average, 1 at least;
    /// 1 for a workload in which nothing arrives.
    public static func factor(_ spec: WorkloadSpec) -> Double {
        let rate = independentRate(spec)
        return rate > 0 ? max(1, sequenceRate / rate) : 1
    }

    /// Operations that follow from no reply, a second, averaged over the phases. Sessions count with the one request that
    /// each begins with at least.
    static func independentRate(_ spec: WorkloadSpec) -> Double {
        let (end, calendar) = (Int64(spec.phases.longest), spec.calendar)
        let puts = spec.expectedMessages(from: 0, to: end) * Double(spec.writers.count)
        let queries = spec.queries.indices.reduce(0.0) { $0 + spec.expectedRequests(ofQuery: $1, from: 0, to: end) }
        let requests = spec.clients.compactMap(\.arrivals).reduce(queries) {
            $0 + $1.expected(from: 0, to: end, calendar)
        }
        return (puts + requests) / (Double(end) / 1e9)
    }

    /// The workload in a part of its time, with the history it had: that is made from the rates as they were.
    static func lasting(_ spec: WorkloadSpec, factor: Double) -> WorkloadSpec {
        var lasting = spec.compressed(by: factor)
        lasting.messagesBefore = spec.historyMessages
        return lasting
    }

    /// How a load came to its end that nothing went wrong with.
    ///
    /// - Parameters:
    ///   - result: of the load.
    ///   - planned: length of the measure phase, nanoseconds.
    /// - Returns: the ending, with a sentence on one other than completed.
    static func ending(_ result: LoadResult, planned: UInt64) -> (RunRecord.Ending, String?) {
        if result.measured >= planned { return (.completed, nil) }
        guard result.sequenceEnded != nil else { return (.interrupted, "ended early by a person or a signal") }
        if result.measured > 0 { return (.completed, nil) }
        return (.failed, "the sequence of operations ended in the warm-up; \(remedy)")
    }

    /// The event of a sequence that ended before the time.
    static func event(_ result: LoadResult) -> TrialEvent? {
        result.sequenceEnded.map { ended in
            TrialEvent(
                atSeconds: (Double(ended) - Double(result.started)) / 1e9, kind: RunRecord.sequenceEndedEvent,
                detail: "no operation was left before the time was over; \(remedy)")
        }
    }

    private static let remedy = "a larger --rate-scale makes the sequence longer"
}
