import Experiment
import LoadRunner
import RunRecord
import Testing

/// Seconds drawn by hand, and the stalls in them. The usual p99 is 2 ms, of which a histogram of two digits makes 2.01.
@Suite struct StallTests {
    /// A second in which all goes well.
    static func calm(_ rate: Int = 1_000) -> StallSample {
        sample(rate, rate, p50: 500_000, p90: 1_000_000, p99: 2_000_000)
    }

    static func sample(
        _ scheduled: Int, _ completed: Int, failed: Int = 0, p50: UInt64 = 0, p90: UInt64 = 0, p99: UInt64 = 0,
        max: UInt64? = nil
    ) -> StallSample {
        var sample = StallSample()
        sample.scheduled = scheduled
        sample.completed = completed
        sample.failed = failed
        (sample.p50, sample.p90, sample.p99, sample.max) = (p50, p90, p99, max ?? p99)
        return sample
    }

    /// What is found in seconds of one class, the first two of them warm-up, and a calm one at the end.
    static func stalls(_ seconds: [StallSample], rate: Int = 1_000) -> [Stall] {
        stalls((seconds + [calm(rate)]).map { ["put": $0] })
    }

    static func stalls(_ seconds: [[String: StallSample]]) -> [Stall] {
        var finder = StallFinder()
        for (second, seen) in seconds.enumerated() { finder.add(second, second < 2 ? .warmUp : .measure, seen) }
        return finder.stalls
    }

    static let ten = [StallSample](repeating: calm(), count: 10)
    static let ms: UInt64 = 1_000_000

    @Test func aCalmLoadHasNone() {
        #expect(Self.stalls(Self.ten + Self.ten).isEmpty)
        #expect(StallFinder().stalls.isEmpty)
    }

