import ArchiveDriver
import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testbed
import Testing
import Workload

/// A real server that stands still for a while under an open loop.
@Suite(.ownThreads) struct StoppedServerTests {
    private static let second: Nanoseconds = 1_000_000_000

    /// 1 000 requests a second for 12 s; 5 s in, all backends are stopped for 2 s. By hand: what is due in the stall, at
    /// `t` after its beginning, waits 2 − t seconds. One of six requests is late, so the 99th percentile of all is that
    /// of the late ones above which 1 of 16.67 lies: 2 × (1 − 0.06) = 1.88 s. Working off the backlog adds a little, and
    /// the band leaves room for that; a closed loop, or one that forgets what it was too late to send, shows
    /// milliseconds.
    @Test func aStopOfTwoSecondsShowsInThe99thPercentile() async throws {
        let spec = try TestWorkloads.scans(rate: "1000/s", warmUp: "1s", measure: "12s")
        let cluster = try await TestServers.privateCluster()
        do {
            let parameters = cluster.record.parameters()
            let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
            let connection = try Connection.open(parameters)
            try schema.install(on: connection)
            try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load { _ in true }
            let postmaster = try #require(await cluster.postmaster)
            let control = LoadControl()
            async let stopping = WorkerThread.run { () -> Result<Stop, any Error> in
                Result { try Self.stop(postmaster, parameters, control, after: 6 * Self.second) }
            }
            let result = try await LoadRunner.run(spec, seed: 1, control: control) { traffic in
                try ArchiveTarget(parameters, traffic: traffic, schema: schema)
            }
            let stop = try await stopping.get()
            try check(result, stop)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    private func check(_ result: LoadResult, _ stop: Stop) throws {
        let requests = try TruthTests.only(result, "store.time-range")
        #expect(requests.measure.scheduled == 12_000 && requests.measure.identityHolds)
        #expect(requests.measure.failed == 0 && requests.measure.abandoned == 0)
        #expect(stop.backends > 0)
        let p99 = Double(requests.response.value(at: 0.99) ?? 0) / 1e9
        let note = "stopped \(stop.backends) backends for \(Double(stop.length) / 1e9) s"
        #expect(1.7 <= p99 && p99 <= 2.1, "\(p99) s; \(note)")
        // Nothing waited longer than the stop took, but for what was begun after it.
        #expect(requests.response.max ?? 0 >= stop.length - 10_000_000, "\(note)")
    }

    // MARK: Stopping

    private struct Stop: Sendable {
        let backends: Int
        let length: Nanoseconds
    }

    /// Stops every backend that serves a client, and the postmaster first, so that no new ones are born meanwhile. They
    /// go on whatever happens here.
    private static func stop(
        _ postmaster: ProcessIdentity, _ parameters: ConnectionParameters, _ control: LoadControl,
        after delay: Nanoseconds
    ) throws -> Stop {
        let watch = try Connection.open(parameters)
        while control.started == nil { Clock.pause(5_000_000) }
        Clock.pause(delay)
        var stopped: [ProcessIdentity] = []
        defer { for process in stopped.reversed() { process.send(signal: SIGCONT) } }
        postmaster.send(signal: SIGSTOP)
        stopped.append(postmaster)
        let backends = try watch.run(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).compactMap { $0[0].flatMap { Int32($0) }.flatMap { ProcessIdentity(pid: $0) } }
        let start = Clock.now()
        for backend in backends {
            stopped.append(backend)
            backend.send(signal: SIGSTOP)
        }
        Clock.pause(2 * second)
        return Stop(backends: backends.count, length: Clock.now() - start)
    }
}
