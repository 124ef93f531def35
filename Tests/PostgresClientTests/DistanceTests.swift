import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// A network between client and server: half of the round trip passes before the server sees a statement, half before
/// the client sees its answer. What is tested are lower bounds, which hold however slow the host is.
@Suite(.ownThreads) struct DistanceTests {
    private static let roundTrip: Nanoseconds = 40_000_000

    @Test(arguments: [1, 8]) func halfOfItPassesEachWay(_ window: Int) async throws {
        let (moments, log) = try await StubServer.run(.constant(1_000_000)) { parameters in
            var distant = parameters
            distant.roundTrip = Self.roundTrip
            let plan = PoolPlan(limit: 1, window: window, syncEvery: window > 1 ? 2 : nil)
            let owner = try HubOwner(distant, plan) { [.init(values: [$0])] }
            #expect(owner.open() == 1)
            let sent = Clock.now()
            owner.enqueue(0..<6)
            var ended: [Nanoseconds] = []
            #expect(
                owner.wait(until: 6) {
                    while ended.count < owner.ended { ended.append(Clock.now()) }
                })
            return (sent, ended)
        }
        let half = Self.roundTrip / 2
        #expect(log.entries.count == 6 && moments.1.count == 6)
        #expect(log.entries[0].arrived >= moments.0 + half)
        for (entry, ended) in zip(log.entries, moments.1) {
            #expect(ended >= (entry.answered ?? .max) + half)
        }
        // Without a pipeline each waits for the one before; the first had to be prepared, a round trip of its own.
        if window == 1 {
            for (earlier, later) in zip(log.entries, log.entries.dropFirst()) {
                #expect(later.arrived >= (earlier.answered ?? .max) + Self.roundTrip)
            }
            #expect(log.entries[0].arrived >= moments.0 + half + Self.roundTrip)
        }
    }

    /// What was on its way when a connection was lost does not come through the next.
    @Test func aLostConnectionLosesWhatWasOnItsWay() async throws {
        let script = StubScript { statement in
            statement.parameters.first == [UInt8]("3".utf8)
                ? .outage(50_000_000) : .answer(.command("INSERT 0 1"), after: 0)
        }
        let (ends, log) = try await StubServer.run(script) { parameters in
            var distant = parameters
            distant.roundTrip = Self.roundTrip
            let owner = try HubOwner(distant, PoolPlan(limit: 1, window: 8, syncEvery: 1)) { [.init(values: [$0])] }
            #expect(owner.open() == 1)
            owner.enqueue(0..<8)
            #expect(owner.wait(until: 8))
            var ticket = 20
            while (owner.ends[ticket - 1] ?? []) != ["ok"] && ticket < 1_000 {
                owner.enqueue([ticket])
                #expect(owner.wait(until: ticket - 11))
                ticket += 1
            }
            return owner.ends
        }
        #expect(ends.values.allSatisfy { $0.count == 1 } && ends[3] == ["connection-lost"])
        #expect(ends.values.filter { $0 == ["ok"] }.count == log.entries.count { $0.answered != nil })
        #expect(log.connections == 2 && log.misunderstood.isEmpty)
    }

    /// With a pipeline something is on its way at any time; what has arrived does not keep its place in the buffer.
    @Test func aBusyRoadTakesNoMoreAndMoreMemory() async throws {
        let (capacity, log) = try await StubServer.run(.constant(500_000)) { parameters in
            var distant = parameters
            distant.roundTrip = 20_000_000
            let owner = try HubOwner(distant, PoolPlan(limit: 1, window: 64, syncEvery: 1)) { [.init(values: [$0])] }
            #expect(owner.open() == 1)
            owner.enqueue(0..<1_500)
            #expect(owner.wait(until: 1_500))
            #expect(owner.ends.values.allSatisfy { $0 == ["ok"] })
            return owner.pool.connections[0].sendCapacity
        }
        // 64 statements of at most 64 bytes, and as much again; all of them together have more than 64 kB.
        #expect(capacity <= 16_384)
        #expect(
            log.entries.map { String(decoding: $0.statement.parameters[0] ?? [], as: UTF8.self) }
                == (0..<1_500).map { "\($0)" })
        #expect(log.misunderstood.isEmpty)
    }

    /// A group that is too long to be kept together leaves in parts of 64 kB, however much is on its way before it.
    @Test func fullGroupsLeaveInParts() async throws {
        let (departures, _) = try await StubServer.run(.constant(0)) { parameters in
            var distant = parameters
            distant.roundTrip = Self.roundTrip
            let owner = try HubOwner(distant, PoolPlan(limit: 1, window: 8_000, syncEvery: 8_000)) {
                [.init(values: [$0])]
            }
            #expect(owner.open() == 1)
            let before = owner.hub.inTransit
            owner.enqueue(0..<5_000)
            let departures = owner.hub.inTransit - before
            #expect(owner.wait(until: 5_000))
            return departures
        }
        // 5 000 statements of 40 to 64 bytes.
        #expect((3...4).contains(departures))
    }
}
