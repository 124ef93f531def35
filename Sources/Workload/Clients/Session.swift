import WakuModel

/// What became of a request, as the client sees it.
public enum RequestOutcome: Sendable {
    /// A page with so many messages or hashes; the hashes themselves where they were wanted.
    case page(messages: Int, nextCursor: PageCursor?, last: PageCursor?, hashes: [MessageHash])
    case failed
    /// The client stopped waiting.
    case timedOut
}

/// One client at work on its plan: what it asks next, given what came back. No clock and no I/O.
struct Session {
    private struct AskState {
        var page = 0
        var attempts = 1
    }

    let identity: SessionIdentity
    /// When its first request was due as it was begun; trial time.
    var begun: UInt64?
    let patience: Patience
    private(set) var plan: SessionPlan
    private let fleet: Fleet
    /// Whom the client asks, by database.
    private var contacts: [Contact]
    private var nextAsk = 0
    private var active: [Int: AskState] = [:]
    private var greyUntil: [Int: UInt64] = [:]
    /// By the database they came from.
    private var collected: [[MessageHash]]
    private(set) var messages = 0
    private(set) var firstPageAt: UInt64?
    private(set) var gaveUp = false

    /// A node of a database that the client asks, and how that went.
    private struct Contact {
        var node: Int
        /// Of the node that is asked now.
        var failuresInRow = 0
        /// The client asks nothing before this moment: it is about to turn to another node.
        var pausedUntil: UInt64 = 0
    }

    /// - Parameters:
    ///   - identity: which session it is; it begins with the nodes at its node's place.
    ///   - plan: what it asks.
    ///   - patience: of its client.
    ///   - fleet: the nodes and their databases.
    ///   - nodes: those that it may turn to, by database.
    init(_ identity: SessionIdentity, _ plan: SessionPlan, _ patience: Patience, _ fleet: Fleet, _ nodes: [[Int]]) {
        self.identity = identity
        self.plan = plan
        self.patience = patience
        self.fleet = fleet
        contacts = nodes.enumerated().map { database, own in
            let node = fleet.node(identity.node, of: database)
            return Contact(node: own.isEmpty || own.contains(node) ? node : own[identity.node % own.count])
        }
        collected = plan.followUp == nil ? [] : Array(repeating: [], count: fleet.databases)
    }

    /// The node that an ask goes to now.
    func node(ofAsk ask: Int) -> Int { contacts[plan.database(ofAsk: ask, fleet)].node }

    private func paused(ofAsk ask: Int) -> UInt64 { contacts[plan.database(ofAsk: ask, fleet)].pausedUntil }

    /// Whether everything was asked for.
    var isOver: Bool { gaveUp || (active.isEmpty && nextAsk == plan.asks.count) }

    /// Whether the hashes of replies are wanted.
    func wantsHashes(_ ask: Int) -> Bool {
        if case .presence = plan.asks[ask] { return true }
        return plan.followUp != nil
    }

    /// What to send next, as far as the plan's limit of requests under way allows.
    mutating func fill(at time: UInt64, _ emit: (SessionStep) -> Void) {
        while !gaveUp, active.count < plan.inFlight, nextAsk < plan.asks.count {
            active[nextAsk] = AskState()
            emit(
                SessionStep(
                    due: max(time, paused(ofAsk: nextAsk)), ask: nextAsk, page: 0, cursor: .zero, isRetry: false))
            nextAsk += 1
        }
    }

    /// Takes what became of a request and says what follows.
    ///
    /// - Parameters:
    ///   - outcome: as the client saw it.
    ///   - step: what had been sent.
    ///   - time: trial time.
    ///   - nodes: nodes that the client may turn to, by database.
    ///   - random: for choices that follow from replies.
    ///   - emit: called for each request that follows.
    /// - Returns: whether the client turned to another node.
    mutating func take(
        _ outcome: RequestOutcome, of step: SessionStep, at time: UInt64, nodes: [[Int]], _ random: inout RandomSource,
        _ emit: (SessionStep) -> Void
    ) -> Bool {
        guard !gaveUp, var state = active[step.ask] else { return false }
        let database = plan.database(ofAsk: step.ask, fleet)
        let before = contacts[database].node
        switch outcome {
        case .failed, .timedOut:
            if let confirmation = plan.confirmation {
                // Nothing was found, as far as the client knows: it asks again on its clock, until it is too late.
                if step.node == before { noteFailure(of: database, at: time, nodes[database], &random) }
                confirm(step, [], confirmation, at: time, emit)
                return contacts[database].node != before
            }
            state.attempts += 1
            guard state.attempts <= patience.attempts else {
                gaveUp = true
                active.removeAll()
                return false
            }
            active[step.ask] = state
            // What a node left behind fails of is no fault of the node that the client turned to meanwhile.
            if step.node == before { noteFailure(of: database, at: time, nodes[database], &random) }
            emit(
                SessionStep(
                    due: max(time, contacts[database].pausedUntil), ask: step.ask, page: step.page,
                    cursor: step.cursor, isRetry: true))
            return contacts[database].node != before
        case .page(let count, let next, let last, let hashes):
            if step.node == before, contacts[database].failuresInRow > 0 { contacts[database].failuresInRow = 0 }
            firstPageAt = firstPageAt ?? time
            messages += count
            state.page += 1
            state.attempts = 1
            if let confirmation = plan.confirmation {
                confirm(step, hashes, confirmation, at: time, emit)
            } else {
                if plan.followUp != nil { collected[database] += hashes }
                if let cursor = continuation(step, count, next, last, state.page) {
                    active[step.ask] = state
                    emit(
                        SessionStep(
                            due: max(time, contacts[database].pausedUntil), ask: step.ask, page: state.page,
                            cursor: cursor, isRetry: false))
                } else {
                    active[step.ask] = nil
                }
            }
            planFollowUp(&random)
            fill(at: time, emit)
            return false
        }
    }

