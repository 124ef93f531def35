import RunRecord
import Statistics

/// Which sides of a pair carried the offered rate.
struct KeptUpFinding: Sendable {
    /// Operations that must have ended, as a share of those that were due.
    static let leastEnded = 0.95
    /// Time to empty the queue after a slice, as a share of the slice, beyond which waiting built up.
    static let longestDrain = 0.05
    /// A request class is judged by itself when it completes at least so many operations a slice.
    static let fewestOfClass = 20
    /// The wait that a class's queue must have grown to, as a share of the slice.
    static let leastQueue = 0.25
    /// A side kept up when it was behind in no more than this share of its blocks.
    static let mostBehind = 0.1
    /// The verdict "did not keep up" is given when blocks in which only that side was behind outnumber the others so clearly
    /// that a coin would do it no more often than this (the sign test, one-sided): a fiftieth of the usual error, so that
    /// it counts for nothing beside the others at however many looks.
    static let level = 0.001
    /// At the last look, of which there is one, the verdict is also given when that side was behind in every block and
    /// the other in none, of at least so many: for one side or the other a coin does so once in 128 times, less than a
    /// sixth of the usual error. Comparisons of long slices have few blocks, and could never pass ``level``.
    static let fewestThroughout = 8

    let label: ComparedPair.KeptUp
    let blocks: Int
    let baseBehind: Int
    let candidateBehind: Int
    /// Whether the difference between the sides is sure.
    let isSure: Bool

    /// In a closed loop each side sets its own pace, so both keep up.
    ///
    /// - Parameters:
    ///   - blocks: that count.
    ///   - isOpenLoop: whether operations keep to a schedule.
    ///   - isLast: whether there will be no further look.
    init(_ blocks: [ComparedBlocks.Block], isOpenLoop: Bool, isLast: Bool = false) {
        let behind = isOpenLoop ? blocks.map { (base: !$0.base.keptUp, candidate: !$0.candidate.keptUp) } : []
        baseBehind = behind.count { $0.base }
        candidateBehind = behind.count { $0.candidate }
        self.blocks = blocks.count
        let most = Self.mostBehind * Double(blocks.count)
        let label: ComparedPair.KeptUp =
            switch (Double(baseBehind) > most, Double(candidateBehind) > most) {
            case (false, false): .both
            case (true, false): .candidateOnly
            case (false, true): .baseOnly
            case (true, true): .neither
            }
        self.label = label
        let onlyOne = behind.count { $0.base != $0.candidate }
        let onlyWorse = behind.count { label == .baseOnly ? $0.candidate && !$0.base : $0.base && !$0.candidate }
        let isThroughout = isLast && onlyWorse == blocks.count && blocks.count >= Self.fewestThroughout
        isSure =
            (label == .baseOnly || label == .candidateOnly) && onlyOne > 0
            && (isThroughout || Binomial.atLeast(onlyWorse, of: onlyOne, probability: 0.5) <= Self.level)
    }

    /// As a record tells it: what may be chance is no finding against a side.
    var told: ComparedPair.KeptUp {
        switch label {
        case .both, .neither: label
        case .baseOnly, .candidateOnly, .unsure: isSure ? label : .unsure
        }
    }

    /// What was seen, as a sentence goes on.
    var words: String {
        switch label {
        case .both: "both sides kept up"
        case .baseOnly: "the candidate did not keep up with the rate in \(candidateBehind) of \(blocks) blocks"
        case .candidateOnly: "the base did not keep up with the rate in \(baseBehind) of \(blocks) blocks"
        case .neither, .unsure:
            "neither side kept up with the rate (base \(baseBehind), candidate \(candidateBehind) of \(blocks) blocks)"
        }
    }
}
