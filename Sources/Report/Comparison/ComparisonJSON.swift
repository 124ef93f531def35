import FoundationEssentials
import RunRecord

/// `verdicts.json`: the answers for a program that needs no more. `comparison.json` has all there is.
public struct ComparisonJSON: ComparisonExporter {
    /// `verdicts.json`.
    public let file = ComparisonFolder.File.verdicts

    /// An exporter without choices.
    public init() {}

    private struct Answers: Encodable {
        let comparison, base, command, digest: String
        let valid, aa: Bool
        let margin, confidence: Double
        let broken: [String]
        let candidates: [Candidate]
    }

    private struct Candidate: Encodable {
        let candidate, answer, keptUp, stopped: String
        let blocks: Int
        /// `yes`, `no`, or `not checked`.
        let sameAnswers, nothingLost: String
        /// Numbers of metrics by verdict.
        let verdicts: [String: Int]
        let metrics: [MetricVerdict]
    }

    /// One object.
    ///
    /// - Throws: what the encoder cannot write, such as a number that is none.
    public func export(_ report: ComparisonReport) throws -> String {
        let record = report.record
        let answers = Answers(
            comparison: record.comparisonId, base: report.base?.name ?? "", command: record.command,
            digest: record.digest, valid: record.valid, aa: record.rule.isAA, margin: record.rule.margin,
            confidence: record.rule.confidence, broken: record.validity.filter { !$0.holds }.map(\.rule),
            candidates: record.pairs.map { candidate($0, report) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(answers), as: UTF8.self) + "\n"
    }

    private func candidate(_ pair: ComparedPair, _ report: ComparisonReport) -> Candidate {
        func word(_ result: CheckResult?) -> String { result.map { $0.holds ? "yes" : "no" } ?? "not checked" }
        return Candidate(
            candidate: pair.candidate, answer: ComparisonAnswer(report, pair, .plain).headline,
            keptUp: pair.keptUp.rawValue, stopped: pair.stopped, blocks: pair.blocks,
            sameAnswers: word(pair.equivalence), nothingLost: word(pair.safety),
            verdicts: Dictionary(
                Verdict.allCases.map { ($0.rawValue, pair.metrics($0).count) }, uniquingKeysWith: { $1 }),
            metrics: pair.metrics)
    }
}
