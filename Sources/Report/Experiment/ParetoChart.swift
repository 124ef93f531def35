import RunRecord

/// What speed costs: cells by cost and by the leading metric, and the front of those that no other cell beats in both.
struct ParetoChart {
    /// One cell.
    struct Point {
        let name: String
        let cost: Double
        let value: Double
        let isBest: Bool
    }

    let points: [Point]
    let metric: ExperimentMetric
    /// What cost is, such as `price, USD a month`.
    let costName: String
    let costUnit: String
    private let quantity: Quantity

    private static let (width, height) = (960.0, 360.0)
    private static let (top, bottom) = (20.0, 46.0)

    /// A kind of cost, by the place of the cell.
    private struct Cost {
        let name: String
        let unit: String
        let values: [Int: Double]
    }

    /// One for each cost that differs between cells; none where none is known.
    ///
    /// - Parameters:
    ///   - report: its cells.
    ///   - quantity: formats.
    /// - Returns: price first, then what the server takes, then the machine.
    static func all(_ report: ExperimentReport, _ quantity: Quantity) -> [ParetoChart] {
        guard let result = report.leading, let metric = report.metric(result.metric) else { return [] }
        return costs(report, except: metric.name).compactMap { ParetoChart(report, result, metric, $0, quantity) }
    }

    /// `nil` where no two cells differ in the cost.
    private init?(
        _ report: ExperimentReport, _ result: ExperimentResult, _ metric: ExperimentMetric, _ cost: Cost,
        _ quantity: Quantity
    ) {
        let found = result.ranking.compactMap { ranked -> (String, Double, Double)? in
            guard let spent = cost.values[ranked.cell], spent > 0, ranked.value > 0 else { return nil }
            return (report.name(ranked.cell), spent, ranked.value)
        }
        guard Set(found.map(\.1)).count > 1 else { return nil }
        (self.metric, self.quantity, costName, costUnit) = (metric, quantity, cost.name, cost.unit)
        let sign = metric.lessIsBetter ? 1.0 : -1
        points = found.map { name, cost, value in
            let isBeaten = found.contains { other in
                let notWorse = other.1 <= cost && sign * other.2 <= sign * value
                return notWorse && (other.1 < cost || sign * other.2 < sign * value)
            }
            return Point(name: name, cost: cost, value: value, isBest: !isBeaten)
        }.sorted { ($0.cost, sign * $0.value, $0.name) < ($1.cost, sign * $1.value, $1.name) }
    }

    /// Price, the server's means among the metrics, the archive's size, processors.
    private static func costs(_ report: ExperimentReport, except leading: String) -> [Cost] {
        var found: [Cost] = []
        let prices = report.costs.compactMapValues(\.price).mapValues(price)
        let units = Set(prices.values.map { $0?.unit ?? "" })
        if units.count == 1, let unit = units.first, !unit.isEmpty {
            found.append(Cost(name: "price", unit: unit, values: prices.compactMapValues { $0?.amount }))
        }
        let names = Set(report.record.metrics.map(\.name))
        for metric in report.record.metrics where metric.name != leading && metric.lessIsBetter {
            let name = MetricName(metric.name)
            // Records and images are a part of the WAL's bytes.
            let isPart = name.quantity.hasPrefix("wal.") && name.quantity != "wal.bytes" && names.contains("wal.bytes")
            guard name.isServersMeans, !isPart,
                let result = report.record.results.first(where: { $0.metric == metric.name })
            else { continue }
            let values = Dictionary(
                result.ranking.map { ($0.cell, $0.value) }, uniquingKeysWith: { first, _ in first })
            found.append(Cost(name: name.short, unit: metric.unit, values: values))
        }
        if !names.contains("disk.bytes") {
            let sizes: [Int: Double] = report.costs.compactMapValues { cost in cost.diskBytes.map { Double($0) } }
            found.append(Cost(name: "archive on disk", unit: "B", values: sizes))
        }
        found.append(
            Cost(name: "processors", unit: "processors", values: report.costs.compactMapValues(\.processors)))
        return found
    }

    /// The amount and the rest of `24 USD a month (source)`.
    private static func price(_ text: String) -> (amount: Double, unit: String)? {
        let amount = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(amount.count).prefix { $0 != "(" }.split(separator: " ").joined(separator: " ")
        return Double(amount).map { ($0, unit) }
    }

