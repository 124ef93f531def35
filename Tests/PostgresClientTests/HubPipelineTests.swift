import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// Windows and groups of a pipelined pool, against a server that writes down each sync.
@Suite(.ownThreads) struct HubPipelineTests {
    /// A window, a granularity, a number of statements.
    struct Plan: CustomTestStringConvertible {
        let window: Int
        let every: Int
        let count: Int
        var testDescription: String { "window \(window), sync every \(every), \(count) statements" }

        var pool: PoolPlan { PoolPlan(limit: 1, window: window, syncEvery: every) }
        /// A window that is smaller than a group is all that can be in flight.
        var group: Int { min(window, every) }
        var groups: [Int] {
            Array(repeating: group, count: count / group) + (count % group > 0 ? [count % group] : [])
        }
    }

    @Test(arguments: [
        Plan(window: 20, every: 5, count: 203), Plan(window: 200, every: 100, count: 1_000),
        Plan(window: 8, every: 3, count: 100), Plan(window: 10, every: 10, count: 95),
        Plan(window: 4, every: 1, count: 50), Plan(window: 1, every: 1, count: 20),
        Plan(window: 4, every: 10, count: 42),
    ])
    func theWindowIsKeptFullAndEachGroupIsFull(_ plan: Plan) async throws {
        let (fewest, log) = try await StubServer.run(.constant(0)) { parameters in
            let owner = try HubOwner(parameters, plan.pool) { [.init(values: [$0])] }
            #expect(owner.open() == 1)
            owner.enqueue(0..<plan.count)
            var (fewest, listed) = (Int.max, 0)
            #expect(
                owner.wait(until: plan.count) {
                    if owner.routes.count < plan.count { fewest = min(fewest, owner.pool.connections[0].statements) }
                    listed = max(listed, owner.hub.unsynced.count)
                })
            #expect(owner.most == plan.window && listed <= 1)
            #expect(owner.ends.count == plan.count && owner.ends.values.allSatisfy { $0 == ["ok"] })
            #expect(owner.results == plan.count && owner.notes.isEmpty)
            return fewest
        }
        // As long as there is work the window never runs dry: whatever a group gives free is filled before the next wait.
        #expect(fewest >= plan.group)
        #expect(log.syncs.map(\.statements.count) == plan.groups)
        #expect(log.syncs.flatMap(\.statements) == Array(0..<plan.count))
        #expect(log.misunderstood.isEmpty)
    }

    /// Nobody waits for others who may never come.
    @Test(arguments: [1, 5, 100]) func aSingleStatementHasItsSyncAtOnce(_ every: Int) async throws {
        let (_, log) = try await StubServer.run(.constant(0)) { parameters in
            let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 200, syncEvery: every)) { _ in [.init()] }
            for number in 1...20 {
                owner.enqueue([number])
                #expect(owner.wait(until: number))
            }
            #expect(owner.most == 1)
        }
        #expect(log.syncs.map(\.statements.count) == Array(repeating: 1, count: 20))
    }

    /// While a group is on its way those that come are kept together, and go when it is answered.
    @Test func whatComesMeanwhileGoesTogether() async throws {
        // Nothing is answered before two statements are there: the first, and the one on the other connection.
        let (_, log) = try await StubServer.run(.constant(0, holdsUntil: 2)) { parameters in
            let owner = try HubOwner(parameters, PoolPlan(limit: 1, window: 20, syncEvery: 5)) { [.init(values: [$0])] }
            let plain = owner.hub.addPool(name: "plain", PoolPlan(limit: 1))
            #expect(owner.open() == 2)
            owner.enqueue([1])
            owner.glance()
            for ticket in 2...4 {
                owner.enqueue([ticket])
                owner.glance()
            }
            #expect(owner.pool.connections[0].statements == 4 && owner.ended == 0)
            owner.enqueue([99], to: plain)
            #expect(owner.wait(until: 5))
        }
        let pipelined = log.entries[0].statement.connection
        #expect(log.syncs.filter { $0.connection == pipelined }.map(\.statements.count) == [1, 3])
    }

    @Test(arguments: [Plan(window: 7, every: 3, count: 40), Plan(window: 12, every: 1, count: 30)])
    func noSyncDividesAUnit(_ plan: Plan) async throws {
        /// One, two or three statements, each with the ticket, its place and the number of places.
        @Sendable func unit(_ ticket: Int) -> [HubOwner.Statement] {
            let size = ticket % 3 + 1
            return (1...size).map { .init(number: $0, values: [ticket, $0, size]) }
        }
        let statements = (0..<plan.count).reduce(0) { $0 + $1 % 3 + 1 }
        let (_, log) = try await StubServer.run(.constant(0)) { parameters in
            let owner = try HubOwner(parameters, plan.pool, unit)
            #expect(owner.open() == 1)
            owner.enqueue(0..<plan.count)
            #expect(owner.wait(until: statements))
            #expect((0..<plan.count).allSatisfy { owner.ends[$0] == Array(repeating: "ok", count: $0 % 3 + 1) })
            // A unit is begun as long as there is room for its first statement.
            #expect((plan.window...plan.window + 2).contains(owner.most))
        }
        let places = log.entries.map { entry in
            entry.statement.parameters.map { Int(String(decoding: $0 ?? [], as: UTF8.self)) ?? -1 }
        }
        var units: [Int] = []
        for sync in log.syncs {
            let (first, last) = (try #require(sync.statements.first), try #require(sync.statements.last))
            #expect(places[first][1] == 1 && places[last][1] == places[last][2])
            units.append(Set(sync.statements.map { places[$0][0] }).count)
        }
        #expect(units.reduce(0, +) == plan.count)
        #expect(units.dropLast().allSatisfy { $0 == plan.every } && (units.last ?? 0) <= plan.every)
    }
}
