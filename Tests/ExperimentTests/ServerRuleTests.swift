import Experiment
import RunRecord
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
        #expect(ServerRules.notes(summary, measured: 60, nil).count == 1)
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
