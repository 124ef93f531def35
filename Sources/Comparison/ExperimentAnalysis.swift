import Glibc
import RunRecord
import Statistics

/// What the finished trials of an experiment say. Everything is worked out on logarithms, so that differences are ratios.
///
/// Only trials that may be used as evidence count, and a cell that fell behind in any of its repeats has no value:
/// those in which it kept up are the lucky ones. Ratios and effects rest on repeats of which every cell has a value:
/// what all cells of a repeat share cancels (`BlockedContrasts`, which says when the noise of all cells stands for each).
/// Where a value is 0 there are no ratios. Which are told apart is corrected for the number of cells (`Holm`).
public enum ExperimentAnalysis {
    /// Of intervals; for each figure by itself, not for all together.
    public static let confidence = 0.95
    /// Largest probability, after Holm's correction over the cells, with which one cell is told apart from another.
    public static let error = 0.05

    /// - Parameter record: finished, or as far as it came.
    /// - Returns: one for each metric that any usable trial has; all metrics where any trial fell behind.
    public static func results(of record: ExperimentRecord) -> [ExperimentResult] {
        record.metrics.compactMap { metric in
            let table = ValueTable(record, metric.name)
            return table.cells.isEmpty && table.behind.isEmpty ? nil : result(of: metric, table, record)
        }
    }

    private static func result(
        of metric: ExperimentMetric, _ table: ValueTable, _ record: ExperimentRecord
    ) -> ExperimentResult {
        let blocks = table.completeBlocks.map { $0.map { log($0) } }
        let contrasts = blocks.isEmpty ? nil : BlockedContrasts(blocks)
        let ranking = ranking(of: metric, table, contrasts, record)
        let wanted = EffectContrast.all(of: record, cells: table.positive)
        let known = wanted.isEmpty ? nil : contrasts
        let effects = known.map { estimate(wanted, $0) } ?? (effects: [], method: noRepeat)
        let zeros = table.cells.filter { !table.positive.contains($0) }
        var result = ExperimentResult(
            metric: metric.name, ranking: ranking, unranked: unranked(table, record), effects: effects.effects,
            completeRepeats: blocks.count, method: zeros.isEmpty ? effects.method : "\(effects.method); \(withZeros)")
        result.zeros = zeros.isEmpty ? nil : zeros
        return result
    }

    // MARK: Cells without a value

    private static func unranked(_ table: ValueTable, _ record: ExperimentRecord) -> [UnrankedCell] {
        record.cells.indices.filter { !table.cells.contains($0) }.map { cell in
            UnrankedCell(cell: cell, reason: reason(cell, table, record))
        }
    }

    private static func reason(_ cell: Int, _ table: ValueTable, _ record: ExperimentRecord) -> String {
        if let behind = table.behind[cell] {
            return "did not keep up with its rate in \(behind) of \(record.repeats) repeats"
        }
        let ended = record.trials.filter { $0.cell == cell && $0.isFinished }
        let states: [(ExperimentTrial.State, String)] = [
            (.failed, "could not be run"), (.invalid, "may not be used"), (.done, "brought no value of it"),
        ]
        let words = states.compactMap { state, what -> String? in
            let trials = ended.filter { $0.state == state }
            guard let first = trials.first else { return nil }
            let why = first.detail.map { ": \($0.prefix(longestDetail))" } ?? ""
            return "\(trials.count) of \(record.repeats) repeats \(what)\(why)"
        }
        return words.isEmpty ? "not run yet" : words.joined(separator: ", ")
    }

    /// A longer reason of a trial is cut; the trial's own row has it whole.
    private static let longestDetail = 120

    // MARK: Ranking

    private static let withZeros =
        "a cell with the value 0 stands with its arithmetic mean, without ratio and interval"

    private static func ranking(
        of metric: ExperimentMetric, _ table: ValueTable, _ contrasts: BlockedContrasts?, _ record: ExperimentRecord
    ) -> [RankedCell] {
        let order = table.cells.map { cell in (cell: cell, value: table.mean(of: cell)) }
            .sorted { metric.lessIsBetter ? $0.value < $1.value : $0.value > $1.value }
        let byBase = Self.contrasts(with: record.baseCell, table, contrasts, isChosenBefore: true)
        let byLeader = Self.contrasts(with: order.first?.cell, table, contrasts, isChosenBefore: false)
        return order.map { cell, value in
            let values = table.values(of: cell)
            var ranked = RankedCell(cell: cell, value: value, count: values.count)
            guard table.positive.contains(cell) else { return ranked }
            if let half = halfWidth(values.map { log($0) }, contrasts) {
                (ranked.low, ranked.high) = (value * exp(-half), value * exp(half))
            }
            if let found = byBase[cell] {
                (ranked.ratio, ranked.ratioLow, ranked.ratioHigh) = (found.ratio, found.low, found.high)
                ranked.probability = found.probability
            }
            ranked.byLeader = byLeader[cell]
            return ranked
        }
    }

    /// Half the width of a cell's interval: by the noise of all cells in complete repeats, which has more degrees of
    /// freedom than the few repeats of one cell; by its own where there is but one such repeat, or noise is not alike.
    private static func halfWidth(_ logs: [Double], _ contrasts: BlockedContrasts?) -> Double? {
        guard logs.count > 1 else { return nil }
        if let half = contrasts?.halfWidth(ofMeanOver: logs.count, confidence: confidence) { return half }
        return StudentT.quantile(confidence: confidence, degrees: logs.count - 1) * Sample.standardDeviation(logs)
            / Double(logs.count).squareRoot()
    }

