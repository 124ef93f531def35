import ArchiveDriver
import Glibc
import LinuxSystem
import LoadRunner
import PostgresClient
import WakuModel
import Workload

/// A target that runs one script, transaction after transaction, through the same connections as an archive's: what is
/// measured with it is the engine that trials use.
package final class StatementTarget: LoadTarget, StatementOwner {
    private struct Slot {
        var isBusy = false
        /// The next statement of the script.
        var step = 0
        var timing = StatementTiming()
        var rows = 0
    }

    /// A statement as it is sent, its strings made once.
    private struct Ready {
        let name: UnsafeMutablePointer<CChar>
        let text: UnsafeMutablePointer<CChar>
        let parameters: UnsafeMutablePointer<Int>
        let parameterCount: Int
    }

    private let hub: ConnectionHub<StatementTarget>
    private let pool: ConnectionPool
    private let statements: UnsafeMutablePointer<Ready>
    private let statementCount: Int
    private let draws: [ClosedRange<Int64>]
    private let drawn: UnsafeMutablePointer<Int64>
    private var random: RandomSource
    private let values = BoundParameters()
    private var slots: UnsafeMutablePointer<Slot>
    private var slotCount = 0
    private var slotCapacity = 64
    private var completions = CompletionQueue()
    private var events: [TargetEvent] = []
    /// While it lasts, each operation keeps its connection for all of its statements.
    private var isPreparing = false
    /// The clock while an operation is being begun; 0 at other times.
    private var moment: Nanoseconds = 0

    /// Opens all connections.
    ///
    /// - Parameters:
    ///   - parameters: where the server is.
    ///   - script: what one operation is.
    ///   - plan: connections, window, sync granularity.
    ///   - seed: of the drawn integers.
    ///   - pause: see `ConnectionHub`; `nil` for its own.
    /// - Throws: `SystemError` without descriptors, ``PostgresError`` when a connection does not open.
    package init(
        _ parameters: ConnectionParameters, _ script: CalibrationScript, _ plan: PoolPlan, seed: UInt64,
        pause: Nanoseconds? = nil
    ) throws {
        hub = try ConnectionHub(parameters)
        if let pause { hub.pause = pause }
        pool = hub.addPool(name: script.name, plan)
        statementCount = script.statements.count
        statements = .allocate(capacity: statementCount)
        for (index, statement) in script.statements.enumerated() {
            let places = UnsafeMutablePointer<Int>.allocate(capacity: max(1, statement.parameters.count))
            for (place, parameter) in statement.parameters.enumerated() { places[place] = parameter }
            (statements + index).initialize(
                to: Ready(
                    name: strdup("s\(index)"), text: strdup(statement.text), parameters: places,
                    parameterCount: statement.parameters.count))
        }
        slots = .allocate(capacity: slotCapacity)
        draws = script.draws
        drawn = .allocate(capacity: max(1, script.draws.count))
        random = RandomSource(seed: seed, purpose: 2)
        let open = hub.openAll(until: Clock.now() + 30_000_000_000, self)
        guard open == plan.limit else {
            throw PostgresError(
                .client(.refused), "\(open) of \(plan.limit) connections opened: \(events.last?.detail ?? "no reason")")
        }
        try prepareEverywhere()
    }

    /// Runs the whole script once on every connection, so that preparing is no part of what is measured.
    private func prepareEverywhere() throws(PostgresError) {
        let operation = Operation(
            due: 0, label: 0, node: 0, number: 0, origin: 0, page: 0, candidates: nil, cursor: .zero)
        isPreparing = true
        for ticket in 0..<pool.plan.limit { begin(operation, ticket: ticket, now: Clock.now()) }
        let deadline = Clock.now() + 30_000_000_000
        defer { isPreparing = false }
        var done = 0
        while done < pool.plan.limit {
            guard wait(until: deadline) < deadline else {
                throw PostgresError(.client(.timeOut), "not prepared in time")
            }
            while let completion = takeCompletion() {
                if let failure = completion.failure { throw PostgresError(.client(.unexpectedReply), "\(failure)") }
                done += 1
            }
        }
    }

    deinit {
        for index in 0..<statementCount {
            free(statements[index].name)
            free(statements[index].text)
            statements[index].parameters.deallocate()
        }
        statements.deallocate()
        drawn.deallocate()
        slots.deallocate()
    }

    // MARK: LoadTarget

    package func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        makeRoom(for: ticket)
        slots[ticket] = Slot(isBusy: true)
        slots[ticket].timing.noteWaiting(at: now)
        hub.note(time: now)
        // One that goes out at once goes out now: the clock was just read.
        moment = now
        hub.enqueue(ticket, pool, self)
        moment = 0
    }

    private func makeRoom(for ticket: Int) {
        if ticket >= slotCapacity {
            let larger = UnsafeMutablePointer<Slot>.allocate(capacity: slotCapacity * 2)
            larger.moveInitialize(from: slots, count: slotCount)
            slots.deallocate()
            slots = larger
            slotCapacity *= 2
        }
        while slotCount <= ticket {
            (slots + slotCount).initialize(to: Slot())
            slotCount += 1
        }
    }

    package func wait(until deadline: Nanoseconds) -> Nanoseconds {
        hub.wait(until: completions.isEmpty ? deadline : 0, self)
        return hub.now
    }

    package func clock() -> Nanoseconds { Clock.now() }

    package func takeCompletion() -> Completion? {
        defer { if !completions.isEmpty { completions.dropFirst() } }
        return completions.first?.pointee
    }

    package func takeCompletions(_ body: (UnsafePointer<Completion>) -> Void) {
        while let completion = completions.first {
            body(completion)
            completions.dropFirst()
        }
    }

    package func hasStarted(_ ticket: Int) -> Bool { slots[ticket].timing.sent != 0 }

    package func takeEvents() -> [TargetEvent] { events }

    package func end() { hub.closeAll() }

    // MARK: StatementOwner

    package func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
        let now = moment == 0 ? Clock.now() : moment
        let statement = statements[slots[ticket].step]
        if isPreparing { connection.isHeld = slots[ticket].step + 1 < statementCount }
        if slots[ticket].step == 0 {
            for index in draws.indices {
                drawn[index] =
                    draws[index].lowerBound
                    + Int64(random.below(Int(draws[index].upperBound - draws[index].lowerBound + 1)))
            }
        }
        values.clear()
        for index in 0..<statement.parameterCount {
            values.add { $0.append(drawn[statement.parameters[index]]) }
        }
        try hub.send(
            prepared: slots[ticket].step, name: statement.name, text: statement.text, values, for: ticket,
            on: connection)
        slots[ticket].timing.noteSent(at: now)
    }

    package func take(_ result: borrowing QueryResult, for ticket: Int) { slots[ticket].rows += result.rowCount }

    package func finish(_ ticket: Int, _ answer: Answer) {
        let now = hub.now
        slots[ticket].timing.noteAnswered(answer.firstByte, at: now)
        slots[ticket].step += 1
        if answer.failure == nil && slots[ticket].step < statementCount {
            slots[ticket].timing.noteWaiting(at: now)
            if isPreparing, let connection = answer.connection { return hub.goOn(ticket, on: connection, self) }
            return hub.enqueue(ticket, pool, self)
        }
        end(ticket, failure: answer.failure?.code.description)
    }

    package func refuse(_ ticket: Int, _ error: PostgresError) { end(ticket, failure: error.code.description) }

    private func end(_ ticket: Int, failure: String?) {
        guard slots[ticket].isBusy else { return }
        slots[ticket].isBusy = false
        completions.append(
            Completion(
                ticket: ticket, sent: slots[ticket].timing.sent, done: hub.now, waits: slots[ticket].timing.waits,
                failure: failure,
                rows: slots[ticket].rows))
    }

    package func note(_ kind: String, _ detail: String) {
        if events.count < 100 { events.append(TargetEvent(at: hub.now, kind: kind, detail: detail)) }
    }
}
