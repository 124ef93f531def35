import Measurement
import WakuModel

/// What clients of one entry went through. Its size does not depend on how many there were.
public struct SessionTally: Sendable {
    public var started = 0
    public var finished = 0
    public var gaveUp = 0
    public var requests = 0
    public var retries = 0
    public var timeouts = 0
    public var nodeSwitches = 0
    public var messages = 0
    /// Of finished sessions, nanoseconds from their intended start, or in a closed loop from their first request.
    public var durations = LatencyHistogram()
    /// Intended start to the first page, nanoseconds.
    public var firstPages = LatencyHistogram()
    /// By ``milestoneCounts``: intended start to so many messages, nanoseconds.
    public var milestones = milestoneCounts.map { _ in LatencyHistogram() }
    /// Intended start of the first session, and end of the last one that finished; trial time.
    public var firstStart: UInt64?
    public var lastEnd: UInt64?

    /// Numbers of messages that the wait for is told: what a screen shows first, a page, a long read.
    public static let milestoneCounts = [4, 50, 10_000]

    public init() {}

    public var unfinished: Int { started - finished - gaveUp }

    /// Adds what another worker saw.
    public mutating func add(_ other: SessionTally) {
        started += other.started
        finished += other.finished
        gaveUp += other.gaveUp
        requests += other.requests
        retries += other.retries
        timeouts += other.timeouts
        nodeSwitches += other.nodeSwitches
        messages += other.messages
        durations.add(other.durations)
        firstPages.add(other.firstPages)
        for index in milestones.indices { milestones[index].add(other.milestones[index]) }
        firstStart = [firstStart, other.firstStart].compactMap { $0 }.min()
        lastEnd = [lastEnd, other.lastEnd].compactMap { $0 }.max()
    }
}

/// The sessions under way in one traffic: begins them, knows what each asks, takes what came back.
struct SessionBook {
    private let clients: [ClientSpec]
    /// By client and role: index of the label.
    private let labels: [[Int?]]
    private let clientOfLabel: [Int?]
    private let seed: UInt64
    private var sessions: [Session?] = []
    private var free: [Int] = []
    private(set) var tallies: [SessionTally]
    private let fleet: Fleet
    /// Nodes that sessions may turn to, by database.
    private var nodes: [[Int]] = []

    init(_ clients: [ClientSpec], labels: [RequestLabel], _ fleet: Fleet, seed: UInt64) {
        self.clients = clients
        self.seed = seed
        self.fleet = fleet
        tallies = clients.map { _ in SessionTally() }
        clientOfLabel = labels.map(\.client)
        self.labels = clients.indices.map { client in
            RequestRole.allCases.map { role in
                labels.firstIndex { $0.client == client && $0.role == role }
            }
        }
        restrict(to: Array(0..<fleet.nodes))
    }

    /// Lets sessions turn to these nodes only.
    mutating func restrict(to nodes: [Int]) {
        self.nodes = (0..<fleet.databases).map { database in
            nodes.filter { fleet.database(ofNode: $0) == database }
        }
    }

    /// Whether a session may begin with the node at this place of the first database.
    func mayBegin(with place: Int) -> Bool { nodes[0].contains(place) }

    /// Begins a session and hands out its first requests.
    mutating func begin(_ identity: SessionIdentity, _ plan: SessionPlan, _ emit: (Operation) -> Void) {
        let client = clients[identity.entry]
        var session = Session(identity, plan, client.patience, fleet, nodes)
        let slot = free.popLast() ?? sessions.count
        if slot == sessions.count { sessions.append(nil) }
        tallies[identity.entry].started += 1
        tallies[identity.entry].firstStart = tallies[identity.entry].firstStart ?? identity.start
        var steps: [SessionStep] = []
        session.fill(at: identity.start) { steps.append($0) }
        sessions[slot] = session
        for step in steps { emit(operation(step, slot)) }
        close(slot, at: identity.start)
    }

