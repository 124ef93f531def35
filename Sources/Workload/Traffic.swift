import WakuModel

/// One workload and one seed: the sequence of operations, and what each of them says.
///
/// Not Sendable: each worker makes its own and gets the same sequence. ``next()`` walks through time; what an operation
/// says is a pure function of seed, label, number and origin, or of its session's plan, asked for when it starts.
/// What follows a reply comes from ``follow(_:_:at:_:)``.
public final class Traffic {
    public let spec: WorkloadSpec
    public let seed: UInt64
    public let labels: [RequestLabel]
    public let topics: TopicBook
    /// The nodes, and the databases that they share.
    public let fleet: Fleet
    let log: MessageLog
    let source: MessageSource
    /// Where the history's messages are others.
    private let past: MessageSource?
    private let calendar: ArchiveCalendar
    private let timeline: HistoryTimeline
    private var streams: [StreamClock]
    /// Messages and requests that a trace has in their place.
    private let recordedMessages: TraceWalk?
    private let recordedRequests: TraceWalk?
    private var offers: RandomSource
    private var pending: DueHeap
    var queries: [QuerySource]
    private var sessionClocks: [SessionClock]
    private var sentChecks: [SentCheckQueue]
    private(set) var sessions: SessionBook
    private var scratch: Message
    /// How much earlier than it is due a message is taken in: clients may ask for it before it is there.
    let lookAhead: UInt64
    private let end: UInt64
    private var arrivals: MeasuredArrivals
    /// In a closed loop the moment at which the next operation is taken.
    private var takenAt: UInt64?

    /// How far ``next()`` goes.
    public enum Walk: Sendable {
        /// Through the phases as planned.
        case planned
        /// As far as the longest warm-up may take them; whoever walks settles the phases (``settle(measure:)``).
        case extendable
    }

    /// Makes the sequence of a workload, ready to walk through from its start.
    public init(_ spec: WorkloadSpec, seed: UInt64, walk: Walk = .planned) {
        self.spec = spec
        self.seed = seed
        calendar = spec.calendar
        labels = RequestLabel.all(of: spec)
        let book = TopicBook(spec.topics, seed: seed)
        topics = book
        fleet = Fleet(spec.writers, shards: book.shards.count)
        let classes = spec.messageClasses
        source = MessageSource(
            spec.messages, classes: classes, topics: topics, calendar: spec.calendar, seed: seed)
        past = spec.messagesBefore.map {
            MessageSource($0, classes: classes, topics: book, calendar: spec.calendar, seed: seed)
        }
        timeline = HistoryTimeline(
            spec.history, spec.messagesBefore ?? spec.messages, spec.calendar, seed: seed)
        log = MessageLog(timeline, remembered: Self.remembered(spec))
        arrivals = MeasuredArrivals(
            BandwidthLedger(shards: topics.shards.count, classes: source.classes.names.count),
            from: spec.phases.warmUp, settledAs: walk == .planned ? spec.phases.warmUp..<spec.phases.offered : nil)
        end = walk == .planned ? spec.phases.offered : spec.phases.longest
        streams = spec.messages.streams.indices.map { StreamClock($0, spec, seed: seed) }
        recordedMessages = spec.trace?.walk(.messages, spec, book)
        recordedRequests = spec.trace?.walk(.requests, spec, book)
        offers = RandomSource(seed: seed, .offers)
        pending = DueHeap()
        let recorded = spec.trace?.summary.queries ?? []
        queries = spec.queries.indices.map {
            QuerySource(
                index: $0, spec.queries[$0], spec.calendar, seed: seed, isRecorded: recorded.contains($0))
        }
        sessionClocks = spec.clients.indices.compactMap { SessionClock($0, spec, seed: seed) }
        let names = source.classes
        sentChecks = spec.clients.enumerated().compactMap { index, client in
            (client.kind as? SentCheck).map { SentCheckQueue(entry: index, $0, classes: names, seed: seed) }
        }
        lookAhead = sentChecks.map(\.lookAhead).max() ?? 0
        sessions = SessionBook(spec.clients, labels: labels, fleet, seed: seed)
        scratch = Message(payload: [], contentTopic: topics.topics[0], timestamp: 0)
        for job in firstJobs() { pending.insert(job) }
    }

