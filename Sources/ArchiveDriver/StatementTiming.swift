import LinuxSystem
import LoadRunner

/// Where the time of an operation or a batch goes while it waits for connections and for its statements.
package struct StatementTiming {
    /// When the first statement was sent; 0 before.
    package private(set) var sent: Nanoseconds = 0
    /// When it last began to wait for a connection, or its last statement was sent or answered.
    private(set) var since: Nanoseconds = 0
    /// For a connection.
    private(set) var isWaiting = false
    package private(set) var waits = Waits()

    package init() {}

    /// Begins to wait for a connection.
    package mutating func noteWaiting(at now: Nanoseconds) {
        since = now
        isWaiting = true
    }

    /// Ends the wait for a connection. A statement that had to be prepared first is sent twice; the time in between is
    /// the server's.
    package mutating func noteSent(at now: Nanoseconds) {
        if sent == 0 { sent = now }
        let waited = max(now, since) - since
        if isWaiting { waits.connection += waited } else { waits.firstByte += waited }
        since = now
        isWaiting = false
    }

    /// A statement is over.
    package mutating func noteAnswered(_ firstByte: Nanoseconds, at now: Nanoseconds) {
        waits.firstByte += max(firstByte, since) - since
        waits.transfer += now - max(min(firstByte, now), min(since, now))
        since = now
    }
}
