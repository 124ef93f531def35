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
    /// In the order in which they were added.
    public private(set) var pools: [ConnectionPool] = []
    /// The clock after the last wake, or later where reading it was due.
    public internal(set) var now: Nanoseconds = 0
    let parameters: ConnectionParameters
    let trace: ProtocolTrace?
    /// Half of the round trip that is added to the real one, nanoseconds; 0 for none.
    let halfTrip: Nanoseconds
    /// What is on its way, in the order of its arrival: all of it takes the same time.
    var line = Ring<InTransit>(capacity: 64)
    package let loop: EventLoop
    var registered: [PooledConnection?] = []
    var freeTokens: [Int] = []
    /// Given up while events were being handled: an event of the same batch may still carry them.
    var retiredTokens: [Int] = []
    /// The next descriptor of the last wake to look at.
    private var nextReady = 0
    private var readyCount = 0
    /// Connections with statements behind their last sync.
    package var unsynced: [PooledConnection] = []
    private var restless: [ConnectionPool] = []
    /// The last that a statement was sent through since the last connection's news.
    private unowned(unsafe) var lastSent: PooledConnection?
    /// Answers taken ahead of others since one in its turn.
    private var ahead = 0

    /// Longer than this thread needs for one connection's news, nanoseconds: a server process was given its processor. A
    /// program that is slowed down to be looked at takes longer than that each time.
    package var pause: Nanoseconds = 10_000

    /// Events on their way over a modelled distance.
    package var inTransit: Int { line.count }

    /// Opens nothing yet: connections come when they are needed.
    ///
    /// - Parameters:
    ///   - parameters: where the server is.
    ///   - tracePath: append what all connections send to this file; for tests.
    /// - Throws: `SystemError` when the process has no descriptors left, or the trace cannot be written.
    public init(_ parameters: ConnectionParameters, tracePath: String? = nil) throws(SystemError) {
        self.parameters = parameters
        halfTrip = parameters.roundTrip / 2
        trace = if let tracePath { try ProtocolTrace(path: tracePath) } else { nil }
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
            syncLonely()
            freeTokens += retiredTokens
            retiredTokens.removeAll(keepingCapacity: true)
            var moment = deadline
            if !restless.isEmpty { moment = min(moment, soonestRetry) }
            if let next = line.first { moment = min(moment, next.due) }
            now = loop.wait(until: moment)
            nextReady = 0
            readyCount = loop.readyCount
        } else {
            let before = now
            now = Clock.now()
            if now &- before > pause, readyCount > Self.crowd, ahead < Self.mostAhead, let connection = lastSent,
                connection.isTalking
            {
                // While this thread stood still the last statement may have been answered, and all of it is at hand.
                lastSent = nil
                ahead += 1
                if receive(connection, untilEnd: false, owner) { return }
            }
        }
        lastSent = nil
        ahead = 0
        if nextReady < readyCount {
            let ready = loop.ready(nextReady)
            nextReady += 1
            if readyCount > Self.crowd && nextReady &+ 1 < readyCount { bringNear() }
            if let connection = registered[Int(ready.token)] { handle(ready, connection, owner) }
        }
        if !line.isEmpty { passOn(owner) }
        if !restless.isEmpty { calm(owner) }
    }

    /// Brings the memory of the connections that come next near: of many, none is in the processor's cache any more.
    @inline(__always)
    private func bringNear() {
        registered.withUnsafeBytes { places in
            let offset = Int(loop.ready(nextReady &+ 1).token) &* MemoryLayout<UnsafeRawPointer?>.stride
            guard let object = places.load(fromByteOffset: offset, as: UnsafeRawPointer?.self) else { return }
            EventLoop.bringNear(object, lines: 7)
        }
        registered[Int(loop.ready(nextReady).token)]?.wire.bringNear()
    }

    /// Of fewer connections with news, all are at hand, and each has its turn soon.
    private static var crowd: Int { 16 }
    /// Answers taken ahead of those that were there before, in a row.
    private static var mostAhead: Int { 8 }

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
        guard connection.state == .open else { throw PostgresError(.client(.connectionLost), "no connection") }
        if connection.pipelines {
            let unnamed: StaticString = "\0"
            unnamed.withUTF8Buffer { name in
                name.withMemoryRebound(to: CChar.self) { name in
                    guard let name = name.baseAddress else { return }
                    connection.wire.parse(name: name, text: text)
                    connection.wire.execute(name: name, nil, binaryResults: false)
                }
            }
        } else {
            connection.wire.query(text)
        }
        note(Flight(.statement, ticket: ticket), on: connection, endsUnit: endsUnit)
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
        guard connection.state == .open else { throw PostgresError(.client(.connectionLost), "no connection") }
        guard parameters.count <= Self.mostParameters else {
            throw PostgresError(
                .client(.notSent), "\(parameters.count) parameters; a statement takes \(Self.mostParameters)")
        }
        if !connection.prepared.contains(statement) {
            connection.wire.parse(name: name, text: text)
            let flight = Flight(.prepare, ticket: ticket, statement: statement)
            guard connection.pipelines else {
                connection.wire.sync()
                return note(flight, on: connection, endsUnit: endsUnit)
            }
            connection.flights.append(flight)
            connection.prepared.insert(statement)
        }
        connection.wire.execute(name: name, parameters, binaryResults: binaryResults)
        if !connection.pipelines { connection.wire.sync() }
        note(Flight(.statement, ticket: ticket, statement: statement), on: connection, endsUnit: endsUnit)
    }

    /// The protocol counts parameters in sixteen bits.
    private static var mostParameters: Int { 65_535 }
    /// Bytes of a pipeline's group that are sent without waiting for its end.
    private static var fullGroup: Int { 1 << 16 }

    /// A statement is written: keeps account of it, and sees to the sync or that it leaves.
    private func note(_ flight: Flight, on connection: PooledConnection, endsUnit: Bool) {
        connection.flights.append(flight)
        connection.statements += 1
        guard let every = connection.syncEvery else {
            connection.pool.idle.remove(connection.number)
            if flush(connection) && halfTrip == 0 { lastSent = connection }
            return
        }
        connection.pool.sort(connection)
        if !connection.isListedUnsynced {
            connection.isListedUnsynced = true
            unsynced.append(connection)
        }
        connection.unsyncedStatements += 1
        if endsUnit { connection.unsyncedUnits += 1 }
        if endsUnit && connection.unsyncedUnits >= every {
            sync(connection)
        } else if connection.wire.unsentBytes >= Self.fullGroup
            && connection.wire.writtenBytes - connection.setOut >= Self.fullGroup
        {
            _ = flush(connection)
        }
    }

    private func sync(_ connection: PooledConnection) {
        connection.wire.sync()
        connection.flights.append(Flight(.sync))
        connection.syncsInFlight += 1
        connection.unsyncedUnits = 0
        connection.unsyncedStatements = 0
        _ = flush(connection)
    }

    /// Before sleeping: ends the groups that nothing else would end.
    private func syncLonely() {
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
            if connection.unsyncedStatements > 0 && connection.state == .open { sync(connection) }
        }
    }

    /// Sends what is written, and has the socket watched for room where it did not take all.
    ///
    /// - Returns: whether all is out.
    @inline(__always)
    func flush(_ connection: PooledConnection) -> Bool {
        if halfTrip > 0 { return depart(connection) }
        return hand(over: connection)
    }

    /// Hands the socket what has its distance behind it.
    @inline(__always)
    func hand(over connection: PooledConnection) -> Bool {
        let isOut = connection.wire.flush(upTo: connection.departed)
        let interest = isOut ? Self.awaiting : Self.sending
        if connection.interest != interest { watch(connection, for: interest) }
        return isOut
    }

    /// An open connection is read until it has no more, so that the kernel tells of news once and is not asked again.
    static var awaiting: EventLoop.Interest { [.read, .closing, .once] }
    private static var sending: EventLoop.Interest { [.read, .closing, .once, .write] }
}
