import RunRecord

/// Sentences about one candidate, the consequence before the number.
struct ComparisonWords {
    let report: ComparisonReport
    let pair: ComparedPair
    let quantity: Quantity

    init(_ report: ComparisonReport, _ pair: ComparedPair, _ quantity: Quantity) {
        (self.report, self.pair, self.quantity) = (report, pair, quantity)
    }

    var rule: ComparisonRule { report.record.rule }

    /// A metric's effect; a ratio that could not be estimated says so.
    func effect(_ metric: MetricVerdict) -> String {
        let name = MetricName(metric.metric)
        return metric.ratio.map { name.effect($0, quantity) } ?? "\(name.short) without a number"
    }

    /// The answer of an A/A comparison: every better or worse in it is false.
    var sameOnBothSides: (tone: Tone, headline: String) {
        let wrong = pair.metrics(.better) + pair.metrics(.worse)
        let of = "\(pair.judged.count) verdicts"
        guard !wrong.isEmpty else { return (.equivalent, "A/A, both sides the same: none of \(of) is false.") }
        let named = wrong.map { "\(MetricName($0.metric).short) \($0.verdict?.rawValue ?? "")" }
        return (
            .worse, "A/A, both sides the same: \(wrong.count) of \(of) is false (\(named.joined(separator: ", ")))."
        )
    }

    /// What moved beside what the headline tells; `nil` when that is all.
    func alsoMoved(beyond told: Int) -> String? {
        // A side that fell behind has verdicts without a number, which the headline gives the reason of.
        let rest = (pair.metrics(.better).dropFirst(told) + pair.metrics(.worse).dropFirst(told)).filter {
            $0.ratio != nil
        }
        return rest.isEmpty ? nil : "Also: \(rest.map(effect).joined(separator: ", "))."
    }

    /// Metrics without a difference that matters; `nil` when there is none.
    var unchanged: String? {
        let names = pair.metrics(.equivalent).map { MetricName($0.metric).short }
        return names.isEmpty
            ? nil : "Equivalent within \(quantity.margin(rule.margin)): \(names.joined(separator: ", "))."
    }

    /// What is open, and what would settle it; `nil` when nothing is.
    var undecided: String? {
        let open = pair.metrics(.inconclusive)
        guard !open.isEmpty else { return nil }
        return "Inconclusive: \(open.map { MetricName($0.metric).short }.joined(separator: ", ")). \(more(open))"
    }

    /// What more blocks would do for each of the metrics: settle it, never settle it, or nobody knows.
    private func more(_ open: [MetricVerdict]) -> String {
        let settled = open.filter { $0.blocksToSettle != nil }
        let never = open.filter { $0.blocksToSettle == nil && $0.ratio != nil }
        let unknown = open.filter { $0.blocksToSettle == nil && $0.ratio == nil }
        func them(_ metrics: [MetricVerdict]) -> String {
            if metrics.count == open.count { return open.count == 1 ? "it" : "them" }
            return metrics.map { MetricName($0.metric).short }.joined(separator: ", ")
        }
        var sentences: [String] = []
        if let blocks = settled.compactMap(\.blocksToSettle).max() {
            let extra = max(0, blocks - pair.blocks)
            sentences.append(
                "About \(quantity.count(extra)) more blocks would settle \(them(settled)), "
                    + "\(quantity.time(Double(extra) * report.blockSeconds * 1_000)).")
        }
        if !never.isEmpty { sentences.append("No sensible number of blocks would settle \(them(never)).") }
        if !unknown.isEmpty {
            let whole = unknown.count == open.count
            sentences.append("What more budget would bring\(whole ? "" : " for \(them(unknown))") is not known.")
        }
        return sentences.joined(separator: " ")
    }

    /// How sure: verdicts given, the smallest effect the blocks could have found, calibration of the host.
    var certainty: [String] {
        let smallest = pair.judged.compactMap(\.smallestEffect).max()
        return [
            "\(quantity.count(pair.blocks)) block\(pair.blocks == 1 ? "" : "s"), intervals of "
                + "\(quantity.factor(rule.confidence * 100))\(quantity.space)% over all looks and metrics.",
            smallest.map { "Effects of \(quantity.percent($0)) or more would have been found four times out of five." }
                ?? "The smallest effect that could have been found is not known.",
            calibration,
        ]
    }

    private var calibration: String {
        guard let lines = report.record.calibration, !lines.isEmpty else {
            return "This host’s false verdicts were not measured: archivebench calibrate statistics does."
        }
        let told = lines.prefix(2).map {
            "\($0.name) \(quantity.factor($0.value)) [\(quantity.factor($0.low)), \(quantity.factor($0.high))]"
        }
        return "Calibrated on this host: \(told.joined(separator: "; "))."
    }

    /// What the candidate costs: what got worse, and what of the server's means stayed as it was.
    var cost: (value: String, tone: Tone, text: String) {
        let means = pair.metrics.filter { MetricName($0.metric).isServersMeans && $0.lessIsBetter }
        let dearer = means.filter { $0.verdict == .worse }
        let told = means.filter { $0.verdict != nil && $0.verdict != .worse }.map {
            "\(MetricName($0.metric).short) \($0.verdict?.rawValue ?? "")"
        }
        let rest = told.isEmpty ? "" : "\(told.joined(separator: ", "))."
        guard !means.isEmpty else {
            return (Quantity.missing, .unknown, "No figure of the server’s means was compared.")
        }
        guard let first = dearer.first, let ratio = first.ratio else {
            let judged = means.contains { $0.verdict != nil }
            return judged
                ? ("nothing found", .neutral, rest)
                : ("not judged", .unknown, "\(means.count) figures of the server’s means carry no verdict.")
        }
        let others = dearer.dropFirst().map(effect)
        return (
            "\(ratio.effect(quantity)) \(MetricName(first.metric).short)", .worse,
            (others.isEmpty ? "" : "Also \(others.joined(separator: ", ")). ") + rest
        )
    }

    /// Latencies of a side that did not keep up are no numbers.
    var behind: String? {
        let who: String
        switch pair.keptUp {
        case .both: return nil
        case .candidateOnly: who = "The base did not keep up"
        case .baseOnly: who = "The candidate did not keep up"
        case .neither: who = "Neither side kept up"
        case .unsure:
            return
                "One side may have fallen behind: it did not keep up with the offered rate in more blocks than usual, so response times are left out."
        }
        return
            "\(who) with the offered rate: what waited in its queue says how long the comparison lasted, so it has no response times."
    }
}
