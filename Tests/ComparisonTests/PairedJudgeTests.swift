import Comparison
import Measurement
import RunRecord
import Statistics
import Testing

@Suite struct PairedJudgeTests {
    private func judge(
        _ slices: Slices, _ rule: ComparisonRule, candidates: [String] = ["new"], isFinal: Bool = true
    ) -> PairedJudge.Judgement {
        PairedJudge(rule: rule, base: "old", candidates: candidates)
            .judge(slices.records, histograms: slices.histograms, isFinal: isFinal)
    }

    private func slices(
        _ blocks: Int, factor: Double, noise: Double = 0.05, operations: Int = 100, seed: UInt64 = 1
    ) -> Slices {
        var slices = Slices(seed: seed)
        slices.add(blocks, factors: [("old", 1), ("new", factor)], operations: operations, noise: noise)
        return slices
    }

    private func metric(_ name: String, in pair: ComparedPair?) throws -> MetricVerdict {
        try #require(pair?.metrics.first { $0.metric == name })
    }

    // MARK: Verdicts

    @Test func nothingIsSettledBeforeTheFirstLook() {
        let judgement = judge(Slices(seed: 1), Slices.rule(), isFinal: false)
        #expect(!judgement.isSettled && judgement.pairs.count == 1)
        #expect(judgement.pairs.first?.metrics.first?.verdict == .inconclusive)
        // A difference as large as can be, but not at a look.
        #expect(!judge(slices(15, factor: 2), Slices.rule(), isFinal: false).isSettled)
    }

    @Test(arguments: [(1.3, Verdict.worse), (0.7, .better)])
    func aLargeEffectIsFoundAndStopsEarly(factor: Double, expected: Verdict) throws {
        let judgement = judge(slices(16, factor: factor), Slices.rule(), isFinal: false)
        #expect(judgement.isSettled)
        let verdict = try metric("response.p50:put", in: judgement.pairs.first)
        #expect(verdict.verdict == expected, "\(verdict)")
        let ratio = try #require(verdict.ratio)
        #expect(ratio.low < factor && factor < ratio.high && ratio.blocks == 16)
        #expect((verdict.probability ?? 1) < 0.01 && verdict.blocksToSettle == nil)
        #expect(verdict.reason.contains("lies beyond 0") && verdict.reason.contains("4 looks"))
        #expect(judgement.pairs.first?.stopped.contains("settled after 16 of at most 32") == true)
    }

    @Test func noDifferenceIsFoundEquivalent() throws {
        let judgement = judge(slices(32, factor: 1, noise: 0.01, operations: 1_000), Slices.rule())
        let verdict = try metric("response.p50:put", in: judgement.pairs.first)
        #expect(verdict.verdict == .equivalent && verdict.reason.contains("inside the margin of ±3 %"), "\(verdict)")
        #expect((verdict.smallestEffect ?? 1) < 0.06)
    }

    @Test func tooMuchNoiseIsInconclusiveAndSaysWhatWouldHelp() throws {
        let judgement = judge(slices(32, factor: 1.05, noise: 0.2), Slices.rule())
        let verdict = try metric("response.p50:put", in: judgement.pairs.first)
        #expect(verdict.verdict == .inconclusive, "\(verdict)")
        #expect((verdict.smallestEffect ?? 0) > 0.05)
        #expect(verdict.reason.contains("this many could have found"))
    }

    /// The last look's error is kept for the last look: the same blocks as an early look have the wider interval.
    @Test func anEarlyLookMustBeSurer() throws {
        let early = try metric(
            "response.p50:put", in: judge(slices(8, factor: 1.02), Slices.rule(), isFinal: false).pairs.first)
        let only = try metric(
            "response.p50:put", in: judge(slices(8, factor: 1.02), Slices.rule(looks: [8])).pairs.first)
        let first = try #require(early.ratio)
        let second = try #require(only.ratio)
        #expect(first.value == second.value && first.low < second.low && first.high > second.high)
    }

    /// What was settled at a look stays as it was, however often it is judged for good.
    @Test func aSettledVerdictIsNotJudgedAnew() throws {
        let slices = slices(16, factor: 1.3)
        let settled = judge(slices, Slices.rule(), isFinal: false)
        let final = judge(slices, Slices.rule(), isFinal: true)
        #expect(settled.isSettled && settled.pairs.first?.metrics == final.pairs.first?.metrics)
        #expect(settled.pairs.first?.curves == final.pairs.first?.curves)
    }

