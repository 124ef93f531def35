import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// Thousands of connections in one process.
@Suite struct ManyConnectionsTests {
    private static let wanted = 5_000
    /// Both ends of each connection are in the test's process, and 200 descriptors for all else.
    private static let descriptors = 2 * wanted + 200

    /// 50 nodes with 100 connections each. 110 messages are put by every node, and the stub answers none before 5 000
    /// statements have come: at that moment 5 000 connections are open, as many as the pools allow. In a process of its
    /// own, because descriptors belong to all tests.
    @Test(
        .enabled(
            if: DescriptorLimit.current.hard >= descriptors,
            "needs \(descriptors) descriptors; the hard limit here is \(DescriptorLimit.current.hard)"))
    func fiveThousandConnectionsAreOpenAtOnce() async {
        await #expect(processExitsWith: .success) {
            DescriptorLimit.raise()
            let spec = try TestWorkloads.manyNodes(50, connections: 100, rate: "110/s", measure: "1s")
            let (result, log) = try await TruthTests.run(spec, .constant(0, holdsUntil: 5_000))
            #expect(
                log.mostConnections == 5_000 && log.connections == 5_000, "\(log.mostConnections) of \(log.connections)"
            )
            // A message's row and its look-up, from each node; the last message's offers beyond the end of the phase are not made.
            let puts = result.results.reduce(0) { $0 + $1.measure.completed }
            let failures = result.results.map(\.measure.failures)
            #expect(failures.allSatisfy { $0.isEmpty }, "\(failures)")
            #expect(
                (109 * 50 + 1...110 * 50).contains(puts) && log.entries.count == puts * 2,
                "\(puts) puts, \(log.entries.count) statements")
            #expect(log.entries.allSatisfy { $0.answered != nil })
            #expect(result.events.isEmpty, "\(result.events.prefix(3))")
        }
    }
}
