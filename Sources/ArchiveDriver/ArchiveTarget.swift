import LinuxSystem
import LoadRunner
import PostgresClient
import WakuModel
import Workload

/// Store nodes at work on one archive, driven as the node's own driver drives it: two pools a node, statements in the
/// node's texts and order, every statement taking a connection anew.
///
/// One difference, for the measured thread's sake: opening and preparing do not block the other connections.
public final class ArchiveTarget: LoadTarget {
    private struct Slot {
        var operation: Operation
        var work: Work
        var sent: Nanoseconds?
        /// On the wire.
        var bytes = 0
    }

    /// What an operation is made of.
    private enum Work {
        case request(RequestMachine)
        case job(MaintenanceJob)
    }

    private let loop: EventLoop
    private let traffic: Traffic
    private let parameters: ConnectionParameters
    private let tracePath: String?
    private let text = TextBuffer(capacity: 64 * 1_024)
    private let values = TextParameters()
    private var pools: [ConnectionPool] = []
    private var registered: [(connection: PooledConnection, pool: ConnectionPool)?] = []
    private var freeTokens: [Int] = []
    /// Given up while events were being handled: an event of the same batch may still carry them.
    private var retiredTokens: [Int] = []
    private var slots: [Slot?] = []
    private var completions: [Completion] = []
    private var nextCompletion = 0
    private var events: [TargetEvent] = []
    private var eventCounts: [String: Int] = [:]
    private var now: Nanoseconds = 0
    /// Trial time 0 on the clock.
    private var started: Nanoseconds = 0
    private let schema: ArchiveSchema
    private var account: DeliveryAccount
    private let book = StatementBook()

    /// Opens nothing yet: connections come when they are needed.
    ///
    /// - Parameters:
    ///   - parameters: where the archive is.
    ///   - traffic: the worker's own; says what each operation asks.
    ///   - schema: of the archive, for the node's own jobs.
    ///   - tracePath: append the protocol messages of all connections to this file; for tests.
    /// - Throws: `SystemError` when the process has no descriptors left.
    public init(
        _ parameters: ConnectionParameters, traffic: Traffic, schema: ArchiveSchema, tracePath: String? = nil
    ) throws(SystemError) {
        self.parameters = parameters
        self.traffic = traffic
        self.schema = schema
        account = DeliveryAccount(traffic)
        self.tracePath = tracePath
        loop = try EventLoop()
        let writers = traffic.spec.writers
        for node in 0..<writers.count {
            pools.append(ConnectionPool(node: node, kind: .write, limit: writers.writeConnections))
            pools.append(ConnectionPool(node: node, kind: .read, limit: writers.readConnections))
        }
    }

    // MARK: LoadTarget

    public func start(at moment: Nanoseconds) { started = moment }

    public var delivered: BandwidthLedger? { account.ledger }

