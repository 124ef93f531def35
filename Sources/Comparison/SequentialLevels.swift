import Statistics
import Synchronization

/// How sure a test must be at a look, by what was looked at before and over how many tests the error is divided.
///
/// Information is counted in blocks that count. Earlier looks are those of the rule that lie below; where blocks were
/// left out a look may have come a block or two earlier, which moves a bound by next to nothing.
final class SequentialLevels: Sendable {
    private struct Key: Hashable {
        var blocks: Int
        var isOver: Bool
        var error: Double
    }

    private let looks: [Int]
    private let known = Mutex<[Key: Double]>([:])

    /// Errors for which levels are worked out to turn a level back into an error.
    private static let ladder: [Double] = [
        1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7,
        0.9,
    ]

    init(looks: [Int]) { self.looks = looks.filter { $0 > 0 }.sorted() }

    /// The probability, both sides together, at or below which a test at this look answers "different"; 0 for none.
    ///
    /// - Parameters:
    ///   - blocks: that count, at least 1.
    ///   - isOver: whether there will be no further look.
    ///   - error: of all looks.
    func level(blocks: Int, isOver: Bool, error: Double) -> Double {
        let key = Key(blocks: blocks, isOver: isOver, error: error)
        if let level = known.withLock({ $0[key] }) { return level }
        let planned = max(looks.last ?? blocks, blocks)
        let earlier = Set(looks.filter { $0 < blocks }).sorted()
        let rule = GroupSequential(
            information: (earlier + [blocks]).map(Double.init), planned: Double(planned), error: error,
            isOver: isOver || blocks == planned)
        let level = rule.levels.last ?? 0
        known.withLock { $0[key] = level }
        return level
    }

    /// The smallest error of all looks with which a test at this look would answer "different", to about a hundredth of
    /// itself (the repeated significance level; Jennison & Turnbull 2000, "Group Sequential Methods", 9.1 and 8.4).
    ///
    /// - Parameters:
    ///   - probability: of the test at this look alone.
    ///   - blocks: that count, at least 1.
    ///   - isOver: whether there will be no further look.
    func error(reaching probability: Double, blocks: Int, isOver: Bool) -> Double {
        var before: (error: Double, level: Double)?
        for error in Self.ladder {
            let level = level(blocks: blocks, isOver: isOver, error: error)
            if probability <= level {
                guard let before, before.level > 0, probability > 0 else { return error }
                return LogRatio.between(
                    before.error, error, at: probability, from: before.level, to: level)
            }
            before = (error, level)
        }
        return 1
    }
}
