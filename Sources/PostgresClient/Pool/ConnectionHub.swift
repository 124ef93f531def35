import LinuxSystem

/// Who sends statements through a ``ConnectionHub`` and gets their answers. Tickets are its own numbers for what it does.
public protocol StatementOwner: AnyObject {
    /// A connection is there for a ticket that waited: send its statement or statements, by the hub's calls.
    func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError)
    /// A result of the ticket's statement that is being answered.
    func take(_ result: borrowing QueryResult, for ticket: Int)
    /// One statement of the ticket is over; in a pipeline: its sync has come.
    func finish(_ ticket: Int, _ answer: Answer)
    /// There is no connection to be had for a ticket that waited.
    func refuse(_ ticket: Int, _ error: PostgresError)
    /// Something worth noting: `connection.lost` or `connection.refused`, and the words about it.
    func note(_ kind: String, _ detail: String)
}

/// How a statement ended.
public struct Answer {
    /// When the first byte of its answer was there.
    public let firstByte: Nanoseconds
    /// `nil` for success.
    public let failure: PostgresError?
    /// The connection it went through, `nil` when it is lost.
    public let connection: PooledConnection?
}

/// The connections of one worker: one event loop, any number of pools, statements sent and answered without ever
/// waiting for one.
///
/// **Pipelines.** In a pool with ``PoolPlan/syncEvery`` up to ``PoolPlan/window`` statements are in flight on each
/// connection. Statements form units (an operation, or a single statement), which are never divided; after so many
/// units a sync ends their implicit transaction, and sooner when nothing else of the connection is on its way (the rule of
/// Nagle, RFC 896, with a sync for a segment), so that a small load waits for nobody. A statement counts as over when its
/// sync has come: only then is it committed.
///
/// What the hub does for one statement costs one write, a part of an `epoll_wait` and one read; connections without work
/// cost nothing.
public final class ConnectionHub<Owner: StatementOwner> {
    public private(set) var pools: [ConnectionPool] = []
    /// The clock after the last wake, or later where reading it was due.
    public private(set) var now: Nanoseconds = 0
    let parameters: ConnectionParameters
    let tracePath: String?
    package let loop: EventLoop
    var registered: [PooledConnection?] = []
    var freeTokens: [Int] = []
    /// Given up while events were being handled: an event of the same batch may still carry them.
    var retiredTokens: [Int] = []
    /// The next descriptor of the last wake to look at.
    private var nextReady = 0
    private var readyCount = 0
    /// Connections with statements behind their last sync.
    package private(set) var unsynced: [PooledConnection] = []
    private var restless: [ConnectionPool] = []

    /// Opens nothing yet: connections come when they are needed.
    ///
    /// - Parameters:
    ///   - parameters: where the server is.
    ///   - tracePath: append the protocol messages of all connections to this file; for tests.
    /// - Throws: `SystemError` when the process has no descriptors left.
    public init(_ parameters: ConnectionParameters, tracePath: String? = nil) throws(SystemError) {
        self.parameters = parameters
        self.tracePath = tracePath
        loop = try EventLoop()
        now = Clock.now()
    }

    /// The owner has read the clock.
    public func note(time: Nanoseconds) { now = max(now, time) }

    /// Adds an empty pool.
    public func addPool(name: String, _ plan: PoolPlan) -> ConnectionPool {
        let pool = ConnectionPool(name: name, plan: plan)
        pools.append(pool)
        return pool
    }

    /// Opens all connections of all pools, and waits until they are or `deadline` is reached.
    ///
    /// - Returns: how many are open.
    public func openAll(until deadline: Nanoseconds, _ owner: Owner) -> Int {
        now = Clock.now()
        for pool in pools { while let vacancy = pool.vacancy, now >= pool.retryAt { open(vacancy, owner) } }
        while pools.contains(where: { $0.opening > 0 }) && now < deadline { wait(until: deadline, owner) }
        return pools.reduce(0) { $0 + $1.idle.count }
    }

    /// Lets go of all connections. Statements in flight are forgotten.
    public func closeAll() {
        for pool in pools {
            for connection in pool.connections where connection.state != .closed { close(connection) }
        }
    }

    // MARK: Time

