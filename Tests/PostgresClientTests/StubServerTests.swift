import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// The stub server that other tests take the truth from: libpq takes it for a server, and it does what it is told.
@Suite(.ownThreads) struct StubServerTests {
    private static let millisecond: Nanoseconds = 1_000_000

    @Test(arguments: [StubPlace.folder, .loopback]) func libpqTakesItForAServer(_ place: StubPlace) async throws {
        let script = StubScript { statement in
            if statement.text.hasPrefix("fail") { return .answer(.failure(sqlState: "22012", message: "no"), after: 0) }
            let values = statement.parameters.map { $0.map { String(decoding: $0, as: UTF8.self) } }
            return .answer(.rows([[statement.text, nil], ["2", values.first ?? "none"]], columns: 2), after: 0)
        }
        let (_, log) = try await StubServer.run(script, at: place) { parameters in
            let connection = try Connection.open(parameters)
            #expect(connection.serverVersionNumber == 150_000)
            #expect(connection.reportedSetting("standard_conforming_strings") == "on")
            #expect(try connection.run("SELECT 1") == [["SELECT 1", nil], ["2", "none"]])
            #expect(throws: PostgresError.self) { try connection.run("fail") }
            try connection.sendPrepare(name: "echo", text: "fail or not")
            try connection.collect(statement: "prepare") { _ throws(PostgresError) in }
            let values = BoundParameters()
            values.add { $0.append("hello" as StaticString) }
            try connection.sendPrepared(name: "echo", values)
            do throws(PostgresError) {
                try connection.collect(statement: "echo") { _ throws(PostgresError) in }
                Issue.record("no error")
            } catch {
                #expect(error.code == .sqlState("22012") && error.message == "no")
            }
            #expect(try connection.value("again") == "again")
        }
        #expect(log.entries.map(\.statement.text) == ["SELECT 1", "fail", "fail or not", "again"])
        #expect(log.entries[2].statement.parameters == [Array("hello".utf8)])
        #expect(log.entries.allSatisfy { $0.answered ?? 0 >= $0.arrived })
        #expect(log.connections == 1 && log.misunderstood.isEmpty && log.failures.isEmpty)
    }

    /// The second of three statements fails and takes the third with it, up to the sync; the next group is done.
    @Test func pipelinesAreDoneInOrder() async throws {
        let script = StubScript { statement in
            let number = statement.parameters.first.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
            return .answer(
                number == "2" ? .failure(sqlState: "23505", message: "two") : .command("INSERT 0 1"),
                after: Self.millisecond)
        }
        let (seen, log) = try await StubServer.run(script) { parameters in
            let connection = try Connection.open(parameters)
            try connection.sendPrepare(name: "insert", text: "INSERT")
            try connection.collect(statement: "prepare") { _ throws(PostgresError) in }
            let values = BoundParameters()
            try connection.enterPipeline()
            for group in [["1", "2", "3"], ["4", "5"]] {
                for number in group {
                    values.clear()
                    values.add { $0.append(number) }
                    try connection.sendPrepared(name: "insert", values)
                }
                try connection.sendSync()
            }
            var seen: [String] = []
            while seen.count(where: { $0 == "pipelineSync" }) < 2 {
                switch connection.nextReply() {
                case .incomplete:
                    Clock.pause(Self.millisecond)
                    _ = try connection.flush()
                    try connection.readInput()
                case .done: continue
                case .result(let result): seen.append(result.sqlState ?? "\(result.kind)")
                }
            }
            return seen
        }
        #expect(
            seen == ["command", "23505", "pipelineAborted", "pipelineSync", "command", "command", "pipelineSync"])
        // What stood behind the error was never begun. Answers of a group leave together, at its sync.
        let answers = log.entries.compactMap(\.answered)
        #expect(answers.count == 4 && answers[0] == answers[1] && answers[2] == answers[3])
        #expect(answers[1] <= answers[2] && answers[0] - log.entries[0].arrived >= 2 * Self.millisecond)
    }

    /// One connection's work holds up nobody else's: half a second on one, nothing on the other.
    @Test func aDelayHoldsUpItsOwnConnectionOnly() async throws {
        let script = StubScript { statement in
            .answer(.rows([], columns: 1), after: statement.text == "slow" ? 500 * Self.millisecond : 0)
        }
        let (_, log) = try await StubServer.run(script) { parameters in
            let (slow, fast) = (try Connection.open(parameters), try Connection.open(parameters))
            try slow.sendSimple("slow")
            _ = try slow.flush()
            try fast.run("fast")
            try slow.collect(statement: "slow") { _ throws(PostgresError) in }
        }
        let slow = try #require(log.entries.first { $0.statement.text == "slow" })
        let fast = try #require(log.entries.first { $0.statement.text == "fast" })
        #expect(try #require(slow.spent) >= 500 * Self.millisecond)
        #expect(try #require(fast.answered) < (try #require(slow.answered)))
    }

    /// Nobody is there during an outage, and somebody afterwards; a statement that met it has no answer.
    @Test func anOutageDropsAndRefuses() async throws {
        let script = StubScript { statement in
            statement.text == "go" ? .outage(300 * Self.millisecond) : .answer(.rows([], columns: 1), after: 0)
        }
        let (_, log) = try await StubServer.run(script) { parameters in
            let connection = try Connection.open(parameters)
            do throws(PostgresError) {
                try connection.run("go")
                Issue.record("answered")
            } catch {
                #expect(error.code == .client(.connectionLost))
            }
            var refusals = 0
            while (try? Connection.open(parameters).run("here")) == nil {
                refusals += 1
                Clock.pause(10 * Self.millisecond)
            }
            #expect(refusals > 0)
        }
        let outage = try #require(log.outages.first)
        #expect(outage.upperBound - outage.lowerBound >= 300 * Self.millisecond)
        #expect(log.entries.map(\.statement.text) == ["go", "here"])
        #expect(log.entries[0].answered == nil && log.entries[1].arrived > outage.upperBound)
    }
}
