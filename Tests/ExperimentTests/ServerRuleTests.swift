import ArchiveDriver
import Experiment
import PostgresClient
import RunRecord
import Telemetry
import Testing

@Suite struct ServerRuleTests {
    /// A summary with a checkpoint distance: 60 s measured from second 10 on, unless told otherwise.
    private func summary(begun: Int = 0, interval: Double = 300, checkpoints: [CheckpointRow] = []) -> ServerSummary {
        var summary = ServerSummary(cost: TelemetryCost())
        summary.checkpoints = checkpoints
        summary.checkpointDistance = CheckpointDistance(
            timeoutSeconds: 300, walLimitBytes: 1 << 30, intervalSeconds: interval, begun: begun, sinceLastSeconds: 12)
        return summary
    }

    private func checkpoint(_ from: Double, _ to: Double) -> CheckpointRow {
        CheckpointRow(
            fromSeconds: from, toSeconds: to, cause: "time", buffers: 10, writeSeconds: to - from, syncSeconds: 0,
            totalSeconds: to - from, filesSynced: 1, longestSyncSeconds: 0, distanceBytes: 0)
    }

    @Test func aCheckpointOfTheLoadingIsNoneOfTheTrials() {
        #expect(ServerRules.judge(summary(checkpoints: [checkpoint(-5, 9)]), measuredFrom: 10).map(\.holds) == [true])
        #expect(ServerRules.judge(summary(checkpoints: [checkpoint(1, 20)]), measuredFrom: 10).map(\.holds) == [true])
        let broken = ServerRules.judge(summary(checkpoints: [checkpoint(-5, 20)]), measuredFrom: 10)
        #expect(broken.map(\.holds) == [false])
        #expect(broken.first?.observed == "one from before the load went on for 10.0 s")
    }

    /// The end of one that was still under way is not known.
    @Test func aCheckpointUnderWayCounts() {
        let open = CheckpointRow(fromSeconds: -5, seenUntil: 20, cause: "time")
        let broken = ServerRules.judge(summary(checkpoints: [open]), measuredFrom: 10)
        #expect(broken.map(\.holds) == [false])
        #expect(broken.first?.observed == "one from before the load went on for at least 10.0 s")
        let causes = StallCauses(summary(checkpoints: [open]), lockWaits: [], walSyncSeconds: [:])
        #expect(causes.during(15, 16) == ["checkpoint (time): not complete after 25.0 s"])
    }

    private static let log = """
        2026-11-21 14:20:06.000 UTC [104] LOG:  checkpoint starting: time
        2026-11-21 14:20:08.000 UTC [104] LOG:  checkpoint complete: wrote 1 buffers (0.0%); 0 WAL file(s) added, 0 removed, 0 recycled; write=1.000 s, sync=0.100 s, total=2.000 s; sync files=1, longest=0.100 s, average=0.100 s; distance=1 kB, estimate=1 kB
        2026-11-21 14:20:20.000 UTC [104] LOG:  checkpoint starting: wal
        """

    /// WAL is divided by the time between its two readings, not by the phase they were meant for; without it nothing is.
    @Test func theCheckpointIntervalIsThatOfTheReadings() throws {
        var sight = TelemetrySight()
        (sight.checkpointTimeoutSeconds, sight.walLimitBytes) = (300, 1_900_000)
        let log = LogFindings(Self.log, start: 1_795_270_805_000)
        func distance() throws -> CheckpointDistance {
            try #require(ServerAssembly(sight: sight, log: log).checkpointDistance(from: 10, to: 60))
        }
        #expect(try distance().intervalSeconds == nil)
        var wal = WalCounters()
        wal.bytes = 400_000
        sight.wal = wal
        #expect(try distance().intervalSeconds == nil)
        sight.countedSeconds = 40
        #expect(try distance().intervalSeconds == 100)
        // The one under way began in the phase; the one before it was over 7 s before.
        #expect(try distance().begun == 1)
        #expect(try distance().sinceLastSeconds == 7)
    }

    @Test func anUnknownIntervalIsSaid() {
        var unknown = summary()
        unknown.checkpointDistance?.intervalSeconds = nil
        let notes = ServerRules.notes(unknown, measured: 60, nil)
        #expect(notes.count == 1 && notes[0].contains("was not checked"))
    }

