import RunRecord

/// How well a fitted workload resembles its archive, in sentences.
struct FitWords {
    let fit: FitRecord
    let quantity: Quantity

    /// A value in its aspect's unit.
    func value(_ value: Double, _ unit: String) -> String {
        switch unit {
        case "B": quantity.bytes(Int(min(max(value, 0), 1e15).rounded()))
        case "/s": quantity.rate(value)
        default: quantity.digits(value)
        }
    }

    /// What an aspect is, for headings and tables.
    static func name(_ aspect: FitComparison.Aspect) -> String {
        switch aspect {
        case .rates: "messages a second, by hour"
        case .sizes: "payload of a message"
        case .topics: "popularity rank of a message’s topic"
        case .mix: "store requests by statement"
        }
    }

    /// How many comparisons chance would explain, and which lies furthest beyond it.
    var answer: String {
        let all = fit.comparisons
        guard !all.isEmpty else { return "Nothing could be compared." }
        let within = all.count(where: \.isWithinChance)
        let count =
            "\(quantity.count(within)) of \(quantity.count(all.count)) comparisons lie within what sampling alone would give."
        let beyond = all.filter { !$0.isWithinChance }
        guard let furthest = beyond.max(by: { excess($0) < excess($1) }) else { return count }
        return
            "\(count) Furthest beyond it: \(Self.name(furthest.aspect)) of \(SVG.shortened(furthest.subject, to: 40)), distribution functions \(quantity.percent(furthest.distance.kolmogorovSmirnov)) apart, by chance \(quantity.percent(furthest.byChance.kolmogorovSmirnov))."
    }

    private func excess(_ comparison: FitComparison) -> Double {
        comparison.distance.kolmogorovSmirnov - comparison.byChance.kolmogorovSmirnov
    }

    /// What the archive was and how much of it was read.
    var source: String {
        let archive = fit.archive
        let rows =
            archive.isCounted
            ? "all \(quantity.count(archive.rows)) messages"
            : "\(quantity.count(fit.sampling.rows)) of about \(quantity.count(archive.rows)) messages"
        let kept = archive.oldest.flatMap { oldest in archive.newest.map { Double($0 - oldest) } }
        let span = kept.map { " over \(quantity.factor($0 / 3_600))\(quantity.space)h" } ?? ""
        return
            "Fitted on \(fit.characterizedAt) to an archive on PostgreSQL \(fit.serverVersion), schema \(fit.schemaVersion): \(rows) in \(quantity.count(archive.partitions)) partitions\(span) were read. \(duplicates)"
    }

    private var duplicates: String {
        fit.archive.duplicateShare.map { "\(quantity.percent($0)) of its inserts were duplicates." }
            ?? "The share of duplicates is not known."
    }

    /// What the reading cost the server.
    var cost: String {
        let sampling = fit.sampling
        let ended = sampling.endedEarly.map { " It ended early: \($0)." } ?? ""
        let lost = sampling.timedOut > 0 ? ", \(quantity.count(sampling.timedOut)) of them ended at their time-out" : ""
        return
            "Reading took \(quantity.count(sampling.statements)) statements\(lost), and \(quantity.percent(sampling.share)) of one processor’s time (limit \(quantity.percent(sampling.shareLimit))).\(ended)"
    }

    static let chance =
        "Chance: of samples of this size drawn from the synthetic traffic itself, one in twenty lies further from it, drawn one by one. KS is the largest difference of the two distribution functions (Kolmogorov and Smirnov), W the mean way from a value of one to its like in the other (Wasserstein). Of requests, which have no order, both are the share that would have to be of another kind. The workload was fitted to these same rows, so this says that its form suffices, not that other days look alike."
}
