import Experiment
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import TestSupport
import Testing
import Workload

/// Each rule once as it holds and once as it is broken, on simulated loads.
@Suite struct ValidityTests {
    private let millisecond: UInt64 = 1_000_000

    /// Puts each 10 ms for two seconds.
    private func load(
        connections: Int = 1, drain: String = "100ms", service: UInt64 = 1_000_000,
        failure: @escaping (Operation) -> String? = { _ in nil }
    ) throws -> LoadResult {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "2s", drain: drain)
        var result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: connections, serviceTime: { _ in service }, failure: failure)
        }
        // Simulated seconds pass in no time, and the thread's processor time has nothing to do with them.
        result.cpu = result.measured / 10
        return result
    }

    private func rules(
        _ result: LoadResult, _ ending: RunRecord.Ending = .completed, _ sight: LoadSight = LoadSight()
    ) -> [String: Bool] {
        let findings = ValidityRules.judge(ending, result, sight).findings
        return Dictionary(uniqueKeysWithValues: findings.map { ($0.rule, $0.holds) })
    }

    private let loadRules: Set<String> = [
        "ran-to-plan", "accounting-identity", "failures", "kept-up", "achieved", "generator-lag", "generator-cpu",
    ]

    @Test func aQuietLoadObeysAll() throws {
        let rules = rules(try load())
        #expect(Set(rules.keys) == loadRules && rules.values.allSatisfy { $0 })
    }

    private func broken(_ rules: [String: Bool]) -> Set<String> { Set(rules.filter { !$0.value }.keys) }

    @Test func eachBreachIsFound() throws {
        #expect(broken(rules(try load(), .interrupted)) == ["ran-to-plan"])
        var result = try load()
        result.results[0].measure.completed -= 1
        #expect(broken(rules(result)) == ["accounting-identity"])
        result = try load()
        for _ in 0..<3 { result.results[0].scheduleWait.record(6 * millisecond) }
        #expect(broken(rules(result)) == ["generator-lag"])
        result = try load()
        result.cpu = result.measured * 9 / 10
        #expect(broken(rules(result)) == ["generator-cpu"])
        result = try load()
        result.results[0].inPhase -= 8
        #expect(broken(rules(result)) == ["achieved"])
    }

    @Test func failuresAreBoundedByTheirShare() throws {
        let few = try load { $0.number == 7 ? "57P01" : nil }
        #expect(broken(rules(few)).isEmpty)
        let many = try load { $0.number % 10 == 7 ? "57P01" : nil }
        #expect(broken(rules(many)) == ["failures", "achieved"])
    }

    /// Twice what one connection serves: half is left.
    @Test func anOverloadIsABacklog() throws {
        let rules = rules(try load(service: 20 * millisecond))
        #expect(broken(rules) == ["kept-up", "achieved"])
    }

    /// Half a second each, all served at once: fifty are under way at any moment, also at the end, and nothing is late.
    @Test func slowIsNotLate() throws {
        let result = try load(connections: 1_000, drain: "30s", service: 500 * millisecond)
        #expect(result.results[0].inPhase < result.results[0].measure.scheduled * 8 / 10)
        #expect(broken(rules(result)).isEmpty)
    }

    /// A class of its own that starves is not hidden by the others, unless it is too small to tell.
    @Test(arguments: [(200, true), (50, false)]) func aClassIsJudgedByItself(_ scheduled: Int, _ isJudged: Bool) throws
    {
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "60s")
        var result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: 100) { _ in millisecond }
        }
        result.cpu = 0
        let label = try #require(result.labels.firstIndex { $0.requestClass == "store.time-range" })
        result.results[label].measure.scheduled = scheduled
        result.results[label].measure.completed = scheduled
        result.results[label].inPhase = scheduled * 9 / 10
        #expect(broken(rules(result)) == (isJudged ? ["achieved"] : []))
    }

    // MARK: Host

    private func host(
        stolen: Double? = 0, swapped: UInt64? = 0, stall: Double? = 0, available: Double? = 0.5, steps: UInt64 = 0,
        suspended: UInt64 = 0
    ) -> LoadSight {
        var sight = LoadSight()
        sight.host = HostSpan(
            seconds: 10, stolenShare: stolen, swappedPages: swapped, memoryStall: stall, leastAvailable: available,
            wallSteps: steps, suspended: suspended)
        return sight
    }

    @Test func aQuietHostObeysAll() throws {
        let rules = rules(try load(), .completed, host())
        #expect(Set(rules.keys) == loadRules.union(["steal", "clock", "memory"]))
        #expect(rules.values.allSatisfy { $0 })
    }

    @Test func eachDisturbanceIsFound() throws {
        let result = try load()
        let cases: [(LoadSight, String)] = [
            (host(stolen: 0.06), "steal"), (host(swapped: 2_600), "memory"), (host(stall: 0.02), "memory"),
            (host(available: 0.01), "memory"), (host(steps: 11_000_000), "clock"),
            (host(suspended: 11_000_000), "clock"),
        ]
        for (sight, rule) in cases { #expect(broken(rules(result, .completed, sight)) == [rule]) }
        let harmless = host(stolen: 0.04, swapped: 2_500, stall: 0.009, available: 0.03, steps: 9_000_000)
        #expect(broken(rules(result, .completed, harmless)).isEmpty)
    }

    /// What cannot be read is no finding, and is told.
    @Test func whatIsNotReadableIsToldAndNotJudged() throws {
        let result = try load()
        let sight = host(stolen: nil, swapped: nil, stall: nil, available: nil)
        let (findings, gaps) = ValidityRules.judge(.completed, result, sight)
        #expect(!findings.contains { $0.rule == "steal" || $0.rule == "memory" })
        #expect(gaps.contains { $0.hasPrefix("rule steal:") } && gaps.count { $0.hasPrefix("rule memory:") } == 3)
        // One part is enough for a finding, which names no other.
        let part = ValidityRules.judge(.completed, result, host(swapped: nil, stall: nil))
        let memory = try #require(part.findings.first { $0.rule == "memory" })
        #expect(memory.observed == "50.0 % available at least" && part.gaps.count { $0.hasPrefix("rule memory:") } == 2)
        let none = ValidityRules.judge(.completed, result, LoadSight())
        #expect(none.gaps.contains { $0.hasPrefix("rules steal, clock and memory:") })
    }

    private func reading(
        _ second: UInt64, wall: Int64 = 5_000, suspended: Int64 = 0, total: UInt64 = 0, stolen: UInt64 = 0,
        swapped: UInt64 = 0, stalled: UInt64 = 0, available: UInt64 = 50
    ) -> HostReading {
        HostReading(
            clocks: ClockReading(monotonic: second * 1_000_000_000, wallDistance: wall, suspended: suspended),
            processors: ProcessorTimes(total: 1_000 + total, stolen: 100 + stolen),
            swap: SwapTraffic(pagesIn: 7, pagesOut: 9 + swapped),
            pressure: MemoryPressure(someMicroseconds: 1_000 + stalled),
            memory: MemoryLevel(total: 100, available: available))
    }

    @Test func readingsAddUp() throws {
        var watch = HostWatch()
        #expect(watch.span == nil)
        watch.add(reading(1))
        watch.add(reading(2, wall: 2_005_000, available: 20))
        watch.add(reading(5, wall: 5_000, total: 400, stolen: 100, swapped: 12, stalled: 200_000))
        let span = try #require(watch.span)
        #expect(span.seconds == 4 && span.stolenShare == 0.25 && span.swappedPages == 12)
        #expect(span.memoryStall == 0.05 && span.leastAvailable == 0.2)
        // There and back again: two steps of 2 ms.
        #expect(span.wallSteps == 4_000_000 && span.suspended == 0)
    }

    /// After a second asleep the wall clock is a second ahead of the monotonic one, and nobody set it.
    @Test func sleepIsNoStepOfTheWallClock() throws {
        var watch = HostWatch()
        watch.add(reading(1))
        watch.add(reading(2, wall: 1_000_005_000, suspended: 1_000_000_000))
        let span = try #require(watch.span)
        #expect(span.wallSteps == 0 && span.suspended == 1_000_000_000)
        // Reading one clock after the other takes its time.
        var quiet = HostWatch()
        quiet.add(reading(1))
        quiet.add(reading(2, wall: 35_000, suspended: 20_000))
        #expect(quiet.span?.wallSteps == 0 && quiet.span?.suspended == 0)
    }

    /// At the beginning of the measure phase, each second, at its end, and not after.
    @Test func theHostIsLookedAtInTheMeasurePhase() {
        var watch = HostWatch()
        var looks: [UInt64] = []
        for tenth in UInt64(0)...60 {
            watch.look(at: tenth * 100_000_000, measure: 1_050_000_000..<3_500_000_000, isLast: tenth == 60) {
                looks.append(tenth)
                return HostReading(
                    clocks: ClockReading(monotonic: tenth * 100_000_000, wallDistance: 0, suspended: 0))
            }
        }
        #expect(looks == [11, 21, 31, 35])
    }
}
