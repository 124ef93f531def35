import RunRecord

/// Shares of the bytes by message class: bars for what came in beside bars for what went out, on the same axis.
struct BandwidthChart {
    /// Classes that get a bar; the others share one.
    private static let most = 10
    private static let width = 960.0
    private static let (top, rowHeight, barHeight, gap) = (30.0, 25.0, 13.0, 28.0)
    /// Behind a bar, for its value.
    private static let room = 124.0

    private let words: TrafficWords
    private let bars: [BandwidthRow]
    private let left: Double
    private let longest: Double

    private var bandwidth: Bandwidth { words.bandwidth }

    init(words: TrafficWords) {
        self.words = words
        let classes = words.bandwidth.classes
        let rest = Array(classes.dropFirst(Self.most))
        bars =
            classes.prefix(Self.most)
            + (rest.isEmpty ? [] : [Bandwidth.sum(rest, named: "\(words.quantity.count(rest.count)) more")])
        left = min(210, (bars.map { SVG.width(of: Self.shown($0.messageClass)) }.max() ?? 0) + 16)
        longest =
            bars.flatMap { row in
                Bandwidth.Direction.allCases.compactMap { words.bandwidth.share(of: row, $0) }
            }.max() ?? 0
    }

    /// The picture; `nil` when no byte moved.
    var svg: String? {
        guard longest > 0 else { return nil }
        let height = Self.top + Double(bars.count) * Self.rowHeight + 6
        let names = bars.indices.map { index in
            SVG.text(
                left - 12, middle(index) + 4, Self.shown(bars[index].messageClass), "label ink", anchor: "end",
                title: bars[index].messageClass)
        }
        let marks = Bandwidth.Direction.allCases.flatMap { side($0, floor: height - 4) }
        return SVG.picture(
            width: Self.width, height: height, label: "Share of the bytes in and out by message class", names + marks)
    }

    private static func shown(_ name: String) -> String { SVG.shortened(name, to: 28) }

    private func middle(_ index: Int) -> Double { Self.top + (Double(index) + 0.5) * Self.rowHeight }

    private func side(_ direction: Bandwidth.Direction, floor: Double) -> [String] {
        let panel = (Self.width - left - Self.gap) / 2
        let start = left + (direction == .incoming ? 0 : panel + Self.gap)
        return [
            SVG.text(start, 14, "\(direction.rawValue): \(words.amount(direction))", "label ink strong"),
            SVG.line(start, Self.top - 4, start, floor, "tick"),
        ]
            + bars.indices.flatMap { index in
                bar(bars[index], direction, from: start, longest: panel - Self.room, at: middle(index))
            }
    }

    private func bar(
        _ row: BandwidthRow, _ direction: Bandwidth.Direction, from start: Double, longest room: Double,
        at middle: Double
    ) -> [String] {
        let bytes = direction.bytes(of: row)
        guard let share = bandwidth.share(of: row, direction), bytes > 0 else {
            return [SVG.text(start + 7, middle + 4, "none", "axis")]
        }
        let length = max(1.5, share / longest * room)
        let value = "\(words.quantity.share(share)) · \(words.quantity.bytes(bytes))"
        let title =
            "\(row.messageClass), \(direction.rawValue): \(value)"
            + (words.byteRate(bytes).map { ", \($0)" } ?? "")
            + ", \(words.quantity.count(direction.messages(of: row))) messages"
        return [
            SVG.rectangle(
                start, middle - Self.barHeight / 2, length, Self.barHeight, "bar-\(direction.rawValue)", title: title),
            SVG.text(start + length + 7, middle + 4, value, "axis", title: title),
        ]
    }
}
