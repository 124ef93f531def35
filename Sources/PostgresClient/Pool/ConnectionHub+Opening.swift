import LinuxSystem

/// How the connections of a hub are opened, and how they are lost.
extension ConnectionHub {
    func open(_ connection: PooledConnection, _ owner: Owner) {
        if connection.state == .closed { connection.pool.closed -= 1 }
        connection.state = .opening
        connection.pool.opening += 1
        unsettle(connection.pool)
        // The last wake may be long ago, and before the first there is none.
        let limit = parameters.connectTimeout
        connection.openingEnds = limit > 0 ? Clock.now() + Nanoseconds(limit) * 1_000_000_000 : .max
        do throws(PostgresError) {
            let raw = try Connection(starting: parameters(of: connection.pool))
            connection.raw = raw
            try register(connection, raw)
            watch(connection, for: [.read, .write])
        } catch {
            lose(connection, error, owner)
        }
    }

    private func parameters(of pool: ConnectionPool) -> ConnectionParameters {
        guard let database = pool.plan.database else { return parameters }
        var own = parameters
        own.database = database
        return own
    }

    /// Goes on with opening; libpq's part ends when the server is ready for the first statement.
    func goOnOpening(_ connection: PooledConnection, _ owner: Owner) {
        guard let raw = connection.raw else { return }
        do throws(PostgresError) {
            let opening = try raw.continueOpening()
            // libpq may have gone on to another address: a new socket, often under the number of the old one, which the
            // kernel has forgotten with it.
            try register(connection, raw)
            switch opening {
            case .needsRead: watch(connection, for: .read)
            case .needsWrite: watch(connection, for: .write)
            case .ready:
                connection.openings += 1
                (connection.departed, connection.setOut) = (halfTrip > 0 ? 0 : .max, 0)
                connection.wire.begin(raw.descriptor, tls: try raw.tlsChannel(), trace: trace)
                watch(connection, for: Self.awaiting)
                connection.state = .greeting
                connection.nextGreeting = 0
                greet(connection, owner)
            }
        } catch {
            lose(connection, error, owner)
        }
    }

    /// Sends the next of the statements that a connection begins with; after the last it is ready.
    private func greet(_ connection: PooledConnection, _ owner: Owner) {
        let pool = connection.pool
        guard connection.nextGreeting < pool.plan.greetings.count else {
            connection.state = .open
            pool.opening -= 1
            pool.noteSuccess()
            pool.sort(connection)
            return serve(pool, owner)
        }
        connection.wire.query(pool.plan.greetings[connection.nextGreeting])
        connection.nextGreeting += 1
        connection.flights.append(Flight(.greeting))
        _ = flush(connection)
    }

    func finishGreeting(_ connection: PooledConnection, _ failure: PostgresError?, _ owner: Owner) {
        connection.firstByte = 0
        if let failure { lose(connection, failure, owner) } else { greet(connection, owner) }
    }

    /// A connection is gone: what was in flight fails, and so do those that waited for it to open.
    func lose(_ connection: PooledConnection, _ error: PostgresError, _ owner: Owner) {
        let pool = connection.pool
        let wasOpen = connection.state == .open
        owner.note(wasOpen ? "connection.lost" : "connection.refused", "\(pool.name) pool: \(error.message)")
        let failure = connection.failure ?? error
        let finished = connection.finished.filter { $0.ticket >= 0 }
        var flights: [Flight] = []
        while let flight = connection.flights.popFirst() { flights.append(flight) }
        if connection.state == .opening || connection.state == .greeting { pool.opening -= 1 }
        close(connection)
        if !wasOpen {
            pool.noteFailure(at: now)
            // Whoever waits would have opened a connection and met the same answer; unless others still work.
            if pool.connections.allSatisfy({ $0.state == .closed }) {
                while let ticket = pool.waiting.popFirst() { owner.refuse(ticket, error) }
            }
        }
        // Statements answered before their sync are not known to be committed.
        for statement in finished {
            let answer = Answer(firstByte: now, failure: statement.failure ?? failure, connection: nil)
            owner.finish(statement.ticket, answer)
        }
        var first = true
        for flight in flights where connection.isOwners(flight) {
            owner.finish(flight.ticket, Answer(firstByte: now, failure: first ? failure : error, connection: nil))
            first = false
        }
        if !pool.waiting.isEmpty { serve(pool, owner) }
    }

    func close(_ connection: PooledConnection) {
        if connection.descriptor >= 0 {
            loop.remove(connection.descriptor)
            registered[connection.token] = nil
            retiredTokens.append(connection.token)
            connection.descriptor = -1
        }
        connection.wire.end()
        connection.raw = nil
        if connection.state != .closed { connection.pool.closed += 1 }
        connection.state = .closed
        connection.isHeld = false
        connection.isCopying = false
        while connection.flights.popFirst() != nil {}
        connection.finished.removeAll()
        connection.statements = 0
        connection.unsyncedUnits = 0
        connection.unsyncedStatements = 0
        connection.syncsInFlight = 0
        connection.prepared.removeAll()
        connection.failure = nil
        connection.groupFailed = false
        connection.firstByte = 0
        connection.pool.sort(connection)
    }

    func register(_ connection: PooledConnection, _ raw: Connection) throws(PostgresError) {
        if connection.descriptor >= 0 {
            loop.remove(connection.descriptor)
        } else {
            connection.token = freeTokens.popLast() ?? registered.count
            if connection.token == registered.count { registered.append(nil) }
            registered[connection.token] = connection
        }
        connection.descriptor = raw.descriptor
        connection.interest = .read
        do throws(SystemError) {
            try loop.add(connection.descriptor, token: UInt64(connection.token), for: .read)
        } catch {
            throw PostgresError(.client(.refused), error.description)
        }
    }

    func watch(_ connection: PooledConnection, for interest: EventLoop.Interest) {
        guard connection.interest != interest, connection.descriptor >= 0 else { return }
        connection.interest = interest
        do throws(SystemError) {
            try loop.change(connection.descriptor, token: UInt64(connection.token), for: interest)
        } catch {
            preconditionFailure("a registered descriptor cannot be changed: \(error)")
        }
    }
}