    /// All of the trial's messages, up to four million; beyond that twice what the longest look back spans.
    private static func remembered(_ spec: WorkloadSpec) -> Int {
        let all = spec.mostMessages(in: spec.phases.longest)
        let share = all / max(Double(spec.phases.longest), 1)
        let syncs = spec.clients.compactMap { ($0.kind as? StoreSync)?.range }.max() ?? 0
        let lookBack = max(spec.queries.map { $0.shape.lookBack }.max() ?? 0, syncs)
        let lookedAt = min(share * (Double(lookBack) + 60e9) * 2, all)
        return Int(min(max(min(all, 4e6), lookedAt), 1e9))
    }

    /// Virtual time of a moment of the trial, nanoseconds since 1970.
    public func archiveTime(_ time: Int64) -> Int64 { calendar.archiveTime(time) }

    /// The names of message classes, by number.
    public var classNames: [String] { source.classes.names }

    /// Lets sessions turn to these nodes only; all unless set.
    public func restrictSessions(to nodes: [Int]) { sessions.restrict(to: nodes) }

    /// What clients went through so far, by entry of the workload's clients.
    public var sessionTallies: [SessionTally] { sessions.tallies }

    // MARK: Phases

    /// Messages that arrived in the measure phase, as far as ``next()`` has come.
    public var arrived: BandwidthLedger { arrivals.ledger }

    /// Says where the measure phase lies, in trial time, once it is known for good.
    public func settle(measure: Range<UInt64>) { arrivals.settle(measure) }

    /// Whether an operation belongs to the measure phase. Before that is settled none does that has been begun.
    public func isMeasured(_ operation: Operation) -> Bool { arrivals.isMeasured(operation.due) }

    // MARK: The sequence

    /// The next independent operation in the order of intended starts; `nil` at the end of the walk.
    public func next() -> Operation? {
        while true {
            let stream = streams.indices.min { streams[$0].due < streams[$1].due } ?? 0
            let arrival = recordedMessages?.due ?? streams[stream].due
            let messageDue = arrival == .max ? .max : arrival - min(arrival, lookAhead)
            let query = queries.indices.min { queries[$0].due < queries[$1].due }
            let queryDue = query.map { queries[$0].due } ?? .max
            let session = sessionClocks.indices.min { sessionClocks[$0].due < sessionClocks[$1].due }
            let sessionDue = session.map { sessionClocks[$0].due } ?? .max
            let checkDue = sentChecks.lazy.map(\.due).min() ?? .max
            let pendingDue = pending.first?.due ?? .max
            let recordedDue = recordedRequests?.due ?? .max
            let due = min(min(messageDue, queryDue, sessionDue), min(checkDue, pendingDue, recordedDue))
            guard due < end else { return nil }
            if due == messageDue {
                if let recordedMessages {
                    acceptMessage(of: recordedMessages)
                } else {
                    acceptMessages(ofStream: stream)
                }
            } else if due == pendingDue {
                return pending.removeFirst()
            } else if due == recordedDue, let recordedRequests {
                if let operation = request(of: recordedRequests) { return divided(operation) }
            } else if due == queryDue, let query {
                return divided(queries[query].take(log: log, nodes: spec.writers.count))
            } else if due == sessionDue, let session {
                begin(sessionClocks[session].take(nodes: spec.writers.count))
            } else {
                beginSentCheck()
            }
        }
    }

    /// Takes in all messages of an arrival.
    private func acceptMessages(ofStream index: Int) {
        let (time, arrival) = (streams[index].due, streams[index].arrivals)
        var place: UInt32 = 0
        source.walk(stream: index, arrival: arrival, at: Int64(time)) { draft in
            accept(draft, .init(time: Int64(time), arrival: arrival, place: place, stream: UInt16(index)))
            if !draft.isEphemeral { place += 1 }
            return true
        }
        streams[index].advance(calendar)
    }

