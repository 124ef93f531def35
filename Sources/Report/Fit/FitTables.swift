import RunRecord

/// The tables of a fit: distances, quantiles, and what this run made of it.
struct FitTables {
    /// Comparisons that a table shows.
    static let most = 60
    /// Shards that get pictures; the busiest come first.
    static let mostPictured = 4

    let report: TrialReport
    let words: FitWords

    private var quantity: Quantity { words.quantity }
    var fit: FitRecord { words.fit }

    /// `nil` for a workload that was not fitted.
    init?(report: TrialReport, quantity: Quantity) {
        guard let fit = report.fit else { return nil }
        self.report = report
        words = FitWords(fit: fit, quantity: quantity)
    }

    /// Real against synthetic, a row a comparison.
    var distances: ReportTable {
        ReportTable(
            [.init("what", .word), .init("of", .name)]
                + ["observations", "real mean", "synthetic mean", "KS", "by chance", "W", "by chance"].map {
                    .init($0, .number)
                },
            fit.comparisons.prefix(Self.most).map { row -> [ReportTable.Cell] in
                let tone: Tone? = row.isWithinChance ? .better : .open
                return [
                    .init(FitWords.name(row.aspect)), .init(SVG.shortened(row.subject, to: 40)),
                    .init(quantity.count(row.observations)), mean(row.realMean, row), mean(row.syntheticMean, row),
                    .init(quantity.percent(row.distance.kolmogorovSmirnov), tone),
                    .init(quantity.percent(row.byChance.kolmogorovSmirnov)), .init(way(row.distance.wasserstein, row)),
                    .init(way(row.byChance.wasserstein, row)),
                ]
            })
    }

    private func mean(_ value: Double, _ row: FitComparison) -> ReportTable.Cell {
        row.aspect == .mix ? .unknown("no order") : .init(words.value(value, row.unit))
    }

    private func way(_ value: Double, _ row: FitComparison) -> String {
        row.aspect == .mix ? quantity.percent(value) : words.value(value, row.unit)
    }

    /// What is left out of ``distances``; `nil` when nothing is.
    var hidden: String? {
        let left = fit.comparisons.count - Self.most
        return left > 0 ? "\(quantity.count(left)) more comparisons are in fit.json." : nil
    }

    /// Shards as they were found and fitted.
    var shards: ReportTable {
        ReportTable(
            [.init("shard", .name)]
                + [
                    "rows read", "messages/s", "mean payload", "topics seen", "topics fitted", "Zipf’s exponent",
                    "top topic",
                ]
                .map { .init($0, .number) },
            fit.shards.prefix(Self.most).map { shard -> [ReportTable.Cell] in
                [
                    .init(SVG.shortened(shard.shard, to: 40)), .init(quantity.count(shard.sampled)),
                    .init(quantity.digits(shard.perSecond)), .init(words.value(shard.meanBytes, "B")),
                    .init(quantity.count(shard.topicsSeen)), .init(quantity.count(shard.topicsFitted)),
                    .init(quantity.digits(shard.zipf)), .init(quantity.percent(shard.topShare)),
                ]
            })
    }

    /// Comparisons that get a picture and a table of their quantiles.
    var pictured: [FitComparison] {
        let busiest = Set(fit.shards.prefix(Self.mostPictured).map(\.shard))
        return fit.comparisons.filter { $0.aspect == .mix || busiest.contains($0.subject) }
    }

    /// The quantiles behind the pictures, a row a place.
    var quantiles: ReportTable {
        ReportTable(
            [.init("what", .word), .init("of", .name)]
                + ["quantile", "real", "synthetic"].map { .init($0, .number) },
            pictured.flatMap { comparison in
                comparison.points.map { point -> [ReportTable.Cell] in
                    [
                        .init(FitWords.name(comparison.aspect)), .init(SVG.shortened(comparison.subject, to: 40)),
                        .init(quantity.percent(point.share)), .init(words.value(point.real, comparison.unit)),
                        .init(words.value(point.synthetic, comparison.unit)),
                    ]
                }
            })
    }

    // MARK: This run

    /// What the archive had, what the workload says, and what this run offered.
    var thisRun: ReportTable {
        ReportTable(
            [.init("what", .word), .init("of", .name)]
                + ["real", "synthetic", "this run"].map { .init($0, .number) }, rateRows + mixRows)
    }

    private var rateRows: [[ReportTable.Cell]] {
        let seconds = report.record.phases.measuredSeconds
        return fit.shards.prefix(Self.most).map { shard in
            let fitted = fit.comparisons.first { $0.aspect == .rates && $0.subject == shard.shard }?.syntheticMean
            let rows = report.record.traffic?.bandwidth.filter { $0.shard == shard.shard }
            // One whose name is no place stands elsewhere in the workload.
            let isPlaced = shard.shard.hasPrefix("/waku/2/rs/")
            let come = rows.flatMap { rows in
                rows.isEmpty && !isPlaced ? nil : rows.reduce(0) { $0 + $1.messagesIn - $1.ephemeral }
            }
            let rate = seconds.flatMap { seconds in
                come.flatMap { seconds > 0 ? Double($0) / seconds : nil }
            }
            return [
                .init("archived messages"), .init(SVG.shortened(shard.shard, to: 40)),
                .init(quantity.rate(shard.perSecond)), cell(fitted.map { quantity.rate($0) }),
                cell(rate.map { quantity.rate($0) }),
            ]
        }
    }

    private var mixRows: [[ReportTable.Cell]] {
        guard let mix = fit.comparisons.first(where: { $0.aspect == .mix }) else { return [] }
        let calls = report.server.statements.map { statements in
            Dictionary(statements.shapes.map { ($0.name, $0.calls) }) { $0 + $1 }
        }
        let all = mix.parts.reduce(0) { $0 + (calls?[$1.name] ?? 0) }
        return mix.parts.map { part in
            let here = calls.flatMap { all > 0 ? Double($0[part.name] ?? 0) / Double(all) : nil }
            return [
                .init("share of requests"), .init(part.name), .init(quantity.percent(part.real)),
                .init(quantity.percent(part.synthetic)), cell(here.map { quantity.percent($0) }),
            ]
        }
    }

    private func cell(_ text: String?) -> ReportTable.Cell { text.map { .init($0) } ?? .unknown(Quantity.missing) }
}
