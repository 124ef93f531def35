import Glibc
import LinuxSystem

/// The thread of a stub server: one event loop for all connections, so that no delay of one holds up another.
final class StubEngine {
    private static let stopToken: UInt64 = 0
    private static let listenerToken: UInt64 = 1
    /// Tokens of connections are their numbers and this.
    private static let firstToken: UInt64 = 2

    private let script: StubScript
    private var listener: StubListener
    private let loop: EventLoop
    private var connections: [Int: StubConnection] = [:]
    private var accepted = 0
    /// Connections that take statements now.
    private var started = 0
    private var timers = StubTimers()
    private var stillUntil: Nanoseconds = 0
    private var reopenAt: Nanoseconds = .max
    private var isStopping = false
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var log = StubLog()

    /// - Parameters:
    ///   - script: what is done about statements.
    ///   - listener: open already, so that clients can come before the thread runs.
    ///   - stop: becomes readable when the server shall end.
    /// - Throws: `SystemError` when the process has no descriptors left.
    init(_ script: StubScript, listener: StubListener, stop: Int32) throws(SystemError) {
        self.script = script
        self.listener = listener
        loop = try EventLoop()
        try loop.add(stop, token: Self.stopToken, for: .read)
        try loop.add(listener.descriptor, token: Self.listenerToken, for: .read)
    }

    /// Serves until it is told to stop.
    func serve() -> StubLog {
        while !isStopping {
            let now = loop.wait(until: nextDeadline)
            for index in 0..<loop.readyCount { handle(loop.ready(index)) }
            answerDue()
            if now >= reopenAt { reopen(at: now) }
        }
        for connection in Array(connections.values) { drop(connection) }
        listener.shut()
        return log
    }

    private var holdsBack: Bool { log.entries.count < script.holdsUntil }

    private var nextDeadline: Nanoseconds {
        let answer = holdsBack ? .max : timers.first.map { max($0.due, stillUntil) } ?? .max
        return min(answer, reopenAt)
    }

    private func handle(_ ready: EventLoop.Ready) {
        switch ready.token {
        case Self.stopToken: isStopping = true
        case Self.listenerToken: accept()
        default:
            // None when it was dropped by an event of the same batch.
            guard let connection = connections[Int(ready.token - Self.firstToken)] else { return }
            if ready.writable { send(connection) }
            if ready.readable { receive(connection) }
        }
    }

    // MARK: Connections

    private func accept() {
        guard listener.descriptor >= 0 else { return }
        do throws(SystemError) {
            while let descriptor = try listener.accept() {
                let connection = StubConnection(number: accepted, descriptor: descriptor)
                accepted += 1
                connections[connection.number] = connection
                try loop.add(descriptor, token: token(of: connection), for: .read)
            }
        } catch {
            // It would be found ready again and again.
            log.failures.append("\(error)")
            loop.remove(listener.descriptor)
        }
    }

    private func token(of connection: StubConnection) -> UInt64 { UInt64(connection.number) + Self.firstToken }

    private func drop(_ connection: StubConnection) {
        loop.remove(connection.descriptor)
        close(connection.descriptor)
        connections[connection.number] = nil
        if connection.isStarted { started -= 1 }
    }

    private func isOpen(_ connection: StubConnection) -> Bool { connections[connection.number] != nil }

    private func receive(_ connection: StubConnection) {
        while isOpen(connection) {
            let count = read(connection.descriptor, &buffer, buffer.count)
            let now = Clock.now()
            if count > 0 {
                connection.take(buffer[..<count], at: now)
                if count < buffer.count { break }
            } else if count < 0 && (errno == EAGAIN || errno == EINTR) {
                break
            } else {
                return drop(connection)
            }
        }
        goOn(connection)
    }