    /// Draws who offers a message when, and plans all its puts.
    func accept(_ draft: MessageDraft, _ entry: MessageLog.Entry) {
        let (time, shard) = (UInt64(entry.time), topics.shardOfTopic[draft.topic])
        arrivals.note(
            at: takenAt ?? time, shard: shard, messageClass: draft.messageClass, bytes: source.wireSize(draft),
            ephemeral: draft.isEphemeral)
        if draft.isEphemeral { return }
        let number = log.nextNumber
        log.append(entry)
        planPuts(number, ofShard: shard, at: time)
        for check in sentChecks.indices {
            sentChecks[check].note(number, shard: shard, messageClass: draft.messageClass, at: entry.time)
        }
    }

    private func planPuts(_ number: Int64, ofShard shard: Int, at time: UInt64) {
        let (nodes, database) = (spec.writers.count, fleet.database(ofShard: shard))
        let first = offers.below(nodes)
        for turn in 0..<nodes {
            let delay = turn == 0 ? 0 : offers.within(spec.writers.duplicateGap)
            let operation = Operation(
                due: time + delay, label: turn == 0 ? RequestLabel.put : RequestLabel.duplicatePut,
                node: fleet.node((first + turn) % nodes, of: database), number: number, origin: time, page: 0,
                candidates: nil, cursor: .zero)
            if operation.due < end { pending.insert(operation) }
        }
    }

    private func begin(_ identity: SessionIdentity) {
        // Another worker has the node.
        guard sessions.mayBegin(with: identity.node) else { return }
        let plan = spec.clients[identity.entry].kind.plan(identity, self)
        sessions.begin(identity, plan) { pending.insert($0) }
    }

    private func beginSentCheck() {
        guard let index = sentChecks.indices.min(by: { sentChecks[$0].due < sentChecks[$1].due }),
            let (due, messages) = sentChecks[index].take()
        else { return }
        let entry = sentChecks[index].entry
        let number = messages[0].number
        var random = RandomSource(
            seed: seed, purpose: RandomSource.Purpose.clients.rawValue + UInt64(entry), index: UInt64(number))
        begin(
            SessionIdentity(
                entry: entry, number: number, start: due, node: random.below(spec.writers.count), messages: messages))
    }

    /// Puts something into the sequence that is due no earlier than what was taken from it last.
    func plan(_ operation: Operation) { pending.insert(operation) }

    // MARK: Clockwork

    /// The first run of every job of every node: the nodes have been running for a while, so each job is somewhere in
    /// its interval; at the start itself where the workload says so.
    private func firstJobs() -> [Operation] {
        var random = RandomSource(seed: seed, .clockwork)
        return labels.enumerated().flatMap { index, label -> [Operation] in
            guard let job = label.job.map({ spec.clockwork.jobs[$0] }) else { return [] }
            let interval = job.interval / UInt64(spec.timeScale)
            let nodes = 0..<(job.kind.isPerNode ? fleet.nodesPerDatabase : 1)
            let all = (0..<fleet.databases).flatMap { database in nodes.map { fleet.node($0, of: database) } }
            return all.map { node in
                let phase = UInt64(random.unit() * Double(interval))
                let due = spec.clockwork.atStart ? UInt64(node) * 1_000_000 : phase
                return Operation(
                    due: due, label: index, node: node, number: 0, origin: due, page: 0, candidates: nil, cursor: .zero)
            }
        }
    }

    /// Takes the jobs' first runs out of the sequence; what else waits there stays.
    ///
    /// - Returns: what the sequence would have given until its end, in any order.
    public func takeJobs() -> [Operation] {
        var (jobs, others): ([Operation], DueHeap) = ([], DueHeap())
        while !pending.isEmpty {
            let operation = pending.removeFirst()
            if labels[operation.label].job == nil { others.insert(operation) } else { jobs.append(operation) }
        }
        pending = others
        return jobs.filter { $0.due < end }
    }

    private func nextRun(of job: ClockworkSpec.Job, after operation: Operation, at time: UInt64) -> Operation {
        var next = operation
        next.due = time + max(1, job.interval / UInt64(spec.timeScale))
        next.origin = next.due
        next.number += 1
        return next
    }

    // MARK: What follows

