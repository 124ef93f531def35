import RunRecord

/// `verdicts.csv`: a row a metric and candidate, for a spreadsheet. Numbers are plain and unrounded; an empty field is none,
/// and the column `reason` says why.
public struct ComparisonCSV: ComparisonExporter {
    /// `verdicts.csv`.
    public let file = ComparisonFolder.File.table

    /// An exporter without choices.
    public init() {}

    /// A head, and a row a metric.
    public func export(_ report: ComparisonReport) -> String {
        let head = [
            "comparison", "base", "candidate", "metric", "unit", "less_is_better", "base_value", "candidate_value",
            "ratio",
            "ratio_low", "ratio_high", "blocks", "block_deviation", "autocorrelation", "verdict", "probability",
            "smallest_effect", "blocks_to_settle", "valid", "reason",
        ]
        let rows = report.record.pairs.flatMap { pair in pair.metrics.map { row($0, pair, report) } }
        return CSV.text([head] + rows)
    }

    private func row(_ metric: MetricVerdict, _ pair: ComparedPair, _ report: ComparisonReport) -> [String] {
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        let ratio = metric.ratio
        return [
            report.record.comparisonId, report.base?.name ?? "", pair.candidate, metric.metric, metric.unit,
            "\(metric.lessIsBetter)", number(metric.base), number(metric.candidate), number(ratio?.value),
            number(ratio?.low), number(ratio?.high), ratio.map { "\($0.blocks)" } ?? "", number(ratio?.deviation),
            number(ratio?.autocorrelation), metric.verdict?.rawValue ?? "none", number(metric.probability),
            number(metric.smallestEffect), metric.blocksToSettle.map { "\($0)" } ?? "", "\(report.record.valid)",
            metric.reason,
        ]
    }
}

/// Comma-separated values (RFC 4180).
enum CSV {
    /// Lines with their breaks; a field that a spreadsheet would take for a formula is led by an apostrophe.
    static func text(_ rows: [[String]]) -> String {
        rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func field(_ text: String) -> String {
        let first = text.unicodeScalars.first
        let isFormula = "=+-@\t\r".unicodeScalars.contains { $0 == first } && Double(text) == nil
        let safe = isFormula ? "'" + text : text
        guard safe.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0.isLineBreak }) else { return safe }
        return "\"" + safe.rewritten { $0 == "\"" ? "\"\"" : nil } + "\""
    }
}
