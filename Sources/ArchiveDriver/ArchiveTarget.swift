import LinuxSystem
import LoadRunner
import PostgresClient
import WakuModel
import Workload

/// Store nodes at work on one archive, driven as a behaviour has it: two pools a node; with the faithful one statements in
/// the node's texts and order, every statement taking a connection anew.
///
/// One difference, for the measured thread's sake: opening and preparing do not block the other connections.
public final class ArchiveTarget: LoadTarget, StatementOwner {
    struct Slot {
        var operation: Operation
        var work: Work
        var timing = StatementTiming()
        /// On the wire.
        var bytes = 0
        /// When it joined a batch.
        var joined: Nanoseconds = 0
    }

    /// What an operation is made of.
    enum Work {
        case request(RequestMachine)
        case job(MaintenanceJob)
        /// A put that shares its statements with others.
        case batched
    }

    let hub: ConnectionHub<ArchiveTarget>
    let traffic: Traffic
    let text = TextBuffer(capacity: 64 * 1_024)
    let values = BoundParameters()
    var slots: [Slot?] = []
    var completions = CompletionQueue()
    /// Where the behaviour batches.
    let batches: PutBatches?
    /// By the number of the batch: those on their way.
    var batchFlights: [BatchFlight?] = []
    private var events: [TargetEvent] = []
    private var eventCounts: [String: Int] = [:]
    /// Trial time 0 on the clock.
    private var started: Nanoseconds = 0
    private let schema: ArchiveSchema
    private var account: DeliveryAccount
    let book: StatementBook

    /// Opens nothing yet: connections come when they are needed.
    ///
    /// - Parameters:
    ///   - parameters: where the archive is; where it has several databases, their server.
    ///   - databases: their names, by number, where it has several. None is guessed: a workload that wants them must be
    ///     given them.
    ///   - traffic: the worker's own; says what each operation asks.
    ///   - schema: of the archive, for the node's own jobs.
    ///   - behaviour: how the node's driver works.
    ///   - tracePath: append the protocol messages of all connections to this file; for tests.
    /// - Throws: `SystemError` when the process has no descriptors left.
    public init(
        _ parameters: ConnectionParameters, databases: [String] = [], traffic: Traffic, schema: ArchiveSchema,
        behaviour: DriverBehaviour = .faithful, tracePath: String? = nil
    ) throws(SystemError) {
        precondition(
            !traffic.fleet.isDivided || databases.count == traffic.fleet.databases,
            "\(databases.count) databases for \(traffic.fleet.databases) shards")
        self.traffic = traffic
        self.schema = schema
        account = DeliveryAccount(traffic)
        book = StatementBook(behaviour)
        hub = try ConnectionHub(parameters, tracePath: tracePath)
        batches = behaviour.put == .batched ? PutBatches(book, nodes: traffic.fleet.nodes) : nil
        addPools(behaviour, databases)
    }

    private func addPools(_ behaviour: DriverBehaviour, _ databases: [String]) {
        let (writers, fleet) = (traffic.spec.writers, traffic.fleet)
        for node in 0..<fleet.nodes {
            var write = behaviour.plan(.write, connections: writers.writeConnections)
            var read = behaviour.plan(.read, connections: writers.readConnections)
            if fleet.isDivided { write.database = databases[fleet.database(ofNode: node)] }
            read.database = write.database
            _ = hub.addPool(name: "node \(node) write", write)
            _ = hub.addPool(name: "node \(node) read", read)
        }
    }

    // MARK: LoadTarget

    public func start(at moment: Nanoseconds) { started = moment }

    public var delivered: BandwidthLedger? { account.ledger }

