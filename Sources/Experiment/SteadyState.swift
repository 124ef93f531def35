import RunRecord
import Statistics

/// Whether throughput and latency stayed the same over a stretch of load.
///
/// Judged are: completions as a share of what was offered, so that a rate that changes by plan is no trend; the
/// operations outstanding, which grow when the server falls behind; and the median response time of the request classes
/// with most completions. Where the offered rate itself has a trend, latencies are left out: they may follow it. A closed
/// loop offers nothing: judged there are the completions themselves, and latencies in any case.
package struct SteadyState {
    /// A trend that was found.
    package struct Drift: Equatable {
        /// Of what, and by how much, as text for people.
        package var text: String
        package var chance: Double
        package var isBacklog: Bool
    }

    /// What the verdict rests on.
    package enum Outcome: Equatable {
        /// Fewer seconds than ``ValidityRules/fewestSteadySeconds``.
        case tooShort
        case steady(strongest: String)
        case drifting([Drift])
    }

    package let outcome: Outcome
    package let seconds: Int
    /// Series that were judged.
    package let judged: Int
    /// The offered rate changed, so that latencies were not judged.
    package let followsOffer: Bool

    /// Latencies are judged for so many classes, those with most completions.
    private static let classes = 3
    /// Completions that a median rests on; with fewer in a bin, bins are put together.
    private static let fewestOfMedian = 10
    /// Differences of a median response time below this, milliseconds, are those of one wake-up of a thread.
    private static let wakeUp = 0.05

    /// - Parameters:
    ///   - series: the stretch to judge.
    ///   - chance: how likely at most a steady load is to be called drifting, all series together.
    ///   - isWarmUp: whether seconds that resemble their neighbours count in full: in a few seconds a server that warms
    ///     up cannot be told from one that wavers, and there the first is what is looked for.
    ///   - isClosed: whether the load was a closed loop.
    package init(_ series: LoadSeries, chance: Double, isWarmUp: Bool = false, isClosed: Bool = false) {
        seconds = series.seconds
        let bins = series.whole
        guard seconds >= ValidityRules.fewestSteadySeconds, bins.count >= Trend.fewest else {
            (outcome, judged, followsOffer) = (.tooShort, 0, false)
            return
        }
        let totals = bins.map { bin in
            bin.values.reduce(into: LoadSeries.Point()) { $0.add($1) }
        }
        let limit = ValidityRules.mostDrift
        let offer = isClosed ? nil : Trend(totals.map { Double($0.scheduled) })
        followsOffer = offer.map { $0.chance < chance && abs($0.drift ?? 0) > limit } ?? false
        let rates =
            isClosed ? [Self.completions(totals, isWarmUp)] : [Self.throughput(totals, isWarmUp), Self.backlog(totals)]
        var seen = rates.compactMap { $0 }
        if !followsOffer { seen += Self.latencies(bins, chance, isWarmUp, isClosed) }
        judged = seen.count
        let drifts = seen.filter { $0.isLarge && $0.chance < chance / Double(max(1, seen.count)) }
        if drifts.isEmpty {
            let strongest = seen.min { $0.chance < $1.chance }
            outcome = .steady(strongest: strongest?.text ?? "nothing completed")
        } else {
            outcome = .drifting(drifts.map { Drift(text: $0.text, chance: $0.chance, isBacklog: $0.isBacklog) })
        }
    }

    /// The drifts in a line, no more than two of them by name; `nil` when there is none.
    package var drifts: String? {
        guard case .drifting(let drifts) = outcome else { return nil }
        let more = drifts.count > 2 ? " and \(drifts.count - 2) more" : ""
        return drifts.prefix(2).map(\.text).joined(separator: ", ") + more
    }

    /// Whether the operations outstanding grow.
    package var isFallingBehind: Bool {
        guard case .drifting(let drifts) = outcome else { return false }
        return drifts.contains(where: \.isBacklog)
    }

    // MARK: Series

    private struct Seen {
        /// How likely it is without a trend.
        var chance: Double
        /// By how much, as the limits have it.
        var isLarge: Bool
        var text: String
        var isBacklog = false
    }

    private static func throughput(_ totals: [LoadSeries.Point], _ isWarmUp: Bool) -> Seen? {
        let shares = totals.filter { $0.scheduled > 0 }.map { Double($0.completed) / Double($0.scheduled) }
        guard shares.count * 4 >= totals.count * 3, let trend = Trend(shares), let drift = trend.drift else {
            return nil
        }
        return Seen(
            chance: isWarmUp ? trend.plainChance : trend.chance, isLarge: abs(drift) > ValidityRules.mostDrift,
            text: "completed of offered \(direction(drift)) by \(Words.percent(abs(drift)))")
    }

    /// What a closed loop completed.
    private static func completions(_ totals: [LoadSeries.Point], _ isWarmUp: Bool) -> Seen? {
        guard let trend = Trend(totals.map { Double($0.completed) }), let drift = trend.drift else { return nil }
        return Seen(
            chance: isWarmUp ? trend.plainChance : trend.chance, isLarge: abs(drift) > ValidityRules.mostDrift,
            text: "completions a second \(direction(drift)) by \(Words.percent(abs(drift)))")
    }

    /// Only growth is a trend: a backlog that is worked off leaves nothing behind.
    private static func backlog(_ totals: [LoadSeries.Point]) -> Seen? {
        var open = 0
        let outstanding = totals.map { point -> Double in
            open += point.scheduled - point.completed - point.failed
            return Double(open)
        }
        let offered = totals.reduce(0) { $0 + $1.scheduled }
        guard offered > 0, let trend = Trend(outstanding) else { return nil }
        let share = trend.change / Double(offered)
        return Seen(
            chance: trend.plainChance, isLarge: share > ValidityRules.mostBacklog,
            text: "outstanding operations \(direction(share)) by \(Words.percent(abs(share))) of the load",
            isBacklog: true)
    }

    private static func latencies(
        _ bins: [[String: LoadSeries.Point]], _ chance: Double, _ isWarmUp: Bool, _ isClosed: Bool
    ) -> [Seen] {
        var completed: [String: Int] = [:]
        for bin in bins {
            for (name, point) in bin where !RequestClass.isJob(name) {
                completed[name, default: 0] += point.completed
            }
        }
        let busiest = completed.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return busiest.prefix(classes).compactMap { name, count in
            let size = max(1, (fewestOfMedian * bins.count + count - 1) / count)
            return latency(of: name, grouped(bins.map { $0[name] ?? .init() }, by: size), chance, isWarmUp, isClosed)
        }
    }

    /// Neighbours put together; what is left at the end is left out.
    private static func grouped(_ points: [LoadSeries.Point], by size: Int) -> [LoadSeries.Point] {
        stride(from: 0, through: points.count - size, by: size).map { start in
            points[start..<start + size].reduce(into: LoadSeries.Point()) { $0.add($1) }
        }
    }

    /// `nil` where too little completed, or where the class's own offered rate has a trend.
    private static func latency(
        of name: String, _ points: [LoadSeries.Point], _ chance: Double, _ isWarmUp: Bool, _ isClosed: Bool
    ) -> Seen? {
        let medians = points.compactMap(\.p50)
        guard medians.count >= ValidityRules.fewestSteadySeconds, medians.count * 4 >= points.count * 3,
            let trend = Trend(medians), let drift = trend.drift, let offer = Trend(points.map { Double($0.scheduled) }),
            isClosed || !(offer.chance < chance && abs(offer.drift ?? 0) > ValidityRules.mostDrift)
        else { return nil }
        return Seen(
            chance: isWarmUp ? trend.plainChance : trend.chance,
            isLarge: abs(drift) > ValidityRules.mostDrift && abs(trend.change) > wakeUp,
            text: "p50 of \(name) \(direction(drift)) by \(Words.percent(abs(drift)))")
    }

    private static func direction(_ change: Double) -> String { change < 0 ? "fell" : "rose" }
}

/// Numbers in the words of findings.
enum Words {
    static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }

    static func milliseconds(_ duration: UInt64) -> String {
        "\((Double(duration) / 1e4).rounded() / 100) ms"
    }

    static func seconds(_ duration: UInt64) -> String {
        let seconds = (Double(duration) / 1e8).rounded() / 10
        return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
