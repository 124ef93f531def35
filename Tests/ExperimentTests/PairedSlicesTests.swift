import Experiment
import Glibc
import LinuxSystem
import Statistics
import Synchronization
import Testing

@Suite struct PairedSlicesTests {
    private final class Notes: Sendable {
        private let lines = Mutex<[String]>([])
        private let time = Mutex<Nanoseconds>(0)

        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var now: Nanoseconds { time.withLock { $0 } }
        func pass(_ duration: Nanoseconds) { time.withLock { $0 += duration } }
    }

    private struct Broken: Error {}

    private func slices(
        _ sides: [PairedSlices.Side], _ notes: Notes, budget: Nanoseconds = .max, minimum: Int = 3, maximum: Int,
        control: TrialControl = TrialControl(), progress: @escaping @Sendable (PairedSlices.Progress) -> Void = { _ in }
    ) -> PairedSlices {
        PairedSlices(
            sides, limits: .init(budget: budget, minimum: minimum, maximum: maximum), control: control,
            clock: { notes.now }, prepare: { notes.add("|") }, progress: progress)
    }

    private func noting(_ names: [String], _ notes: Notes) -> [PairedSlices.Side] {
        names.map { name in
            PairedSlices.Side(name) { number in
                notes.add("\(name)\(number)")
                notes.pass(1_000)
                return ["rate": 1]
            }
        }
    }

    @Test func everySideRunsOnceInEachHalfOfABlock() async throws {
        let notes = Notes()
        let result = try await slices(noting(["A", "B", "C"], notes), notes, maximum: 20).run(seed: 1)
        #expect(result.blocks.count == 20)
        for block in result.blocks {
            let order = block.map(\.side)
            #expect(order == order.reversed())
            #expect(Set(order.prefix(3)) == ["A", "B", "C"])
        }
        let numbers = notes.all.filter { $0 != "|" }.compactMap { Int($0.dropFirst()) }
        #expect(numbers == Array(0..<120))
        #expect(notes.all.count { $0 == "|" } == 20)
    }

    @Test func theCoinIsDecidedByTheSeed() async throws {
        var coin = OrderCoin(seed: 1)
        let orders = (0..<6).map { _ in coin.order(of: 3).map(String.init).joined() }
        #expect(orders == Self.golden)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6_000 { counts[coin.order(of: 3), default: 0] += 1 }
        #expect(counts.count == 6)
        // Standard error 29 of 1000.
        #expect(counts.values.allSatisfy { (880...1_120).contains($0) })
    }

    private static let golden = ["021", "120", "201", "012", "021", "102"]

    @Test func ratiosAreRecoveredFromUnderADrift() async throws {
        let notes = Notes()
        let sides = [("ours", 1.25, 0.5), ("theirs", 1.0, 1.0)].map { name, rate, cost in
            PairedSlices.Side(name) { number in
                // A machine that gets slower by 5 % a slice; every 11th slice of all loses a third.
                let speed = exp(-0.05 * Double(number)) * (number % 11 == 0 ? 0.67 : 1)
                return ["rate": 1_000 * rate * speed, "cost": 7 * cost / speed]
            }
        }
        let result = try await slices(sides, notes, maximum: 20).run(seed: 3)
        let rate = try #require(result.ratio(of: "rate", "ours", to: "theirs"))
        let cost = try #require(result.ratio(of: "cost", "ours", to: "theirs"))
        #expect(rate.count == 20)
        #expect(rate.low <= 1.25 && 1.25 <= rate.high)
        #expect(abs(rate.value - 1.25) < 0.06)
        #expect(abs(cost.value - 0.5) < 0.03)
        #expect(result.ratio(of: "rate", "ours", to: "nobody") == nil)
        #expect(result.ratio(of: "nothing", "ours", to: "theirs") == nil)
        #expect(result.values(of: "rate", "ours").count == 40)
    }

