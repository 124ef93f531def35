import WakuModel

/// One workload and one seed: the sequence of operations, and what each of them says.
///
/// Not Sendable: each worker makes its own and gets the same sequence. ``next()`` walks through time; what an operation
/// says is a pure function of seed, label, number and origin, asked for when the operation starts.
public final class Traffic {
    public let spec: WorkloadSpec
    public let seed: UInt64
    public let labels: [RequestLabel]
    public let topics: TopicBook
    let log: MessageLog
    private var messageArrivals: RandomSource
    private var offers: RandomSource
    private var nextMessage: UInt64
    private var pending: DueHeap
    private var queries: [QuerySource]
    private var scratch: Message
    private let end: UInt64

    public init(_ spec: WorkloadSpec, seed: UInt64) {
        self.spec = spec
        self.seed = seed
        labels = RequestLabel.all(of: spec)
        topics = TopicBook(spec.messages.shards, seed: seed)
        let lookBack = spec.queries.map { $0.shape.lookBack }.max() ?? 0
        let rate = spec.messages.arrivals.meanRate
        // All of the trial's, up to sixteen million; beyond that twice what the longest look back spans.
        let all = rate * Double(spec.phases.offered) / 1e9 * 1.2
        let lookedAt = min(rate * (Double(lookBack) / 1e9 + 60) * 2, all)
        log = MessageLog(
            seed: seed, history: spec.history, remembered: Int(min(max(min(all, 16e6), lookedAt), 1e9)))
        end = spec.phases.offered
        messageArrivals = RandomSource(seed: seed, .messageArrivals)
        offers = RandomSource(seed: seed, .offers)
        nextMessage = spec.messages.arrivals.next(after: 0, &messageArrivals)
        pending = DueHeap()
        queries = spec.queries.indices.map { QuerySource(index: $0, spec.queries[$0], seed: seed) }
        scratch = Message(payload: [], contentTopic: topics.shards[0].topics[0], timestamp: 0)
        scratch.payload.reserveCapacity(spec.messages.largest)
    }

    /// Virtual time of a moment of the trial, nanoseconds since 1970.
    public func archiveTime(_ time: Int64) -> Int64 { Int64(spec.archiveEpoch) * 1_000_000_000 + time }

    /// The next independent operation in the order of intended starts; `nil` at the end of the measure phase.
    public func next() -> Operation? {
        while true {
            let query = queries.indices.min { queries[$0].due < queries[$1].due }
            let queryDue = query.map { queries[$0].due } ?? .max
            let offerDue = pending.first?.due ?? .max
            let due = min(nextMessage, queryDue, offerDue)
            guard due < end else { return nil }
            if due == nextMessage {
                acceptMessage()
            } else if due == offerDue {
                return pending.removeFirst()
            } else if let query {
                return queries[query].take(log: log, nodes: spec.writers.count)
            }
        }
    }

    /// A message's content. The value is overwritten by the next call; copy what must stay.
    ///
    /// - Returns: the shard's topic and the message.
    public func message(_ number: Int64, arrival: Int64) -> (PubsubTopic, Message) {
        var random = RandomSource(seed: seed, .messageContent, index: UInt64(number))
        let shard = topics.drawShard(&random)
        scratch.contentTopic = topics.drawTopic(ofShard: shard, &random)
        let skew = spec.messages.clockSkew
        let lateness = skew == 0 ? 0 : Int64(random.within(0...(2 * skew))) - Int64(skew)
        scratch.timestamp = archiveTime(number < spec.history.rows ? arrival : arrival + lateness)
        let size = min(max(spec.messages.sizes.draw(&random), 1), spec.messages.largest)
        Self.resize(&scratch.payload, to: size, &random)
        Self.resize(&scratch.meta, to: spec.messages.metaBytes, &random)
        return (topics.shards[shard].pubsubTopic, scratch)
    }

    /// The message of a put.
    public func message(of operation: Operation) -> (PubsubTopic, Message) {
        message(operation.number, arrival: Int64(operation.origin))
    }

    /// A message of the history, in the order of time.
    public func historyMessage(_ number: Int64) -> (PubsubTopic, Message) {
        message(number, arrival: log.arrival(of: number))
    }

    /// Virtual time of a message of the history, nanoseconds since 1970.
    public func historyTimestamp(_ number: Int64) -> Int64 { archiveTime(log.arrival(of: number)) }

