import Experiment
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import TestSupport
import Testing
import Workload

/// Trends in invented and in simulated seconds.
@Suite struct SteadyStateTests {
    private let millisecond: UInt64 = 1_000_000

    /// A number from -1 to 1 that looks like chance.
    private func noise(_ second: Int, _ salt: UInt64 = 1) -> Double {
        var z = (UInt64(second) &+ salt &* 1_000) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return Double((z ^ (z >> 27)) >> 11) / 4_503_599_627_370_496 - 1
    }

    private func series(
        _ seconds: Int, scheduled: (Int) -> Int = { _ in 100 }, completed: ((Int) -> Int)? = nil,
        p50: (Int) -> Double
    ) -> LoadSeries {
        var series = LoadSeries()
        for second in 0..<seconds { series.add(sample(second, scheduled(second), completed?(second), p50(second))) }
        return series
    }

    private func sample(_ second: Int, _ scheduled: Int, _ completed: Int?, _ p50: Double) -> SecondSample {
        SecondSample(
            second: second, phase: "measure",
            classes: [
                "put": ClassSecond(
                    scheduled: scheduled, completed: completed ?? scheduled, failed: 0, p50Ms: p50, p99Ms: nil,
                    maxMs: nil)
            ])
    }

    private func drifts(_ series: LoadSeries) -> String? { SteadyState(series, chance: 0.01).drifts }

    @Test func noiseIsSteady() {
        for salt in UInt64(1)...20 {
            let verdict = SteadyState(series(60) { 5 + noise($0, salt) }, chance: 0.01)
            #expect(verdict.drifts == nil && verdict.judged == 3 && !verdict.followsOffer)
        }
    }

    @Test func aDriftingLatencyIsFound() throws {
        let found = try #require(drifts(series(60) { 5 + Double($0) / 20 + noise($0) }))
        #expect(found.hasPrefix("p50 of put rose by "))
        let falling = try #require(drifts(series(60) { 8 - Double($0) / 20 + noise($0) }))
        #expect(falling.hasPrefix("p50 of put fell by "))
    }

    /// As clear as can be, and too little to matter: by a tenth, or by less than a thread takes to wake up.
    @Test func aSmallTrendIsNone() {
        #expect(drifts(series(60) { 5 + Double($0) / 120 }) == nil)
        #expect(drifts(series(60) { 0.1 + Double($0) / 1_500 }) == nil)
        #expect(drifts(series(60) { 10 + Double($0) / 15 }) != nil)
    }

    @Test func aGrowingBacklogIsFound() throws {
        let found = try #require(drifts(series(60, completed: { _ in 95 }) { _ in 5 }))
        #expect(found == "outstanding operations rose by 4.9 % of the load")
    }

    @Test func throughputThatFallsBehindIsFound() throws {
        let found = try #require(drifts(series(60, completed: { 100 - $0 }) { _ in 5 }))
        #expect(found.contains("completed of offered fell by ") && found.contains("outstanding operations rose"))
    }

    /// A day's curve in a minute: rate and latency triple together.
    @Test func aRateThatChangesByPlanIsNoTrend() {
        let verdict = SteadyState(
            series(60, scheduled: { 50 + $0 * 2 }) { 2 + Double($0) / 10 }, chance: 0.01)
        #expect(verdict.drifts == nil && verdict.followsOffer)
        // What is not worked off is one also then.
        let behind = series(60, scheduled: { 50 + $0 * 2 }, completed: { 50 + $0 }) { _ in 2 }
        #expect(drifts(behind) != nil)
    }

    /// Bursts each ten seconds, in which latency doubles.
    @Test func burstsAreNoTrend() {
        #expect(drifts(series(60, scheduled: { $0 % 10 < 3 ? 400 : 50 }) { $0 % 10 < 3 ? 8 : 4 }) == nil)
    }

