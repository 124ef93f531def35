/// Marks of an inline picture. Texts are escaped; numbers are cut to a tenth of a pixel.
enum SVG {
    /// Text made harmless for HTML and XML.
    static func escape(_ text: String) -> String {
        text.rewritten { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: nil
            }
        }
    }

    /// A coordinate.
    static func number(_ value: Double) -> String {
        guard abs(value) < 1e9 else { return "0" }
        let tenths = (value * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 ? String(Int(tenths / 10)) : String(tenths / 10)
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String, title: String = "")
        -> String
    {
        "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" "
            + "class=\"\(style)\">\(tip(title))</line>"
    }

    static func text(
        _ x: Double, _ y: Double, _ content: String, _ style: String, anchor: String = "start", title: String = ""
    ) -> String {
        "<text x=\"\(number(x))\" y=\"\(number(y))\" class=\"\(style)\" text-anchor=\"\(anchor)\">"
            + "\(tip(title))\(escape(content))</text>"
    }

    /// About how wide a text of the pictures' size is; system fonts differ, so rather too much.
    static func width(of text: String) -> Double { Double(text.count) * 6.9 }

    /// Room beside an axis for its marks, the widest of them and a gap on each side.
    static func margin(_ words: [String]) -> Double { max(66, (words.map { width(of: $0) }.max() ?? 0) + 14) }

    /// The beginning and the end of a name that would be too long for its place.
    static func shortened(_ text: String, to length: Int) -> String {
        guard text.count > length, length > 2 else { return text }
        return text.prefix((length - 1) / 2) + "…" + text.suffix(length / 2)
    }

    static func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, title: String = ""
    ) -> String {
        "<rect x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(max(0, width)))\" "
            + "height=\"\(number(max(0, height)))\" class=\"\(style)\">\(tip(title))</rect>"
    }

    static func dot(_ x: Double, _ y: Double, _ style: String, radius: Double = 3.5, title: String) -> String {
        "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" "
            + "class=\"\(style)\">\(tip(title))</circle>"
    }

    /// A line through points; gaps where a point is missing, a dot where one stands alone.
    static func path(_ points: [(x: Double, y: Double)?], _ style: String, title: String) -> String {
        var commands = ""
        var run = 0
        for point in points {
            if let point {
                commands += (run == 0 ? "M" : "L") + number(point.x) + " " + number(point.y)
                run += 1
            } else {
                if run == 1 { commands += "h0" }
                run = 0
            }
        }
        if run == 1 { commands += "h0" }
        return "<path d=\"\(commands)\" class=\"\(style)\">\(tip(title))</path>"
    }

    /// A small cross.
    static func cross(_ x: Double, _ y: Double, _ style: String, title: String) -> String {
        let size = 3.5
        return
            "<path d=\"M\(number(x - size)) \(number(y - size))l7 7m0 -7l-7 7\" class=\"\(style)\">\(tip(title))</path>"
    }

    /// The field between an upper and a lower line, both from left to right.
    static func area(
        _ upper: [(x: Double, y: Double)], _ lower: [(x: Double, y: Double)], _ style: String, title: String
    )
        -> String
    {
        let edge = (upper + lower.reversed()).map { "\(number($0.x)) \(number($0.y))" }
        return "<path d=\"M\(edge.joined(separator: "L"))Z\" class=\"\(style)\">\(tip(title))</path>"
    }

    /// The mark of a verdict: a disc for better, a square for worse, a ring for equivalent, a rhomb for inconclusive.
    static func mark(_ tone: Tone, _ x: Double, _ y: Double, title: String) -> String {
        let size = 5.0
        switch tone {
        case .worse: return rectangle(x - 4.5, y - 4.5, 9, 9, "mark-worse", title: title)
        case .open:
            let outline = "M\(number(x - size)) \(number(y))l5 -5l5 5l-5 5Z"
            return "<path d=\"\(outline)\" class=\"mark-open\">\(tip(title))</path>"
        default: return dot(x, y, "mark-\(tone.rawValue)", radius: tone == .better ? 5 : 4.2, title: title)
        }
    }

    /// Heights moved apart by at least a gap and kept between two edges, in the order given.
    static func spread(_ heights: [Double], gap: Double, from top: Double, to bottom: Double) -> [Double] {
        let order = heights.indices.sorted { heights[$0] < heights[$1] }
        var placed = heights
        var floor = top
        for index in order {
            placed[index] = max(heights[index], floor)
            floor = placed[index] + gap
        }
        var ceiling = bottom
        for index in order.reversed() {
            placed[index] = min(placed[index], ceiling)
            ceiling = placed[index] - gap
        }
        return placed
    }

    /// The picture with what it shows, for those who cannot see it.
    static func picture(width: Double, height: Double, label: String, _ marks: [String]) -> String {
        "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(escape(label))\">\n"
            + marks.joined(separator: "\n") + "\n</svg>"
    }

    private static func tip(_ title: String) -> String { title.isEmpty ? "" : "<title>\(escape(title))</title>" }
}