    /// Every other cell held against one, by cell. The intervals are each by itself. The probabilities are corrected for how
    /// many cells there are: one that was chosen beforehand, as the base is, has as many contrasts as there are others; the
    /// leader was chosen by the same values, so that all pairs of cells might have been looked at.
    private static func contrasts(
        with one: Int?, _ table: ValueTable, _ contrasts: BlockedContrasts?, isChosenBefore: Bool
    ) -> [Int: CellContrast] {
        guard let contrasts, let one, let from = table.positive.firstIndex(of: one) else { return [:] }
        let places = table.positive.indices
        func value(_ from: Int, _ to: Int) -> BlockedContrasts.Value {
            var coefficients = [Double](repeating: 0, count: table.positive.count)
            (coefficients[from], coefficients[to]) = (-1, 1)
            return contrasts.value(coefficients, confidence: confidence)
        }
        let others = places.filter { $0 != from }
        let values = others.map { value(from, $0) }
        let unseen =
            isChosenBefore
            ? []
            : others.flatMap { first in
                others.filter { $0 > first }.compactMap { value(first, $0).probability }
            }
        // All of them have one, or none has.
        let corrected = Holm.adjusted(values.compactMap(\.probability) + unseen)
        var found: [Int: CellContrast] = [:]
        for (place, value) in values.enumerated() {
            found[table.positive[others[place]]] = CellContrast(
                ratio: exp(value.estimate), low: value.halfWidth.map { exp(value.estimate - $0) },
                high: value.halfWidth.map { exp(value.estimate + $0) },
                probability: place < corrected.count ? corrected[place] : nil)
        }
        return found
    }

    // MARK: Effects

    private static let noRepeat = "no effects: there is no repeat of which all cells that are needed have a value"

    private static func estimate(
        _ wanted: [EffectContrast], _ contrasts: BlockedContrasts
    ) -> (effects: [FactorEffect], method: String) {
        let values = wanted.map { contrasts.value($0.coefficients, confidence: confidence) }
        let isScreening = wanted.allSatisfy(\.isOrthogonal)
        let lenth =
            contrasts.blocks == 1 && isScreening
            ? Lenth.margin(zip(wanted, values).map { $1.estimate / $0.scale }, confidence: confidence) : nil
        let effects = zip(wanted, values).map { contrast, value in
            let half = value.halfWidth ?? lenth.map { $0 * contrast.scale }
            return FactorEffect(
                effect: contrast.effect, from: contrast.from, to: contrast.to, ratio: exp(value.estimate),
                low: half.map { exp(value.estimate - $0) }, high: half.map { exp(value.estimate + $0) },
                pairs: contrast.pairs, plannedPairs: contrast.plannedPairs)
        }
        return (effects, method(contrasts, isLenth: lenth != nil))
    }

    private static func method(_ contrasts: BlockedContrasts, isLenth: Bool) -> String {
        if contrasts.blocks > 1 {
            let noise =
                contrasts.isPooled
                ? "by the noise of all cells together, none of which shows more than the others (Cochran's test)"
                : "each contrast by its own noise from repeat to repeat, because one cell may be noisier than the others (Cochran's test)"
            return
                "Student's t on logarithms, repeats as blocks, \(noise), \(contrasts.contrastDegrees) degree\(contrasts.contrastDegrees == 1 ? "" : "s") of freedom; each interval by itself, not for all together; which cells are told apart from the base, or from the leader, is corrected by Holm's method for their number, or for that of all their pairs"
        }
        return isLenth
            ? "a single repeat: intervals by Lenth's pseudo standard error, which takes most effects for noise"
            : "a single repeat: nothing is left to estimate the noise by, so there are no intervals"
    }
}

/// The usable values of one metric, by cell and repeat.
private struct ValueTable {
    private let values: [Int: [Int: Double]]
    private let repeats: Int
    /// Those with a value that never fell behind, ascending.
    let cells: [Int]
    /// By cell: trials that fell behind their schedule.
    let behind: [Int: Int]

    init(_ record: ExperimentRecord, _ metric: String) {
        var (values, behind): ([Int: [Int: Double]], [Int: Int]) = ([:], [:])
        for trial in record.trials {
            if trial.fellBehind == true { behind[trial.cell, default: 0] += 1 }
            guard trial.state == .done, let value = trial.values[metric], value >= 0 else { continue }
            values[trial.cell, default: [:]][trial.repetition] = value
        }
        self.values = values
        repeats = record.repeats
        self.behind = behind
        cells = values.keys.filter { behind[$0] == nil }.sorted()
    }

    /// In the order of the repeats.
    func values(of cell: Int) -> [Double] { (values[cell] ?? [:]).sorted { $0.key < $1.key }.map(\.value) }

    /// Those of ``cells`` of which every value has a logarithm.
    var positive: [Int] { cells.filter { !values(of: $0).contains(0) } }

    /// The geometric mean; with a 0 in it the arithmetic one.
    func mean(of cell: Int) -> Double {
        let values = values(of: cell)
        return values.contains(0) ? Sample.mean(values) : exp(Sample.mean(values.map { log($0) }))
    }

    /// Repeats of which every cell that has ratios has a value; a list a repeat, in the order of ``positive``.
    var completeBlocks: [[Double]] {
        let cells = positive
        guard !cells.isEmpty else { return [] }
        return (0..<repeats).compactMap { number in
            let block = cells.compactMap { values[$0]?[number] }
            return block.count == cells.count ? block : nil
        }
    }
}

extension ExperimentRecord {
    /// The cell with every factor at its first level; `nil` where the design has none.
    public var baseCell: Int? {
        cells.firstIndex { cell in factors.allSatisfy { cell.levels[$0.name] == $0.levels.first } }
    }
}