    /// Without disturbance the ABBA order removes a steady drift to the last digit.
    @Test func aSteadyDriftLeavesNoTrace() async throws {
        let sides = [("A", 3.0), ("B", 2.0)].map { name, rate in
            PairedSlices.Side(name) { number in ["rate": rate * exp(0.1 * Double(number))] }
        }
        let result = try await slices(sides, Notes(), maximum: 5).run(seed: 8)
        for ratio in result.logRatios(of: "rate", "A", to: "B") { #expect(abs(ratio - log(1.5)) < 1e-12) }
    }

    @Test func theBudgetEndsItAfterTheMinimum() async throws {
        // A block of two sides takes 4 000 ns.
        let notes = Notes()
        let full = try await slices(noting(["A", "B"], notes), notes, budget: 26_000, maximum: 50).run(seed: 1)
        #expect(full.blocks.count == 6)
        let late = Notes()
        let least = try await slices(noting(["A", "B"], late), late, budget: 1, minimum: 4, maximum: 50).run(seed: 1)
        #expect(least.blocks.count == 4)
    }

    @Test func progressTellsTheTimeLeft() async throws {
        let notes = Notes()
        let told = Mutex<[PairedSlices.Progress]>([])
        _ = try await slices(noting(["A", "B"], notes), notes, budget: 18_000, maximum: 50) { now in
            told.withLock { $0.append(now) }
        }.run(seed: 1)
        let seen = told.withLock { $0 }
        #expect(seen.map(\.blocks) == [1, 2, 3, 4])
        #expect(seen.map(\.expected) == [4, 4, 4, 4])
        #expect(seen.map(\.left) == [12_000, 8_000, 4_000, 0])
    }

    @Test func aFailedSliceEndsTheRunWithItsError() async throws {
        let notes = Notes()
        let sides =
            noting(["A"], notes) + [
                PairedSlices.Side("B") { number in
                    if number > 9 { throw Broken() }
                    return ["rate": 2]
                }
            ]
        await #expect(throws: Broken.self) { try await slices(sides, notes, maximum: 20).run(seed: 1) }
    }

    @Test(arguments: [0, -1, .nan, .infinity]) func aSliceThatMeasuredNothingIsAnError(value: Double) async throws {
        let sides = [PairedSlices.Side("A") { _ in ["rate": 1] }, PairedSlices.Side("B") { _ in ["rate": value] }]
        await #expect(throws: PairedSlices.Problem.self) { try await slices(sides, Notes(), maximum: 3).run(seed: 1) }
    }

    @Test func aMetricThatComesAndGoesIsAnError() async throws {
        let sides = [
            PairedSlices.Side("A") { _ in ["rate": 1] },
            PairedSlices.Side("B") { number in number > 6 ? ["rate": 1] : ["rate": 1, "cost": 1] },
        ]
        await #expect(throws: PairedSlices.Problem.self) { try await slices(sides, Notes(), maximum: 5).run(seed: 1) }
    }

    @Test func itCanBeEndedBetweenSlices() async throws {
        let (notes, control) = (Notes(), TrialControl())
        let sides = ["A", "B"].map { name in
            PairedSlices.Side(name) { number in
                notes.add(name)
                if number == 5 { control.stop() }
                return ["rate": 1]
            }
        }
        await #expect(throws: TrialInterrupted.self) {
            try await slices(sides, notes, maximum: 20, control: control).run(seed: 1)
        }
        #expect(notes.all.count { $0 != "|" } == 6)
    }

    @Test func rowsAreDecidedOnTheUnfavourableEnd() throws {
        let ratio = try #require(Estimate(logRatios: [0.04, 0.06, 0.05, 0.07, 0.03]))
        #expect(CalibrationRow("x", ratio, atLeast: ratio.low).holds)
        #expect(!CalibrationRow("x", ratio, atLeast: ratio.value).holds)
        #expect(CalibrationRow("x", ratio, atMost: ratio.high).holds)
        #expect(!CalibrationRow("x", ratio, atMost: ratio.value).holds)
        let told = CalibrationRow(told: "x", ratio)
        #expect(told.holds && told.bound == CalibrationRow.noBound && told.value == ratio.value)
    }
}
