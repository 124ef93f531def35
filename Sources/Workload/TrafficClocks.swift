import WakuModel

/// A stream of messages on its way through time.
struct StreamClock {
    private let process: any ArrivalProcess
    private var random: RandomSource
    private(set) var due: UInt64
    /// Arrivals before the one that is due.
    private(set) var arrivals: UInt32 = 0

    init(_ index: Int, _ spec: WorkloadSpec, seed: UInt64) {
        process = spec.messages.streams[index].arrivals
        random = RandomSource(
            seed: seed, purpose: RandomSource.Purpose.streams.rawValue + UInt64(index), index: .max)
        due = process.next(after: 0, spec.calendar, &random)
    }

    mutating func advance(_ calendar: ArchiveCalendar) {
        arrivals &+= 1
        due = process.next(after: due, calendar, &random)
    }
}

/// One entry of the queries on its way through time.
struct QuerySource {
    private let index: Int
    private let spec: QuerySpec
    private let calendar: ArchiveCalendar
    private let seed: UInt64
    private var arrivals: RandomSource
    private var choices: RandomSource
    private var number: Int64 = 0
    private(set) var due: UInt64

    /// `isRecorded` where a trace says when its requests are sent.
    init(index: Int, _ spec: QuerySpec, _ calendar: ArchiveCalendar, seed: UInt64, isRecorded: Bool = false) {
        self.index = index
        self.spec = spec
        self.calendar = calendar
        self.seed = seed
        let purpose = RandomSource.Purpose.queries.rawValue + 2 * UInt64(index)
        arrivals = RandomSource(seed: seed, purpose: purpose)
        choices = RandomSource(seed: seed, purpose: purpose, index: 1)
        due = isRecorded ? .max : spec.arrivals.next(after: 0, calendar, &arrivals)
    }

    mutating func take(log: MessageLog, nodes: Int) -> Operation {
        let operation = operation(at: due, spec.shape.candidates(at: due, in: log), nodes)
        due = spec.arrivals.next(after: due, calendar, &arrivals)
        return operation
    }

    /// The request that a trace has at a moment, about a topic where it names one.
    mutating func take(recordedAt due: UInt64, topic: Int?, log: MessageLog, nodes: Int) -> Operation {
        let candidates = topic.flatMap { spec.shape.candidates(ofTopic: $0) } ?? spec.shape.candidates(at: due, in: log)
        return operation(at: due, candidates, nodes)
    }

    private mutating func operation(at due: UInt64, _ candidates: ClosedRange<Int64>?, _ nodes: Int) -> Operation {
        defer { number += 1 }
        return Operation(
            due: due, label: RequestLabel.first(ofQuery: index), node: choices.below(nodes), number: number,
            origin: due, page: 0, candidates: candidates, cursor: .zero)
    }

    /// The numbers that decide what a request says; the same for all pages of a chain.
    func content(of operation: Operation) -> RandomSource {
        RandomSource(
            seed: seed, purpose: RandomSource.Purpose.queries.rawValue + 2 * UInt64(index) + 1,
            index: UInt64(operation.number))
    }
}

/// One entry of the clients on its way through time: when sessions begin, and with which node.
struct SessionClock {
    private let entry: Int
    private let process: any ArrivalProcess
    private let calendar: ArchiveCalendar
    private var arrivals: RandomSource
    private var choices: RandomSource
    private var number: Int64 = 0
    private(set) var due: UInt64

    /// `nil` for an entry whose sessions are begun by messages.
    init?(_ entry: Int, _ spec: WorkloadSpec, seed: UInt64) {
        guard let process = spec.clients[entry].arrivals else { return nil }
        self.entry = entry
        self.process = process
        calendar = spec.calendar
        let purpose = RandomSource.Purpose.clients.rawValue + UInt64(entry)
        arrivals = RandomSource(seed: seed, purpose: purpose, index: .max)
        choices = RandomSource(seed: seed, purpose: purpose, index: .max - 1)
        due = process.next(after: 0, calendar, &arrivals)
    }

    mutating func take(nodes: Int) -> SessionIdentity {
        let identity = SessionIdentity(entry: entry, number: number, start: due, node: choices.below(nodes))
        number += 1
        due = process.next(after: due, calendar, &arrivals)
        return identity
    }
}