    /// The cursor of the page after this one; `nil` when there is none to ask for.
    private func continuation(
        _ step: SessionStep, _ count: Int, _ next: PageCursor?, _ last: PageCursor?, _ pagesRead: Int
    ) -> PageCursor? {
        switch plan.asks[step.ask] {
        case .message, .hashes, .presence: return nil
        case .topics, .shard, .time: break
        }
        switch plan.paging {
        case .cursor(let pages): return pagesRead < pages ? next : nil
        case .emptyPage(let pages): return count > 0 && pagesRead < pages ? last : nil
        }
    }

    /// After so many failures in a row: a pause, then another node; back to the same when there is no other.
    private mutating func noteFailure(
        of database: Int, at time: UInt64, _ nodes: [Int], _ random: inout RandomSource
    ) {
        var contact = contacts[database]
        defer { contacts[database] = contact }
        contact.failuresInRow += 1
        guard contact.failuresInRow >= patience.failures else { return }
        contact.failuresInRow = 0
        contact.pausedUntil = time + patience.backOff
        greyUntil[contact.node] = time + patience.greyList
        let others = nodes.filter { (greyUntil[$0] ?? 0) <= time }
        if !others.isEmpty { contact.node = others[random.below(others.count)] }
    }

    private mutating func confirm(
        _ step: SessionStep, _ hashes: [MessageHash], _ rule: SessionPlan.Confirmation, at time: UInt64,
        _ emit: (SessionStep) -> Void
    ) {
        active[step.ask] = nil
        guard case .presence(let asked, let database) = plan.asks[step.ask], hashes.count < asked.count else { return }
        let missing = zip(asked, step.found(hashes)).filter { !$0.1 }.map(\.0)
        let next = step.due + rule.every
        let young = missing.filter { Int64(next) - $0.sent <= Int64(rule.giveUp) }
        guard !young.isEmpty else { return }
        plan.asks.append(.presence(of: young, database: database))
        nextAsk = plan.asks.count
        active[plan.asks.count - 1] = AskState()
        emit(
            SessionStep(
                due: max(next, time, contacts[database].pausedUntil), ask: plan.asks.count - 1, page: 0, cursor: .zero,
                isRetry: false))
    }

    /// When all windows are read: the messages that the client lacks, or wants to see again.
    private mutating func planFollowUp(_ random: inout RandomSource) {
        guard let rule = plan.followUp, active.isEmpty, nextAsk == plan.asks.count else { return }
        plan.followUp = nil
        let wanted = collected.map { own in
            rule.share >= 1 ? own : own.filter { _ in random.chance(rule.share) }
        }
        collected = []
        plan.inFlight = rule.inFlight
        plan.includeData = rule.includeData
        for (database, own) in wanted.enumerated() {
            for start in stride(from: 0, to: own.count, by: rule.batch) {
                let batch = Array(own[start..<min(start + rule.batch, own.count)])
                plan.asks.append(.hashes(batch, database: database))
            }
        }
    }
}

/// A request that a session wants sent.
struct SessionStep {
    var due: UInt64
    /// Index into the plan's asks.
    var ask: Int
    var page: Int
    var cursor: PageCursor
    var isRetry: Bool
    /// Who was asked; of requests whose outcome is known.
    var node = -1
    /// The hashes that were asked for, in order; of presence requests only.
    var askedHashes: [MessageHash] = []

    /// By hash asked for: whether it came back.
    func found(_ hashes: [MessageHash]) -> [Bool] {
        let set = Set(hashes)
        return askedHashes.map(set.contains)
    }
}
