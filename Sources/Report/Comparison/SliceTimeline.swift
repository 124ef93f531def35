import RunRecord

/// Both sides over time on the same axes, and above them what each server did meanwhile, a lane a side.
struct SliceTimeline {
    private static let (width, left, right) = (560.0, 62.0, 84.0)
    private static let plot = 206.0
    private static let lane = 13.0

    let series: SliceSeries
    let quantity: Quantity
    /// What the servers did, the base's first; empty where nobody looked.
    let lanes: [(name: String, spans: [ServerSpans.Span])]
    /// From the start of the first slice to the end of the last, seconds.
    let seconds: Double

    init(_ report: ComparisonReport, candidate: String, requestClass: String, quantity: Quantity) {
        series = SliceSeries(report, candidate: candidate, requestClass: requestClass)
        self.quantity = quantity
        seconds = max(report.measuredSeconds ?? 0, 1)
        let sides = [("base", report.base), ("candidate", report.side(candidate))]
        lanes = sides.compactMap { name, side in side?.server.map { (name, ServerSpans($0).all) } }
    }

    /// `nil` without a block in which the class completed anything.
    var svg: String? {
        guard !series.isEmpty else { return nil }
        let top = 14 + Double(lanes.count) * (Self.lane + 4) + (lanes.isEmpty ? 0 : 6)
        let floor = top + Self.plot
        let values = series.points.flatMap { [$0.base, $0.candidate].compactMap { $0 } }
        let axis = LogAxis(values, from: floor, to: top)
        let end = Self.width - Self.right
        var marks = laneMarks
        for tick in axis.ticks {
            marks.append(SVG.line(Self.left, axis.position(tick), end, axis.position(tick), "grid"))
            marks.append(SVG.text(Self.left - 8, axis.position(tick) + 4, quantity.limit(tick), "axis", anchor: "end"))
        }
        marks += ticks(floor) + excluded(top, floor)
        let lines = [("base", \SliceSeries.Point.base), ("candidate", \SliceSeries.Point.candidate)]
        for (side, value) in lines {
            let points = series.points.map { point in
                point[keyPath: value].map { (x: x(point.seconds), y: axis.position($0)) }
            }
            marks.append(
                SVG.path(points, "curve line \(side)", title: "\(SliceSeries.what) of \(series.requestClass), \(side)"))
        }
        marks += names(axis, top, floor, end) + hits(top, floor)
        return SVG.picture(
            width: Self.width, height: floor + 42,
            label: "\(SliceSeries.what) of \(series.requestClass) by block over time, base and candidate", marks)
    }

    /// Fields of the note that tells the colours of the lanes; `nil` when the servers did nothing of note.
    var legend: [String: Any]? {
        let all = lanes.flatMap(\.spans)
        let kinds = ServerSpans.Kind.allCases.compactMap { kind -> [String: Any]? in
            let count = all.count { $0.kind == kind }
            return count > 0 ? ["name": kind.rawValue, "style": kind.style, "count": "\(count)"] : nil
        }
        return kinds.isEmpty ? nil : ["kinds": kinds]
    }

    private func x(_ second: Double) -> Double {
        Self.left + min(max(second / seconds, 0), 1) * (Self.width - Self.left - Self.right)
    }

    /// What each server did, above the curves.
    private var laneMarks: [String] {
        lanes.enumerated().flatMap { index, lane -> [String] in
            let top = 8 + Double(index) * (Self.lane + 4)
            let end = Self.width - Self.right
            let spans = lane.spans.filter { $0.to >= 0 && $0.from <= seconds }
            return [
                SVG.rectangle(
                    Self.left, top, end - Self.left, Self.lane, "phase",
                    title: "what the \(lane.name)’s server did: \(quantity.count(spans.count)) events")
            ]
                + spans.map { span in
                    SVG.rectangle(
                        x(span.from), top, max(2, x(span.to) - x(span.from)), Self.lane, "lane \(span.kind.style)",
                        title: "\(lane.name): \(span.kind.rawValue) from \(quantity.moment(span.from)) to "
                            + "\(quantity.moment(span.to)): \(span.detail)")
                }
                + [SVG.text(end + 8, top + Self.lane - 2, lane.name, "axis")]
        }
    }

    private func ticks(_ floor: Double) -> [String] {
        let steps = [1.0, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400]
        let most = (Self.width - Self.left - Self.right) / 70
        let step = steps.first { seconds / $0 <= most } ?? max(86_400, (seconds / most).rounded(.up))
        let marks = stride(from: 0, through: seconds, by: step).flatMap { second in
            [
                SVG.line(x(second), floor, x(second), floor + 4, "tick"),
                SVG.text(x(second), floor + 17, label(second, step), "axis", anchor: "middle"),
            ]
        }
        let middle = (Self.left + Self.width - Self.right) / 2
        return marks + [SVG.text(middle, floor + 36, "time since the first slice", "axis", anchor: "middle")]
    }

    private func label(_ second: Double, _ step: Double) -> String {
        if step >= 3_600 { return "\(Int(second / 3_600))\(quantity.space)h" }
        return step >= 60 ? "\(Int(second / 60))\(quantity.space)min" : "\(Int(second))\(quantity.space)s"
    }

    /// Blocks that do not count, as shaded strips.
    private func excluded(_ top: Double, _ floor: Double) -> [String] {
        let half = seconds / Double(max(1, series.points.count)) / 2
        return series.points.filter { $0.excluded != nil }.map { point in
            let start = x(point.seconds - half)
            return SVG.rectangle(
                start, top, max(2, x(point.seconds + half) - start), floor - top, "phase",
                title: "\(point.label) does not count: \(point.excluded ?? "")")
        }
    }

    private func names(_ axis: LogAxis, _ top: Double, _ floor: Double, _ end: Double) -> [String] {
        func last(_ value: KeyPath<SliceSeries.Point, Double?>) -> Double? {
            series.points.compactMap { $0[keyPath: value] }.last.map { axis.position($0) }
        }
        let found = [("base", last(\.base)), ("candidate", last(\.candidate))].compactMap { name, y in
            y.map { (name, $0) }
        }
        let placed = SVG.spread(found.map(\.1), gap: 15, from: top + 4, to: floor - 2)
        return found.indices.map { index in
            SVG.text(end + 8, placed[index] + 4, found[index].0, "label \(found[index].0)")
        }
    }

    /// An unseen mark a point over the whole height, so that a pointer finds the value.
    private func hits(_ top: Double, _ floor: Double) -> [String] {
        let half = seconds / Double(max(1, series.points.count)) / 2
        func value(_ milliseconds: Double?) -> String { milliseconds.map { quantity.time($0) } ?? "too few" }
        return series.points.map { point in
            let start = x(point.seconds - half)
            return SVG.rectangle(
                start, top, x(point.seconds + half) - start, floor - top, "hit",
                title: "\(point.label) at \(quantity.moment(point.seconds)): base \(value(point.base)), candidate "
                    + value(point.candidate) + (point.leftOut.map { "; left out are \($0)" } ?? ""))
        }
    }
}
