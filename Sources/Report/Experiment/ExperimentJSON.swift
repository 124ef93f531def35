import FoundationEssentials
import RunRecord

/// `ranking.json`: the rankings and effects for a program that needs no more. `experiment.json` has all there is.
public struct ExperimentJSON: ExperimentExporter {
    /// `ranking.json`.
    public let file = "ranking.json"

    /// An exporter without choices.
    public init() {}

    private struct Answers: Encodable {
        let experiment, answer, command, ending: String
        let trials: [String: Int]
        let results: [Result]
    }

    private struct Result: Encodable {
        let metric, unit, method: String
        let lessIsBetter: Bool
        let completeRepeats: Int
        let ranking: [Place]
        let unranked: [Unplaced]
        let effects: [FactorEffect]
    }

    private struct Place: Encodable {
        let cell: String
        let levels: [String: String]
        let value: Double
        let low, high, ratio, ratioLow, ratioHigh, probability: Double?
        let byLeader: CellContrast?
        let repeats: Int
        let fewestRequests: Int?
    }

    private struct Unplaced: Encodable {
        let cell, reason: String
    }

    /// One object.
    ///
    /// - Throws: what the encoder cannot write, such as a number that is none.
    public func export(_ report: ExperimentReport) throws -> String {
        let record = report.record
        let answers = Answers(
            experiment: record.experimentId, answer: ExperimentAnswer(report, .plain).headline, command: record.command,
            ending: record.ending.rawValue,
            trials: Dictionary(
                ExperimentTrial.State.allCases.map { ($0.rawValue, report.count($0)) }, uniquingKeysWith: { $1 }),
            results: record.results.map { result($0, report) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answers), as: UTF8.self) + "\n"
    }

    private func result(_ result: ExperimentResult, _ report: ExperimentReport) -> Result {
        let metric = report.metric(result.metric)
        return Result(
            metric: result.metric, unit: metric?.unit ?? "", method: result.method,
            lessIsBetter: metric?.lessIsBetter ?? true, completeRepeats: result.completeRepeats,
            ranking: result.ranking.map { ranked in
                let cells = report.record.cells
                return Place(
                    cell: report.name(ranked.cell),
                    levels: cells.indices.contains(ranked.cell) ? cells[ranked.cell].levels : [:], value: ranked.value,
                    low: ranked.low, high: ranked.high, ratio: ranked.ratio, ratioLow: ranked.ratioLow,
                    ratioHigh: ranked.ratioHigh, probability: ranked.probability, byLeader: ranked.byLeader,
                    repeats: ranked.count,
                    fewestRequests: report.fewestRequests(result.metric, cell: ranked.cell))
            },
            unranked: (result.unranked ?? []).map { Unplaced(cell: report.name($0.cell), reason: $0.reason) },
            effects: result.effects)
    }
}
