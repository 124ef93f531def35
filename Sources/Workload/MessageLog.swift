/// When each message arrived: those of the history by a formula, the latest live ones from a ring.
///
/// Numbers count through history and trial: history is `0 ..< rows`, the trial goes on from there. Times are
/// nanoseconds from the start of warm-up, negative in the history.
public final class MessageLog {
    private let seed: UInt64
    private let historyRows: Int64
    private let historySpan: Int64
    private var ring: [Int64]
    private let mask: Int64
    private var live: Int64 = 0

    /// Remembers at least so many live messages; the history needs no memory.
    init(seed: UInt64, history: HistorySpec, remembered: Int) {
        self.seed = seed
        historyRows = Int64(history.rows)
        historySpan = Int64(history.partitions) * 3_600_000_000_000
        var capacity = 4_096
        while capacity < remembered { capacity *= 2 }
        ring = Array(repeating: 0, count: capacity)
        mask = Int64(capacity - 1)
    }

    /// The number of the next live message.
    var nextNumber: Int64 { historyRows + live }

    /// Notes the arrival of the next live message.
    func append(_ time: Int64) {
        ring[Int(live & mask)] = time
        live += 1
    }

    /// When a message arrived. Spread evenly over the history, each within its own slot, so times rise with numbers.
    ///
    /// - Precondition: a live message is one of those remembered; see ``remembers(_:)``.
    func arrival(of number: Int64) -> Int64 {
        if number >= historyRows {
            precondition(remembers(number), "message \(number) is not remembered")
            return ring[Int((number - historyRows) & mask)]
        }
        var random = RandomSource(seed: seed, .historyTimes, index: UInt64(number))
        let slot = Double(historySpan) / Double(historyRows)
        return Int64((Double(number) + random.unit()) * slot) - historySpan
    }

    /// The numbers of the messages that arrived within a window; when there is none, the last one before its end;
    /// `nil` when no message is known that early.
    public func messages(arrivedBetween start: Int64, and end: Int64) -> ClosedRange<Int64>? {
        let last = firstMessage { $0 > end } - 1
        guard last >= (historyRows > 0 ? 0 : oldestLive) else { return nil }
        return min(firstMessage { $0 >= start }, last)...last
    }

    /// Whether a message's arrival is still known.
    func remembers(_ number: Int64) -> Bool { number < historyRows || (number >= oldestLive && number < nextNumber) }

    private var oldestLive: Int64 { historyRows + max(0, live - Int64(ring.count)) }

    /// The first known number whose arrival satisfies a condition that stays true once it is; the next number when
    /// none does.
    private func firstMessage(where condition: (Int64) -> Bool) -> Int64 {
        var (low, high): (Int64, Int64)
        if historyRows == 0 || (live > 0 && !condition(arrival(of: oldestLive))) {
            (low, high) = (oldestLive, nextNumber)
        } else {
            (low, high) = (0, historyRows)
        }
        while low < high {
            let middle = (low + high) / 2
            if condition(arrival(of: middle)) { high = middle } else { low = middle + 1 }
        }
        return low == historyRows ? oldestLive : low
    }
}