    /// Sends what may go, and notes when the answers in it went.
    private func send(_ connection: StubConnection) {
        while !connection.writer.bytes.isEmpty {
            let now = Clock.now()
            let sent = connection.writer.bytes.withUnsafeBytes {
                Glibc.send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 {
                guard errno == EAGAIN || errno == EINTR else { return drop(connection) }
                return watch(connection, for: [.read, .write])
            }
            for entry in connection.owed { log.entries[entry].answered = now }
            connection.writer.removeFirst(sent)
        }
        connection.owed.removeAll(keepingCapacity: true)
        watch(connection, for: .read)
    }

    private func watch(_ connection: StubConnection, for interest: EventLoop.Interest) {
        guard connection.interest != interest else { return }
        connection.interest = interest
        do throws(SystemError) {
            try loop.change(connection.descriptor, token: token(of: connection), for: interest)
        } catch {
            log.failures.append("\(error)")
        }
    }

    // MARK: Messages

    /// Looks at a connection's messages, up to the first statement that takes time.
    private func goOn(_ connection: StubConnection) {
        while isOpen(connection), let (message, arrived) = connection.popMessage() {
            obey(message, arrived, connection)
        }
        guard isOpen(connection), connection.mayFlush else { return }
        connection.mayFlush = false
        send(connection)
    }

    private func obey(_ message: StubMessage, _ arrived: Nanoseconds, _ connection: StubConnection) {
        switch message {
        case .sync:
            connection.skipsToSync = false
            log.syncs.append(StubLog.Sync(connection: connection.number, statements: connection.unsynced))
            connection.unsynced.removeAll(keepingCapacity: true)
            connection.writer.ready()
            connection.mayFlush = true
        case .terminate: drop(connection)
        case .unknown(let what):
            log.misunderstood.append(what)
            drop(connection)
        case _ where connection.skipsToSync: return
        case .encryptionRequest:
            connection.writer.refuseEncryption()
            connection.mayFlush = true
        case .startup:
            connection.isStarted = true
            started += 1
            log.connections += 1
            log.mostConnections = max(log.mostConnections, started)
            connection.writer.welcome(connection: connection.number)
            connection.mayFlush = true
        case .simple(let text):
            let (entry, reaction) = meet(text, [], arrived, connection)
            begin(entry, reaction, isSimple: true, connection)
        case .execute:
            guard let portal = connection.portal else { return misunderstand("Execute without Bind", connection) }
            begin(portal.entry, portal.reaction, isSimple: false, connection)
        case .flush: connection.mayFlush = true
        case .parse, .bind, .describeStatement, .describePortal, .close: prepare(message, arrived, connection)
        }
    }

    /// What comes before a statement is executed.
    private func prepare(_ message: StubMessage, _ arrived: Nanoseconds, _ connection: StubConnection) {
        switch message {
        case .parse(let name, let text):
            connection.prepared[name] = text
            connection.writer.parseComplete()
        case .bind(let name, let parameters, let format):
            guard let text = connection.prepared[name] else { return misunderstand("Bind of '\(name)'", connection) }
            let (entry, reaction) = meet(text, parameters, arrived, connection)
            connection.unsynced.append(entry)
            connection.portal = StubConnection.Portal(entry: entry, reaction: reaction, format: format)
            connection.writer.bindComplete()
        case .describePortal:
            guard let portal = connection.portal else { return misunderstand("Describe without Bind", connection) }
            connection.writer.description(of: Self.result(of: portal.reaction), format: portal.format)
        case .close: connection.writer.closeComplete()
        default: misunderstand("Describe of a prepared statement", connection)
        }
    }

    private func misunderstand(_ what: String, _ connection: StubConnection) {
        log.misunderstood.append(what)
        drop(connection)
    }

    // MARK: Statements

    private func meet(
        _ text: String, _ parameters: [[UInt8]?], _ arrived: Nanoseconds, _ connection: StubConnection
    ) -> (entry: Int, reaction: StubReaction) {
        let statement = StubStatement(
            number: log.entries.count, connection: connection.number, text: text, parameters: parameters)
        log.entries.append(StubLog.Entry(statement: statement, arrived: arrived, answered: nil))
        return (statement.number, script.react(statement))
    }

    private static func result(of reaction: StubReaction) -> StubResult {
        switch reaction {
        case .answer(let result, _, _), .stall(_, let result): result
        case .outage: .command("")
        }
    }

    private func begin(_ entry: Int, _ reaction: StubReaction, isSimple: Bool, _ connection: StubConnection) {
        let now = Clock.now()
        let result = Self.result(of: reaction)
        var lasting: Nanoseconds = 0
        if isSimple, case .rows = result, case .answer(_, _, let length) = reaction { lasting = length }
        connection.work = StubConnection.Work(entry: entry, result: result, isSimple: isSimple, lasting: lasting)
        switch reaction {
        case .answer(_, let delay, _):
            timers.insert(connection.number, at: max(now, stillUntil) + delay)
        case .stall(let length, _):
            stillUntil = max(stillUntil, now + length)
            log.stalls.append(now...now + length)
            timers.insert(connection.number, at: now + length)
        case .outage(let length): cease(at: now, for: length)
        }
    }

    private func answerDue() {
        guard !holdsBack else { return }
        while let first = timers.first, max(first.due, stillUntil) <= Clock.now() {
            let timer = timers.removeFirst()
            guard let connection = connections[timer.connection], let work = connection.work else { continue }
            if work.lasting > 0 && !work.isOpened { open(work, connection) } else { answer(work, connection) }
        }
    }

    /// Sends the first part of an answer in two.
    private func open(_ work: StubConnection.Work, _ connection: StubConnection) {
        connection.work?.isOpened = true
        connection.writer.description(of: work.result, format: 0)
        let now = Clock.now()
        log.entries[work.entry].opened = now
        timers.insert(connection.number, at: now + work.lasting)
        send(connection)
    }

    private func answer(_ work: StubConnection.Work, _ connection: StubConnection) {
        connection.work = nil
        if work.isSimple, !work.isOpened, case .rows = work.result {
            connection.writer.description(of: work.result, format: 0)
        }
        connection.writer.answer(work.result)
        connection.owed.append(work.entry)
        if work.isSimple {
            connection.writer.ready()
            connection.mayFlush = true
        } else if case .failure = work.result {
            connection.skipsToSync = true
        }
        goOn(connection)
    }

    // MARK: Outages

    private func cease(at now: Nanoseconds, for length: Nanoseconds) {
        for connection in Array(connections.values) { drop(connection) }
        if listener.descriptor >= 0 { loop.remove(listener.descriptor) }
        listener.shut()
        reopenAt = now + length
        log.outages.append(now...now)
    }

    private func reopen(at now: Nanoseconds) {
        reopenAt = .max
        do throws(SystemError) {
            try listener.reopen()
            try loop.add(listener.descriptor, token: Self.listenerToken, for: .read)
            if let last = log.outages.popLast() { log.outages.append(last.lowerBound...now) }
        } catch {
            log.failures.append("\(error)")
        }
    }
}
