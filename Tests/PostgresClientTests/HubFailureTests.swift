import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// What becomes of statements when some of them fail, cannot be prepared, or lose their connection.
@Suite(.ownThreads) struct HubFailureTests {
    private static let insert = HubOwner.Statement(text: "INSERT INTO numbers VALUES ($1)")

    private static func insert(_ value: Int, number: Int = 0, into table: String = "numbers") -> HubOwner.Statement {
        HubOwner.Statement(number: number, text: "INSERT INTO \(table) VALUES ($1)", values: [value])
    }

    private func numbers() async throws -> ConnectionParameters {
        let parameters = try await TestServers.database()
        try Connection.open(parameters).run("CREATE TABLE numbers (n int8 PRIMARY KEY)")
        return parameters
    }

    private func rows(_ parameters: ConnectionParameters, _ table: String = "numbers") throws -> [Int] {
        try Connection.open(parameters).run("SELECT n FROM \(table) ORDER BY n").map { Int($0[0] ?? "") ?? -1 }
    }

    /// Groups of five: 0 … 4, 5 … 9, and so on; the eighth repeats a number.
    @Test func anErrorTakesItsGroupWithItAndNoOther() async throws {
        let parameters = try await numbers()
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: 5)) { ticket in
            [Self.insert(ticket == 7 ? 1_000 : ticket)]
        }
        owner.enqueue([1_000])
        #expect(owner.wait(until: 1))
        owner.enqueue(0..<22)
        #expect(owner.wait(until: 23))
        for ticket in 0..<22 {
            let expected = ticket == 7 ? "23505" : (5..<10).contains(ticket) ? "group-aborted" : "ok"
            #expect(owner.ends[ticket] == [expected], "\(ticket)")
        }
        // Nothing of the group was kept, what stood before the error least of all.
        #expect(try rows(parameters) == [0, 1, 2, 3, 4] + (10..<22) + [1_000])
        #expect(owner.notes.isEmpty && owner.pool.connections.count == 1)
        // The next group on the same connection is not touched by it.
        owner.enqueue(30..<33)
        #expect(owner.wait(until: 26))
        #expect((30..<33).allSatisfy { owner.ends[$0] == ["ok"] })
    }

    /// With a sync for each statement nobody else is touched.
    @Test func withASyncForEachAnErrorIsItsOwn() async throws {
        let parameters = try await numbers()
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: 1)) { ticket in
            [Self.insert(ticket % 10 == 7 ? 0 : ticket)]
        }
        owner.enqueue(0..<40)
        #expect(owner.wait(until: 40))
        #expect((0..<40).allSatisfy { owner.ends[$0] == [$0 % 10 == 7 ? "23505" : "ok"] })
        #expect(try rows(parameters) == (0..<40).filter { $0 % 10 != 7 })
    }

    /// A deferred constraint is checked by the commit, which the sync is: each of the group hears of it.
    @Test func anErrorOfTheCommitIsTheWholeGroups() async throws {
        let parameters = try await numbers()
        try Connection.open(parameters).run(
            "CREATE TABLE children (n int8 REFERENCES numbers DEFERRABLE INITIALLY DEFERRED)")
        try Connection.open(parameters).run("INSERT INTO numbers SELECT generate_series(0, 50)")
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 12, syncEvery: 4)) { ticket in
            [Self.insert(ticket == 5 ? 999 : ticket, into: "children")]
        }
        #expect(owner.open() == 1)
        owner.enqueue(0..<12)
        #expect(owner.wait(until: 12))
        #expect((0..<12).allSatisfy { owner.ends[$0] == [(4..<8).contains($0) ? "23503" : "ok"] }, "\(owner.ends)")
        #expect(try rows(parameters, "children") == [0, 1, 2, 3, 8, 9, 10, 11])
    }

    @Test(arguments: [nil, 1, 4]) func whatCannotBePreparedSaysWhy(_ every: Int?) async throws {
        let parameters = try await numbers()
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: every)) { ticket in
            [ticket == 1 || ticket == 3 ? Self.insert(ticket, number: 1, into: "nowhere") : Self.insert(ticket)]
        }
        for ticket in 0..<5 {
            owner.enqueue([ticket])
            #expect(owner.wait(until: ticket + 1))
            // It is tried again each time, and says the same.
            #expect(owner.ends[ticket] == [ticket == 1 || ticket == 3 ? "42P01" : "ok"])
        }
        #expect(owner.notes.isEmpty && owner.pool.connections.count == 1)
        #expect(try rows(parameters) == [0, 2, 4])
    }

    /// Of a group in which one statement cannot be prepared that one says so; the others are what the group is.
    @Test func inAGroupOnlyTheUnpreparedOneSaysWhy() async throws {
        let parameters = try await numbers()
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: 4)) { ticket in
            [ticket == 1 ? Self.insert(ticket, number: 1, into: "nowhere") : Self.insert(ticket)]
        }
        owner.enqueue([100])
        #expect(owner.wait(until: 1))
        owner.enqueue(0..<8)
        #expect(owner.wait(until: 9))
        #expect((0..<4).map { owner.ends[$0] } == [["group-aborted"], ["42P01"], ["group-aborted"], ["group-aborted"]])
        #expect((4..<8).allSatisfy { owner.ends[$0] == ["ok"] })
        #expect(try rows(parameters) == [4, 5, 6, 7, 100])
    }

    /// What became of statements that met an outage.
    private struct Outage {
        let lost: Int
        let done: Int
    }

    private static func goThroughAnOutage(_ parameters: ConnectionParameters, _ every: Int?) throws -> Outage {
        let owner = try HubOwner(parameters, PoolPlan(limit: 2, window: 20, syncEvery: every)) {
            [.init(values: [$0])]
        }
        #expect(owner.open() == 2)
        owner.enqueue(0..<100)
        #expect(owner.wait(until: 100))
        let inFlight = owner.ends.values.filter { $0 != ["ok"] }
        #expect(owner.ends.values.allSatisfy { $0 == ["ok"] || $0 == ["connection-lost"] }, "\(owner.ends)")
        #expect(Set(owner.ends.keys).union(owner.refusals.keys) == Set(0..<100))
        #expect(owner.ends.count + owner.refusals.count == 100)
        #expect(owner.refusals.values.allSatisfy { $0 == "refused" })
        // Those who come during the outage are refused or wait; the first that is served ends it.
        var ticket = 100
        while owner.lastPID == nil && ticket < 1_000 {
            owner.enqueue([ticket])
            ticket += 1
            #expect(owner.wait(until: ticket))
        }
        owner.enqueue(1_000..<1_100)
        #expect(owner.wait(until: ticket + 100))
        #expect((1_000..<1_100).allSatisfy { owner.ends[$0] == ["ok"] })
        #expect(owner.notes.contains { $0.hasPrefix("connection.lost test pool: ") })
        return Outage(lost: inFlight.count, done: owner.ends.values.count { $0 == ["ok"] })
    }

    /// Every statement ends once, whatever it was doing when the server went away, and work goes on afterwards.
    @Test(arguments: [nil, 1, 5]) func aLostConnectionEndsAllThatWasInFlightOnce(_ every: Int?) async throws {
        let script = StubScript { statement in
            statement.number == 53 ? .outage(200_000_000) : .answer(.command("INSERT 0 1"), after: 0)
        }
        let (seen, log) = try await StubServer.run(script) { try Self.goThroughAnOutage($0, every) }
        // Both connections were busy: what the server had begun and not answered is lost, on each of them.
        #expect((2...(every == nil ? 2 : 40)).contains(seen.lost), "\(seen)")
        #expect(log.outages.count == 1)
        // A statement is never counted as done that the server did not answer.
        #expect(log.entries.count { $0.answered != nil } >= seen.done)
    }

    /// A backend that is ended says why, to the one statement that was running; the pool opens another.
    @Test func anEndedBackendSaysWhy() async throws {
        let parameters = try await numbers()
        let owner = try HubOwner(parameters, PoolPlan(limit: 1)) { ticket in
            [ticket == 1 ? .init(number: 1, text: "SELECT pg_sleep(600)") : Self.insert(ticket)]
        }
        owner.enqueue([0])
        #expect(owner.wait(until: 1))
        let first = try #require(owner.lastPID)
        owner.enqueue([1, 2])
        try Connection.open(parameters).run("SELECT pg_terminate_backend(\(first))")
        #expect(owner.wait(until: 3))
        // Ended between preparing and executing it has no statement to tell the reason to.
        #expect([["57P01"], ["connection-lost"]].contains(owner.ends[1]) && owner.ends[2] == ["ok"])
        #expect(owner.lastPID != first && owner.lastPID != nil && owner.pool.connections.count == 1)
    }

    /// A statement that breaks in the middle of being handed over is told of once, as any other.
    @Test func whatCannotBeSentEndsOnce() async throws {
        let parameters = try await numbers()
        // More parameters than the protocol can carry.
        let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: 5)) { ticket in
            let values = ticket == 3 ? Array(repeating: 1, count: 65_536) : [ticket]
            return [HubOwner.Statement(text: Self.insert.text, values: values)]
        }
        #expect(owner.open() == 1)
        owner.enqueue(0..<8)
        #expect(owner.wait(until: 8))
        #expect((0..<8).allSatisfy { owner.ends[$0]?.count == 1 }, "\(owner.ends)")
        #expect(owner.ends[3] == ["not-sent"])
        #expect((4..<8).allSatisfy { owner.ends[$0] == ["ok"] })
        #expect(try rows(parameters) == [4, 5, 6, 7])
    }
}
