import Comparison
import FoundationEssentials
import RunRecord

/// All that a report of an experiment is made from.
public struct ExperimentReport: Sendable {
    /// What a cell's machine and data cost, as a record of one of its trials tells.
    public struct CellCost: Sendable, Equatable {
        /// As the profile says it, such as `24 USD a month`; `nil` when it says nothing.
        public var price: String?
        /// Processors asked for; `nil` for the host's.
        public var processors: Double?
        /// The archive at the end of the trial; `nil` when it was not measured.
        public var diskBytes: Int?

        /// Takes each value as it is.
        public init(price: String?, processors: Double?, diskBytes: Int?) {
            self.price = price
            self.processors = processors
            self.diskBytes = diskBytes
        }
    }

    /// The result of the experiment.
    public let record: ExperimentRecord
    /// By the place of the cell; cells without a usable trial are left out.
    public let costs: [Int: CellCost]

    /// - Parameters:
    ///   - record: the result of the experiment.
    ///   - costs: by the place of the cell.
    public init(record: ExperimentRecord, costs: [Int: CellCost] = [:]) {
        self.record = record
        self.costs = costs
    }

    /// Reads an experiment's folder, and of each cell the record of one trial.
    ///
    /// - Throws: `ExperimentFolder.Problem` when there is no readable record.
    public init(folder: ExperimentFolder) throws {
        let record = try folder.readRecord()
        var costs: [Int: CellCost] = [:]
        for trial in record.trials where trial.state == .done && costs[trial.cell] == nil {
            costs[trial.cell] = Self.cost(folder.folder(of: trial))
        }
        self.init(record: record, costs: costs)
    }

    /// The part of a run's record that tells what it cost.
    private struct Excerpt: Decodable {
        struct Profile: Decodable { var requested: [String: String] }
        struct Target: Decodable { var sizes: [SizeRow] }
        var profile: Profile
        var targets: [Target]
    }

    private static func cost(_ folder: RecordFolder) -> CellCost? {
        guard let data = FileManager.default.contents(atPath: folder.path(of: .record)),
            let excerpt = try? JSONDecoder().decode(Excerpt.self, from: data)
        else { return nil }
        let requested = excerpt.profile.requested
        let sizes = excerpt.targets.flatMap(\.sizes)
        return CellCost(
            price: requested["price"],
            processors: requested["processors"].flatMap { Double($0.prefix { $0.isNumber || $0 == "." }) },
            diskBytes: sizes.isEmpty ? nil : sizes.reduce(0) { $0 + $1.bytes })
    }

    // MARK: What pages ask

    /// Name of a cell.
    func name(_ cell: Int) -> String { record.cells.indices.contains(cell) ? record.cells[cell].name : "unknown" }

    /// A cell's levels, in the order of the factors; where there is a base, what differs from it.
    func levels(_ cell: Int) -> String {
        guard record.cells.indices.contains(cell) else { return "unknown" }
        let levels = record.cells[cell].levels
        let told = record.factors.filter { factor in
            guard let base = baseCell, cell != base else { return true }
            return levels[factor.name] != record.cells[base].levels[factor.name]
        }
        return told.compactMap { factor in levels[factor.name].map { "\(factor.name) \($0)" } }
            .joined(separator: ", ")
    }

    /// The cell with every factor at its first level; `nil` where the design has none.
    var baseCell: Int? { record.baseCell }

    /// A cell's place; cells of one value share the first of theirs.
    func place(_ number: Int, _ result: ExperimentResult, _ quantity: Quantity) -> String {
        let first = result.ranking.firstIndex { $0.value == result.ranking[number].value } ?? number
        return quantity.count(first + 1)
    }

    /// Whether a cell has the value 0 in a repeat.
    func hasZero(_ cell: Int?, _ result: ExperimentResult) -> Bool {
        cell.map { result.zeros?.contains($0) == true } ?? false
    }