    /// Stopped from 10.4 s to 12.4 s: the second 10 ends with operations waiting, 11 is blank, 12 makes good for it.
    @Test func aStoppedServerIsOneStallFromTheBlankSecondToTheLateAnswers() {
        let stop = [
            Self.sample(1_000, 400, p50: 500_000, p90: Self.ms, p99: 2 * Self.ms), Self.sample(1_000, 0),
            Self.sample(1_000, 2_600, p50: 900 * Self.ms, p90: 1_800 * Self.ms, p99: 1_980 * Self.ms),
        ]
        #expect(
            Self.stalls(Self.ten + stop + Self.ten) == [
                Stall(
                    atSeconds: 11, seconds: 2, classes: ["put"],
                    detail: "2 s from 11 s on, put completed nothing for 1 s; p99 rose for put from 2.01 ms to 1.98 s")
            ])
    }

    @Test func blankSecondsOfSeveralClassesAreOneStall() {
        let calm = [String: StallSample](
            uniqueKeysWithValues: ["put", "a", "b", "c", "d"].map { ($0, Self.calm(10)) })
        let waiting = calm.mapValues { _ in Self.sample(10, 5, p50: Self.ms, p90: Self.ms, p99: Self.ms) }
        let blank = calm.mapValues { _ in Self.sample(10, 0) }
        let late = calm.mapValues { _ in
            Self.sample(10, 35, p50: Self.ms, p90: Self.ms, p99: Self.ms, max: 2_500 * Self.ms)
        }
        let seconds = [[String: StallSample]](repeating: calm, count: 8) + [waiting, blank, blank, late, calm]
        let stalls = Self.stalls(seconds)
        #expect(
            stalls == [
                Stall(
                    atSeconds: 9, seconds: 2, classes: ["a", "b", "c", "d", "put"],
                    detail: "2 s from 9 s on, a, b, c and 2 other request classes completed nothing")
            ])
        let two = seconds.map { $0.filter { $0.key == "put" || $0.key == "a" } }
        #expect(Self.stalls(two).map(\.detail) == ["2 s from 9 s on, a and put completed nothing"])
    }

    /// One operation in five seconds: nothing is due or waits in most, and one is due so late that it ends in the next.
    @Test func aClassWithLittleToDoRaisesNoAlarm() {
        let rare: [StallSample] = (0..<200).map { second in
            switch second % 10 {
            case 0: Self.sample(1, 1, p50: Self.ms, p90: Self.ms, p99: Self.ms)
            case 5: Self.sample(1, 0)
            case 6: Self.sample(0, 1, p50: 30 * Self.ms, p90: 30 * Self.ms, p99: 30 * Self.ms)
            default: StallSample()
            }
        }
        #expect(Self.stalls(rare, rate: 1).isEmpty)
        // Seconds in which the class has nothing to tell may be left out.
        #expect(Self.stalls(rare.map { $0 == StallSample() ? [:] : ["put": $0] }).isEmpty)
    }

    /// The same class, and an operation that lies across two seconds or shows by its response time that it did.
    @Test func aWaitAcrossSecondsIsAStallOfARareClassToo() {
        let rare = [StallSample](repeating: Self.calm(1), count: 10)
        let across = [
            Self.sample(1, 0), Self.sample(0, 0),
            Self.sample(0, 1, p50: 1_100 * Self.ms, p90: 1_100 * Self.ms, p99: 1_100 * Self.ms),
        ]
        #expect(Self.stalls(rare + across, rate: 1).map(\.detail) == ["2 s from 10 s on, put completed nothing"])
        let late = [
            Self.sample(1, 0), Self.sample(0, 1, p50: 1_300 * Self.ms, p90: 1_300 * Self.ms, p99: 1_300 * Self.ms),
        ]
        #expect(Self.stalls(rare + late, rate: 1).map(\.detail) == ["1 s from 10 s on, put completed nothing"])
        let soon = [Self.sample(1, 0), Self.sample(0, 1, p50: 900 * Self.ms, p90: 900 * Self.ms, p99: 900 * Self.ms)]
        #expect(Self.stalls(rare + soon, rate: 1).isEmpty)
    }

    /// Three seconds each, as always: a slow class is not a stalled one.
    @Test func whatAlwaysTakesLongIsNoStall() {
        let slow: [StallSample] = (0..<40).map { second in
            switch second % 4 {
            case 0: Self.sample(1, 0)
            case 3: Self.sample(0, 1, p50: 3_000 * Self.ms, p90: 3_000 * Self.ms, p99: 3_000 * Self.ms)
            default: StallSample()
            }
        }
        #expect(Self.stalls(slow, rate: 1).isEmpty)
    }

    @Test func aJumpMustBeManyTimesAndFarAboveTheUsual() {
        func jump(_ p99: UInt64) -> [String] {
            let risen = Self.sample(1_000, 1_000, p50: Self.ms, p90: 10 * Self.ms, p99: p99)
            return Self.stalls(Self.ten + [risen] + Self.ten).map(\.detail)
        }
        #expect(jump(101 * Self.ms).isEmpty)
        #expect(jump(103 * Self.ms) == ["1 s from 10 s on, p99 rose for put from 2.01 ms to 103.0 ms"])
        // Usual 40 ms: above 140 ms, but not five times as much.
        let slower = [StallSample](
            repeating: Self.sample(500, 500, p50: Self.ms, p90: 2 * Self.ms, p99: 40 * Self.ms), count: 10)
        func slowerJump(_ p99: UInt64) -> Int {
            Self.stalls(slower + [Self.sample(500, 500, p50: Self.ms, p90: 60 * Self.ms, p99: p99)] + slower).count
        }
        #expect(slowerJump(190 * Self.ms) == 0)
        #expect(slowerJump(210 * Self.ms) == 1)
    }

    /// A few heavy requests in a second are the workload's nature; a server that stands still holds up the others too.
    @Test func aFewSlowOperationsAreNoJump() {
        let heavy = Self.sample(1_000, 1_000, p50: 500_000, p90: 1_100_000, p99: 400 * Self.ms)
        #expect(Self.stalls(Self.ten + [heavy] + Self.ten).isEmpty)
        let few = Self.sample(20, 20, p50: 500_000, p90: 200 * Self.ms, p99: 400 * Self.ms)
        #expect(Self.stalls(Self.ten + [few] + Self.ten).isEmpty)
        let most = Self.sample(20, 20, p50: 200 * Self.ms, p90: 300 * Self.ms, p99: 400 * Self.ms)
        #expect(Self.stalls(Self.ten + [most] + Self.ten).count == 1)
        let tooFew = Self.sample(9, 9, p50: 200 * Self.ms, p90: 300 * Self.ms, p99: 400 * Self.ms)
        #expect(Self.stalls(Self.ten + [tooFew] + Self.ten).isEmpty)
    }

    /// A server that falls behind from the first second on gets slower and slower, but does not stall.
    @Test func overloadIsNoStall() {
        let behind = (1...60).map { second in
            let late = UInt64(second) * 700 * Self.ms
            return Self.sample(4_000, 1_000, p50: late - 300 * Self.ms, p90: late - 100 * Self.ms, p99: late)
        }
        #expect(Self.stalls(behind).isEmpty)
    }

    @Test func failingAtOnceIsAStallAsWell() {
        let down = Self.sample(1_000, 0, failed: 1_000)
        #expect(
            Self.stalls(Self.ten + [down, down] + Self.ten).map(\.detail) == ["2 s from 10 s on, put completed nothing"]
        )
        // A single request that failed is an error, and counted as one.
        let one = Self.sample(1, 0, failed: 1)
        #expect(Self.stalls(Self.ten + [one] + Self.ten).isEmpty)
    }

    @Test func warmUpAndTheBrokenLastSecondAreNotJudged() {
        let blank = Self.sample(1_000, 0)
        #expect(Self.stalls(([Self.calm(), blank] + Self.ten).map { ["put": $0] }).isEmpty)
        #expect(
            Self.stalls((Self.ten + [Self.sample(1_000, 10, p50: 1, p90: 1, p99: 1), blank]).map { ["put": $0] })
                .isEmpty)
    }

    /// What waited in warm-up still waits in the measure phase.
    @Test func aWaitFromWarmUpCounts() {
        let stalls = Self.stalls(
            [Self.calm(), Self.sample(1_000, 10, p50: 1, p90: 1, p99: 1), Self.sample(1_000, 0)] + Self.ten)
        #expect(stalls.map(\.atSeconds) == [2])
    }

    @Test func stallsApartAreToldApart() {
        let down = Self.sample(1_000, 0, failed: 1_000)
        let stalls = Self.stalls(Self.ten + [down] + Self.ten + [down, down] + Self.ten)
        #expect(stalls.map(\.atSeconds) == [10, 21] && stalls.map(\.seconds) == [1, 2])
    }
}
