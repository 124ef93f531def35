import RunRecord

/// `junit.xml`: a suite a candidate and a case a metric, for a build server. Worse fails, inconclusive is skipped, and
/// nothing passes in a comparison that may not be used.
public struct ComparisonJUnit: ComparisonExporter {
    /// `junit.xml`.
    public let file = ComparisonFolder.File.suite

    /// An exporter without choices.
    public init() {}

    /// The whole document.
    public func export(_ report: ComparisonReport) -> String {
        let record = report.record
        let suites = record.pairs.map { pair in
            JUnit.Suite(
                name: "\(pair.candidate) against \(report.base?.name ?? "no base")",
                cases: [
                    usable(report), keptUp(pair), check("same answers", pair.equivalence),
                    check("nothing lost", pair.safety),
                ] + pair.metrics.map { metric($0, pair, report) },
                seconds: report.measuredSeconds ?? 0, startedAt: record.startedAt)
        }
        return JUnit(name: record.comparisonId, suites: suites).text
    }

    private func usable(_ report: ComparisonReport) -> JUnit.Case {
        let record = report.record
        let broken = record.validity.filter { !$0.holds }.map { "\($0.rule): \($0.observed), allowed: \($0.threshold)" }
        let why = record.endedAt == nil ? "the comparison has not ended" : broken.joined(separator: "; ")
        return JUnit.Case(
            name: "may be used as evidence",
            outcome: record.valid && record.endedAt != nil
                ? .passed : .broken(why.isEmpty ? "no rule of validity was checked" : why),
            output: "\(record.validity.count) rules checked")
    }

    private func keptUp(_ pair: ComparedPair) -> JUnit.Case {
        let outcome: JUnit.Outcome =
            switch pair.keptUp {
            case .both, .candidateOnly: .passed
            case .baseOnly: .failed("worse: the candidate did not keep up with the offered rate")
            case .neither: .skipped("neither side kept up with the offered rate")
            case .unsure: .skipped("one side fell behind the offered rate in some blocks, which may be chance")
            }
        return JUnit.Case(name: "keeps up", outcome: outcome, output: "kept up: \(pair.keptUp.rawValue)")
    }

    private func check(_ name: String, _ result: CheckResult?) -> JUnit.Case {
        guard let result else {
            return JUnit.Case(name: name, outcome: .skipped("not checked"), output: "not checked")
        }
        return JUnit.Case(name: name, outcome: result.holds ? .passed : .failed(result.detail), output: result.detail)
    }

    private func metric(_ metric: MetricVerdict, _ pair: ComparedPair, _ report: ComparisonReport) -> JUnit.Case {
        let quantity = Quantity.plain
        let effect = metric.ratio.map { "\($0.effect(quantity)) \($0.interval(quantity))" } ?? "not estimated"
        let found = "\(metric.metric): \(effect). \(metric.reason)"
        let outcome: JUnit.Outcome
        if !report.record.valid {
            outcome = .skipped("the comparison may not be used")
        } else {
            switch metric.verdict {
            case .better, .equivalent: outcome = .passed
            case .worse: outcome = .failed("worse: \(effect)")
            case .inconclusive: outcome = .skipped("inconclusive: \(effect)")
            case nil: outcome = .skipped("carries no verdict: \(metric.reason)")
            }
        }
        return JUnit.Case(name: metric.metric, outcome: outcome, output: found)
    }
}