    /// Takes what became of a request; emits what follows.
    ///
    /// `askedHashes` are what the request asked for, in order, where ``needsAskedHashes(_:)`` says so.
    mutating func take(
        _ outcome: RequestOutcome, of operation: Operation, at time: UInt64, askedHashes: [MessageHash],
        _ emit: (Operation) -> Void
    ) {
        let slot = operation.session
        guard var session = session(of: operation) else { return }
        let entry = session.identity.entry
        var step = SessionStep(
            due: operation.due, ask: operation.ask, page: operation.page, cursor: operation.cursor, isRetry: false)
        step.node = operation.node
        step.askedHashes = askedHashes
        if case .timedOut = outcome { tallies[entry].timeouts += 1 }
        var random = RandomSource(
            seed: seed ^ UInt64(bitPattern: operation.number),
            purpose: RandomSource.Purpose.clients.rawValue + UInt64(entry),
            index: UInt64(operation.ask) << 32 | UInt64(operation.page))
        let before = session.messages
        let isWaiting = session.firstPageAt == nil
        var steps: [SessionStep] = []
        let switched = session.take(outcome, of: step, at: time, nodes: nodes, &random) { steps.append($0) }
        if switched { tallies[entry].nodeSwitches += 1 }
        if isWaiting, session.firstPageAt != nil { noteFirstPage(session, entry, time) }
        for (index, milestone) in SessionTally.milestoneCounts.enumerated()
        where before < milestone && session.messages >= milestone {
            tallies[entry].milestones[index].record(time - min(time, session.begun ?? session.identity.start))
        }
        tallies[entry].messages += session.messages - before
        sessions[slot] = session
        for step in steps { emit(self.operation(step, slot)) }
        close(slot, at: time)
    }

    private mutating func noteFirstPage(_ session: Session, _ entry: Int, _ time: UInt64) {
        tallies[entry].firstPages.record(time - min(time, session.begun ?? session.identity.start))
    }

    /// Counts a request that is being sent.
    mutating func noteBegun(_ operation: Operation) {
        guard let entry = clientOfLabel[operation.label] else { return }
        tallies[entry].requests += 1
        if operation.isRetry { tallies[entry].retries += 1 }
        // In a schedule this is the intended start; a closed loop begins a session when its turn comes.
        if let session = session(of: operation), session.begun == nil {
            sessions[operation.session]?.begun = operation.due
        }
    }

    /// Forgets a session: for walks that send nothing.
    mutating func discard(_ operation: Operation) {
        guard session(of: operation) != nil else { return }
        sessions[operation.session] = nil
        free.append(operation.session)
    }

    /// Whether what follows a request depends on which of its hashes came back.
    func needsAskedHashes(_ operation: Operation) -> Bool { session(of: operation)?.plan.confirmation != nil }

    /// The session of an operation, while it is under way.
    func session(of operation: Operation) -> Session? {
        guard operation.session >= 0, operation.session < sessions.count,
            let session = sessions[operation.session], session.identity.number == operation.number,
            clientOfLabel[operation.label] == session.identity.entry
        else { return nil }
        return session
    }

    private mutating func operation(_ step: SessionStep, _ slot: Int) -> Operation {
        guard let session = sessions[slot] else { preconditionFailure("session \(slot) is not under way") }
        var operation = Operation(
            due: step.due, label: label(of: session.plan.asks[step.ask], step, session),
            node: session.node(ofAsk: step.ask), number: session.identity.number, origin: session.identity.start,
            page: step.page, candidates: nil, cursor: step.cursor)
        operation.session = slot
        operation.ask = step.ask
        operation.patience = session.patience.timeout
        operation.isRetry = step.isRetry
        operation.wantsHashes = session.wantsHashes(step.ask)
        return operation
    }

    private func label(of ask: SessionPlan.Ask, _ step: SessionStep, _ session: Session) -> Int {
        let role: RequestRole =
            switch ask {
            case .topics, .shard, .time: step.page == 0 ? .first : .next
            case .message: .fetch
            case .presence: .presence
            case .hashes: session.plan.includeData ? .fetch : .presence
            }
        guard let label = labels[session.identity.entry][role.rawValue] else {
            preconditionFailure("\(clients[session.identity.entry].name) sends no \(role)")
        }
        return label
    }

    private mutating func close(_ slot: Int, at time: UInt64) {
        guard let session = sessions[slot], session.isOver else { return }
        let entry = session.identity.entry
        if session.gaveUp {
            tallies[entry].gaveUp += 1
        } else {
            tallies[entry].finished += 1
            tallies[entry].durations.record(time - min(time, session.begun ?? session.identity.start))
            tallies[entry].lastEnd = max(tallies[entry].lastEnd ?? 0, time)
        }
        sessions[slot] = nil
        free.append(slot)
    }
}
