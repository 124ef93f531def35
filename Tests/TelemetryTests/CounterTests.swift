import RunRecord
import Telemetry
import Testing

@Suite struct CounterTests {
    @Test(arguments: [14, 15, 16, 17, 18, 19])
    func eachVersionIsAskedWhatItHas(_ major: Int) {
        let queries = ServerQueries(major: major)
        #expect((queries.io != nil) == (major >= 16))
        #expect(queries.io?.contains("op_bytes") ?? false == (16...17).contains(major))
        #expect(queries.writing.contains("pg_stat_checkpointer") == (major >= 17))
        #expect(queries.wal.contains("pg_stat_io") == (major >= 18))
        // The filling of new segments is neither a write nor a sync of records.
        #expect(queries.wal.contains("object = 'wal' AND context = 'normal'") == (major >= 18))
        #expect(queries.limits.contains("autovacuum_worker_slots") == (major >= 18))
        #expect(queries.statements(of: ["a"]).contains("shared_blk_read_time") == (major >= 17))
        #expect(queries.statements(of: ["a", "b'c"]).contains("datname IN ('a', 'b''c')"))
    }

    @Test func differencesAreThoseOfTwoReadings() throws {
        let from = ServerCounters(
            database: ["xact_commit": "10", "blks_hit": "5", "blk_read_time": "1.5"], wal: ["wal_bytes": "100"],
            writing: ["num_timed": "1", "write_time": "20"], io: nil)
        let to = ServerCounters(
            database: ["xact_commit": "13", "blks_hit": "9", "blk_read_time": "2"],
            wal: ["wal_bytes": "350", "wal_sync_time": "3"], writing: ["num_timed": "2", "write_time": "25"], io: nil)
        let span = try #require(CounterSpan(from: from, to: to))
        #expect(span.database?.commits == 3)
        #expect(span.database?.blocksHit == 4)
        #expect(span.database?.blockReadMs == 0.5)
        #expect(span.wal?.bytes == 250)
        #expect(span.wal?.syncMs == nil)
        #expect(span.writing?.checkpointsTimed == 1)
        #expect(span.writing?.buffersByBackends == nil)
        #expect(span.io == nil)
        #expect(CounterSpan(from: to, to: from) == nil, "a counter that became less was reset")
    }

