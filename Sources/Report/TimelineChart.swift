import RunRecord

/// What happened when: a strip with offered and achieved operations a second, and one strip a request class with its
/// p50 and p99, all on the same axis of time.
struct TimelineChart {
    let report: TrialReport
    let quantity: Quantity
    let bins: TimeBins

    init(report: TrialReport, quantity: Quantity) {
        self.report = report
        self.quantity = quantity
        bins = TimeBins(report.samples)
    }

    /// What the server did beside the statements; `nil` when nobody looked.
    var spans: ServerSpans? { report.record.server.map(ServerSpans.init) }

    /// A closed loop offers nothing, and of what was imported it may not be known.
    private var isClosed: Bool {
        report.record.closedClients != nil || report.record.imported?.countsFromSchedule == false
    }

    /// Operations offered and achieved, all classes together; `nil` without samples.
    var throughput: String? {
        guard !bins.all.isEmpty else { return nil }
        let top = report.record.events.allSatisfy { $0.kind.hasPrefix("phase.") } ? 24.0 : 52.0
        let (width, height) = (960.0, top + 164)
        let frame = TimeFrame(
            width: width, left: 58, right: 70, top: top, floor: height - 26, bins: bins, record: report.record)
        let most = bins.all.map { max($0.rate($0.scheduled), $0.rate($0.completed), $0.rate($0.failed)) }.max() ?? 1
        let highest = Self.roundUp(most)
        func y(_ rate: Double) -> Double { frame.floor - rate / highest * (frame.floor - frame.top) }
        var marks = frame.background + (spans?.fields(in: frame) ?? [])
        for step in [0, highest / 2, highest] {
            marks.append(SVG.line(frame.left, y(step), width - frame.right, y(step), "grid"))
            marks.append(SVG.text(frame.left - 8, y(step) + 4, "\(tick(step))/s", "axis", anchor: "end"))
        }
        let offered = bins.all.map { (x: frame.x($0.middle), y: y($0.rate($0.scheduled))) }
        let achieved = bins.all.map { (x: frame.x($0.middle), y: y($0.rate($0.completed))) }
        marks.append(SVG.path(achieved, "curve ink", title: "achieved, operations a second"))
        if !isClosed { marks.append(SVG.path(offered, "curve base dashed", title: "offered, operations a second")) }
        marks += frame.events + frame.names
        for bin in bins.all where bin.failed > 0 {
            marks.append(
                SVG.cross(
                    frame.x(bin.middle), y(bin.rate(bin.failed)), "curve worse",
                    title: "failed at \(bins.label(bin)) s: \(quantity.count(bin.failed))"))
        }
        marks += throughputNames(offered, achieved, frame)
        marks += hits(frame) { bin in
            (isClosed ? "" : "offered \(quantity.rate(bin.rate(bin.scheduled))), ")
                + "achieved \(quantity.rate(bin.rate(bin.completed))), failed \(quantity.count(bin.failed))"
        }
        return SVG.picture(
            width: width, height: height,
            label: isClosed ? "Operations achieved each second" : "Operations offered and achieved each second", marks)
    }

    /// A strip for each class of requests that completed anything.
    var strips: [(name: String, svg: String)] { strips(of: report.requestNames) }

    /// The same for the archive's own maintenance, on an axis of its own.
    var maintenance: [(name: String, svg: String)] { strips(of: report.classNames.filter(RequestClass.isJob)) }

    private func strips(of names: [String]) -> [(name: String, svg: String)] {
        let values = bins.all.flatMap { bin in
            names.flatMap { [bin.classes[$0]?.p50Ms, bin.classes[$0]?.p99Ms] }.compactMap { $0 }
        }
        let limits = names.flatMap { report.limits(of: $0) }
        let (width, height) = (540.0, 118.0)
        let frame = TimeFrame(
            width: width, left: 52, right: 36, top: 8, floor: height - 24, bins: bins, record: report.record)
        let axis = LogAxis(values + limits, from: frame.floor, to: frame.top)
        return names.enumerated().compactMap { index, name in
            guard bins.all.contains(where: { $0.classes[name]?.p99Ms != nil }) else { return nil }
            let marks = strip(name, "c\(index % PercentileChart.colours)", frame, axis)
            return (
                name,
                SVG.picture(width: width, height: height, label: "p50 and p99 of \(name) each second", marks)
            )
        }
    }