    /// Nothing is known of before the load: what lies there now did not grow, and not all of it was touched.
    @Test func aFailedLookIsNoNumber() {
        func family(_ bytes: Int) -> ArchiveInspector.Family {
            .init(name: "messages", kind: .table, relations: 2, bytes: bytes)
        }
        var assembly = ServerAssembly(sight: TelemetrySight(), log: LogFindings("", start: 0))
        let server = ConnectionParameters(host: "/nonexistent", port: 1, user: "nobody", database: "none")
        let end = RelationState(server, dataFolder: "/nonexistent", since: nil, withBloat: false)
        assembly.take(before: nil, nil, after: [family(100)], end)
        #expect(assembly.summary.relations.isEmpty && assembly.summary.cacheAtEnd == nil)
        #expect(assembly.summary.toastShare == 0)
        assembly.take(before: [], nil, after: [family(100)], nil)
        #expect(assembly.summary.relations.map(\.growthBytes) == [100], "an archive that was empty")
        assembly.take(before: [family(40)], nil, after: [family(100)], nil)
        #expect(assembly.summary.relations.map(\.growthBytes) == [60])
    }

    @Test func deadRowsMayGrowALittle() {
        func judged(_ start: Int, _ end: Int) -> ValidityFinding? {
            var summary = ServerSummary(cost: TelemetryCost())
            (summary.tuplesAtStart, summary.tuplesAtEnd) = (
                TupleLevel(live: 1_000 - start, dead: start), TupleLevel(live: 1_000 - end, dead: end)
            )
            return ServerRules.judge(summary, measuredFrom: 0).first
        }
        #expect(judged(10, 200)?.holds == true)
        #expect(judged(300, 310)?.holds == true)
        #expect(judged(10, 220)?.holds == false)
        #expect(ServerRules.judge(ServerSummary(cost: TelemetryCost()), measuredFrom: 0).isEmpty)
    }

    @Test func aShortPhaseIsANoteAndNoFailure() {
        let short = ServerRules.notes(summary(), measured: 60, nil)
        #expect(short.count == 1 && short[0].contains("60.0 s is shorter than the 300 s"))
        #expect(ServerRules.notes(summary(begun: 1), measured: 600, nil).isEmpty)
        #expect(ServerRules.notes(summary(begun: 2), measured: 60, nil).first?.contains("2 began") == true)
    }

    @Test func walMayCallForACheckpointSooner() {
        #expect(ServerRules.checkpointInterval(timeout: 300, walLimit: 1_900_000, walPerSecond: 0) == 300)
        #expect(ServerRules.checkpointInterval(timeout: 300, walLimit: 1_900_000, walPerSecond: 1_000) == 300)
        #expect(ServerRules.checkpointInterval(timeout: 300, walLimit: 1_900_000, walPerSecond: 10_000) == 100)
    }

    @Test func theLockTableIsNotedNearItsEnd() {
        var summary = ServerSummary(cost: TelemetryCost())
        summary.locks = LockUse(capacity: 100, peak: 79, peakFastPath: 0, peakWaiting: 0)
        #expect(ServerRules.notes(summary, measured: 60, nil).isEmpty)
        summary.locks?.peak = 81
        #expect(
            ServerRules.notes(summary, measured: 60, nil).first?.hasPrefix("81 of the lock table's 100 places ") == true
        )
        // Half as many objects, each held by four.
        summary.locks = LockUse(capacity: 100, peak: 40, peakHolders: 159, peakFastPath: 0, peakWaiting: 0)
        #expect(ServerRules.notes(summary, measured: 60, nil).isEmpty)
        summary.locks?.peakHolders = 170
        #expect(summary.locks?.peakShare == 0.85)
        #expect(
            ServerRules.notes(summary, measured: 60, nil).first?.hasPrefix(
                "170 of the lock table's 200 places for holders were in use") == true)
    }

    @Test func whatTheServerDidStandsBesideAStall() {
        let causes = StallCauses(
            summary(checkpoints: [checkpoint(5, 7), checkpoint(30, 40)]), lockWaits: [],
            walSyncSeconds: [6: 0.2, 31: 1])
        #expect(causes.during(7, 30).isEmpty)
        #expect(causes.during(6, 8) == ["checkpoint (time): 10 buffers in 2.0 s, 0.0 s of it sync"])
        #expect(causes.during(31, 32).count == 2)

        var (stalls, events) = (
            [
                Stall(atSeconds: 6, seconds: 1, classes: ["put"], detail: "1 s"),
                Stall(atSeconds: 9, seconds: 1, classes: ["put"], detail: "2 s"),
            ],
            [
                TrialEvent(atSeconds: 6, kind: "stall", detail: "1 s"),
                TrialEvent(atSeconds: 6, kind: "other", detail: "1 s"),
            ]
        )
        causes.explain(&stalls, &events)
        #expect(stalls[0].serverEvents?.count == 1 && stalls[1].serverEvents == nil)
        #expect(stalls[0].detail == "1 s; meanwhile checkpoint (time): 10 buffers in 2.0 s, 0.0 s of it sync")
        #expect(stalls[1].detail == "2 s")
        #expect(events.map(\.detail) == [stalls[0].detail, "1 s"])
    }
}
