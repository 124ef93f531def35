import LinuxSystem

/// How a hub takes answers, and tells their owners.
extension ConnectionHub {
    func handle(_ ready: EventLoop.Ready, _ connection: PooledConnection, _ owner: Owner) {
        switch connection.state {
        case .closed: return
        case .opening: goOnOpening(connection, owner)
        case .open, .greeting:
            if ready.writable && connection.interest.contains(.write) {
                if connection.isCopying { goOnCopying(connection) } else { _ = hand(over: connection) }
            }
            guard ready.readable else { return }
            if halfTrip > 0 { return arrive(connection) }
            receive(connection, untilEnd: ready.closing, owner)
        }
    }

    /// Takes all that the socket has of the answers.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    func receive(_ connection: PooledConnection, untilEnd: Bool, _ owner: Owner) -> Bool {
        var isFirst = true
        while true {
            switch connection.wire.fill() {
            case .some:
                connection.wire.show()
                takeMessages(connection, owner)
                guard connection.isTalking else { return true }
                if connection.wire.isDrained && !untilEnd { return true }
                isFirst = false
                // What comes now may answer what was sent since.
                now = Clock.now()
            case .nothing: return !isFirst
            case .closed:
                lose(connection, PostgresError(.client(.connectionLost), "the server hung up"), owner)
                return true
            }
        }
    }

    /// Takes what has come of the answers, as far as it may be looked at.
    func takeMessages(_ connection: PooledConnection, _ owner: Owner) {
        if connection.firstByte == 0 && !connection.flights.isEmpty { connection.firstByte = now }
        while connection.isTalking {
            switch connection.wire.next() {
            case 0: return
            case UInt8(ascii: "D"): connection.wire.keepRow()
            case UInt8(ascii: "T"): connection.wire.keepDescription()
            case UInt8(ascii: "C"): complete(connection, .command, owner)
            case UInt8(ascii: "Z"): finishSync(connection, owner)
            // ParseComplete; BindComplete, NoData, and what the server says by itself: notices, settings, notifications.
            case UInt8(ascii: "1"): finishPreparing(connection, owner)
            case UInt8(ascii: "2"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "S"), UInt8(ascii: "A"): continue
            case UInt8(ascii: "I"): complete(connection, .empty, owner)
            case UInt8(ascii: "G"): complete(connection, .copyIn, owner)
            case UInt8(ascii: "E"): noteFailure(connection, owner)
            default:
                let error = PostgresError(.client(.unexpectedReply), "the server sent what is no answer to a statement")
                return lose(connection, error, owner)
            }
        }
    }

    /// A result is whole: its owner sees it. In a pipeline the statement ends with it.
    @inline(__always)
    private func complete(_ connection: PooledConnection, _ kind: QueryResult.Kind, _ owner: Owner) {
        guard let flight = connection.flights.first else { return connection.wire.drop() }
        let reply = connection.wire.complete(kind)
        if flight.kind == .statement && connection.failure == nil {
            owner.take(QueryResult(reply), for: flight.ticket)
        }
        connection.wire.drop()
        guard connection.pipelines, flight.kind == .statement, connection.isTalking else { return }
        _ = connection.flights.popFirst()
        finish(flight, connection, owner)
    }

    /// In a pipeline preparing ends with this; without one with the sync behind it.
    private func finishPreparing(_ connection: PooledConnection, _ owner: Owner) {
        guard connection.pipelines, let flight = connection.flights.first, flight.kind == .prepare else { return }
        _ = connection.flights.popFirst()
        finish(flight, connection, owner)
    }

    /// The server is ready for the next statement: the head is over, or the whole group of a pipeline.
    @inline(__always)
    private func finishSync(_ connection: PooledConnection, _ owner: Owner) {
        connection.wire.drop()
        guard let flight = connection.flights.popFirst() else { return }
        guard connection.pipelines && connection.state == .open else { return finish(flight, connection, owner) }
        var next = flight
        while next.kind != .sync {
            // Behind a failed statement nothing is executed up to the sync.
            connection.failure = PostgresError(.client(.pipelineAborted), "an earlier statement of its group failed")
            finish(next, connection, owner)
            guard let following = connection.flights.popFirst() else { return }
            next = following
        }
        finishGroup(connection, owner)
    }

    private func noteFailure(_ connection: PooledConnection, _ owner: Owner) {
        let failure = connection.wire.failure()
        connection.wire.drop()
        connection.failure = connection.failure ?? failure
        // Rows that were not sent yet are not wanted any more.
        connection.isCopying = false
        guard connection.pipelines, connection.state == .open else { return }
        connection.groupFailed = true
        guard let flight = connection.flights.first, flight.kind != .sync else { return }
        // One that ends the connection is told with the loss of all that is in flight.
        _ = connection.flights.popFirst()
        finish(flight, connection, owner)
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
            // The statement behind it has an answer of its own.
            connection.firstByte = 0
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