    /// Says what follows from the end of an operation.
    ///
    /// - Parameters:
    ///   - operation: the one that ended, or that its client stopped waiting for.
    ///   - outcome: how.
    ///   - time: trial time, nanoseconds.
    ///   - emit: called with each operation that follows; its intended start is not before `time`.
    public func follow(
        _ operation: Operation, _ outcome: RequestOutcome, at time: UInt64, _ emit: (Operation) -> Void
    ) {
        let label = labels[operation.label]
        if let job = label.job {
            emit(nextRun(of: spec.clockwork.jobs[job], after: operation, at: time))
        } else if operation.session >= 0 {
            // Worked out before: what is asked is looked up in the sessions, which are being changed meanwhile.
            let asked = sessions.needsAskedHashes(operation) ? query(of: operation).hashes : []
            sessions.take(outcome, of: operation, at: time, askedHashes: asked, emit)
        } else if let index = label.query, case .page(_, let cursor?, _, _) = outcome,
            operation.page + 1 < spec.queries[index].pages
        {
            var next = operation
            next.due = time
            next.label = RequestLabel.next(ofQuery: index)
            next.page += 1
            next.cursor = cursor
            emit(next)
        }
    }

    /// Requests that the session of an operation begins with; 0 for an operation of no session.
    func firstRequests(of operation: Operation) -> Int {
        sessions.session(of: operation).map { min($0.plan.inFlight, $0.plan.asks.count) } ?? 0
    }

    /// An operation is being begun: what a session planned counts from here on.
    public func noteBegun(_ operation: Operation) {
        if operation.session >= 0 { sessions.noteBegun(operation) }
    }

    /// Whether an operation that was planned is still wanted: a session that gave up wants nothing more.
    public func isWanted(_ operation: Operation) -> Bool {
        operation.session < 0 || sessions.session(of: operation) != nil
    }

    /// A closed loop takes the next operation now, nanoseconds from the start of the trial.
    public func noteTaken(at time: UInt64) { takenAt = time }

    /// Forgets the session of an operation: for walks that send nothing.
    func discard(_ operation: Operation) { sessions.discard(operation) }

    // MARK: What operations say

    /// A message's content. The value is overwritten by the next call; copy what must stay.
    ///
    /// - Returns: the shard's topic and the message.
    public func message(_ number: Int64) -> (PubsubTopic, Message) {
        let draft = draft(number)
        source.fill(&scratch, draft, number: number)
        return (topics.shards[topics.shardOfTopic[draft.topic]].pubsubTopic, scratch)
    }

    func draft(_ number: Int64) -> MessageDraft {
        number < timeline.rows
            ? (past ?? source).draft(ofHistory: number, offset: timeline.offset(of: number))
            : liveDraft(number)
    }

    private func liveDraft(_ number: Int64) -> MessageDraft {
        let entry = log.entry(of: number)
        return entry.stream == .max ? source.draft(recorded: entry, number: number) : source.draft(entry)
    }

    /// The message of a put.
    public func message(of operation: Operation) -> (PubsubTopic, Message) { message(operation.number) }

    /// Number of the message class of a put.
    public func messageClass(of operation: Operation) -> Int { draft(operation.number).messageClass }

    /// Archive time of a message of the history, nanoseconds since 1970.
    public func historyTimestamp(_ number: Int64) -> Int64 {
        Int64(spec.archiveEpoch) * 1_000_000_000 + timeline.offset(of: number)
    }

    /// Messages of the history that arrived before an archive time.
    public func historyRows(before archive: Int64) -> Int64 {
        timeline.rows(before: archive - Int64(spec.archiveEpoch) * 1_000_000_000)
    }

    /// The store request of an operation.
    public func query(of operation: Operation) -> StoreQuery {
        if operation.session >= 0 { return sessionQuery(operation) }
        guard let index = labels[operation.label].query else { preconditionFailure("\(operation) is no query") }
        let spec = spec.queries[index]
        var random = queries[index].content(of: operation)
        var query = StoreQuery(direction: spec.direction, pageSize: spec.pageSize)
        query.requestID = Self.requestID(&random, page: operation.page + requestPart(operation))
        spec.shape.fill(&query, for: operation, &random, self)
        query.cursor = operation.page == 0 ? nil : operation.cursor
        return query
    }

