import Glibc
import RunRecord
import Statistics

/// What the finished trials of an experiment say. Everything is worked out on logarithms, so that differences are ratios.
///
/// Only trials that may be used as evidence count, and a cell that fell behind in any of its repeats has no value: those in
/// which it kept up are the lucky ones. Ratios and effects rest on repeats of which every cell has a value: what
/// all cells of a repeat share cancels (`BlockedContrasts`).
public enum ExperimentAnalysis {
    /// Of intervals; for each figure by itself, not for all together.
    public static let confidence = 0.95

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
        let blocks = table.completeBlocks
        let contrasts = blocks.isEmpty ? nil : BlockedContrasts(blocks)
        let ranking = table.cells.map { cell in ranked(cell, table, contrasts, record) }
            .sorted { metric.lessIsBetter ? $0.value < $1.value : $0.value > $1.value }
        let wanted = EffectContrast.all(of: record, cells: table.cells)
        let known = wanted.isEmpty ? nil : contrasts
        let effects = known.map { estimate(wanted, $0) } ?? (effects: [], method: noRepeat)
        return ExperimentResult(
            metric: metric.name, ranking: ranking, unranked: unranked(table, record), effects: effects.effects,
            completeRepeats: blocks.count, method: effects.method)
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

    private static func ranked(
        _ cell: Int, _ table: ValueTable, _ contrasts: BlockedContrasts?, _ record: ExperimentRecord
    ) -> RankedCell {
        let logs = table.logs(of: cell)
        let mean = Sample.mean(logs)
        var ranked = RankedCell(cell: cell, value: exp(mean), count: logs.count)
        if logs.count > 1 {
            let half =
                StudentT.quantile(confidence: confidence, degrees: logs.count - 1) * Sample.standardDeviation(logs)
                / Double(logs.count).squareRoot()
            (ranked.low, ranked.high) = (exp(mean - half), exp(mean + half))
        }
        guard let contrasts, let base = record.baseCell, let from = table.cells.firstIndex(of: base),
            let to = table.cells.firstIndex(of: cell), from != to
        else { return ranked }
        var coefficients = [Double](repeating: 0, count: table.cells.count)
        (coefficients[from], coefficients[to]) = (-1, 1)
        let value = contrasts.value(coefficients, confidence: confidence)
        ranked.ratio = exp(value.estimate)
        ranked.ratioLow = value.halfWidth.map { exp(value.estimate - $0) }
        ranked.ratioHigh = value.halfWidth.map { exp(value.estimate + $0) }
        return ranked
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
            return
                "Student's t on logarithms, repeats as blocks, \(contrasts.degrees) degrees of freedom; each interval by itself, not for all together"
        }
        return isLenth
            ? "a single repeat: intervals by Lenth's pseudo standard error, which takes most effects for noise"
            : "a single repeat: nothing is left to estimate the noise by, so there are no intervals"
    }
}

/// The usable values of one metric, by cell and repeat, as logarithms.
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
            guard trial.state == .done, let value = trial.values[metric], value > 0 else { continue }
            values[trial.cell, default: [:]][trial.repetition] = log(value)
        }
        self.values = values
        repeats = record.repeats
        self.behind = behind
        cells = values.keys.filter { behind[$0] == nil }.sorted()
    }

    func logs(of cell: Int) -> [Double] { (values[cell] ?? [:]).sorted { $0.key < $1.key }.map(\.value) }

    /// Repeats of which every cell that has any value has one; a list a repeat, in the order of ``cells``.
    var completeBlocks: [[Double]] {
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