    /// Waits until something arrived or `deadline`, whichever is first, and handles one connection's news.
    ///
    /// The clock is read once; what one wake of the kernel brought is handled by as many calls, without asking again.
    public func wait(until deadline: Nanoseconds, _ owner: Owner) {
        if nextReady == readyCount {
            syncLonely(owner)
            freeTokens += retiredTokens
            retiredTokens.removeAll(keepingCapacity: true)
            now = loop.wait(until: restless.isEmpty ? deadline : min(deadline, soonestRetry))
            nextReady = 0
            readyCount = loop.readyCount
        } else {
            now = Clock.now()
        }
        if nextReady < readyCount {
            let ready = loop.ready(nextReady)
            nextReady += 1
            if let connection = registered[Int(ready.token)] { handle(ready, connection, owner) }
        }
        if !restless.isEmpty { calm(owner) }
    }

    private var soonestRetry: Nanoseconds {
        restless.reduce(.max) { soonest, pool in
            var moment = soonest
            if !pool.waiting.isEmpty && pool.retryAt > now { moment = min(moment, pool.retryAt) }
            if pool.opening > 0 { moment = min(moment, now + 250_000_000) }
            return moment
        }
    }

    /// Looks after pools that wait for time to pass.
    private func calm(_ owner: Owner) {
        for pool in restless {
            // libpq keeps no time limit of its own while a connection is opened without blocking.
            if pool.opening > 0 {
                for connection in pool.connections
                where (connection.state == .opening || connection.state == .greeting) && now >= connection.openingEnds {
                    lose(connection, PostgresError(.client(.timeOut), "no connection within the limit"), owner)
                }
            }
            if !pool.waiting.isEmpty { serve(pool, owner) }
        }
        restless.removeAll { !$0.isRestless }
    }

    func unsettle(_ pool: ConnectionPool) {
        if !restless.contains(where: { $0 === pool }) { restless.append(pool) }
    }

    // MARK: Asking for connections

    /// Has a ticket wait for a connection of a pool; it is served at once when one is free.
    public func enqueue(_ ticket: Int, _ pool: ConnectionPool, _ owner: Owner) {
        // The usual case, without a detour through the queue.
        if pool.waiting.isEmpty, let number = pool.idle.first {
            return goOn(ticket, on: pool.connections[number], owner)
        }
        pool.waiting.append(ticket)
        serve(pool, owner)
    }

    /// Goes on with a ticket that holds its connection.
    public func goOn(_ ticket: Int, on connection: PooledConnection, _ owner: Owner) {
        do throws(PostgresError) {
            try owner.send(ticket, on: connection)
        } catch {
            // What broke while it was being written out counts as sent, and ends with all that was in flight.
            let isInFlight = connection.carries(ticket)
            lose(connection, error, owner)
            if !isInFlight { owner.finish(ticket, Answer(firstByte: now, failure: error, connection: nil)) }
        }
    }

    /// Gives connections with room to those who wait, and opens more where the pool may.
    func serve(_ pool: ConnectionPool, _ owner: Owner) {
        while !pool.waiting.isEmpty, let connection = pool.available {
            let crowded = connection.statements > 0
            guard let ticket = pool.waiting.popFirst() else { break }
            goOn(ticket, on: connection, owner)
            if crowded && pool.opening == 0 && now >= pool.retryAt, let vacancy = pool.vacancy { open(vacancy, owner) }
        }
        while pool.wantsMore(at: now), let vacancy = pool.vacancy { open(vacancy, owner) }
        if !pool.waiting.isEmpty && (pool.opening > 0 || pool.retryAt > now) { unsettle(pool) }
    }

    // MARK: Sending

    /// Sends a statement as text: in the simple protocol, or as an unnamed statement where the pool pipelines.
    ///
    /// - Parameters:
    ///   - text: a C string.
    ///   - ticket: whose it is.
    ///   - connection: one that the owner was given.
    ///   - endsUnit: whether a sync may follow.
    /// - Throws: ``PostgresError`` `not-sent` or `connection-lost`.
    public func send(
        text: UnsafePointer<CChar>, for ticket: Int, on connection: PooledConnection, endsUnit: Bool = true
    ) throws(PostgresError) {
        guard let raw = connection.raw else { throw PostgresError(.client(.connectionLost), "no connection") }
        if connection.pipelines { try raw.sendUnnamed(text) } else { try raw.sendSimple(text) }
        try note(Flight(.statement, ticket: ticket), on: connection, raw, endsUnit: endsUnit)
    }