    /// The store request of an operation.
    public func query(of operation: Operation) -> StoreQuery {
        guard let index = labels[operation.label].query else { preconditionFailure("a put is no query") }
        let spec = spec.queries[index]
        var random = queries[index].content(of: operation)
        var query = StoreQuery(direction: spec.direction, pageSize: spec.pageSize)
        query.requestID = Self.requestID(&random, page: operation.page)
        spec.shape.fill(&query, for: operation, &random, self)
        query.cursor = operation.page == 0 ? nil : operation.cursor
        return query
    }

    /// The operation that asks for the next page, due at the reply's time plus the client's think time; `nil` when the
    /// client stops here.
    public func nextPage(after operation: Operation, cursor: PageCursor, due: UInt64) -> Operation? {
        guard let index = labels[operation.label].query, operation.page + 1 < spec.queries[index].pages else {
            return nil
        }
        var next = operation
        next.due = due
        next.label = RequestLabel.next(ofQuery: index)
        next.page += 1
        next.cursor = cursor
        return next
    }

    /// Numbers of the messages that arrived within a window, as far as ``next()`` has come; for tests.
    package func messageNumbers(arrivedBetween start: Int64, and end: Int64) -> ClosedRange<Int64>? {
        log.messages(arrivedBetween: start, and: end)
    }

    /// The hash of a message; of no message, when its arrival is forgotten, which takes a chain of pages that lasts
    /// longer than the whole trial's messages could be remembered.
    func hash(ofMessage number: Int64) -> MessageHash {
        guard log.remembers(number) else { return MessageHash(words: (UInt64(bitPattern: number), 0, 0, 0)) }
        let (pubsubTopic, message) = message(number, arrival: log.arrival(of: number))
        return message.hash(on: pubsubTopic)
    }

    /// Draws who offers the message when, and plans all its puts.
    private func acceptMessage() {
        let (time, number, nodes) = (nextMessage, log.nextNumber, spec.writers.count)
        log.append(Int64(time))
        let first = offers.below(nodes)
        for turn in 0..<nodes {
            let delay = turn == 0 ? 0 : offers.within(spec.writers.duplicateGap)
            let operation = Operation(
                due: time + delay, label: turn == 0 ? RequestLabel.put : RequestLabel.duplicatePut,
                node: (first + turn) % nodes, number: number, origin: time, page: 0, candidates: nil, cursor: .zero)
            if operation.due < end { pending.insert(operation) }
        }
        nextMessage = spec.messages.arrivals.next(after: time, &messageArrivals)
    }

    private static func resize(_ bytes: inout [UInt8], to size: Int, _ random: inout RandomSource) {
        if bytes.count > size {
            bytes.removeLast(bytes.count - size)
        } else if bytes.count < size {
            bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
        }
        bytes.withUnsafeMutableBytes { random.fill($0) }
    }

    /// Twenty hexadecimal digits, as the node makes them from ten random bytes.
    private static func requestID(_ random: inout RandomSource, page: Int) -> String {
        let (high, low) = (random.next() ^ UInt64(page), random.next())
        return String(unsafeUninitializedCapacity: 20) { buffer in
            for index in 0..<20 {
                let nibble = index < 16 ? high >> UInt64(index * 4) : low >> UInt64((index - 16) * 4)
                buffer[index] = "0123456789abcdef".utf8.withContiguousStorageIfAvailable { $0[Int(nibble & 15)] } ?? 48
            }
            return 20
        }
    }
}

/// One entry of the mix on its way through time.
struct QuerySource {
    private let index: Int
    private let spec: QuerySpec
    private let seed: UInt64
    private var arrivals: RandomSource
    private var choices: RandomSource
    private var number: Int64 = 0
    private(set) var due: UInt64

    init(index: Int, _ spec: QuerySpec, seed: UInt64) {
        self.index = index
        self.spec = spec
        self.seed = seed
        let purpose = RandomSource.Purpose.queries.rawValue + 2 * UInt64(index)
        arrivals = RandomSource(seed: seed, purpose: purpose)
        choices = RandomSource(seed: seed, purpose: purpose, index: 1)
        due = spec.arrivals.next(after: 0, &arrivals)
    }

    mutating func take(log: MessageLog, nodes: Int) -> Operation {
        let operation = Operation(
            due: due, label: RequestLabel.first(ofQuery: index), node: choices.below(nodes), number: number,
            origin: due, page: 0, candidates: spec.shape.candidates(at: due, in: log), cursor: .zero)
        number += 1
        due = spec.arrivals.next(after: due, &arrivals)
        return operation
    }

    /// The numbers that decide what a request says; the same for all pages of a chain.
    func content(of operation: Operation) -> RandomSource {
        RandomSource(
            seed: seed, purpose: RandomSource.Purpose.queries.rawValue + 2 * UInt64(index) + 1,
            index: UInt64(operation.number))
    }
}
