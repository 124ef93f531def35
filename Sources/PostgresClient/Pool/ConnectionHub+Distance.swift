import LinuxSystem

/// Bytes between this process and the server, by a distance that is only modelled.
struct InTransit {
    /// What happens when it is there.
    enum Event {
        /// What was written up to a position reaches the socket.
        case sent(Int)
        /// What was received up to a position is seen.
        case received(Int)
        /// The end of the connection is seen.
        case closed
    }

    unowned(unsafe) let connection: PooledConnection
    /// Of the connection when it left; another one by now means that it is lost.
    let opening: Int
    let event: Event
    let due: Nanoseconds
}

/// A network between node and database: the fleet reaches its databases over a tunnel, and a put is two statements one
/// after the other, so the distance is part of every latency.
///
/// Half of the round trip passes before what is sent reaches the socket, half before what came is seen, each byte at its
/// own time. Real time that the real network takes comes on top.
extension ConnectionHub {
    /// What is written sets out.
    ///
    /// - Returns: `true`: the road takes all.
    func depart(_ connection: PooledConnection) -> Bool {
        connection.setOut = connection.wire.writtenBytes
        send(.sent(connection.setOut), connection)
        return true
    }

    /// What the socket has is on its second half of the way.
    func arrive(_ connection: PooledConnection) {
        var isSome = false
        while true {
            switch connection.wire.fill() {
            case .some: isSome = true
            case .nothing:
                if isSome { send(.received(connection.wire.receivedBytes), connection) }
                return
            case .closed:
                if isSome { send(.received(connection.wire.receivedBytes), connection) }
                return send(.closed, connection)
            }
        }
    }

    private func send(_ event: InTransit.Event, _ connection: PooledConnection) {
        line.append(
            InTransit(
                connection: connection, opening: connection.openings, event: event, due: Clock.now() + halfTrip))
    }

    /// Passes on what has its way behind it.
    func passOn(_ owner: Owner) {
        while let next = line.first, next.due <= now {
            _ = line.popFirst()
            let connection = next.connection
            guard connection.openings == next.opening, connection.isTalking else { continue }
            switch next.event {
            case .sent(let position):
                connection.departed = position
                _ = hand(over: connection)
            case .received(let position):
                connection.wire.show(upTo: position)
                takeMessages(connection, owner)
            case .closed:
                lose(connection, PostgresError(.client(.connectionLost), "the server hung up"), owner)
            }
        }
    }
}