    public func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        self.now = now
        while slots.count <= ticket { slots.append(nil) }
        slots[ticket] = Slot(operation: operation, work: work(of: operation))
        advance(ticket)
    }

    private func work(of operation: Operation) -> Work {
        let label = traffic.labels[operation.label]
        if label.isPut { return .request(.put(book)) }
        if let job = label.job {
            let clockwork = traffic.spec.clockwork
            let time = traffic.archiveTime(Int64(now) - Int64(started))
            return .job(MaintenanceJob(clockwork.jobs[job].kind, clockwork, schema, now: time))
        }
        return .request(RequestMachine(traffic.query(of: operation), book, keepsHashes: operation.wantsHashes))
    }

    public func wait(until deadline: Nanoseconds) -> Nanoseconds {
        let retries = pools.lazy.filter { !$0.waiting.isEmpty && $0.retryAt > self.now }.map(\.retryAt).min()
        let hasNews = nextCompletion < completions.count
        freeTokens += retiredTokens
        retiredTokens.removeAll(keepingCapacity: true)
        now = loop.wait(until: hasNews ? 0 : min(deadline, retries ?? .max))
        for index in 0..<loop.readyCount {
            let ready = loop.ready(index)
            guard let (connection, pool) = registered[Int(ready.token)] else { continue }
            now = Clock.now()
            handle(ready, connection, pool)
        }
        for pool in pools where !pool.waiting.isEmpty {
            giveUpSlowOpenings(pool)
            serve(pool)
        }
        return now
    }

    public func clock() -> Nanoseconds { Clock.now() }

    public func takeCompletion() -> Completion? {
        guard nextCompletion < completions.count else {
            completions.removeAll(keepingCapacity: true)
            nextCompletion = 0
            return nil
        }
        defer { nextCompletion += 1 }
        return completions[nextCompletion]
    }

    public func hasStarted(_ ticket: Int) -> Bool { slots[ticket].map { $0.sent != nil } ?? true }

    public func takeEvents() -> [TargetEvent] {
        defer { events.removeAll() }
        return events
    }

    public func end() {
        for pool in pools {
            for connection in pool.connections where connection.state != .closed { close(connection) }
        }
    }

    // MARK: Requests

    /// Goes on with an operation: its next statement, or its end.
    private func advance(_ ticket: Int) {
        guard let slot = slots[ticket] else { return }
        switch slot.work {
        case .request(let machine):
            switch machine.step() {
            case .finished: complete(ticket, failure: nil)
            case .failed(let code): complete(ticket, failure: code)
            case .send(let step): acquire(pool(slot.operation.node, step.pool), ticket)
            case .waits: break
            }
        case .job(let job):
            if let step = job.next {
                acquire(pool(slot.operation.node, step.pool), ticket)
            } else {
                finish(job, ticket)
            }
        }
    }

    /// A job tells what it did; a node goes on with its life when one fails.
    private func finish(_ job: MaintenanceJob, _ ticket: Int) {
        let node = slots[ticket]?.operation.node ?? 0
        for event in job.events { note(event.kind, "node \(node): \(event.detail)", most: 10_000) }
        end(ticket, failure: job.failure)
    }

    private func complete(_ ticket: Int, failure: PostgresError.Code?) { end(ticket, failure: failure?.description) }

    private func end(_ ticket: Int, failure: String?) {
        guard let slot = slots[ticket] else { return }
        slots[ticket] = nil
        guard case .request(let machine) = slot.work else {
            completions.append(Completion(ticket: ticket, sent: slot.sent ?? now, done: now, failure: failure))
            return
        }
        let reply = machine.reply
        completions.append(
            Completion(
                ticket: ticket, sent: slot.sent ?? now, done: now, failure: failure,
                rows: reply.rowCount + machine.inserted, delivered: reply.pageCount, nextCursor: reply.nextCursor,
                last: reply.lastOfPage, hashes: reply.hashes, bytes: slot.bytes, asked: machine.query.hashes.count))
    }

    private func pool(_ node: Int, _ kind: PoolKind) -> ConnectionPool { pools[node * 2 + kind.rawValue] }

    private func acquire(_ pool: ConnectionPool, _ ticket: Int) {
        pool.waiting.append(ticket)
        serve(pool)
    }

    /// Gives idle connections to those who wait, and opens more where the pool may.
    private func serve(_ pool: ConnectionPool) {
        while let idle = pool.firstIdle, let ticket = pool.waiting.popFirst() { send(ticket, on: idle, pool) }
        while pool.wantsMore(at: now), let vacancy = pool.vacancy { open(vacancy, pool) }
    }

    // MARK: Statements

    private func send(_ ticket: Int, on connection: PooledConnection, _ pool: ConnectionPool) {
        guard let work = slots[ticket]?.work, let raw = connection.connection else { return }
        // Writing the statements of others may have taken a while since the wake; the server is not to blame for that.
        now = Clock.now()
        if slots[ticket]?.sent == nil { slots[ticket]?.sent = now }
        connection.failure = nil
        do throws(PostgresError) {
            switch work {
            case .request(let machine): try send(machine, ticket, on: connection, raw)
            case .job(let job):
                text.clear()
                text.append(job.next?.text ?? "")
                text.terminate()
                try raw.sendSimple(text.cString())
                connection.state = .executing(ticket: ticket)
            }
            try flush(connection)
        } catch {
            connection.state = .executing(ticket: ticket)
            lose(connection, pool, error)
        }
    }

    private func send(
        _ machine: RequestMachine, _ ticket: Int, on connection: PooledConnection, _ raw: Connection
    ) throws(PostgresError) {
        guard case .send(let step) = machine.step() else { preconditionFailure("nothing to send") }
        switch step.form {
        case .prepared(let statement) where !connection.prepared.contains(statement):
            try raw.sendPrepare(name: book.name(statement), text: book.text(statement))
            connection.preparing = statement
            connection.state = .preparing(ticket: ticket)
            return
        case .prepared(let statement):
            write(step, ticket)
            try raw.sendPrepared(name: book.name(statement), values)
        case .simple:
            machine.writeText(into: text)
            try raw.sendSimple(text.cString())
        case .copyIn: preconditionFailure("no batches here")
        }
        _ = changeMachine(ticket) { $0.noteSent() }
        connection.state = .executing(ticket: ticket)
    }

    private func write(_ step: Step, _ ticket: Int) {
        guard let operation = slots[ticket]?.operation else { return }
        changeMachine(ticket) { machine in
            guard step.needsMessage else { return machine.writeParameters(into: values) }
            let (topic, message) = traffic.message(of: operation)
            machine.writeRow(topic, message, into: values)
            slots[ticket]?.bytes = message.wireSize
        }
    }

    /// Changes an operation's machine in place; nothing for a job.
    private func changeMachine<Value>(_ ticket: Int, _ change: (inout RequestMachine) -> Value) -> Value? {
        guard case .request(var machine)? = slots[ticket]?.work else { return nil }
        let value = change(&machine)
        slots[ticket]?.work = .request(machine)
        return value
    }

    private func flush(_ connection: PooledConnection) throws(PostgresError) {
        guard let raw = connection.connection else { return }
        watch(connection, for: try raw.flush() ? .read : [.read, .write])
    }

    /// Takes what arrived for a statement; results belong to its request, errors end it.
    private func receive(_ connection: PooledConnection, _ pool: ConnectionPool) {
        guard let raw = connection.connection else { return }
        do throws(PostgresError) {
            try raw.readInput()
            try flush(connection)
        } catch {
            return lose(connection, pool, error)
        }
        while true {
            switch raw.nextReply() {
            case .incomplete: return
            case .result(let result): take(result, connection, raw)
            case .done:
                guard finish(connection, pool) else { return }
            }
        }
    }

    private func take(_ result: borrowing QueryResult, _ connection: PooledConnection, _ raw: Connection) {
        if result.kind == .error {
            connection.failure = connection.failure ?? raw.error(of: result, statement: nil)
        } else if case .executing(let ticket) = connection.state {
            take(result, ticket)
        }
    }

    private func take(_ result: borrowing QueryResult, _ ticket: Int) {
        guard let slot = slots[ticket] else { return }
        switch slot.work {
        case .job(let job): job.note(result)
        case .request(var machine):
            let before = machine.reply.rowCount
            machine.take(result)
            slots[ticket]?.work = .request(machine)
            let page = min(machine.reply.rowCount, machine.query.pageSize) - min(before, machine.query.pageSize)
            guard page > 0 else { return }
            let counts = slot.operation.due >= traffic.spec.phases.warmUp
            slots[ticket]?.bytes += account.book(result, rows: page, of: machine.query, counts: counts)
        }
    }

    /// A statement is over: hands the connection on and goes on with the request.
    ///
    /// - Returns: whether there may be more to read on this connection.
    private func finish(_ connection: PooledConnection, _ pool: ConnectionPool) -> Bool {
        if connection.connection?.isAlive != true {
            lose(connection, pool, connection.failure ?? PostgresError(.client(.connectionLost), "the server hung up"))
            return false
        }
        switch connection.state {
        case .preparing(let ticket) where connection.failure == nil:
            if let statement = connection.preparing { connection.prepared.insert(statement) }
            send(ticket, on: connection, pool)
            return connection.state != .closed
        case .preparing(let ticket), .executing(let ticket):
            connection.state = .idle
            let failure = finishStatement(ticket, connection.failure)
            serve(pool)
            if let failure { complete(ticket, failure: failure) } else { advance(ticket) }
            return false
        case .closed, .opening, .idle: return false
        }
    }

    /// The statement of an operation is over.
    ///
    /// - Returns: the code the operation fails with, if it does; a job makes its own sense of errors.
    private func finishStatement(_ ticket: Int, _ failure: PostgresError?) -> PostgresError.Code? {
        if case .job(let job)? = slots[ticket]?.work {
            job.finishStatement(failure)
            return nil
        }
        if let failure { return failure.code }
        _ = changeMachine(ticket) { $0.finishStatement() }
        return nil
    }

    // MARK: Connections

    private func open(_ connection: PooledConnection, _ pool: ConnectionPool) {
        connection.state = .opening
        connection.openingEnds = now + Nanoseconds(parameters.connectTimeout) * 1_000_000_000
        connection.prepared.removeAll()
        do throws(PostgresError) {
            let raw = try Connection(starting: parameters)
            connection.connection = raw
            if let tracePath { try raw.trace(to: tracePath) }
            register(connection, pool)
            watch(connection, for: [.read, .write])
        } catch {
            lose(connection, pool, error)
        }
    }

    /// libpq keeps no time limit of its own while a connection is opened without blocking.
    private func giveUpSlowOpenings(_ pool: ConnectionPool) {
        for connection in pool.connections where connection.isOpening && now >= connection.openingEnds {
            lose(connection, pool, PostgresError(.client(.timeOut), "no connection within the limit"))
        }
    }

    private func goOnOpening(_ connection: PooledConnection, _ pool: ConnectionPool) {
        guard let raw = connection.connection else { return }
        do throws(PostgresError) {
            let opening = try raw.continueOpening()
            if raw.descriptor != connection.descriptor { register(connection, pool) }
            switch opening {
            case .needsRead: watch(connection, for: .read)
            case .needsWrite: watch(connection, for: .write)
            case .ready:
                pool.noteSuccess()
                connection.state = .idle
                watch(connection, for: .read)
                serve(pool)
            }
        } catch {
            lose(connection, pool, error)
        }
    }

    private func handle(_ ready: EventLoop.Ready, _ connection: PooledConnection, _ pool: ConnectionPool) {
        switch connection.state {
        case .closed: return
        case .opening: goOnOpening(connection, pool)
        case .idle, .preparing, .executing:
            if ready.readable {
                receive(connection, pool)
                // An idle connection that is readable and has no result has news of its end, or a notice.
                if connection.state == .idle, connection.connection?.isAlive != true {
                    lose(connection, pool, PostgresError(.client(.connectionLost), "the server hung up"))
                }
            } else if ready.writable {
                do throws(PostgresError) { try flush(connection) } catch { lose(connection, pool, error) }
            }
        }
    }

    /// A connection is gone: its request fails, and so do those that waited for it to open.
    private func lose(_ connection: PooledConnection, _ pool: ConnectionPool, _ error: PostgresError) {
        let state = connection.state
        note(state == .opening ? "connection.refused" : "connection.lost", error, pool)
        close(connection)
        switch state {
        case .opening:
            pool.noteFailure(at: now)
            // Whoever waits would have opened a connection and met the same answer; unless others still work.
            if pool.connections.allSatisfy({ $0.state == .closed }) {
                while let ticket = pool.waiting.popFirst() { complete(ticket, failure: error.code) }
            }
        case .preparing(let ticket), .executing(let ticket):
            complete(ticket, failure: (connection.failure ?? error).code)
        case .idle, .closed: break
        }
    }

    private func note(_ kind: String, _ error: PostgresError, _ pool: ConnectionPool) {
        // A server that is away answers every attempt the same; the counts are in the accounting.
        note(kind, "node \(pool.node) \(pool.kind) pool: \(error.message)", most: 100)
    }

    private func note(_ kind: String, _ detail: String, most: Int) {
        guard eventCounts[kind, default: 0] < most else { return }
        eventCounts[kind, default: 0] += 1
        events.append(TargetEvent(at: now, kind: kind, detail: detail))
    }

    private func close(_ connection: PooledConnection) {
        if connection.descriptor >= 0 {
            loop.remove(connection.descriptor)
            registered[connection.token] = nil
            retiredTokens.append(connection.token)
            connection.descriptor = -1
        }
        connection.connection = nil
        connection.state = .closed
        connection.prepared.removeAll()
    }

    private func register(_ connection: PooledConnection, _ pool: ConnectionPool) {
        guard let raw = connection.connection else { return }
        if connection.descriptor >= 0 {
            loop.remove(connection.descriptor)
        } else {
            connection.token = freeTokens.popLast() ?? registered.count
            if connection.token == registered.count { registered.append(nil) }
            registered[connection.token] = (connection, pool)
        }
        connection.descriptor = raw.descriptor
        connection.interest = .read
        do throws(SystemError) {
            try loop.add(connection.descriptor, token: UInt64(connection.token), for: .read)
        } catch {
            lose(connection, pool, PostgresError(.client(.refused), error.description))
        }
    }

    private func watch(_ connection: PooledConnection, for interest: EventLoop.Interest) {
        guard connection.interest != interest, connection.descriptor >= 0 else { return }
        connection.interest = interest
        do throws(SystemError) {
            try loop.change(connection.descriptor, token: UInt64(connection.token), for: interest)
        } catch {
            preconditionFailure("a registered descriptor cannot be changed: \(error)")
        }
    }
}
