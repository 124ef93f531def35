/// Marks of an inline picture. Texts are escaped; numbers are cut to a tenth of a pixel.
enum SVG {
    /// Text made harmless for HTML and XML.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A coordinate.
    static func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 ? String(Int(tenths / 10)) : String(tenths / 10)
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String, title: String = "")
        -> String
    {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" class=\"\(style)\">\(tip(title))</line>"
    }

    static func text(_ x: Double, _ y: Double, _ content: String, _ style: String, anchor: String = "start") -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" class=\"\(style)\" text-anchor=\"\(anchor)\">\(escape(content))</text>"
    }

    static func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, title: String = ""
    ) -> String {
        "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\" height=\"\(number(max(0, height)))\" class=\"\(style)\">\(tip(title))</rect>"
    }

    static func dot(_ x: Double, _ y: Double, _ style: String, title: String) -> String {
        "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3.5\" class=\"\(style)\">\(tip(title))</circle>"
    }

    /// A line through points; gaps where a point is missing.
    static func path(_ points: [(x: Double, y: Double)?], _ style: String, title: String) -> String {
        var commands = ""
        var pen = false
        for point in points {
            guard let point else {
                pen = false
                continue
            }
            // A stroke of no length behind the first point shows it even when it stays alone.
            commands += (pen ? "L" : "M") + number(point.x) + " " + number(point.y) + (pen ? "" : "h0")
            pen = true
        }
        return "<path d=\"\(commands)\" class=\"\(style)\">\(tip(title))</path>"
    }

    /// The picture with what it shows, for those who cannot see it.
    static func picture(width: Double, height: Double, label: String, _ marks: [String]) -> String {
        "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(escape(label))\">\n"
            + marks.joined(separator: "\n") + "\n</svg>"
    }

    private static func tip(_ title: String) -> String { title.isEmpty ? "" : "<title>\(escape(title))</title>" }
}

/// Values on a logarithmic axis of whole decades.
struct LogAxis {
    let lowest: Int
    let highest: Int
    let start: Double
    let end: Double

    /// - Parameters:
    ///   - values: what must fit; only positive ones count.
    ///   - start: the coordinate of the lowest decade; `end` that of the highest.
    init(_ values: [Double], from start: Double, to end: Double) {
        let exponents = values.filter { $0 > 0 }.map { Self.exponent($0) }
        lowest = Int((exponents.min() ?? 0).rounded(.down))
        highest = max(Int((exponents.max() ?? 1).rounded(.up)), lowest + 1)
        self.start = start
        self.end = end
    }

    /// Where a value lies; those outside are put on the edge.
    func position(_ value: Double) -> Double {
        let exponent = value > 0 ? Self.exponent(value) : Double(lowest)
        let share = (exponent - Double(lowest)) / Double(highest - lowest)
        return start + min(max(share, 0), 1) * (end - start)
    }

    /// The decades and their values.
    var ticks: [Double] { (lowest...highest).map { Self.power($0) } }

    /// Base-ten logarithm, good enough to place a mark: by decades, then by halving.
    static func exponent(_ value: Double) -> Double {
        var (rest, whole) = (value, 0.0)
        while rest >= 10 {
            rest /= 10
            whole += 1
        }
        while rest < 1 {
            rest *= 10
            whole -= 1
        }
        var (fraction, step) = (0.0, 0.5)
        for _ in 0..<20 {
            rest *= rest
            if rest >= 10 {
                rest /= 10
                fraction += step
            }
            step /= 2
        }
        return whole + fraction
    }

    private static func power(_ exponent: Int) -> Double {
        (0..<abs(exponent)).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
    }
}
