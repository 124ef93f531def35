/// Where the time of each request class went: a bar of shares, with the mean response time behind it.
struct WaitChart {
    private static let width = 960.0
    private static let (top, rowHeight, barHeight) = (34.0, 24.0, 15.0)
    /// Behind a bar, for the mean.
    private static let room = 92.0
    /// A part narrower than this carries no text of its own.
    private static let narrowest = 44.0

    let report: TrialReport
    let quantity: Quantity

    /// The picture; `nil` where the record does not tell.
    var svg: String? {
        let waits = report.waits
        guard !waits.isEmpty else { return nil }
        let left = min(250, (waits.map { SVG.width(of: Self.shown($0.name)) }.max() ?? 0) + 16)
        let rows = waits.enumerated().flatMap { index, wait in
            row(wait.name, wait.parts, left: left, middle: Self.top + (Double(index) + 0.5) * Self.rowHeight)
        }
        return SVG.picture(
            width: Self.width, height: Self.top + Double(waits.count) * Self.rowHeight + 4,
            label: "Where the time went, shares of the mean response time: "
                + waits.map { "\($0.name), \($0.parts.line(quantity))" }.joined(separator: "; "),
            legend(left) + rows)
    }

    private static func shown(_ name: String) -> String { SVG.shortened(name, to: 34) }

    private func legend(_ left: Double) -> [String] {
        var x = left
        return WaitParts.Part.allCases.flatMap { part -> [String] in
            defer { x += SVG.width(of: part.name) + 36 }
            return [
                SVG.rectangle(x, 6, 11, 11, Self.style(part), title: part.meaning),
                SVG.text(x + 17, 16, part.name, "label", title: part.meaning),
            ]
        } + [SVG.text(Self.width - 2, 16, "mean", "label", anchor: "end")]
    }

    private func row(_ name: String, _ parts: WaitParts, left: Double, middle: Double) -> [String] {
        let length = Self.width - left - Self.room
        var x = left
        let bars = WaitParts.Part.allCases.flatMap { part -> [String] in
            let share = parts.share(of: part)
            let size = share * length
            defer { x += size }
            guard size >= 0.5 else { return [] }
            let title =
                "\(name), \(part.meaning): \(quantity.time(parts.mean(of: part))), \(quantity.share(share))"
            let bar = SVG.rectangle(
                x, middle - Self.barHeight / 2, max(0.5, size - 1), Self.barHeight, Self.style(part), title: title)
            guard size >= Self.narrowest else { return [bar] }
            return [
                bar,
                SVG.text(x + size / 2, middle + 4, quantity.share(share), "on-part", anchor: "middle", title: title),
            ]
        }
        return [SVG.text(left - 12, middle + 4, Self.shown(name), "label ink", anchor: "end", title: name)] + bars
            + [SVG.text(Self.width - 2, middle + 4, quantity.time(parts.response), "label ink", anchor: "end")]
    }

    private static func style(_ part: WaitParts.Part) -> String { "part-\(part.rawValue)" }
}