    @Test func onlyWhatDidSomethingIsListed() throws {
        let key = ["backend_type": "checkpointer", "object": "relation", "context": "normal"]
        let before = ServerCounters(io: [key.merging(["writes": "5", "write_bytes": "40960"]) { $1 }])
        let same = try #require(CounterSpan(from: before, to: before))
        #expect(same.io == [])
        let more = try #require(
            CounterSpan(
                from: before, to: ServerCounters(io: [key.merging(["writes": "7", "write_bytes": "57344"]) { $1 }])))
        #expect(more.io?.map(\.writes) == [2])
        #expect(more.io?.map(\.writtenBytes) == [16_384])
    }

    @Test func statementsAreAddedUpByShape() {
        func reading(_ at: UInt64, _ rows: [String: Row]) -> StatementReading {
            StatementReading(at: at, rows: rows, forgotten: 4, tracksPlanning: true, tracksBlockTimes: false)
        }
        func row(_ text: String, _ calls: Int, _ time: Double, bytes: Int = 0) -> Row {
            ["query": text, "calls": "\(calls)", "total_exec_time": "\(time)", "plans": "1", "wal_bytes": "\(bytes)"]
        }
        let from = reading(2_000_000_000, ["1": row("a 1", 10, 5, bytes: 100), "4": row("gone", 3, 1)])
        let to = reading(
            12_000_000_000,
            [
                "1": row("a 1", 14, 7, bytes: 160), "2": row("a 2", 2, 9), "3": row("b", 1, 1),
                "4": row("gone", 3, 1), "5": row("a 3", 1, 0.5),
            ])
        let found = StatementReader.difference(from: from, to: to, started: 1_000_000_000) {
            $0.hasPrefix("a") ? "a" : nil
        }
        #expect((found.fromSeconds, found.toSeconds) == (1, 11))
        #expect(found.shapes.map(\.name) == ["a"])
        #expect(found.shapes.map(\.calls) == [7])
        #expect(found.shapes.map(\.texts) == [3])
        #expect(found.shapes.map(\.text) == ["a 2"])
        #expect(found.shapes.map(\.execMs) == [11.5])
        #expect(found.shapes.map(\.walBytes) == [60])
        #expect(found.shapes.map(\.blockReadMs) == [nil])
        #expect(found.others.map(\.text) == ["b"])
        #expect(found.forgottenEntries == 0)
    }

    @Test func countersThatWereResetCountFromZero() {
        let row: Row = ["query": "a", "calls": "3", "total_exec_time": "2"]
        let before: Row = ["query": "a", "calls": "30", "total_exec_time": "20"]
        func reading(_ row: Row) -> StatementReading {
            StatementReading(at: 0, rows: ["1": row], forgotten: nil, tracksPlanning: false, tracksBlockTimes: false)
        }
        let found = StatementReader.difference(from: reading(before), to: reading(row), started: 0) { _ in "a" }
        #expect(found.shapes.map(\.calls) == [3])
        #expect(found.shapes.map(\.planMs) == [nil])
        #expect(found.forgottenEntries == nil)
    }

    @Test func looksAreAddedUp() {
        func row(_ backend: String, _ text: String?, _ type: String, _ event: String, _ count: Int) -> Row {
            let state = backend == "checkpointer" ? "" : text == nil ? "idle" : "active"
            var row: Row = ["backend": backend, "state": state, "type": type, "event": event, "n": "\(count)"]
            row["statement"] = text
            return row
        }
        func shape(_ text: String) -> String? { ["DROP": "partition.drop", "INSERT": "put"][text] }
        var looks = ActivityLooks()
        #expect(looks.activity == nil)
        looks.add(
            [
                row("client backend", "INSERT", "IO", "WALSync", 2),
                row("client backend", "SELECT 1", "IO", "WALSync", 1),
                row("client backend", nil, "Client", "ClientRead", 5),
                row("checkpointer", nil, "Activity", "CheckpointerMain", 1),
            ], shape: shape)
        var other = ActivityLooks()
        other.add(
            [row("client backend", "INSERT", "IO", "WALSync", 1), row("client backend", "DROP", "CPU", "CPU", 1)],
            shape: shape)
        looks.add(other)
        let activity = looks.activity
        #expect(activity?.looks == 2)
        #expect((activity?.connections, activity?.active) == (8, 3))
        #expect(
            activity?.waits == [
                WaitCount(backend: "client backend", type: "IO", event: "WALSync", count: 4),
                WaitCount(backend: "client backend", type: "CPU", event: "CPU", count: 1),
            ])
        #expect(
            looks.statementWaits == [
                WaitCount(backend: "client backend", type: "IO", event: "WALSync", statement: "put", count: 3),
                WaitCount(backend: "client backend", type: "CPU", event: "CPU", statement: "partition.drop", count: 1),
            ])
        #expect(activity?.maintenance == ["partition.drop"])
    }

    /// The views give 0 for times that are not tracked, which says nothing.
    @Test func timesThatAreNotTrackedAreUnknown() throws {
        let key = ["backend_type": "checkpointer", "object": "relation", "context": "normal"]
        func counters(_ more: [String: String]) -> ServerCounters { ServerCounters(io: [key.merging(more) { $1 }]) }
        let tracked = try #require(
            CounterSpan(
                from: counters(["writes": "5", "write_time": "1.5"]),
                to: counters(["writes": "7", "write_time": "4", "fsyncs": "1"])))
        #expect(tracked.io?.map(\.writeMs) == [2.5])
        #expect(tracked.io?.map(\.syncMs) == [nil])
        let new = try #require(
            CounterSpan(from: ServerCounters(io: []), to: counters(["writes": "7", "write_time": "4"])))
        #expect(new.io?.map(\.writeMs) == [4])
        let untracked = try #require(CounterSpan(from: counters(["writes": "5"]), to: counters(["writes": "7"])))
        #expect(untracked.io?.map(\.writeMs) == [nil] && untracked.io?.map(\.writes) == [2])
        for major in 15...18 {
            let queries = ServerQueries(major: major)
            let when = "CASE WHEN current_setting('track_wal_io_timing')::bool THEN wal_sync_time END AS wal_sync_time"
            #expect(queries.wal.contains(when))
        }
    }
}
