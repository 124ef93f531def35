import RunRecord
import Telemetry
import Testing

@Suite struct LogTests {
    /// Lines as servers wrote them: of 15 the first checkpoint, of 18 the second, and what lies between.
    static let log = """
        2026-11-21 14:20:00.000 UTC [100] LOG:  starting PostgreSQL 15.18
        2026-11-21 14:20:10.250 UTC [104] LOG:  checkpoint starting: wal
        2026-11-21 14:20:14.750 UTC [104] LOG:  checkpoint complete: wrote 1234 buffers (7.5%); 0 WAL file(s) added, 1 removed, 2 recycled; write=4.201 s, sync=0.250 s, total=4.500 s; sync files=31, longest=0.125 s, average=0.009 s; distance=16384 kB, estimate=20000 kB
        2026-11-21 14:20:16.000 UTC [120] LOG:  automatic vacuum of table "archive.public.messages_lookup": index scans: 1
        \tpages: 0 removed, 55 remain, 55 scanned (100.00% of total)
        \ttuples: 42 removed, 100 remain, 3 are dead but not yet removable
        \tbuffer usage: 200 hits, 7 misses, 9 dirtied
        \tWAL usage: 61 records, 2 full page images, 12345 bytes
        \tsystem usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: 1.50 s
        2026-11-21 14:20:17.000 UTC [121] LOG:  automatic analyze of table "archive.public.messages"
        \tI/O timings: read: 0.000 ms, write: 0.000 ms
        \tsystem usage: CPU: user: 0.01 s, system: 0.00 s, elapsed: 0.25 s
        2026-11-21 14:20:19.500 UTC [122] LOG:  process 122 still waiting for ShareLock on transaction 745 after 1000.500 ms
        \tProcess holding the lock: 123. Wait queue: 122.
        2026-11-21 14:20:20.000 UTC [122] STATEMENT:  INSERT INTO a VALUES (1)
        2026-11-21 14:20:20.250 UTC [122] LOG:  process 122 acquired ShareLock on transaction 745 after 1750.500 ms
        2026-11-21 14:20:21.000 UTC [123] LOG:  duration: 312.500 ms  plan:
        \t{
        \t  "Query Text": "SELECT messageHash FROM messages LIMIT 1",
        \t  "Plan": { "Node Type": "Limit", "Actual Rows": 1, "Actual Loops": 1, "Plans": [ { "Node Type": "Seq Scan", "Relation Name": "messages", "Actual Loops": 1 } ] }
        \t}
        2026-11-21 14:21:00.000 UTC [104] LOG:  checkpoint starting: time
        2026-11-21 14:21:02.000 UTC [104] LOG:  checkpoint complete: wrote 10 buffers (0.1%), wrote 2 SLRU buffers; 0 WAL file(s) added, 0 removed, 0 recycled; write=1.900 s, sync=0.050 s, total=2.000 s; sync files=4, longest=0.020 s, average=0.005 s; distance=8 kB, estimate=18000 kB; lsn=0/1, redo lsn=0/1
        neither time nor process
        """
    /// 14:20:05 UTC of that day.
    static let start = 1_795_270_805_000

    let found = LogFindings(log, start: start)

    @Test func timesAreThoseOfTheCalendar() {
        #expect(ServerLog.milliseconds("1970-01-01", "00:00:00.000") == 0)
        #expect(ServerLog.milliseconds("2000-02-29", "12:30:15.250") == 951_827_415_250)
        #expect(ServerLog.milliseconds("2026-11-21", "14:20:05.000") == Self.start)
        #expect(ServerLog.milliseconds("2026-11", "14:20:05.000") == nil)
    }

