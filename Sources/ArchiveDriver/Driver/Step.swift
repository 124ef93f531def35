import PostgresClient

/// What to send next for one request or batch.
package struct Step: Equatable {
    /// How it is sent.
    package enum Form: Equatable {
        /// An execution of a prepared statement with the parameters that the request writes. Prepare it first on a
        /// connection that has not yet.
        case prepared(ArchiveStatement)
        /// A text in the simple protocol, which the request writes.
        case simple
        /// The same, a COPY; its rows follow when the server is ready for them.
        case copyIn
    }

    package var form: Form
    package var pool: PoolKind
    /// The next step goes on the same connection, and nobody else's statement in between.
    package var holdsConnection = false
    /// The next step may be sent before this one's result is there, on the same connection.
    package var sendsOn = false
    /// In pipeline mode: a sync follows this statement. Without one its result may not come. Where syncs come after
    /// several operations, the last statement of an operation has none, and the sender counts.
    package var endsWithSync = true
    package var binaryResults = false
    /// The parameters are a message's: write them with `writeRow`.
    package var needsMessage = false

    init(_ form: Form, _ pool: PoolKind) {
        self.form = form
        self.pool = pool
    }

    /// Sets where syncs come.
    func synchronised(_ sync: DriverBehaviour.Sync, isLast: Bool) -> Step {
        var step = self
        switch sync {
        case .statement: step.endsWithSync = true
        case .operation: step.endsWithSync = isLast || !sendsOn
        case .operations: step.endsWithSync = !isLast && !sendsOn
        }
        return step
    }
}

/// What to do next for one request or batch.
package enum NextStep: Equatable {
    case send(Step)
    /// Nothing, until a result is there.
    case waits
    case finished
    case failed(PostgresError.Code)
}
