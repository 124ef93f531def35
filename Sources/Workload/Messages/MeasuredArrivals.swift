/// Messages that arrived in the measure phase. Arrivals are known a while before their time, and while a warm-up may
/// still go on, where the measure phase begins is not: until it is settled they wait.
struct MeasuredArrivals {
    private struct Arrival {
        var time: UInt64
        var shard, messageClass, bytes: Int
        var isEphemeral: Bool
    }

    private(set) var ledger: BandwidthLedger
    private let earliest: UInt64
    private var measure: Range<UInt64>?
    private var waiting: [Arrival] = []

    /// - Parameters:
    ///   - ledger: empty.
    ///   - earliest: the measure phase cannot begin before this; trial time.
    ///   - measure: the measure phase, where it is known already.
    init(_ ledger: BandwidthLedger, from earliest: UInt64, settledAs measure: Range<UInt64>?) {
        self.ledger = ledger
        self.earliest = earliest
        self.measure = measure
    }

    mutating func note(at time: UInt64, shard: Int, messageClass: Int, bytes: Int, ephemeral: Bool) {
        let arrival = Arrival(
            time: time, shard: shard, messageClass: messageClass, bytes: bytes, isEphemeral: ephemeral)
        if let measure {
            if measure.contains(time) { add(arrival) }
        } else if time >= earliest {
            waiting.append(arrival)
        }
    }

    mutating func settle(_ measure: Range<UInt64>) {
        self.measure = measure
        for arrival in waiting where measure.contains(arrival.time) { add(arrival) }
        waiting = []
    }

    func isMeasured(_ time: UInt64) -> Bool { measure.map { time >= $0.lowerBound } ?? false }

    private mutating func add(_ arrival: Arrival) {
        ledger.add(
            shard: arrival.shard, messageClass: arrival.messageClass, bytes: arrival.bytes,
            ephemeral: arrival.isEphemeral)
    }
}
