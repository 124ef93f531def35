import RunRecord

/// What happened when: a strip with offered and achieved operations a second, and one strip a request class with its
/// p50 and p99, all on the same axis of time.
struct TimelineChart {
    private static let width = 1_120.0
    private static let (left, right) = (64.0, 16.0)

    let report: TrialReport
    let quantity: Quantity

    /// Operations offered and achieved, all classes together; empty without samples.
    var throughput: String {
        let samples = report.samples
        guard let last = samples.last else { return "" }
        let (height, top, bottom) = (190.0, 22.0, 30.0)
        let offered = samples.map { $0.classes.values.reduce(0) { $0 + $1.scheduled } }
        let achieved = samples.map { $0.classes.values.reduce(0) { $0 + $1.completed } }
        let failed = samples.map { $0.classes.values.reduce(0) { $0 + $1.failed } }
        let highest = Self.roundUp(max(1, offered.max() ?? 1, achieved.max() ?? 1))
        func y(_ value: Int) -> Double { height - bottom - Double(value) / Double(highest) * (height - top - bottom) }
        var marks = frame(last.second + 1, top: top, height: height, bottom: bottom, names: true)
        for step in [0, highest / 2, highest] {
            marks.append(SVG.line(Self.left, y(step), Self.width - Self.right, y(step), "grid"))
            marks.append(SVG.text(Self.left - 8, y(step) + 4, "\(quantity.count(step))/s", "axis", anchor: "end"))
        }
        let seconds = samples.map { x(Double($0.second) + 0.5, last.second + 1) }
        marks.append(
            SVG.path(
                zip(seconds, offered).map { ($0, y($1)) }, "curve base dashed",
                title: "offered: \(quantity.count(offered.reduce(0, +))) operations"))
        marks.append(
            SVG.path(
                zip(seconds, achieved).map { ($0, y($1)) }, "curve candidate",
                title: "achieved: \(quantity.count(achieved.reduce(0, +))) operations"))
        for (index, count) in failed.enumerated() where count > 0 {
            marks.append(
                SVG.dot(
                    seconds[index], y(count), "dot worse", title: "\(count) failed in second \(samples[index].second)"))
        }
        return SVG.picture(
            width: Self.width, height: height, label: "Operations offered and achieved each second", marks)
    }

    /// A strip for each class that completed anything.
    var strips: [(name: String, svg: String)] {
        guard let last = report.samples.last else { return [] }
        let values = report.samples.flatMap {
            $0.classes.values.compactMap(\.p99Ms) + $0.classes.values.compactMap(\.p50Ms)
        }
        guard !values.isEmpty else { return [] }
        let limits = report.record.objectives.map(\.limitMs)
        let (height, top, bottom) = (92.0, 6.0, 18.0)
        let axis = LogAxis(values + limits, from: height - bottom, to: top)
        return report.classNames.filter { name in report.samples.contains { $0.classes[name]?.p99Ms != nil } }.map {
            name in
            var marks = frame(last.second + 1, top: top, height: height, bottom: bottom, names: false)
            for tick in axis.ticks {
                marks.append(
                    SVG.line(Self.left, axis.position(tick), Self.width - Self.right, axis.position(tick), "grid"))
            }
            for tick in [axis.ticks.first, axis.ticks.last].compactMap({ $0 }) {
                marks.append(
                    SVG.text(Self.left - 8, axis.position(tick) + 4, quantity.limit(tick), "axis", anchor: "end"))
            }
            for limit in Set(report.record.objectives.filter { $0.concerns(name) }.map(\.limitMs)) {
                marks.append(
                    SVG.line(
                        Self.left, axis.position(limit), Self.width - Self.right, axis.position(limit), "objective",
                        title: "objective \(quantity.limit(limit))"))
            }
            marks.append(curve(name, \.p50Ms, "curve base", last.second + 1, axis, "p50"))
            marks.append(curve(name, \.p99Ms, "curve candidate", last.second + 1, axis, "p99"))
            return (
                name,
                SVG.picture(width: Self.width, height: height, label: "p50 and p99 of \(name) each second", marks)
            )
        }
    }

    private func curve(
        _ name: String, _ value: KeyPath<ClassSecond, Double?>, _ style: String, _ seconds: Int, _ axis: LogAxis,
        _ word: String
    ) -> String {
        SVG.path(
            report.samples.map { sample in
                sample.classes[name]?[keyPath: value].map {
                    (x(Double(sample.second) + 0.5, seconds), axis.position($0))
                }
            }, style, title: "\(word) of \(name) by second")
    }

    /// Time axis, phases as shaded spans, events as dotted lines.
    private func frame(_ seconds: Int, top: Double, height: Double, bottom: Double, names: Bool) -> [String] {
        var marks: [String] = []
        let phases = report.record.phases
        let measureEnd = phases.warmUpSeconds + (phases.measuredSeconds ?? phases.measureSeconds)
        for (name, start, end) in [("warm-up", 0, phases.warmUpSeconds), ("drain", measureEnd, Double(seconds))]
        where end > start {
            marks.append(
                SVG.rectangle(
                    x(start, seconds), top, x(min(end, Double(seconds)), seconds) - x(start, seconds),
                    height - top - bottom,
                    "phase", title: name))
            if names && end - start > Double(seconds) / 25 {
                marks.append(SVG.text(x(start, seconds) + 6, top - 6, name, "axis"))
            }
        }
        let step = Self.roundUp(max(1, seconds / 8))
        for second in stride(from: 0, through: seconds, by: step) {
            marks.append(
                SVG.line(
                    x(Double(second), seconds), height - bottom, x(Double(second), seconds), height - bottom + 4, "tick"
                ))
            marks.append(
                SVG.text(
                    x(Double(second), seconds), height - bottom + 16, "\(second)\(quantity.space)s", "axis",
                    anchor: "middle"))
        }
        for event in report.record.events
        where !event.kind.hasPrefix("phase.") && event.atSeconds >= 0 && event.atSeconds <= Double(seconds) {
            marks.append(
                SVG.line(
                    x(event.atSeconds, seconds), top, x(event.atSeconds, seconds), height - bottom, "event",
                    title: "\(event.kind): \(event.detail)"))
        }
        return marks
    }

    private func x(_ second: Double, _ seconds: Int) -> Double {
        Self.left + second / Double(max(seconds, 1)) * (Self.width - Self.left - Self.right)
    }

    /// The next of 1, 2, 5, 10, 20, 50, …
    static func roundUp(_ value: Int) -> Int {
        var decade = 1
        while true {
            for factor in [1, 2, 5] where decade * factor >= value { return decade * factor }
            decade *= 10
        }
    }
}
