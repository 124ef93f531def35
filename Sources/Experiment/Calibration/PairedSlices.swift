import Glibc
import LinuxSystem
import Statistics
import Workload

/// Several sides measured in short slices of one run, in turns, so that all of them see the same moments of the machine.
///
/// A block is a round in random order and the same round backwards (A B C C B A): what drifts steadily over a block falls
/// on all sides alike, and the coin that decides the order makes the sign of each block's difference random when there is
/// none (duet benchmarking, Bulej et al. 2020; Fisher's randomisation). Every pair of sides gives one log ratio a block.
package struct PairedSlices: Sendable {
    /// What was measured in one slice, by the name of the metric; all above zero.
    package typealias Metrics = [String: Double]

    /// One of those compared.
    package struct Side: Sendable {
        package let name: String
        let run: @Sendable (Int) async throws -> Metrics

        /// - Parameters:
        ///   - name: unlike the others'.
        ///   - run: measures one slice; told its number, counted from 0 over all sides.
        package init(_ name: String, run: @escaping @Sendable (Int) async throws -> Metrics) {
            self.name = name
            self.run = run
        }
    }

    /// When to end.
    package struct Limits: Sendable {
        /// No block is begun that would end later than this, once there are ``minimum``. Nanoseconds.
        package var budget: Nanoseconds
        /// Blocks that are run whatever they take; at least ``Estimate/fewest``.
        package var minimum: Int
        package var maximum: Int

        package init(budget: Nanoseconds, minimum: Int, maximum: Int) {
            precondition(minimum >= Estimate.fewest && maximum >= minimum, "too few blocks for an interval")
            self.budget = budget
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    /// Where the run stands.
    package struct Progress: Sendable, Equatable {
        /// Blocks completed.
        package let blocks: Int
        /// Blocks that it will be, at most; as far as can be told from those done.
        package let expected: Int
        /// Estimate of the time to the end, nanoseconds.
        package let left: Nanoseconds
    }

    /// Why slices cannot be compared; one line.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    private let sides: [Side]
    private let limits: Limits
    private let control: TrialControl
    private let prepare: @Sendable () async throws -> Void
    private let progress: @Sendable (Progress) -> Void
    private let clock: @Sendable () -> Nanoseconds

    /// - Parameters:
    ///   - sides: at least two.
    ///   - limits: when to end.
    ///   - control: ends the run between two slices.
    ///   - clock: monotonic, nanoseconds.
    ///   - prepare: run before each block, unmeasured.
    ///   - progress: told after each block.
    package init(
        _ sides: [Side], limits: Limits, control: TrialControl,
        clock: @escaping @Sendable () -> Nanoseconds = Clock.now,
        prepare: @escaping @Sendable () async throws -> Void = {}, progress: @escaping @Sendable (Progress) -> Void
    ) {
        precondition(sides.count >= 2 && Set(sides.map(\.name)).count == sides.count, "two or more sides, each named")
        self.sides = sides
        self.limits = limits
        self.control = control
        self.clock = clock
        self.prepare = prepare
        self.progress = progress
    }

    /// Runs all blocks.
    ///
    /// - Parameter seed: of the coin.
    /// - Returns: every slice that was run.
    /// - Throws: the first error of a side; ``Problem`` when slices cannot be compared; ``TrialInterrupted``.
    package func run(seed: UInt64) async throws -> PairedResult {
        var coin = OrderCoin(seed: seed)
        var result = PairedResult(sides: sides.map(\.name))
        let start = clock()
        var longest: Nanoseconds = 0
        while result.blocks.count < limits.maximum {
            let begun = clock()
            let late = begun - start + longest > limits.budget
            if result.blocks.count >= limits.minimum && late { break }
            try await prepare()
            try await block(order: coin.order(of: sides.count), into: &result)
            longest = max(longest, clock() - begun)
            progress(self.progress(after: result.blocks.count, elapsed: clock() - start))
        }
        return result
    }

    private func block(order: [Int], into result: inout PairedResult) async throws {
        var slices: [PairedResult.Slice] = []
        let before = result.blocks.reduce(0) { $0 + $1.count }
        for place in order + order.reversed() {
            if control.isStopping { throw TrialInterrupted() }
            let metrics = try await sides[place].run(before + slices.count)
            slices.append(.init(side: sides[place].name, metrics: metrics))
            try check(slices[slices.count - 1], against: result.blocks.first ?? slices)
        }
        result.blocks.append(slices)
    }

    /// A slice that lacks a metric, or has one that no ratio can be made of, would be dropped silently later on.
    private func check(_ slice: PairedResult.Slice, against earlier: [PairedResult.Slice]) throws(Problem) {
        for (name, value) in slice.metrics where !(value > 0 && value.isFinite) {
            throw Problem(description: "\(slice.side): \(name) is \(value); a slice must measure something above zero")
        }
        guard let first = earlier.first(where: { $0.side == slice.side }) else { return }
        guard Set(first.metrics.keys) == Set(slice.metrics.keys) else {
            throw Problem(description: "\(slice.side): not every slice measured the same things")
        }
    }

    private func progress(after blocks: Int, elapsed: Nanoseconds) -> Progress {
        let each = max(1, elapsed / Nanoseconds(blocks))
        let affordable = Int(min(limits.budget / each, Nanoseconds(limits.maximum)))
        let expected = max(blocks, max(limits.minimum, affordable))
        return Progress(blocks: blocks, expected: expected, left: each * Nanoseconds(expected - blocks))
    }
}

/// All slices of a run, block by block in the order in which they were run.
package struct PairedResult: Sendable, Codable, Equatable {
    /// One side, once.
    package struct Slice: Sendable, Codable, Equatable {
        package let side: String
        package let metrics: PairedSlices.Metrics
    }

    package let sides: [String]
    package internal(set) var blocks: [[Slice]] = []

    /// One log ratio a block: the mean of the logarithms of a side's two slices, less that of the other's.
    ///
    /// - Returns: empty when one of the two does not measure the metric.
    package func logRatios(of metric: String, _ side: String, to other: String) -> [Double] {
        blocks.compactMap { block in
            guard let ours = Self.logMean(metric, side, block), let theirs = Self.logMean(metric, other, block) else {
                return nil
            }
            return ours - theirs
        }
    }

    /// The ratio of a metric between two sides with its interval; `nil` when one does not measure it or the blocks are too
    /// few.
    package func ratio(of metric: String, _ side: String, to other: String) -> Estimate? {
        Estimate(logRatios: logRatios(of: metric, side, to: other))
    }

    /// What a side measured, slice by slice.
    package func values(of metric: String, _ side: String) -> [Double] {
        blocks.flatMap { block in block.filter { $0.side == side }.compactMap { $0.metrics[metric] } }
    }

    private static func logMean(_ metric: String, _ side: String, _ block: [Slice]) -> Double? {
        let values = block.filter { $0.side == side }.compactMap { $0.metrics[metric] }
        return values.isEmpty ? nil : values.reduce(0) { $0 + log($1) } / Double(values.count)
    }
}

/// Decides the order of each block: a Fisher–Yates shuffle (Durstenfeld 1964) from a seed.
package struct OrderCoin {
    private var random: RandomSource

    package init(seed: UInt64) { random = RandomSource(seed: seed, purpose: 20) }

    package mutating func order(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, random.below(last + 1)) }
        return order
    }
}