    /// Blocks that take turns in being faster and slower: no difference, and far too much noise for so small a margin.
    @Test func theRestOfAHopelessBudgetIsSaved() {
        let rule = Slices.rule(margin: 0.001, primary: ["server.cpu"])
        func undecided(_ blocks: Int) -> Slices {
            var slices = slices(blocks, factor: 1)
            for index in slices.records.indices {
                let record = slices.records[index]
                slices.records[index].metrics = [
                    "server.cpu": (record.side == "new") == (record.block % 2 == 0) ? 110 : 100
                ]
            }
            return slices
        }
        let judgement = judge(undecided(24), rule, isFinal: false)
        #expect(judgement.isSettled && judgement.pairs.first?.stopped.contains("less than a chance of 5 %") == true)
        #expect(!judge(undecided(8), rule, isFinal: false).isSettled, "never before half of the budget")
    }

    // MARK: Many metrics

    @Test func moreMetricsMakeEachLessSure() throws {
        let slices = slices(32, factor: 1.02)
        let one = try metric("server.cpu", in: judge(slices, Slices.rule(primary: ["server.cpu"])).pairs.first)
        let many = try metric(
            "server.cpu",
            in: judge(slices, Slices.rule(primary: ["server.cpu", "response.p50:put", "response.p95:put"])).pairs.first)
        let first = try #require(one.ratio)
        let second = try #require(many.ratio)
        #expect(second.high - second.low > first.high - first.low)
        #expect((many.probability ?? 0) >= (one.probability ?? 1))
    }

    @Test func exploratoryMetricsHaveAnIntervalAndNoVerdict() throws {
        let pair = try #require(judge(slices(32, factor: 1.5), Slices.rule()).pairs.first)
        let cpu = try metric("server.cpu", in: pair)
        #expect(cpu.verdict == nil && cpu.ratio != nil && cpu.reason.hasPrefix("exploratory") && cpu.unit == "µs")
        #expect(pair.metrics.first?.metric == "response.p50:put")
        let throughput = try metric("throughput:put", in: pair)
        #expect(throughput.verdict == nil && throughput.reason.contains("the schedule decides"))
    }

    @Test func severalCandidatesAreJudgedTogether() throws {
        var slices = Slices(seed: 3)
        slices.add(32, factors: [("old", 1), ("new", 1.3), ("other", 0.7)])
        let judgement = judge(slices, Slices.rule(), candidates: ["new", "other"])
        #expect(judgement.pairs.map(\.candidate) == ["new", "other"])
        #expect(judgement.pairs.map { $0.metrics.first?.verdict } == [.worse, .better])
        #expect(judgement.pairs.allSatisfy { $0.metrics.first?.reason.contains("2 metrics") == true })
    }

    @Test func aControlThatHelpsIsUsedAndNamed() throws {
        var slices = slices(32, factor: 1, noise: 0.08)
        for index in slices.records.indices {
            let speed = (slices.records[index].metrics["server.cpu"] ?? 1) / 200
            slices.records[index].metrics["generator.cpu"] = 30 * speed
        }
        let verdict = try metric("server.cpu", in: judge(slices, Slices.rule(primary: ["server.cpu"])).pairs.first)
        #expect(verdict.verdict == .equivalent && verdict.reason.contains("CPU time explained"), "\(verdict.reason)")
    }