    /// Sends an execution of a prepared statement. On a connection that has not prepared it, it is prepared first: in a
    /// pipeline in the same breath, otherwise the owner is asked to send again once that is done.
    ///
    /// - Parameters:
    ///   - statement: the owner's number for it, small.
    ///   - name: a C string.
    ///   - text: a C string.
    ///   - parameters: its values.
    ///   - binaryResults: whether columns come in binary format.
    ///   - ticket: whose it is.
    ///   - connection: one that the owner was given.
    ///   - endsUnit: whether a sync may follow.
    /// - Throws: ``PostgresError`` `not-sent` or `connection-lost`.
    public func send(
        prepared statement: Int, name: UnsafePointer<CChar>, text: UnsafePointer<CChar>, _ parameters: BoundParameters,
        binaryResults: Bool = false, for ticket: Int, on connection: PooledConnection, endsUnit: Bool = true
    ) throws(PostgresError) {
        guard let raw = connection.raw else { throw PostgresError(.client(.connectionLost), "no connection") }
        if !connection.prepared.contains(statement) {
            try raw.sendPrepare(name: name, text: text)
            let flight = Flight(.prepare, ticket: ticket, statement: statement)
            guard connection.pipelines else {
                return try note(flight, on: connection, raw, endsUnit: endsUnit)
            }
            connection.flights.append(flight)
            connection.prepared.insert(statement)
        }
        try raw.sendPrepared(name: name, parameters, binaryResults: binaryResults)
        try note(
            Flight(.statement, ticket: ticket, statement: statement), on: connection, raw, endsUnit: endsUnit)
    }

    /// A statement is with libpq: keeps account of it, and sees to the sync or that it leaves.
    private func note(
        _ flight: Flight, on connection: PooledConnection, _ raw: Connection, endsUnit: Bool
    ) throws(PostgresError) {
        connection.flights.append(flight)
        connection.statements += 1
        guard let every = connection.syncEvery else {
            connection.pool.idle.remove(connection.number)
            return try flush(connection, raw)
        }
        connection.pool.sort(connection)
        if !connection.isListedUnsynced {
            connection.isListedUnsynced = true
            unsynced.append(connection)
        }
        connection.unsyncedStatements += 1
        if endsUnit { connection.unsyncedUnits += 1 }
        if endsUnit && connection.unsyncedUnits >= every { try sync(connection, raw) }
    }

    private func sync(_ connection: PooledConnection, _ raw: Connection) throws(PostgresError) {
        try raw.sendSync()
        connection.flights.append(Flight(.sync))
        connection.syncsInFlight += 1
        connection.unsyncedUnits = 0
        connection.unsyncedStatements = 0
        try flush(connection, raw)
    }

    /// Before sleeping: ends the groups that nothing else would end.
    private func syncLonely(_ owner: Owner) {
        guard !unsynced.isEmpty else { return }
        var index = 0
        while index < unsynced.count {
            let connection = unsynced[index]
            if connection.unsyncedStatements > 0 && connection.syncsInFlight > 0 {
                index += 1
                continue
            }
            unsynced.swapAt(index, unsynced.count - 1)
            unsynced.removeLast()
            connection.isListedUnsynced = false
            guard connection.unsyncedStatements > 0, let raw = connection.raw else { continue }
            do throws(PostgresError) { try sync(connection, raw) } catch { lose(connection, error, owner) }
        }
    }

    func flush(_ connection: PooledConnection, _ raw: Connection) throws(PostgresError) {
        let interest: EventLoop.Interest = try raw.flush() ? .read : [.read, .write]
        if connection.interest != interest { watch(connection, for: interest) }
    }

    // MARK: Receiving

    private func handle(_ ready: EventLoop.Ready, _ connection: PooledConnection, _ owner: Owner) {
        switch connection.state {
        case .closed: return
        case .opening: goOnOpening(connection, owner)
        case .open, .greeting:
            guard let raw = connection.raw else { return }
            let wasCopying = connection.isCopying
            do throws(PostgresError) {
                if ready.readable { try raw.readInput() }
                if wasCopying {
                    try goOnCopying(connection, raw)
                } else if connection.interest != .read {
                    try flush(connection, raw)
                }
            } catch {
                return lose(connection, error, owner)
            }
            guard !wasCopying else { return receiveAfterCopy(connection, raw, owner) }
            if ready.readable { receive(connection, raw, owner) }
        }
    }