    private func strip(_ name: String, _ colour: String, _ frame: TimeFrame, _ axis: LogAxis) -> [String] {
        let end = frame.width - frame.right
        var marks = frame.background + (spans?.fields(in: frame) ?? [])
        for tick in axis.ticks {
            marks.append(SVG.line(frame.left, axis.position(tick), end, axis.position(tick), "grid"))
            marks.append(
                SVG.text(frame.left - 8, axis.position(tick) + 4, quantity.limit(tick), "axis", anchor: "end"))
        }
        for limit in report.limits(of: name) {
            let title = "objective \(quantity.limit(limit))"
            marks.append(
                SVG.line(frame.left, axis.position(limit), end, axis.position(limit), "objective", title: title))
        }
        marks += frame.events
        var last: [(word: String, y: Double)] = []
        for (word, value, style) in [("p99", \ClassSecond.p99Ms, ""), ("p50", \ClassSecond.p50Ms, "thin")] {
            let points = bins.all.map { bin in
                bin.classes[name]?[keyPath: value].map { (x: frame.x(bin.middle), y: axis.position($0)) }
            }
            marks.append(SVG.path(points, "curve \(style) \(colour)", title: "\(word) of \(name)"))
            if RequestClass.isJob(name) {
                // Rare work leaves no line that one could see.
                marks += points.compactMap { $0 }.map {
                    SVG.dot($0.x, $0.y, colour, radius: 2.5, title: "\(word) of \(name)")
                }
            }
            if let point = points.last(where: { $0 != nil }) ?? nil { last.append((word, point.y)) }
        }
        let placed = SVG.spread(last.map(\.y), gap: 13, from: frame.top + 4, to: frame.floor - 2)
        marks += last.indices.map {
            SVG.text(end + 6, placed[$0] + 4, last[$0].word, "label \(colour)", title: "\(last[$0].word) of \(name)")
        }
        marks += hits(frame) { bin in
            guard let second = bin.classes[name], second.p99Ms != nil else { return "\(name): none completed" }
            return "\(name) p50 \(quantity.time(second.p50Ms)), p99 \(quantity.time(second.p99Ms))"
        }
        return marks
    }

    private func throughputNames(
        _ offered: [(x: Double, y: Double)], _ achieved: [(x: Double, y: Double)], _ frame: TimeFrame
    ) -> [String] {
        // Where the lines stand at the end of the measure phase: drain would pull both names to zero.
        let index = bins.all.lastIndex { $0.phase == "measure" } ?? bins.all.endIndex - 1
        let placed = SVG.spread(
            [offered[index].y, achieved[index].y], gap: 15, from: frame.top + 4, to: frame.floor - 2)
        let x = frame.width - frame.right + 8
        if isClosed { return [SVG.text(x, achieved[index].y + 4, "achieved", "label ink")] }
        return [
            SVG.text(x, placed[0] + 4, "offered", "label base"), SVG.text(x, placed[1] + 4, "achieved", "label ink"),
        ]
    }

    /// An unseen mark a bin over the whole height, so that a pointer finds the value.
    private func hits(_ frame: TimeFrame, _ words: (TimeBins.Bin) -> String) -> [String] {
        bins.all.map { bin in
            let start = frame.x(Double(bin.start))
            return SVG.rectangle(
                start, frame.top, frame.x(Double(bin.start + max(1, bin.seconds))) - start, frame.floor - frame.top,
                "hit", title: "\(bins.label(bin)) s: \(words(bin))")
        }
    }

    private func tick(_ rate: Double) -> String {
        rate == rate.rounded() ? quantity.count(Int(rate)) : quantity.fixed(rate, 1)
    }

    /// The next of 1, 2, 4, 5, 6, 8, 10, 20, …
    static func roundUp(_ value: Double) -> Double {
        var decade = 1.0
        while decade < 1e12 {
            for factor in [1.0, 2, 4, 5, 6, 8] where decade * factor >= value { return decade * factor }
            decade *= 10
        }
        return decade
    }
}
