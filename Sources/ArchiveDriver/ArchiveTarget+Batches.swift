import LinuxSystem
import LoadRunner
import PostgresClient
import WakuModel
import Workload

/// A batch of puts on its way.
struct BatchFlight {
    /// When it was closed: its puts waited for others until then.
    let closed: Nanoseconds
    var timing = StatementTiming()
    /// Which its last statement went through.
    var connection: PooledConnection?
}

/// Puts that go together. To the hub a batch is one more ticket, of a number that no operation has.
extension ArchiveTarget {
    /// Tickets of batches begin here: so many operations are never in flight.
    static let firstBatchTicket = 1 << 30

    /// Takes a put into its node's batch, and sends the batch when that made it full.
    func collect(_ operation: Operation, _ ticket: Int, at now: Nanoseconds) {
        let (topic, message) = traffic.message(of: operation)
        slots[ticket]?.bytes = message.wireSize
        slots[ticket]?.joined = now
        if let full = batches?.add(ticket, node: operation.node, topic, message, now: now) {
            enqueueBatch(full, at: now)
        }
    }

    /// Has a batch that is closed wait for a connection.
    func enqueueBatch(_ number: Int, at now: Nanoseconds) {
        guard let batches else { return }
        while batchFlights.count <= number { batchFlights.append(nil) }
        batchFlights[number] = BatchFlight(closed: now)
        for ticket in batches[number].tickets { slots[ticket]?.timing.noteWaiting(at: now) }
        enqueueStatement(of: number, at: now)
    }

    private func enqueueStatement(of number: Int, at now: Nanoseconds) {
        guard let batches else { return }
        batchFlights[number]?.timing.noteWaiting(at: now)
        hub.enqueue(Self.firstBatchTicket + number, pool(.write, ofNode: batches.node(of: number)), self)
    }

    /// Sends the batch's next statement.
    func sendBatch(_ number: Int, on connection: PooledConnection) throws(PostgresError) {
        guard let batch = batchUnderWay(number), case .send(let step) = batch.step() else { return }
        let (now, ticket) = (Clock.now(), Self.firstBatchTicket + number)
        let isFirst = batchFlights[number]?.timing.sent == 0
        connection.isHeld = step.holdsConnection && !connection.pipelines
        batchFlights[number]?.connection = connection
        switch step.form {
        case .prepared(let statement):
            batch.writeParameters(into: values)
            try hub.send(
                prepared: statement.id, name: book.name(statement), text: book.text(statement), values,
                for: ticket, on: connection, endsUnit: step.endsUnit)
        case .copyIn:
            batch.writeText(into: text)
            try hub.send(text: text.cString(), for: ticket, on: connection)
        case .simple: preconditionFailure("a batch asks for nothing")
        }
        if connection.pipelines { batch.noteSent() }
        batchFlights[number]?.timing.noteSent(at: now)
        if isFirst { for ticket in batch.tickets { slots[ticket]?.timing.noteSent(at: now) } }
    }

    /// Takes a result of the batch's statement; the server that is ready for rows gets them.
    func takeBatch(_ result: borrowing QueryResult, _ number: Int) {
        guard let batch = batchUnderWay(number) else { return }
        guard result.kind == .copyIn, let connection = batchFlights[number]?.connection else {
            return batch.take(result)
        }
        hub.sendCopy(on: connection, self) { batch.writeCopyData(into: $0) }
    }

    /// A statement of the batch is over: goes on with the next one, or tells all its puts.
    func finishBatch(_ number: Int, _ answer: Answer) {
        guard let batch = batchUnderWay(number) else { return }
        batchFlights[number]?.timing.noteAnswered(answer.firstByte, at: hub.now)
        guard let connection = answer.connection else {
            return endBatch(number, failure: (answer.failure?.code ?? .client(.connectionLost)).description)
        }
        if !connection.pipelines { batch.noteSent() }
        batch.finishStatement(failure: answer.failure?.code)
        switch batch.step() {
        case .send where connection.isHeld: hub.goOn(Self.firstBatchTicket + number, on: connection, self)
        case .send: enqueueStatement(of: number, at: hub.now)
        case .finished: endBatch(number, failure: nil)
        case .failed(let code):
            hub.letGo(of: connection, self)
            endBatch(number, failure: code.description)
        case .waits: break
        }
    }

    /// All puts of a batch end alike. Which of them made the rows is unknown: each of the first so many counts for one.
    func endBatch(_ number: Int, failure: String?) {
        guard let batches, let flight = batchFlights[number] else { return }
        batchFlights[number] = nil
        let batch = batches[number]
        let sent = flight.timing.sent == 0 ? hub.now : flight.timing.sent
        for (index, ticket) in batch.tickets.enumerated() {
            guard let slot = slots[ticket] else { continue }
            slots[ticket] = nil
            var waits = flight.timing.waits
            waits.connection += flight.closed - min(slot.joined, flight.closed)
            completions.append(
                Completion(
                    ticket: ticket, sent: sent, done: hub.now, waits: waits, failure: failure,
                    rows: index < batch.inserted ? 1 : 0, bytes: slot.bytes))
        }
        batches.release(number)
    }

    /// A batch that was closed and is not over.
    private func batchUnderWay(_ number: Int) -> PutBatch? {
        number < batchFlights.count && batchFlights[number] != nil ? batches?[number] : nil
    }
}