    /// What another driver costs tells of the side, so it is no control.
    @Test func aControlThatTellsOfASideIsLeftOut() throws {
        var slices = slices(32, factor: 1, noise: 0.08)
        for index in slices.records.indices {
            let speed = (slices.records[index].metrics["server.cpu"] ?? 1) / 200
            slices.records[index].metrics["generator.cpu"] = 30 * speed
        }
        let judge = PairedJudge(
            rule: Slices.rule(primary: ["server.cpu"]), base: "old", candidates: ["new"], drivenOtherwise: ["new"])
        let pair = judge.judge(slices.records, histograms: slices.histograms, isFinal: true).pairs.first
        let verdict = try metric("server.cpu", in: pair)
        #expect(verdict.reason.contains("CPU time was not taken out") && !verdict.reason.contains("explained"))
        let controlled = try metric(
            "server.cpu", in: self.judge(slices, Slices.rule(primary: ["server.cpu"])).pairs.first)
        let (wide, narrow) = (try #require(verdict.ratio), try #require(controlled.ratio))
        #expect(wide.high - wide.low > narrow.high - narrow.low)
    }

    // MARK: What carries no verdict

    @Test func aRareClassCarriesNone() throws {
        let pair = judge(slices(32, factor: 2, operations: 20), Slices.rule()).pairs.first
        let verdict = try metric("response.p50:put", in: pair)
        #expect(verdict.verdict == nil && verdict.reason.contains("put completed 20.0 operations a slice"))
        #expect(verdict.base != nil)
    }

    @Test func whatWasNotReadIsNotCollected() throws {
        let pair = judge(slices(16, factor: 1), Slices.rule(primary: ["response.p50:put", "wal.bytes"])).pairs.first
        let verdict = try metric("wal.bytes", in: pair)
        #expect(verdict.verdict == nil && verdict.base == nil && verdict.reason.hasPrefix("not collected"))
    }

    @Test func zeroHasNoRatio() throws {
        var some = slices(16, factor: 1)
        for index in some.records.indices { some.records[index].metrics["blocks.read"] = index % 5 == 0 ? 0 : 8_192 }
        let verdict = try metric("blocks.read", in: judge(some, Slices.rule()).pairs.first)
        #expect(verdict.ratio == nil && verdict.reason.contains("0 has no ratio") && verdict.base != nil, "\(verdict)")
        for index in some.records.indices { some.records[index].metrics["blocks.read"] = 0 }
        let none = try metric("blocks.read", in: judge(some, Slices.rule()).pairs.first)
        #expect(none.base == 0 && none.reason.contains("0 on both sides"))
    }

    @Test func inAClosedLoopThroughputIsJudgedAndLatencyIsNot() throws {
        var slices = slices(32, factor: 1)
        for index in slices.records.indices where slices.records[index].side == "new" {
            slices.records[index].completed = ["put": 140]
        }
        let rule = Slices.rule(isOpenLoop: false, primary: ["throughput", "response.p50:put"])
        let pair = judge(slices, rule).pairs.first
        let throughput = try metric("throughput", in: pair)
        #expect(throughput.verdict == .better && abs((throughput.ratio?.value ?? 0) - 1.4) < 1e-9)
        #expect(try metric("response.p50:put", in: pair).verdict == nil)
    }

    // MARK: Blocks

    @Test func excludedAndBrokenBlocksAreCountedByReason() throws {
        var slices = slices(20, factor: 1.3)
        for index in slices.records.indices where slices.records[index].block == 3 {
            slices.records[index].excluded = "a checkpoint"
        }
        slices.records.removeAll { $0.block == 19 && $0.side == "new" }
        let pair = try #require(judge(slices, Slices.rule()).pairs.first)
        #expect(pair.blocks == 18 && pair.excluded == ["a checkpoint": 1, "a side is missing": 1])
        #expect(pair.metrics.first?.ratio?.blocks == 18)
    }

    @Test func theNoiseOfAMachineCanBeTakenFromItsBlocks() {
        let slices = slices(20, factor: 1.2, noise: 0.01)
        let judge = PairedJudge(rule: Slices.rule(), base: "old", candidates: ["new"])
        let ratios = judge.logRatios(
            of: "server.cpu", candidate: "new", slices.records, histograms: slices.histograms)
        #expect(ratios.count == 20 && ratios.allSatisfy { abs($0 - 0.182) < 0.1 })
        #expect(judge.logRatios(of: "wal.bytes", candidate: "new", slices.records, histograms: [:]).isEmpty)
    }

    /// Histograms of two digits, as of single seconds, are as good.
    @Test func coarseHistogramsAreTakenToo() throws {
        var slices = slices(32, factor: 1.3)
        slices.histograms = slices.histograms.mapValues { classes in
            classes.mapValues { fine in
                var coarse = LatencyHistogram(.interval)
                for (duration, count) in fine.recorded { for _ in 0..<count { coarse.record(duration) } }
                return coarse
            }
        }
        let verdict = try metric("response.p50:put", in: judge(slices, Slices.rule()).pairs.first)
        #expect(verdict.verdict == .worse && (verdict.base ?? 0) > 1)
    }

    // MARK: Keeping up

    private func behind(_ sides: [String], inBlocksBelow limit: Int, of blocks: Int = 32) -> Slices {
        var slices = slices(blocks, factor: 1)
        for index in slices.records.indices
        where sides.contains(slices.records[index].side) && slices.records[index].block < limit {
            slices.records[index].isDrained = false
            slices.records[index].completed = ["put": 70]
        }
        return slices
    }

    @Test func aSideThatDidNotKeepUpIsWorseAndHasNoLatency() throws {
        let pair = try #require(judge(behind(["new"], inBlocksBelow: 20), Slices.rule()).pairs.first)
        #expect(pair.keptUp == .baseOnly && pair.curves.isEmpty)
        let verdict = try metric("response.p50:put", in: pair)
        #expect(verdict.verdict == .worse && verdict.candidate == nil && verdict.base != nil && verdict.ratio == nil)
        #expect(verdict.reason.contains("did not keep up with the rate in 20 of 32 blocks"))
        let other = try #require(judge(behind(["old"], inBlocksBelow: 20), Slices.rule()).pairs.first)
        #expect(other.keptUp == .candidateOnly)
        #expect(try metric("response.p50:put", in: other).verdict == .better)
    }

    @Test func whereNeitherKeptUpNothingIsSaid() throws {
        let pair = try #require(judge(behind(["old", "new"], inBlocksBelow: 20), Slices.rule()).pairs.first)
        #expect(pair.keptUp == .neither)
        let verdict = try metric("response.p50:put", in: pair)
        #expect(verdict.verdict == .inconclusive && verdict.base == nil && verdict.candidate == nil)
    }

    @Test func aFewBlocksBehindDoNotMakeAVerdict() throws {
        let rare = try #require(judge(behind(["new"], inBlocksBelow: 3), Slices.rule()).pairs.first)
        #expect(rare.keptUp == .both)
        let few = try #require(judge(behind(["new"], inBlocksBelow: 4, of: 8), Slices.rule(looks: [8])).pairs.first)
        #expect(few.keptUp == .unsure)
        #expect(try metric("response.p50:put", in: few).verdict == .inconclusive)
    }

    /// A queue that grows through the slice and empties after it: the drain is long, and so is the median.
    @Test func aQueueThatEmptiesAfterTheSliceIsBehindToo() throws {
        var slices = slices(32, factor: 1)
        for index in slices.records.indices where slices.records[index].side == "new" {
            slices.records[index].drainSeconds = 0.8
            let key = PairedJudge.SliceKey(block: slices.records[index].block, side: "new")
            var histogram = LatencyHistogram()
            for step in 0..<100 { histogram.record(UInt64(8_000_000 * step + 1_000_000)) }
            slices.histograms[key] = ["put": histogram]
        }
        #expect(judge(slices, Slices.rule()).pairs.first?.keptUp == .baseOnly)
        // One slow request after the slice is no queue.
        var slow = self.slices(32, factor: 1)
        for index in slow.records.indices { slow.records[index].drainSeconds = 0.8 }
        #expect(judge(slow, Slices.rule()).pairs.first?.keptUp == .both)
    }

    /// Long slices leave room for a few blocks: behind in all of them, the other side in none, is enough at the end.
    @Test func whoIsBehindThroughoutIsToldSoAtTheLastLook() throws {
        let pair = try #require(judge(behind(["new"], inBlocksBelow: 9, of: 9), Slices.rule(looks: [9])).pairs.first)
        #expect(pair.keptUp == .baseOnly)
        #expect(try metric("response.p50:put", in: pair).verdict == .worse)
        let other = judge(behind(["old"], inBlocksBelow: 8, of: 8), Slices.rule(looks: [8])).pairs.first
        #expect(other?.keptUp == .candidateOnly)
        // Not at a look before the last, not with fewer blocks, and not with one block that went well.
        let early = judge(behind(["new"], inBlocksBelow: 8, of: 8), Slices.rule(looks: [8, 16]), isFinal: false)
        #expect(!early.isSettled && early.pairs.first?.keptUp == .unsure)
        let few = judge(behind(["new"], inBlocksBelow: 7, of: 7), Slices.rule(looks: [7])).pairs.first
        let most = judge(behind(["new"], inBlocksBelow: 8, of: 9), Slices.rule(looks: [9])).pairs.first
        #expect(few?.keptUp == .unsure && most?.keptUp == .unsure)
    }

    @Test func aNodesJobThatRunsOnIsNoQueue() throws {
        var slices = slices(32, factor: 1)
        for index in slices.records.indices where slices.records[index].side == "new" {
            slices.records[index].isDrained = false
            slices.records[index].scheduled["maintenance.retention"] = 1
        }
        #expect(judge(slices, Slices.rule()).pairs.first?.keptUp == .both)
        let threats = PairedJudge(rule: Slices.rule(), base: "old", candidates: ["new"]).threats(slices.records)
        #expect(threats.count == 1 && threats[0].hasPrefix("new: after 32 of 32 slices a node's job was still running"))
        // A request that is in flight with it is one.
        for index in slices.records.indices where slices.records[index].side == "new" {
            slices.records[index].scheduled["put"] = 101
        }
        #expect(judge(slices, Slices.rule()).pairs.first?.keptUp == .baseOnly)
        #expect(PairedJudge(rule: Slices.rule(), base: "old", candidates: ["new"]).threats(slices.records).isEmpty)
    }

    /// Forty requests of another class in each slice of the candidate, beside a hundred quick puts.
    private func beside(_ milliseconds: (Int) -> Int) -> Slices {
        var slices = slices(32, factor: 1)
        for index in slices.records.indices where slices.records[index].side == "new" {
            slices.records[index].drainSeconds = 1.6
            slices.records[index].scheduled["store"] = 40
            slices.records[index].completed["store"] = 40
            var histogram = LatencyHistogram()
            for number in 0..<40 { histogram.record(UInt64(milliseconds(number)) * 1_000_000) }
            let key = PairedJudge.SliceKey(block: slices.records[index].block, side: "new")
            slices.histograms[key]?["store"] = histogram
        }
        return slices
    }

    @Test func aClassThatFallsBehindAloneIsSeenAmongTheOthers() {
        let queue = judge(beside { 5 + 40 * $0 }, Slices.rule()).pairs.first
        #expect(queue?.keptUp == .baseOnly)
        // Slow requests without a queue: all about as long, or most of them short.
        #expect(judge(beside { 600 + 10 * $0 }, Slices.rule()).pairs.first?.keptUp == .both)
        #expect(judge(beside { $0 < 30 ? 20 + $0 : 1_500 }, Slices.rule()).pairs.first?.keptUp == .both)
    }

    @Test func whatKeepingUpCannotBeSeenOfIsTold() {
        let judge = PairedJudge(rule: Slices.rule(), base: "old", candidates: ["new"])
        #expect(judge.threats(slices(32, factor: 1).records).isEmpty)
        var rare = slices(32, factor: 1)
        for index in rare.records.indices {
            rare.records[index].drainSeconds = 0.8
            rare.records[index].completed["store.rare"] = 4
        }
        let told = judge.threats(rare.records)
        #expect(told.count == 2 && told.allSatisfy { $0.contains("after 32 of 32 slices") })
        #expect(told.allSatisfy { $0.contains("fewer than 20 operations a slice (store.rare)") }, "\(told)")
        let closed = PairedJudge(rule: Slices.rule(isOpenLoop: false), base: "old", candidates: ["new"])
        #expect(closed.threats(rare.records).isEmpty)
    }

    // MARK: Outcome

    @Test func worseIsAnythingThatSpeaksAgainstTheCandidate() {
        func pair(_ verdict: Verdict?, _ keptUp: ComparedPair.KeptUp = .both) -> ComparedPair {
            let metric = MetricVerdict(
                metric: "m", unit: "ms", lessIsBetter: true, base: nil, candidate: nil, ratio: nil, verdict: verdict,
                reason: "")
            return ComparedPair(
                candidate: "new", metrics: [metric], curves: [], blocks: 9, excluded: [:], stopped: "", keptUp: keptUp)
        }
        #expect(pair(.worse).isWorse && pair(nil, .baseOnly).isWorse)
        #expect(!pair(.better).isWorse && !pair(.inconclusive).isWorse && !pair(.equivalent, .neither).isWorse)
        var lossy = pair(.better)
        lossy.safety = CheckResult(holds: false, detail: "")
        #expect(lossy.isWorse)
        var other = pair(.better)
        other.equivalence = CheckResult(holds: false, detail: "")
        other.safety = CheckResult(holds: true, detail: "")
        #expect(other.isWorse)
        other.equivalence?.holds = true
        #expect(!other.isWorse && !other.isInconclusive)
        #expect(pair(.inconclusive).isInconclusive && pair(.better, .neither).isInconclusive)
        #expect(pair(nil, .unsure).isInconclusive && !pair(.worse, .baseOnly).isInconclusive)
    }

    // MARK: Curves

    @Test func shiftCurvesReachAsFarAsTheOperationsCarry() throws {
        let pair = try #require(judge(slices(32, factor: 1.3), Slices.rule()).pairs.first)
        let curve = try #require(pair.curves.first)
        #expect(curve.requestClass == "put" && curve.operations == 6_400)
        #expect(curve.points.map(\.percentile) == [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5])
        #expect(curve.points.allSatisfy { $0.low < $0.ratio && $0.ratio < $0.high && abs($0.ratio - 1.3) < 0.1 })
        #expect(curve.points.allSatisfy { abs($0.candidateMs / $0.baseMs - $0.ratio) < 1e-9 && $0.baseMs > 1 })
    }
}
