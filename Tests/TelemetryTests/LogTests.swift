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
        #expect(found.lockWaits.map(\.fromSeconds) == [13.4995] && found.lockWaits.map(\.toSeconds) == [14.5])
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
        #expect(found.entries == 10)
        #expect(LogFindings("words\n\twords\n", start: 0).entries == 0)
    }
}
