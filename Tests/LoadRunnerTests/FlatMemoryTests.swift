import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// A day of load in flat memory.
@Suite struct FlatMemoryTests {
    /// A target that writes down how much memory the process has at each full hour of the load, and takes the finished
    /// seconds as whoever watches a trial does.
    private final class HourlyTarget: LoadTarget {
        private let inner: SimulatedTarget
        private let control: LoadControl
        private var nextHour: Nanoseconds = 0
        private var nextSecond: Nanoseconds = 0
        private(set) var resident: [Int] = []
        private(set) var operations = 0

        init(_ inner: SimulatedTarget, _ control: LoadControl) {
            self.inner = inner
            self.control = control
            resident.reserveCapacity(100)
        }

        func wait(until deadline: Nanoseconds) -> Nanoseconds {
            let now = inner.wait(until: deadline)
            if now >= nextSecond {
                nextSecond += 1_000_000_000
                _ = control.takeSeconds()
            }
            if now >= nextHour {
                nextHour += 3_600_000_000_000
                resident.append(ProcessTable.residentMemory() ?? 0)
            }
            return now
        }

        func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
            operations += 1
            inner.begin(operation, ticket: ticket, now: now)
        }
        func clock() -> Nanoseconds { inner.clock() }
        func takeCompletion() -> Completion? { inner.takeCompletion() }
        func hasStarted(_ ticket: Int) -> Bool { inner.hasStarted(ticket) }
        func takeEvents() -> [TargetEvent] { inner.takeEvents() }
        func end() { inner.end() }
    }

    /// Some hours of a shipped workload; megabytes resident at the start and after each hour.
    private static func resident(_ workload: String, hours: UInt64, operations: Int) throws -> [Double] {
        var spec = try TestWorkloads.shipped(workload)
        spec.phases = PhaseSpec(warmUp: 0, measure: hours * 3_600_000_000_000, drainLimit: 30_000_000_000)
        let control = LoadControl()
        var target: HourlyTarget?
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            let made = HourlyTarget(SimulatedTarget(connections: 100) { _ in 2_000_000 }, control)
            target = made
            return made
        }
        let watched = try #require(target)
        #expect(result.results.allSatisfy { $0.measure.identityHolds })
        #expect(watched.operations > operations)
        let resident = watched.resident.map { Double($0) / 1e6 }
        #expect(resident.count == Int(hours) + 1 && resident.allSatisfy { $0 > 0 && $0 <= 150 }, "\(resident) MB")
        return resident
    }

    /// The production fleet's day: messages, requests, sessions and the nodes' own jobs, three and a half million
    /// operations. In a process of its own, because memory belongs to all tests.
    @Test func aDayOfTheFleetIsFlat() async {
        await #expect(processExitsWith: .success) { () async throws -> Void in
            let resident = try Self.resident("status-prod-steady", hours: 24, operations: 3_000_000)
            // Buffers have found their size after an hour.
            #expect((resident.dropFirst().max() ?? 0) - resident[1] <= 4, "\(resident) MB")
        }
    }

    /// Three hours of the workload with the most sessions, some hundred thousand: what is kept of them takes no more
    /// memory than what is kept of one.
    @Test func manySessionsAreFlat() async {
        await #expect(processExitsWith: .success) { () async throws -> Void in
            let resident = try Self.resident("status-dm-10k", hours: 3, operations: 1_000_000)
            #expect((resident.dropFirst().max() ?? 0) - resident[1] <= 4, "\(resident) MB")
        }
    }
}
