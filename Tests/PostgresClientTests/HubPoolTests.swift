import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// Connections of a pool: how many, in which order, how they begin, and that idle ones cost nothing.
@Suite(.ownThreads) struct HubPoolTests {
    private static let greetings = ["SET one = 1", "SET two = 2"]

    @Test(arguments: [nil, 5]) func greetingsComeFirstOnEveryConnection(_ every: Int?) async throws {
        // The statement with parameter 13 takes the server away for a while.
        let script = StubScript { statement in
            statement.parameters.first == [UInt8]("13".utf8)
                ? .outage(50_000_000) : .answer(.command("SET"), after: 0)
        }
        let (_, log) = try await StubServer.run(script) { parameters in
            let plan = PoolPlan(limit: 3, window: 4, syncEvery: every, greetings: Self.greetings)
            let owner = try HubOwner(parameters, plan) { [.init(values: [$0])] }
            #expect(owner.open() == 3)
            owner.enqueue(0..<20)
            #expect(owner.wait(until: 20))
            var ticket = 20
            while (owner.ends[ticket - 1] ?? []) != ["ok"] && ticket < 1_000 {
                owner.enqueue([ticket])
                ticket += 1
                #expect(owner.wait(until: ticket))
            }
        }
        #expect(log.connections > 3 && log.outages.count == 1)
        let connections = Dictionary(grouping: log.entries.map(\.statement), by: \.connection)
        #expect(connections.count >= 4)
        for (number, statements) in connections {
            let texts = statements.map(\.text)
            #expect(Array(texts.prefix(2)) == Array(Self.greetings.prefix(texts.count)), "connection \(number)")
            #expect(texts.dropFirst(2).allSatisfy { $0 == "INSERT" })
        }
    }

    @Test(arguments: [nil, 5]) func aFailingGreetingIsTold(_ every: Int?) async throws {
        let plan = PoolPlan(
            limit: 2, window: 4, syncEvery: every, greetings: ["SET work_mem = '4MB'", "SET no_such = 1"])
        let owner = try HubOwner(try await TestServers.database(), plan) { _ in [.init(text: "SELECT 1")] }
        owner.enqueue([1, 2])
        #expect(owner.wait(until: 2))
        #expect(owner.refusals == [1: "42704", 2: "42704"] && owner.ends.isEmpty)
        #expect(owner.notes.contains { $0.hasPrefix("connection.refused test pool: ") && $0.contains("no_such") })
        #expect(owner.open() == 0)
    }

    @Test func greetingsHold() async throws {
        let plan = PoolPlan(limit: 1, greetings: ["SET statement_timeout = 20"])
        let owner = try HubOwner(try await TestServers.database(), plan) { _ in [.init(text: "SELECT pg_sleep(600)")] }
        owner.enqueue([1])
        #expect(owner.wait(until: 1))
        #expect(owner.ends[1] == ["57014"])
    }

    /// Without a pipeline: one statement at a time on each connection, and never more connections than the limit.
    @Test func withoutAPipelineStatementsFollowEachOther() async throws {
        // Nothing is answered before three statements are there, so that all three connections are needed.
        let (_, log) = try await StubServer.run(.constant(100_000, holdsUntil: 3)) { parameters in
            let owner = try HubOwner(parameters, PoolPlan(limit: 3)) { [.init(values: [$0])] }
            owner.enqueue(0..<60)
            #expect(owner.wait(until: 60))
            #expect(owner.most == 1 && owner.ends.values.allSatisfy { $0 == ["ok"] })
        }
        #expect(log.connections == 3 && log.mostConnections == 3 && log.entries.count == 60)
        for (_, entries) in Dictionary(grouping: log.entries, by: \.statement.connection) {
            for (earlier, later) in zip(entries, entries.dropFirst()) {
                #expect(try #require(earlier.answered) <= later.arrived)
            }
        }
        // First come, first served, in the order of asking.
        let order = log.entries.filter { !$0.statement.parameters.isEmpty }.map {
            Int(String(decoding: $0.statement.parameters[0] ?? [], as: UTF8.self)) ?? -1
        }
        #expect(order.count == 60 && Set(order) == Set(0..<60))
        #expect(zip(order, order.dropFirst()).allSatisfy { $1 > $0 - 3 })
    }

    /// The first idle connection is taken, so that a small load stays on few; no more are opened than are needed.
    @Test func theFirstIdleConnectionIsTaken() async throws {
        let (_, log) = try await StubServer.run(.constant(0)) { parameters in
            let lazy = try HubOwner(parameters, PoolPlan(limit: 5)) { _ in [.init()] }
            for ticket in 1...10 {
                lazy.enqueue([ticket])
                #expect(lazy.wait(until: ticket))
            }
            // The first statement was asked for twice: it had to be prepared.
            #expect(lazy.pool.connections.count == 1 && lazy.routes == Array(repeating: 0, count: 11))
            let eager = try HubOwner(parameters, PoolPlan(limit: 5)) { _ in [.init()] }
            #expect(eager.open() == 5)
            eager.enqueue(0..<3)
            #expect(eager.routes == [0, 1, 2])
            #expect(eager.wait(until: 3))
            for ticket in 3..<10 {
                eager.enqueue([ticket])
                #expect(eager.wait(until: ticket + 1))
            }
            #expect(eager.routes.dropFirst(6).allSatisfy { $0 == 0 })
        }
        #expect(log.connections == 6)
    }

    /// Each wake of the kernel brings the one connection that works, however many are open.
    @Test(arguments: [nil, 1, 5]) func idleConnectionsCostNothing(_ every: Int?) async throws {
        let (_, log) = try await StubServer.run(.constant(0)) { parameters in
            let owner = try HubOwner(parameters, PoolPlan(limit: 200, window: 20, syncEvery: every)) { _ in [.init()] }
            #expect(owner.open() == 200)
            owner.enqueue([0])
            #expect(owner.wait(until: 1))
            var (wakes, events, most) = (0, 0, 0)
            for ticket in 1...500 {
                owner.enqueue([ticket])
                #expect(
                    owner.wait(until: ticket + 1) {
                        wakes += 1
                        events += owner.hub.loop.readyCount
                        most = max(most, owner.hub.loop.readyCount)
                    })
            }
            // An answer may come in two pieces now and then; a wake for each of 200 connections would be 100 000.
            #expect(wakes <= 1_000 && events <= 1_000 && most <= 1, "\(wakes) wakes, \(events) events")
            #expect(owner.routes.allSatisfy { $0 == 0 } && owner.hub.unsynced.count <= 1)
        }
        #expect(log.mostConnections == 200 && log.entries.count == 501)
    }

    /// Preparing is answered at once, the statement later: its first byte is not that of the preparing.
    @Test func preparingIsNoAnswerToTheStatement() async throws {
        let (firstBytes, log) = try await StubServer.run(.constant(20_000_000)) { parameters in
            let owner = try HubOwner(parameters, PoolPlan(limit: 1)) { [.init(values: [$0])] }
            #expect(owner.open() == 1)
            owner.enqueue([1, 2])
            #expect(owner.wait(until: 2))
            return owner.firstBytes
        }
        #expect(log.entries.count == 2)
        for (ticket, entry) in zip([1, 2], log.entries) {
            #expect(try #require(firstBytes[ticket]) >= entry.arrived + 20_000_000)
        }
    }
}
