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
    /// In pipeline mode: a sync may follow this statement. A unit is an operation, or the part of one that ends where a
    /// result is waited for; a single statement where every statement is synchronised.
    package var endsUnit = true
    package var binaryResults = false
    /// The parameters are a message's: write them with `writeRow`.
    package var needsMessage = false

    init(_ form: Form, _ pool: PoolKind) {
        self.form = form
        self.pool = pool
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