    /// The numbers that decide what a request asks for, behind those of its identifier.
    func contentSource(ofQuery index: Int, _ operation: Operation) -> RandomSource {
        var random = queries[index].content(of: operation)
        _ = Self.requestID(&random, page: 0)
        return random
    }

    private func sessionQuery(_ operation: Operation) -> StoreQuery {
        guard let session = sessions.session(of: operation) else {
            preconditionFailure("the session of \(operation) is over")
        }
        let plan = session.plan
        var random = clientSource(session.identity)
        var query = StoreQuery(includeData: plan.includeData, direction: plan.direction, pageSize: plan.pageSize)
        query.requestID = Self.requestID(&random, page: operation.page + operation.ask << 20)
        query.cursor = operation.page == 0 ? nil : operation.cursor
        switch plan.asks[operation.ask] {
        case .topics(let group, let start, let end):
            query.pubsubTopic = topics.shards[plan.groups[group].shard].pubsubTopic
            query.contentTopics = plan.groups[group].topics.map { topics.topics[$0] }
            (query.startTime, query.endTime) = (start, end)
        case .shard(let shard, let start, let end):
            query.pubsubTopic = topics.shards[shard].pubsubTopic
            (query.startTime, query.endTime) = (start, end)
        case .time(_, let start, let end): (query.startTime, query.endTime) = (start, end)
        case .message(let number, _): query.hashes = [hash(ofMessage: number)]
        case .hashes(let hashes, _): query.hashes = hashes
        case .presence(let messages, _):
            query.hashes = messages.map { $0.isLost ? Self.hashOfNoMessage($0.number) : hash(ofMessage: $0.number) }
        }
        return query
    }

    /// Numbers for what a session decides; the same for all sessions of one client where a client is named.
    func clientSource(_ session: SessionIdentity, client: Int64? = nil) -> RandomSource {
        RandomSource(
            seed: seed, purpose: RandomSource.Purpose.clients.rawValue + UInt64(session.entry),
            index: UInt64(bitPattern: client ?? session.number))
    }

    /// Distinct topics of one shard, drawn as messages are sent to them or from one target; what luck does not find in a
    /// while is taken in order. Where the first one is known, the others are drawn as if it had been drawn.
    func drawTopics(
        _ count: Int, from name: String?, first: Int? = nil, _ random: inout RandomSource
    ) -> (shard: Int, topics: [Int]) {
        let target = name.flatMap { topics.targets[$0] }
        func draw(_ random: inout RandomSource) -> Int {
            target.map { topics.draw($0, &random) } ?? source.drawTopic(&random)
        }
        var drawn = [draw(&random)]
        if let first { drawn = [first] }
        let shard = topics.shardOfTopic[drawn[0]]
        for _ in 0..<(count * 20) where drawn.count < count {
            let topic = draw(&random)
            if topics.shardOfTopic[topic] == shard, !drawn.contains(topic) { drawn.append(topic) }
        }
        if target == nil {
            for topic in topics.shards[shard].topics where drawn.count < count && !drawn.contains(topic) {
                drawn.append(topic)
            }
        }
        return (shard, drawn)
    }

    /// The hash of a message; of no message, when its arrival is forgotten, which takes a chain of pages that lasts
    /// longer than the whole trial's messages could be remembered.
    func hash(ofMessage number: Int64) -> MessageHash {
        guard log.remembers(number) else { return Self.hashOfNoMessage(number) }
        let (pubsubTopic, message) = message(number)
        return message.hash(on: pubsubTopic)
    }

    private static func hashOfNoMessage(_ number: Int64) -> MessageHash {
        var random = RandomSource(seed: UInt64(bitPattern: number), .payloads, index: .max)
        return MessageHash(words: (random.next(), random.next(), random.next(), random.next()))
    }

    /// Numbers of the messages that arrived within a window, as far as ``next()`` has come; for tests.
    package func messageNumbers(arrivedBetween start: Int64, and end: Int64) -> ClosedRange<Int64>? {
        log.messages(arrivedBetween: start, and: end)
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