    /// Takes all that libpq has of the answers; the socket is read again when it has more.
    private func receive(_ connection: PooledConnection, _ raw: Connection, _ owner: Owner) {
        if connection.firstByte == 0 { connection.firstByte = now }
        guard !connection.flights.isEmpty else { return listen(connection, raw, owner) }
        while !connection.isCopying, let flight = connection.flights.first {
            switch raw.nextReply() {
            case .incomplete: return
            case .result(let result):
                switch result.kind {
                case .pipelineSync: finishGroup(connection, owner)
                case .error, .pipelineAborted: noteFailure(result, connection, raw)
                default: if flight.kind == .statement { owner.take(result, for: flight.ticket) }
                }
            case .done:
                if !raw.isAlive {
                    return lose(connection, PostgresError(.client(.connectionLost), "the server hung up"), owner)
                }
                guard flight.kind != .sync else { continue }
                _ = connection.flights.popFirst()
                finish(flight, connection, owner)
                if connection.raw == nil { return }
            }
        }
    }

    /// A server that refused the rows may have said so before the last of them was sent.
    private func receiveAfterCopy(_ connection: PooledConnection, _ raw: Connection, _ owner: Owner) {
        guard !connection.isCopying else { return }
        receive(connection, raw, owner)
        connection.firstByte = 0
    }

    /// A connection with nothing in flight that is readable has news of its end, or a notice.
    private func listen(_ connection: PooledConnection, _ raw: Connection, _ owner: Owner) {
        connection.firstByte = 0
        _ = raw.nextReply()
        if !raw.isAlive { lose(connection, PostgresError(.client(.connectionLost), "the server hung up"), owner) }
    }

    private func noteFailure(_ result: borrowing QueryResult, _ connection: PooledConnection, _ raw: Connection) {
        connection.groupFailed = connection.pipelines
        guard connection.failure == nil else { return }
        connection.failure =
            result.kind == .pipelineAborted
            ? PostgresError(.client(.pipelineAborted), "an earlier statement of its group failed")
            : raw.error(of: result, statement: nil)
    }

    private func finish(_ flight: Flight, _ connection: PooledConnection, _ owner: Owner) {
        let failure = connection.failure.take()
        switch flight.kind {
        case .sync: return
        case .greeting: finishGreeting(connection, failure, owner)
        case .prepare where connection.pipelines:
            guard let failure else { return }
            connection.prepared.remove(flight.statement)
            connection.finished.append(.init(ticket: -1, firstByte: now, failure: failure))
        case .prepare where failure == nil:
            connection.prepared.insert(flight.statement)
            connection.statements -= 1
            goOn(flight.ticket, on: connection, owner)
        case .prepare, .statement:
            let firstByte = connection.firstByte
            connection.firstByte = 0
            if connection.pipelines {
                return connection.finished.append(
                    .init(ticket: flight.ticket, firstByte: firstByte == 0 ? now : firstByte, failure: failure))
            }
            connection.statements -= 1
            if connection.isHeld {
                connection.pool.sort(connection)
            } else {
                connection.pool.idle.insert(connection.number)
            }
            tell(flight.ticket, firstByte, failure, connection, owner)
        }
    }

    /// A sync has come: what was sent before it is over, and committed unless its group failed.
    private func finishGroup(_ connection: PooledConnection, _ owner: Owner) {
        _ = connection.flights.popFirst()
        connection.syncsInFlight -= 1
        // A failure of the commit itself concerns the whole group.
        let ofCommit = connection.failure
        connection.failure = nil
        let groupFailed = connection.groupFailed
        connection.groupFailed = false
        connection.firstByte = 0
        let finished = connection.finished
        connection.finished = []
        var ofPreparing: PostgresError?
        connection.statements -= finished.count(where: { $0.ticket >= 0 })
        connection.pool.sort(connection)
        for statement in finished {
            if statement.ticket < 0 {
                ofPreparing = statement.failure
                continue
            }
            var failure = ofCommit ?? statement.failure
            if groupFailed {
                // The one statement behind a failed prepare is what could not be prepared; the others went with it.
                if failure?.code == .client(.pipelineAborted), let ofPreparing { failure = ofPreparing }
                failure = failure ?? PostgresError(.client(.pipelineAborted), "a later statement of its group failed")
                ofPreparing = nil
            }
            tell(statement.ticket, statement.firstByte, failure, connection, owner)
        }
        if connection.finished.isEmpty {
            connection.finished = finished
            connection.finished.removeAll(keepingCapacity: true)
        }
    }

    /// Those who wait come first, then what the owner does next.
    private func tell(
        _ ticket: Int, _ firstByte: Nanoseconds, _ failure: PostgresError?, _ connection: PooledConnection,
        _ owner: Owner
    ) {
        if !connection.pool.waiting.isEmpty { serve(connection.pool, owner) }
        owner.finish(
            ticket, Answer(firstByte: firstByte == 0 ? now : firstByte, failure: failure, connection: connection))
    }
}