    @Test func checkpointsOfOldAndNewServersAreRead() {
        #expect(
            found.checkpoints == [
                CheckpointRow(
                    fromSeconds: 5.25, toSeconds: 9.75, cause: "wal", buffers: 1_234, writeSeconds: 4.201,
                    syncSeconds: 0.25, totalSeconds: 4.5, filesSynced: 31, longestSyncSeconds: 0.125,
                    distanceBytes: 16_384 * 1_024),
                CheckpointRow(
                    fromSeconds: 55, toSeconds: 57, cause: "time", buffers: 10, writeSeconds: 1.9, syncSeconds: 0.05,
                    totalSeconds: 2, filesSynced: 4, longestSyncSeconds: 0.02, distanceBytes: 8_192),
            ])
    }

    @Test func autovacuumIsRead() {
        #expect(
            found.autovacuum == [
                AutovacuumRow(
                    fromSeconds: 9.5, toSeconds: 11, table: "public.messages_lookup", kind: .vacuum, rowsRemoved: 42,
                    rowsDeadNotRemovable: 3, bufferReads: 7, bufferDirtied: 9, walBytes: 12_345),
                AutovacuumRow(fromSeconds: 11.75, toSeconds: 12, table: "public.messages", kind: .analyze),
            ])
    }

    @Test func lockWaitsAreRead() {
        #expect(found.lockWaits.map(\.what) == ["ShareLock on transaction 745"])
        #expect(found.lockWaits.map(\.fromSeconds) == [13.4995] && found.lockWaits.map(\.toSeconds) == [15.25])
    }

    @Test func slowPlansAreReadByShape() {
        #expect(found.slowPlans.map(\.milliseconds) == [312.5])
        let (plans, more, unread) = Plans.slow(found.slowPlans + found.slowPlans, most: 1) {
            $0.hasPrefix("SELECT messageHash") ? "query.hashes.first" : nil
        }
        #expect((more, unread) == (1, 0))
        #expect(plans.map(\.record.file) == ["plans/query.hashes.first-slow-1.json"])
        #expect(plans.map(\.record.executionMs) == [312.5])
        #expect(plans.map(\.record.outline) == ["Limit > Seq Scan"])
        #expect(Plans.slow(found.slowPlans, most: 1) { _ in nil }.plans.isEmpty)
    }

    @Test func linesOfAnotherFormAreLeftOut() {
        #expect(found.entries == 11)
        #expect(LogFindings("words\n\twords\n", start: 0).entries == 0)
    }

    /// What is under way when the log is read is told as far as it was seen.
    @Test func aCheckpointUnderWayIsTold() {
        let log = """
            2026-11-21 14:20:10.250 UTC [104] LOG:  checkpoint starting: time
            2026-11-21 14:20:12.000 UTC [122] LOG:  unrelated
            """
        let seen = LogFindings(log, start: Self.start, end: Self.start + 60_000).checkpoints
        #expect(seen == [CheckpointRow(fromSeconds: 5.25, seenUntil: 60, cause: "time")])
        #expect(seen.map(\.isComplete) == [false] && seen[0].buffers == nil && seen[0].longestSyncSeconds == nil)
        #expect(LogFindings(log, start: Self.start).checkpoints.map(\.toSeconds) == [7])
        #expect(found.checkpoints.map(\.isComplete) == [true, true])
    }

    @Test func aCrashEndsWhatWasUnderWay() {
        let log = """
            2026-11-21 14:20:06.000 UTC [104] LOG:  checkpoint starting: wal
            2026-11-21 14:20:08.000 UTC [122] LOG:  process 122 still waiting for ShareLock on transaction 7 after 1000.000 ms
            2026-11-21 14:20:10.000 UTC [100] LOG:  all server processes terminated; reinitializing
            2026-11-21 14:20:12.000 UTC [130] LOG:  checkpoint starting: end-of-recovery immediate wait
            2026-11-21 14:20:13.000 UTC [130] LOG:  checkpoint complete: wrote 1 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=0.500 s, sync=0.100 s, total=1.000 s; sync files=1, longest=0.100 s, average=0.100 s; distance=1 kB, estimate=1 kB
            """
        let seen = LogFindings(log, start: Self.start, end: Self.start + 60_000)
        #expect(seen.checkpoints.map(\.fromSeconds) == [1, 7] && seen.checkpoints.map(\.toSeconds) == [5, 8])
        #expect(seen.checkpoints.map(\.isComplete) == [false, true])
        #expect(seen.lockWaits.map(\.toSeconds) == [5])
    }

    /// One process is told of twice, one gives up, one is the victim of a deadlock, one is told of at its end only, and one
    /// waits on.
    @Test func locksAreWaitedForUntilTheWaitIsOver() {
        let log = """
            2026-11-21 14:20:06.000 UTC [11] LOG:  process 11 still waiting for AccessExclusiveLock on relation 5 of database 1 after 1000.000 ms
            2026-11-21 14:20:06.500 UTC [12] LOG:  process 12 still waiting for ShareLock on transaction 7 after 1000.000 ms
            2026-11-21 14:20:07.000 UTC [11] LOG:  process 11 still waiting for AccessExclusiveLock on relation 5 of database 1 after 2000.000 ms
            2026-11-21 14:20:07.500 UTC [13] LOG:  process 13 detected deadlock while waiting for ShareLock on transaction 8 after 1000.000 ms
            2026-11-21 14:20:07.500 UTC [13] ERROR:  deadlock detected
            2026-11-21 14:20:08.000 UTC [12] ERROR:  canceling statement due to lock timeout
            2026-11-21 14:20:08.500 UTC [14] LOG:  process 14 acquired ShareLock on transaction 9 after 1500.000 ms
            2026-11-21 14:20:09.000 UTC [15] LOG:  process 15 still waiting for ShareLock on transaction 10 after 1000.000 ms
            2026-11-21 14:20:10.000 UTC [11] LOG:  process 11 acquired AccessExclusiveLock on relation 5 of database 1 after 5000.000 ms
            """
        let waits = LogFindings(log, start: Self.start, end: Self.start + 20_000).lockWaits
        #expect(waits.map(\.fromSeconds) == [0, 0.5, 1.5, 2, 3])
        #expect(waits.map(\.toSeconds) == [5, 3, 2.5, 3.5, 20])
        #expect(waits.first?.what == "AccessExclusiveLock on relation 5 of database 1")
    }
}