    public func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        hub.note(time: now)
        while slots.count <= ticket { slots.append(nil) }
        let work = work(of: operation, at: now)
        slots[ticket] = Slot(operation: operation, work: work)
        if case .batched = work { collect(operation, ticket, at: now) } else { advance(ticket, at: now) }
    }

    private func work(of operation: Operation, at now: Nanoseconds) -> Work {
        let label = traffic.labels[operation.label]
        if label.isPut { return batches == nil ? .request(.put(book)) : .batched }
        if let job = label.job {
            let clockwork = traffic.spec.clockwork
            let time = traffic.archiveTime(Int64(now) - Int64(started))
            return .job(MaintenanceJob(clockwork.jobs[job].kind, clockwork, schema, now: time))
        }
        return .request(RequestMachine(traffic.query(of: operation), book, keepsHashes: operation.wantsHashes))
    }

    public func wait(until deadline: Nanoseconds) -> Nanoseconds {
        guard let batches else {
            hub.wait(until: completions.isEmpty ? deadline : 0, self)
            return hub.now
        }
        hub.wait(until: completions.isEmpty ? min(deadline, batches.deadline) : 0, self)
        while let number = batches.takeDue(at: hub.now) { enqueueBatch(number, at: hub.now) }
        return hub.now
    }

    public func clock() -> Nanoseconds { Clock.now() }

    public func takeCompletion() -> Completion? {
        defer { if !completions.isEmpty { completions.dropFirst() } }
        return completions.first?.pointee
    }

    public func takeCompletions(_ body: (UnsafePointer<Completion>) -> Void) {
        while let completion = completions.first {
            body(completion)
            completions.dropFirst()
        }
    }

    /// Whether any statement of the operation has been sent.
    public func hasStarted(_ ticket: Int) -> Bool {
        guard let slot = slots[ticket] else { return true }
        // What a batch holds back by design is no arrears; what waits for a connection is.
        if case .batched = slot.work, !slot.timing.isWaiting { return true }
        return slot.timing.sent != 0
    }

    public func takeEvents() -> [TargetEvent] {
        defer { events.removeAll() }
        return events
    }

    public func end() { hub.closeAll() }

    // MARK: Operations

    /// Goes on with an operation: its next statement, or its end.
    ///
    /// - Parameters:
    ///   - ticket: whose it is.
    ///   - now: nanoseconds.
    ///   - connection: which its last statement went through.
    private func advance(_ ticket: Int, at now: Nanoseconds, on connection: PooledConnection? = nil) {
        guard let slot = slots[ticket] else { return }
        switch slot.work {
        case .request(let machine):
            switch machine.step() {
            case .finished: end(ticket, failure: nil)
            case .failed(let code):
                hub.letGo(of: connection, self)
                end(ticket, failure: code.description)
            case .send(let step):
                if let connection, connection.isHeld {
                    hub.goOn(ticket, on: connection, self)
                } else {
                    enqueue(ticket, step.pool, at: now)
                }
            case .waits: break
            }
        case .job(let job):
            if let step = job.next { enqueue(ticket, step.pool, at: now) } else { finish(job, ticket) }
        case .batched: break
        }
    }

    private func enqueue(_ ticket: Int, _ kind: PoolKind, at now: Nanoseconds) {
        slots[ticket]?.timing.noteWaiting(at: now)
        hub.enqueue(ticket, pool(kind, ofNode: slots[ticket]?.operation.node ?? 0), self)
    }

    func pool(_ kind: PoolKind, ofNode node: Int) -> ConnectionPool { hub.pools[node * 2 + kind.rawValue] }

    /// A job tells what it did; a node goes on with its life when one fails.
    private func finish(_ job: MaintenanceJob, _ ticket: Int) {
        let node = slots[ticket]?.operation.node ?? 0
        for event in job.events { note(event.kind, "node \(node): \(event.detail)", most: 10_000) }
        end(ticket, failure: job.failure)
    }

    private func end(_ ticket: Int, failure: String?) {
        guard let slot = slots[ticket] else { return }
        slots[ticket] = nil
        let (sent, waits) = (slot.timing.sent == 0 ? hub.now : slot.timing.sent, slot.timing.waits)
        guard case .request(let machine) = slot.work else {
            completions.append(
                Completion(ticket: ticket, sent: sent, done: hub.now, waits: waits, failure: failure))
            return
        }
        let reply = machine.reply
        completions.append(
            Completion(
                ticket: ticket, sent: sent, done: hub.now, waits: waits, failure: failure,
                rows: reply.rowCount + machine.inserted, delivered: reply.pageCount, nextCursor: reply.nextCursor,
                last: reply.lastOfPage, hashes: reply.hashes, bytes: slot.bytes, asked: machine.query.hashes.count,
                page: machine.asks ? slot.operation.page + 1 : 0, age: age(machine.query, slot.operation)))
    }

    /// How far back a request's window reaches from its intended start; `nil` without a window.
    private func age(_ query: StoreQuery, _ operation: Operation) -> Nanoseconds? {
        query.startTime.map { Nanoseconds(max(0, traffic.archiveTime(Int64(operation.due)) - $0)) }
    }

    // MARK: StatementOwner

    public func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
        if ticket >= Self.firstBatchTicket { return try sendBatch(ticket - Self.firstBatchTicket, on: connection) }
        guard let slot = slots[ticket] else { return }
        // Writing the statements of others may have taken a while since the wake; the server is not to blame for that.
        let now = Clock.now()
        switch slot.work {
        case .request: try sendSteps(ticket, on: connection)
        case .job(let job):
            text.clear()
            text.append(job.next?.text ?? "")
            text.terminate()
            try hub.send(text: text.cString(), for: ticket, on: connection)
        case .batched: return
        }
        slots[ticket]?.timing.noteSent(at: now)
    }

    /// Sends the next statement, and in a pipeline those that need not wait for its result.
    private func sendSteps(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
        while case .request(let machine)? = slots[ticket]?.work, case .send(let step) = machine.step() {
            connection.isHeld = step.holdsConnection && !connection.pipelines
            switch step.form {
            case .prepared(let statement):
                write(step, ticket)
                try hub.send(
                    prepared: statement.id, name: book.name(statement), text: book.text(statement), values,
                    binaryResults: step.binaryResults, for: ticket, on: connection, endsUnit: step.endsUnit)
            case .simple:
                machine.writeText(into: text)
                try hub.send(text: text.cString(), for: ticket, on: connection)
            case .copyIn: preconditionFailure("a request copies nothing")
            }
            // Elsewhere the statement may have to be prepared first, and is sent again: it counts when it is over.
            guard connection.pipelines else { return }
            _ = changeMachine(ticket) { $0.noteSent() }
        }
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

    public func take(_ result: borrowing QueryResult, for ticket: Int) {
        if ticket >= Self.firstBatchTicket { return takeBatch(result, ticket - Self.firstBatchTicket) }
        guard let slot = slots[ticket] else { return }
        switch slot.work {
        case .batched: break
        case .job(let job): job.note(result)
        case .request(var machine):
            let before = machine.reply.rowCount
            machine.take(result)
            slots[ticket]?.work = .request(machine)
            let page = min(machine.reply.rowCount, machine.query.pageSize) - min(before, machine.query.pageSize)
            guard page > 0 else { return }
            let counts = traffic.isMeasured(slot.operation)
            slots[ticket]?.bytes += account.book(result, rows: page, of: machine.query, counts: counts)
        }
    }

    public func finish(_ ticket: Int, _ answer: Answer) {
        if ticket >= Self.firstBatchTicket { return finishBatch(ticket - Self.firstBatchTicket, answer) }
        let sent = slots[ticket]?.timing.since ?? hub.now
        slots[ticket]?.timing.noteAnswered(answer.firstByte, at: hub.now)
        guard let connection = answer.connection else {
            return end(ticket, failure: (answer.failure?.code ?? .client(.connectionLost)).description)
        }
        finishStatement(ticket, answer.failure, sent: sent, on: connection)
        advance(ticket, at: hub.now, on: connection)
    }

    /// A job's statement is over; if it changed tables, how long it took is worth an event.
    private func noteMaintenance(_ job: MaintenanceJob, _ ticket: Int, sent: Nanoseconds) {
        guard let text = job.next?.text, let node = slots[ticket]?.operation.node,
            let statement = MaintenanceStatement(text, node: node, duration: hub.now - min(hub.now, sent))
        else { return }
        note(MaintenanceStatement.kind, statement.detail, most: 10_000)
    }

    /// The statement of an operation is over; a job makes its own sense of errors.
    private func finishStatement(
        _ ticket: Int, _ failure: PostgresError?, sent: Nanoseconds, on connection: PooledConnection
    ) {
        if case .job(let job)? = slots[ticket]?.work {
            noteMaintenance(job, ticket, sent: sent)
            return job.finishStatement(failure)
        }
        _ = changeMachine(ticket) { machine in
            if !connection.pipelines { machine.noteSent() }
            machine.finishStatement(failure: failure?.code)
        }
    }

    /// An operation or a batch gets no connection and fails.
    public func refuse(_ ticket: Int, _ error: PostgresError) {
        if ticket >= Self.firstBatchTicket {
            endBatch(ticket - Self.firstBatchTicket, failure: error.code.description)
        } else {
            end(ticket, failure: error.code.description)
        }
    }

    public func note(_ kind: String, _ detail: String) {
        // A server that is away answers every attempt the same; the counts are in the accounting.
        note(kind, detail, most: 100)
    }

    private func note(_ kind: String, _ detail: String, most: Int) {
        guard eventCounts[kind, default: 0] < most else { return }
        eventCounts[kind, default: 0] += 1
        events.append(TargetEvent(at: hub.now, kind: kind, detail: detail))
    }
}
