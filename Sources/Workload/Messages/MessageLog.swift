/// When each message arrived, and as what: those of the history by a formula, the latest live ones from a ring.
///
/// Numbers count through history and trial: history is `0 ..< rows`, the trial goes on from there. Times are trial
/// time, negative in the history.
public final class MessageLog {
    /// What is remembered of a live message.
    struct Entry {
        var time: Int64
        /// Which arrival of its stream it came by.
        var arrival: UInt32
        /// Which of the archived messages of that arrival: a volley and its segments share an arrival.
        var place: UInt32
        /// Index of the stream; of a message that comes from a trace the highest there is.
        var stream: UInt16
        /// Of a message that comes from a trace: number of its class. ``arrival`` is its topic and ``place`` its payload then.
        var messageClass: UInt16 = 0
    }

    private let timeline: HistoryTimeline
    private var ring: [Entry]
    private let mask: Int64
    private var live: Int64 = 0

    /// Remembers at least so many live messages; the history needs no memory.
    init(_ timeline: HistoryTimeline, remembered: Int) {
        self.timeline = timeline
        var capacity = 4_096
        while capacity < remembered { capacity *= 2 }
        ring = Array(repeating: Entry(time: 0, arrival: 0, place: 0, stream: 0), count: capacity)
        mask = Int64(capacity - 1)
    }

    private var historyRows: Int64 { timeline.rows }

    /// The number of the next live message.
    var nextNumber: Int64 { historyRows + live }

    /// Notes the arrival of the next live message.
    func append(_ entry: Entry) {
        ring[Int(live & mask)] = entry
        live += 1
    }

    /// What is known of a live message.
    ///
    /// - Precondition: it is one of those remembered; see ``remembers(_:)``.
    func entry(of number: Int64) -> Entry {
        precondition(number >= historyRows && remembers(number), "message \(number) is not remembered")
        return ring[Int((number - historyRows) & mask)]
    }

    /// When a message arrived, trial time.
    func arrival(of number: Int64) -> Int64 {
        number >= historyRows ? entry(of: number).time : timeline.arrival(of: number)
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

/// How the messages of the history lie in time: so many an archive hour as its share of the streams' rates, evenly
/// within the hour, each in a slot of its own, so that times rise with numbers.
struct HistoryTimeline {
    let rows: Int64
    private let seed: UInt64
    private let calendar: ArchiveCalendar
    /// Numbers before each hour, one more than there are hours.
    private let before: [Int64]

    init(_ history: HistorySpec, _ messages: MessageSpec, _ calendar: ArchiveCalendar, seed: UInt64) {
        self.seed = seed
        self.calendar = calendar
        rows = Int64(history.rows)
        let hours = history.partitions
        let rates = (0..<hours).map { hour in
            messages.streams.reduce(0) {
                $0 + $1.arrivals.meanRate(ofHour: hour - hours, calendar) * messages.rowsPerArrival($1)
            }
        }
        let total = rates.reduce(0, +)
        var (sum, before) = (0.0, [Int64(0)])
        before.reserveCapacity(hours + 1)
        for rate in rates {
            sum += total > 0 ? rate / total : 1 / Double(hours)
            before.append(Int64((min(sum, 1) * Double(rows)).rounded()))
        }
        before[hours] = rows
        self.before = before
    }

    /// Archive time from the epoch on, nanoseconds; negative.
    func offset(of number: Int64) -> Int64 {
        var (low, high) = (0, before.count - 2)
        while low < high {
            let middle = (low + high + 1) / 2
            if before[middle] <= number { low = middle } else { high = middle - 1 }
        }
        var random = RandomSource(seed: seed, .historyTimes, index: UInt64(number))
        let slot = Double(ArchiveCalendar.hour) / Double(before[low + 1] - before[low])
        let within = Int64((Double(number - before[low]) + random.unit()) * slot)
        return Int64(low - (before.count - 1)) * ArchiveCalendar.hour + min(within, ArchiveCalendar.hour - 1)
    }

    /// How many arrived before an offset from the epoch that is the border of an hour.
    func rows(before offset: Int64) -> Int64 {
        let hours = Int(offset / ArchiveCalendar.hour) + before.count - 1
        return offset >= 0 ? rows : before[max(0, min(hours, before.count - 1))]
    }

    /// Trial time.
    func arrival(of number: Int64) -> Int64 { offset(of: number) / Int64(calendar.scale) }
}