    var svg: String {
        let (end, floor) = (Self.width - 24, Self.height - Self.bottom)
        let y = LogAxis(points.map(\.value), from: floor, to: Self.top)
        let left = SVG.margin(y.ticks.map { quantity.round($0, metric.unit) })
        let x = LogAxis(points.map(\.cost), from: left, to: end)
        var marks: [String] = []
        for tick in y.ticks {
            marks.append(SVG.line(left, y.position(tick), end, y.position(tick), "grid"))
            marks.append(
                SVG.text(left - 8, y.position(tick) + 4, quantity.round(tick, metric.unit), "axis", anchor: "end"))
        }
        for tick in x.ticks {
            let word = quantity.round(tick, costUnit)
            marks.append(SVG.line(x.position(tick), Self.top, x.position(tick), floor, "grid"))
            let place = min(x.position(tick), Self.width - SVG.width(of: word) / 2)
            marks.append(SVG.text(place, floor + 17, word, "axis", anchor: "middle"))
        }
        marks += [
            SVG.text((left + end) / 2, Self.height - 8, costName, "axis strong", anchor: "middle"),
            SVG.text(left, 12, MetricName(metric.name).short, "axis strong"),
        ]
        let front = points.filter(\.isBest)
        marks.append(
            SVG.path(
                steps(front.map { (x.position($0.cost), y.position($0.value)) }), "curve candidate",
                title: "front: no other cell is better in both"))
        for point in points {
            marks.append(
                SVG.dot(
                    x.position(point.cost), y.position(point.value), point.isBest ? "pareto-best" : "pareto-other",
                    radius: point.isBest ? 5 : 3.5,
                    title: "\(point.name): \(quantity.measure(point.value, metric.unit)) for "
                        + "\(quantity.measure(point.cost, costUnit))\(point.isBest ? ", on the front" : "")"))
        }
        return SVG.picture(
            width: Self.width, height: Self.height, label: "\(metric.name) against \(costName), a point a cell",
            marks + names(front, x, y, left, floor))
    }

    /// Between two cells nothing is for sale: the next better value begins with the next dearer cell.
    private func steps(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        zip(points, points.dropFirst()).flatMap { [$0, (x: $1.x, y: $0.y)] } + points.suffix(1)
    }

    /// Names of the front's cells, each where it touches no other name and no point; those without room are in the table.
    private func names(
        _ front: [Point], _ x: LogAxis, _ y: LogAxis, _ edge: Double, _ floor: Double
    ) -> [String] {
        struct Box {
            let left, right, top, bottom: Double
            func touches(_ other: Box) -> Bool {
                left < other.right && other.left < right && top < other.bottom && other.top < bottom
            }
        }
        var taken = points.map { point in
            let (px, py) = (x.position(point.cost), y.position(point.value))
            return Box(left: px - 5, right: px + 5, top: py - 5, bottom: py + 5)
        }
        return front.compactMap { point in
            let word = SVG.shortened(point.name, to: 26)
            let (px, py) = (x.position(point.cost), y.position(point.value))
            let width = SVG.width(of: word)
            for (shift, height) in [(9.0, -7.0), (-9 - width, 16), (9, 16), (-9 - width, -7), (-9 - width, 4)] {
                let box = Box(
                    left: px + shift, right: px + shift + width, top: py + height - 11, bottom: py + height + 3)
                guard box.left >= edge, box.right <= Self.width, box.top >= Self.top, box.bottom <= floor,
                    !taken.contains(where: box.touches)
                else { continue }
                taken.append(box)
                return SVG.text(px + shift, py + height, word, "label candidate halo", title: point.name)
            }
            return nil
        }
    }

    /// The front in numbers.
    var table: ReportTable {
        ReportTable(
            [
                .init("cell on the front", .name), .init(costName, .number),
                .init(MetricName(metric.name).short, .number),
            ],
            points.filter(\.isBest).map {
                [
                    .init($0.name), .init(quantity.measure($0.cost, costUnit)),
                    .init(quantity.measure($0.value, metric.unit)),
                ]
            })
    }
}