    @Test func aFewSecondsAreNotJudged() {
        #expect(SteadyState(series(7) { Double($0 + 1) }, chance: 0.05).outcome == .tooShort)
        #expect(SteadyState(series(8) { Double($0 + 1) }, chance: 0.05).outcome != .tooShort)
    }

    /// A day in seconds becomes at most 240 bins, and what was in it stays.
    @Test func longSeriesStaySmall() {
        let long = series(86_400) { 5 + Double($0) / 43_200 }
        #expect(long.bins.count < 240 && long.width == 512)
        #expect(long.bins.reduce(0) { $0 + ($1["put"]?.scheduled ?? 0) } == 8_640_000)
        #expect(drifts(long) != nil)
        #expect(drifts(series(86_400) { 5 + noise($0) }) == nil)
    }

    // MARK: Simulated loads

    private func simulated(
        stalls: [SimulatedTarget.Stall] = [], service: @escaping (Operation) -> UInt64
    ) throws -> LoadSeries {
        let control = LoadControl()
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "60s")
        _ = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(connections: 1, stalls: stalls, serviceTime: service)
        }
        var series = LoadSeries()
        for second in control.takeSeconds() where second.phase == .measure {
            let put = second.labels[0]
            let p50 = put.response.value(at: 0.5).map { Double($0) / 1e6 }
            series.add(
                SecondSample(
                    second: second.second, phase: "measure",
                    classes: [
                        "put": ClassSecond(
                            scheduled: put.scheduled, completed: put.response.count, failed: put.failed, p50Ms: p50,
                            p99Ms: nil, maxMs: nil)
                    ]))
        }
        return series
    }

    /// Five seconds without service at the beginning, made up for by the twenty-fifth second.
    @Test func aBacklogThatIsWorkedOffIsNoTrend() throws {
        let storm = try simulated(stalls: [.init(start: 2_000 * millisecond, length: 5_000 * millisecond)]) { _ in
            8 * millisecond
        }
        #expect(drifts(storm) == nil)
    }

    @Test func aServerThatSlowsDownIsFound() throws {
        let slowing = try simulated { millisecond + UInt64($0.number) * 500 }
        #expect(try #require(drifts(slowing)).contains("p50 of put rose"))
        let overloaded = try simulated { _ in 20 * millisecond }
        #expect(try #require(drifts(overloaded)).contains("outstanding operations rose"))
        #expect(try drifts(simulated { _ in millisecond }) == nil)
    }

    // MARK: Findings

    private func finding(_ series: LoadSeries, left: String? = nil) throws -> (ValidityFinding?, [String]) {
        var sight = LoadSight()
        sight.measured = series
        sight.trendLeft = left
        let spec = try TestWorkloads.clockwork(rate: "10/s", measure: "1s")
        let result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: 1) { _ in millisecond }
        }
        let (findings, gaps) = ValidityRules.judge(.completed, result, sight)
        return (findings.first { $0.rule == "steady-state" }, gaps)
    }

    @Test func theRuleSaysWhatWasSeen() throws {
        #expect(try finding(series(60) { 5 + noise($0) }).0?.holds == true)
        #expect(try finding(series(60) { 5 + Double($0) / 20 }).0?.holds == false)
        let short = try finding(series(3) { _ in 5 })
        #expect(short.0 == nil && short.1.contains { $0.hasPrefix("rule steady-state:") })
        // A warm-up that ended unsteady is named; alone it decides where nothing else can.
        let named = try finding(series(60) { 5 + noise($0) }, left: "p50 of put fell").0
        #expect(named?.holds == true && named?.observed.hasSuffix("a trend left: p50 of put fell") == true)
        #expect(try finding(series(3) { _ in 5 }, left: "p50 of put fell").0?.holds == false)
    }

    // MARK: Warm-up

    private struct Course {
        var ends: [UInt64] = []
        var judge: WarmUpJudge
    }

    /// Follows a warm-up as the orchestrator does, each 100 ms.
    private func course(
        warmUp: UInt64, limit: UInt64? = nil, isFree: Bool = true, p50: (Int) -> Double
    ) -> Course {
        let second: UInt64 = 1_000_000_000
        let phases = PhaseSpec(
            warmUp: warmUp * second, measure: second, drainLimit: 0, warmUpLimit: limit.map { $0 * second })
        var course = Course(judge: WarmUpJudge(phases))
        for tenth in UInt64(0)...1_000 where tenth * 100 * millisecond < phases.warmUp + course.judge.extra {
            if tenth > 0 && tenth % 10 == 0 {
                let number = Int(tenth / 10) - 1
                course.judge.note(sample(number, 100, nil, p50(number)))
            }
            course.judge.decide(at: tenth * 100 * millisecond) {
                if isFree { course.ends.append($0 / second) }
                return isFree
            }
        }
        return course
    }

    /// A median that halves each ten seconds and has no end.
    private func fading(_ second: Int) -> Double {
        (0..<second).reduce(1_000) { value, _ in value * 0.933 }
    }

    @Test func aSteadyWarmUpEndsAsPlanned() {
        let course = course(warmUp: 10) { 5 + noise($0) }
        #expect(course.ends.isEmpty && course.judge.trendLeft == nil && course.judge.notJudged == nil)
    }

    /// The first second, in which everything is opened, is no trend.
    @Test func theFirstSecondIsNotLookedAt() {
        #expect(course(warmUp: 10) { $0 == 0 ? 500 : 5 + noise($0) }.ends.isEmpty)
    }

    /// Caches fill until the twelfth second: 10 s become 13 s, then 16 s, then it is steady.
    @Test func aWarmUpGoesOnUntilItIsSteady() throws {
        let course = course(warmUp: 10) { max(5, 30 - 2 * Double($0)) + 0.1 * noise($0) }
        #expect(course.ends.first == 3 && course.ends.count < 6 && course.judge.trendLeft == nil)
        let first = try #require(course.judge.extensions.first)
        #expect(first.by == 3_000 * millisecond && abs(first.at - 9.7) < 0.01)
        #expect(first.reason.hasPrefix("p50 of put fell by ") && first.reason.hasSuffix(" in the last 8 s"))
    }

    @Test func aWarmUpEndsAtItsBound() {
        let three = course(warmUp: 10) { fading($0) }
        #expect(three.ends == [3, 6, 9, 12, 15, 18, 20] && three.judge.trendLeft != nil)
        let stated = course(warmUp: 10, limit: 14) { fading($0) }
        #expect(stated.ends == [3, 4] && stated.judge.trendLeft != nil)
        let none = course(warmUp: 10, limit: 0) { fading($0) }
        #expect(none.ends.isEmpty && none.judge.trendLeft != nil)
    }

    /// One step more, in case that caches fill; then the backlog is what the trial is about.
    @Test func aWarmUpThatFallsBehindIsNotDrawnOut() throws {
        let phases = PhaseSpec(warmUp: 10_000 * millisecond, measure: 1_000 * millisecond, drainLimit: 0)
        var judge = WarmUpJudge(phases)
        for second in 0..<40 {
            judge.note(sample(second, 100, 50, 5))
            judge.decide(at: UInt64(second + 1) * 1_000 * millisecond) { _ in true }
        }
        #expect(judge.extra == 3_000 * millisecond)
        #expect(try #require(judge.trendLeft).hasPrefix("outstanding operations rose by "))
    }

    /// The load has gone on to measure meanwhile.
    @Test func whatIsTooLateIsTold() {
        let late = course(warmUp: 10, isFree: false) { fading($0) }
        #expect(late.judge.extensions.isEmpty && late.judge.trendLeft != nil)
    }

    @Test func aShortWarmUpIsNotJudged() {
        let short = course(warmUp: 5) { fading($0) }
        #expect(short.ends.isEmpty && short.judge.trendLeft == nil && short.judge.notJudged != nil)
        let none = course(warmUp: 0) { _ in 1 }
        #expect(none.judge.notJudged == nil && none.ends.isEmpty)
    }
}
