import CLibpq
import Dispatch
import Synchronization

/// Ends the statement that a connection runs, from any thread and without the connection: the server is asked through one
/// of its own (PostgreSQL documentation, 34.7 "Canceling Queries in Progress").
public final class Cancellation: @unchecked Sendable {
    // libpq never changes it, and its documentation lets any thread use it.
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQfreeCancel(raw) }

    /// Asks the server to end the statement; waits for the request to be sent, not for the statement's end.
    ///
    /// - Returns: whether the server could be asked.
    @discardableResult
    public func cancel() -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { words in
            PQcancel(raw, words.baseAddress, Int32(words.count)) == 1
        }
    }
}

extension Connection {
    /// What ends the statement that this connection runs; `nil` before it is open.
    public var cancellation: Cancellation? { PQgetCancel(raw).map { Cancellation($0) } }
}

/// The connections at work for something that a person may end: their statements end with it.
public final class Cancellations: Sendable {
    private struct State {
        var running: [Int: Cancellation] = [:]
        var next = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Nothing is at work yet.
    public init() {}

    /// Runs `body`, whose statements go through a connection; ``cancel()`` ends the one that runs then.
    ///
    /// - Parameters:
    ///   - connection: open.
    ///   - body: does the work, on the calling thread.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` throws; `PostgresError` `57014` when nothing may be begun any more.
    public func watching<Value>(_ connection: Connection, _ body: () throws -> Value) throws -> Value {
        guard let cancellation = connection.cancellation else { return try body() }
        let number = state.withLock { state -> Int? in
            guard !state.isOver else { return nil }
            state.next += 1
            state.running[state.next] = cancellation
            return state.next
        }
        guard let number else { throw PostgresError(.sqlState("57014"), "cancelled before it was sent") }
        defer { state.withLock { $0.running[number] = nil } }
        return try body()
    }

    /// Ends what runs, and lets nothing more begin. Does not wait: a server that is out of reach takes minutes to be asked.
    public func cancel() {
        let running = state.withLock { state -> [Cancellation] in
            state.isOver = true
            return Array(state.running.values)
        }
        for one in running { DispatchQueue.global().async { one.cancel() } }
    }
}