    /// Why a cell is not held against the base by a metric.
    func withoutRatio(_ result: ExperimentResult, _ cell: Int? = nil) -> String {
        if hasZero(cell, result) || hasZero(baseCell, result) { return ExperimentTables.zero }
        guard let base = baseCell else { return "the design has no base" }
        if let cell = result.unranked?.first(where: { $0.cell == base }) { return "the base \(cell.reason)" }
        return "no repeat is complete"
    }

    /// Why a ratio has no interval.
    func withoutInterval(_ result: ExperimentResult, _ cell: Int? = nil) -> String {
        if hasZero(cell, result) || hasZero(baseCell, result) { return ExperimentTables.zero }
        guard baseCell.map({ base in result.ranking.contains { $0.cell == base } }) == true else {
            return withoutRatio(result)
        }
        return result.completeRepeats == 0 ? "no repeat is complete" : "one repeat tells no chance"
    }

    func metric(_ name: String) -> ExperimentMetric? { record.metrics.first { $0.name == name } }

    /// What decides: the results of the first metric that any trial has.
    var leading: ExperimentResult? {
        record.metrics.lazy.compactMap { metric in record.results.first { $0.metric == metric.name } }.first
    }

    /// Suggestions that are in force in a cell, as far as the record describes them.
    func suggestions(of cell: Int) -> [ExperimentSuggestion] {
        guard record.cells.indices.contains(cell) else { return [] }
        return (record.suggestions ?? []).filter { record.cells[cell].levels[$0.factor] == $0.level }
    }

    /// Whether a trial of a cell has too few requests for a quantile, so that it rests on chance.
    func isThin(_ name: String, _ cell: Int) -> Bool {
        guard let percentile = MetricName(name).percentile, let count = fewestRequests(name, cell: cell) else {
            return false
        }
        return !Exceedances.carry(count, percentile)
    }

    /// Fewest requests behind a metric of a request class in one trial; `nil` for another metric, and where the record
    /// does not tell.
    ///
    /// - Parameters:
    ///   - name: of the metric.
    ///   - cell: whose trials; `nil` for all.
    /// - Returns: of the trials that may be used.
    func fewestRequests(_ name: String, cell: Int? = nil) -> Int? {
        let metric = MetricName(name)
        guard metric.isLatency, let requestClass = metric.requestClass else { return nil }
        return record.trials.filter { $0.state == .done && (cell == nil || $0.cell == cell) }
            .compactMap { $0.load?.completed[requestClass] }.min()
    }

    /// How many trials are in a state.
    func count(_ state: ExperimentTrial.State) -> Int { record.trials.count { $0.state == state } }
}

extension RankedCell {
    /// The cell by the base, for the formatter and the chart; `nil` for the base itself and without an interval.
    var interval: RatioInterval? {
        guard let ratio, let ratioLow, let ratioHigh else { return nil }
        return RatioInterval(
            value: ratio, low: ratioLow, high: ratioHigh, blocks: count, deviation: 0, autocorrelation: 0)
    }
}

extension RatioInterval {
    /// The interval, or that there is none because the repeats came to the same.
    func words(_ quantity: Quantity) -> String {
        RepeatedValues.areSame(low, high) ? RepeatedValues.same : interval(quantity)
    }

    /// A ratio of which no interval is known, for the chart: a mark without a line.
    static func point(_ ratio: Double) -> RatioInterval {
        RatioInterval(value: ratio, low: ratio, high: ratio, blocks: 0, deviation: 0, autocorrelation: 0)
    }
}

/// Repeats that all came to the same value leave no noise to make an interval of.
enum RepeatedValues {
    /// Stands in the place of the interval.
    static let same = "same in every repeat"

    /// Whether an interval has no width but that of rounding.
    static func areSame(_ low: Double, _ high: Double) -> Bool { high - low <= 1e-9 * abs(high) }
}

extension FactorEffect {
    /// The effect, for the formatter and the chart; `nil` without an interval.
    var interval: RatioInterval? {
        guard let low, let high else { return nil }
        return RatioInterval(value: ratio, low: low, high: high, blocks: 0, deviation: 0, autocorrelation: 0)
    }
}
