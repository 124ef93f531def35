import RunRecord

/// Response times by page depth and by age of the data asked for: pictures and tables.
struct AspectPage {
    /// What requests are told apart by.
    enum Aspect: CaseIterable {
        case page, age

        var name: String {
            switch self {
            case .page: "By page depth"
            case .age: "By age of the data"
            }
        }
    }

    private let aspects: RequestAspects
    private let quantity: Quantity

    /// `nil` when the record does not keep them apart.
    init?(report: TrialReport, quantity: Quantity) {
        guard let aspects = report.record.aspects, !aspects.byPage.isEmpty || !aspects.byAge.isEmpty else { return nil }
        self.aspects = aspects
        self.quantity = quantity
    }

    /// Fields of the template `aspects`.
    var context: [String: Any] {
        var fields: [String: Any] = [
            "pictures": Aspect.allCases.compactMap { aspect in
                picture(aspect).map { ["name": aspect.name, "note": "", "svg": $0] }
            }
        ]
        fields["pages"] = table(.page).context
        fields["ages"] = table(.age).context
        return fields
    }

    /// A row a bucket and class.
    func table(_ aspect: Aspect) -> ReportTable {
        ReportTable(
            [.init(aspect == .page ? "page" : "age", .word), .init("request class", .name)]
                + ["requests", "p50", "p90", "p99", "max"].map { .init($0, .number) },
            sorted(aspect).map { row -> [ReportTable.Cell] in
                let times = row.responseMs
                func cell(_ percentile: Double) -> ReportTable.Cell {
                    times.carried(percentile).map { .init(quantity.milliseconds($0)) } ?? .unknown(Exceedances.tooFew)
                }
                return [
                    .init(label(row, aspect)), .init(row.requestClass), .init(quantity.count(times.count)), cell(50),
                    cell(90), cell(99), .init(quantity.milliseconds(times.max)),
                ]
            })
    }

    private func rows(_ aspect: Aspect) -> [AspectRow] { aspect == .page ? aspects.byPage : aspects.byAge }

    private func sorted(_ aspect: Aspect) -> [AspectRow] {
        rows(aspect).sorted { ($0.from, $0.requestClass) < ($1.from, $1.requestClass) }
    }

    private func label(_ row: AspectRow, _ aspect: Aspect) -> String {
        switch aspect {
        case .page:
            let first = quantity.factor(row.from)
            guard let last = row.to else { return "\(first)+" }
            return last > row.from ? "\(first)–\(quantity.factor(last))" : first
        case .age:
            return row.to.map { "< \(span($0))" } ?? "≥ \(span(row.from))"
        }
    }

    /// Seconds as a round time.
    private func span(_ seconds: Double) -> String {
        for (size, unit) in [(86_400.0, "d"), (3_600, "h"), (60, "min")] where seconds >= size {
            return quantity.factor(seconds / size) + quantity.space + unit
        }
        return quantity.factor(seconds) + quantity.space + "s"
    }

    // MARK: Picture

    private func picture(_ aspect: Aspect) -> String? {
        let rows = rows(aspect)
        let starts = Set(rows.map(\.from)).sorted()
        let names = Set(rows.map(\.requestClass)).sorted()
        guard !starts.isEmpty else { return nil }
        let (width, height, left, right, top) = (540.0, 210.0, 52.0, 128.0, 10.0)
        let floor = height - 26
        // What the tables call too few is not drawn either.
        let quantiles = [(word: "p99", percentile: 99.0, style: ""), (word: "p50", percentile: 50, style: "thin")]
        let known = rows.flatMap { row in quantiles.compactMap { row.responseMs.carried($0.percentile) } }
        guard !known.isEmpty else { return nil }
        let axis = LogAxis(known, from: floor, to: top)
        let step = (width - left - right) / Double(starts.count)
        func x(_ start: Double) -> Double { left + (Double(starts.firstIndex(of: start) ?? 0) + 0.5) * step }
        var marks = axis.ticks.flatMap { tick in
            [
                SVG.line(left, axis.position(tick), width - right, axis.position(tick), "grid"),
                SVG.text(left - 8, axis.position(tick) + 4, quantity.limit(tick), "axis", anchor: "end"),
            ]
        }
        for start in starts {
            guard let row = rows.first(where: { $0.from == start }) else { continue }
            marks.append(SVG.text(x(start), floor + 17, label(row, aspect), "axis", anchor: "middle"))
        }
        var ends: [(name: String, colour: String, y: Double)] = []
        for (index, name) in names.enumerated() {
            let colour = "c\(index % PercentileChart.colours)"
            let own = rows.filter { $0.requestClass == name }.sorted { $0.from < $1.from }
            for (word, percentile, style) in quantiles {
                let seen = own.compactMap { row in row.responseMs.carried(percentile).map { (row: row, value: $0) } }
                let points = seen.map { (x: x($0.row.from), y: axis.position($0.value)) }
                marks.append(SVG.path(points, "curve \(style) \(colour)", title: "\(word) of \(name)"))
                marks += zip(seen, points).map { one, point in
                    SVG.dot(
                        point.x, point.y, colour, radius: word == "p99" ? 3 : 2,
                        title:
                            "\(name), \(label(one.row, aspect)): \(word) \(quantity.time(one.value)), \(quantity.count(one.row.responseMs.count)) requests"
                    )
                }
                // The name stands at the end of its highest line.
                if let last = points.last, !ends.contains(where: { $0.name == name }) {
                    ends.append((name, colour, last.y))
                }
            }
        }
        let placed = SVG.spread(ends.map(\.y), gap: 13, from: top + 4, to: floor - 2)
        marks += ends.indices.map {
            SVG.text(
                width - right + 8, placed[$0] + 4, SVG.shortened(ends[$0].name, to: 18), "label \(ends[$0].colour)",
                title: ends[$0].name)
        }
        return SVG.picture(
            width: width, height: height, label: "Response time \(aspect.name.lowercased()), p50 and p99 of each class",
            marks)
    }
}
