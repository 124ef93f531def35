import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// A long trace is read, checked and replayed in memory that does not grow with it.
@Suite struct TraceMemoryTests {
    /// A target that writes down how much memory the process has at each full second of the load.
    private final class WatchingTarget: LoadTarget {
        private let inner: SimulatedTarget
        private let control: LoadControl
        private var nextSecond: Nanoseconds = 0
        private(set) var resident: [Int] = []

        init(_ inner: SimulatedTarget, _ control: LoadControl) {
            self.inner = inner
            self.control = control
            resident.reserveCapacity(1_000)
        }

        func wait(until deadline: Nanoseconds) -> Nanoseconds {
            let now = inner.wait(until: deadline)
            if now >= nextSecond {
                nextSecond += 1_000_000_000
                _ = control.takeSeconds()
                resident.append(ProcessTable.residentMemory() ?? 0)
            }
            return now
        }

        func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
            inner.begin(operation, ticket: ticket, now: now)
        }
        func clock() -> Nanoseconds { inner.clock() }
        func takeCompletion() -> Completion? { inner.takeCompletion() }
        func hasStarted(_ ticket: Int) -> Bool { inner.hasStarted(ticket) }
        func takeEvents() -> [TargetEvent] { inner.takeEvents() }
        func end() { inner.end() }
    }

    /// Writes so many rows, ten thousand a second, piece by piece.
    private static func write(_ rows: Int, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        fputs("time,shard,topic,size,kind\n", file)
        for row in 0..<rows {
            let part = String(row % 10_000)
            let zeros = String(repeating: "0", count: 4 - part.count)
            fputs("\(row / 10_000).\(zeros)\(part)00001,16/32,\(row % 10),\(1 + row % 2_000),put/chat\n", file)
        }
    }

    /// What a trace of so many rows costs: megabytes for reading it, and most that it grows by after the first two seconds
    /// of its replay.
    private static func growth(rows: Int) throws -> (reading: Double, replaying: Double) {
        let folder = try TemporaryFolder()
        try write(rows, to: "\(folder.path)/trace.csv")
        let plain = try TestWorkloads.clockwork(rate: "1/s", measure: "\(rows / 10_000 + 1)s")
        let before = Double(ProcessTable.residentMemory() ?? 0)
        let spec = try WorkloadSpec(
            path: folder.write("\(plain.text)\ntrace: {file: trace.csv}\n", as: "w.yaml"))
        let reading = Double(ProcessTable.residentMemory() ?? 0) - before
        let control = LoadControl()
        var target: WatchingTarget?
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            let made = WatchingTarget(SimulatedTarget(connections: 100) { _ in 1_000_000 }, control)
            target = made
            return made
        }
        #expect(result.results.reduce(0) { $0 + Int($1.measure.completed) } == rows)
        let resident = try #require(target).resident.map(Double.init)
        #expect(resident.count > rows / 10_000)
        return (reading / 1e6, ((resident.dropFirst(2).max() ?? 0) - resident[2]) / 1e6)
    }

    /// A file of fifteen megabytes. In a process of its own, because memory belongs to all tests.
    @Test func aLongTraceIsFlat() async {
        await #expect(processExitsWith: .success) { () async throws -> Void in
            let growth = try Self.growth(rows: 500_000)
            #expect(growth.reading <= 4 && growth.replaying <= 4, "\(growth) MB")
        }
    }
}
