import ArchiveDriver
import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import WakuModel
import Workload

/// A server that goes away in the middle of an open loop and comes back: the schedule is kept, whatever happens to what
/// is on it.
@Suite struct OutageTests {
    private static let millisecond: Nanoseconds = 1_000_000

    /// A put each 5 ms for 4 s. The 300th statement ends all connections, and for 700 ms there is no server.
    @Test func theScheduleIsKeptThroughARestart() async throws {
        let spec = try TestWorkloads.clockwork(rate: "200/s", measure: "4s")
        let script = StubScript { statement in
            statement.number == 299
                ? .outage(700 * Self.millisecond)
                : .answer(StubScript.usualResult(for: statement.text), after: Self.millisecond)
        }
        let (result, log) = try await TruthTests.run(spec, script)
        let puts = try TruthTests.only(result, "put")
        let outage = try #require(log.outages.first)
        #expect(log.outages.count == 1 && outage.upperBound - outage.lowerBound >= 700 * Self.millisecond)

        // Everything that was due is accounted for, and failed in one of two ways only.
        #expect(puts.measure.scheduled == 799)
        #expect(Set(puts.measure.failures.keys).isSubset(of: ["connection-lost", "refused"]))
        #expect(puts.measure.failures["connection-lost"] ?? 0 > 0 && puts.measure.failures["refused"] ?? 0 > 0)

        // What the server answered whole is what was completed, but for answers that a connection's end overtook.
        let traffic = Traffic(spec, seed: 1)
        let rows = Dictionary(grouping: log.entries) { entry in
            let parameters = entry.statement.parameters
            return (parameters.count == 8 ? parameters[1] : parameters.first ?? nil) ?? []
        }
        var (answered, lateOnes) = (0, 0)
        for number in 1...799 {
            let due = result.started + Nanoseconds(number) * 5 * Self.millisecond
            let operation = try #require(traffic.next())
            let (topic, message) = traffic.message(of: operation)
            let statements = rows[Array(message.hash(on: topic).description.utf8)] ?? []
            let isAnswered = statements.count(where: { $0.answered != nil }) == 2
            #expect(statements.allSatisfy { $0.arrived >= due }, "sent before it was due")
            if isAnswered { answered += 1 }
            // The longest pause between two attempts is a second; what is due after it finds a connection.
            if due > outage.upperBound + 1_000 * Self.millisecond {
                lateOnes += 1
                #expect(isAnswered, "\(number) was due after the restart")
            }
        }
        #expect(lateOnes > 100)
        #expect((puts.measure.completed...puts.measure.completed + 25).contains(answered))

        // New connections, on which the statements were prepared anew: the stub misunderstood nothing.
        let first = try #require(log.entries.first { $0.arrived > outage.upperBound })
        #expect(log.entries.prefix(300).allSatisfy { $0.statement.connection < first.statement.connection })
        #expect(Set(result.events.map(\.kind)) == ["connection.lost", "connection.refused"])
    }

    /// What the server refuses is counted under its code, has no latency, and keeps its connection.
    @Test func errorsAreCountedByTheirCode() async throws {
        let spec = try TestWorkloads.scans(rate: "100/s", measure: "1s")
        let script = StubScript { statement in
            let result: StubResult =
                statement.number % 3 == 0
                ? .failure(sqlState: "57014", message: "canceling statement due to statement timeout")
                : StubScript.usualResult(for: statement.text)
            return .answer(result, after: Self.millisecond)
        }
        let (result, log) = try await TruthTests.run(spec, script)
        let scans = try TruthTests.only(result, "store.time-range")
        #expect(scans.measure.failures == ["57014": 33])
        #expect(scans.measure.completed == 66 && scans.response.count == 66)
        #expect(result.events.isEmpty && log.connections <= 25)
    }
}
