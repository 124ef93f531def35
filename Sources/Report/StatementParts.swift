import RunRecord

/// What the server's time for one statement was made of.
struct StatementParts {
    enum Part: Int, CaseIterable {
        case planning, reading, writing, rest

        /// Head of a column, and name in a picture.
        var name: String {
            switch self {
            case .planning: "planning"
            case .reading: "reading blocks"
            case .writing: "writing blocks"
            case .rest: "rest of execution"
            }
        }

        /// What the time was spent on.
        var meaning: String {
            switch self {
            case .planning: "choosing a plan, before execution"
            case .reading: "waiting for blocks that were not in shared buffers, while planning too; at most execution"
            case .writing: "writing other blocks out to make room, or extending files; at most execution"
            case .rest: "processor, locks and WAL buffers; block times too where the server does not time them"
            }
        }
    }

    let row: StatementRow
    /// By ``Part``, milliseconds over all calls; together planning and execution.
    let times: [Double]

    /// The server does not tell blocks that planning read from those of execution, and counts parallel workers' beside the
    /// time in which they ran: more than execution took is not drawn as a part of it.
    init(_ row: StatementRow) {
        self.row = row
        let read = min(row.blockReadMs ?? 0, row.execMs)
        let write = min(row.blockWriteMs ?? 0, row.execMs - read)
        times = [row.planMs ?? 0, read, write, row.execMs - read - write]
    }

    /// Milliseconds over all calls.
    var total: Double { times.reduce(0, +) }

    /// Milliseconds a call.
    func mean(of part: Part) -> Double { times[part.rawValue] / Double(max(1, row.calls)) }

    /// Of the statement's own time, 0 … 1.
    func share(of part: Part) -> Double { total > 0 ? times[part.rawValue] / total : 0 }
}

extension ServerStatements {
    /// Statements worth a row of their own, those with the most time first; what is left is one more.
    var ranked: [StatementParts] {
        let all = (shapes + others).filter { $0.calls > 0 || $0.totalMs > 0 }.sorted { $0.totalMs > $1.totalMs }
        let most = Array(all.prefix(14).prefix { $0.totalMs >= 0.003 * totalMs })
        let rest = all.dropFirst(most.count)
        return (most + (rest.isEmpty ? [] : [Self.sum(rest)])).map { StatementParts($0) }
    }

    private static func sum(_ rows: some Collection<StatementRow>) -> StatementRow {
        var sum = StatementRow(
            name: "\(rows.count) more", text: "", texts: 0, calls: 0, plans: nil, planMs: nil, execMs: 0,
            longestExecMs: 0, rows: 0, blocks: StatementBlocks(), blockReadMs: nil, blockWriteMs: nil, walRecords: 0,
            walFullPageImages: 0, walBytes: 0)
        for row in rows {
            sum.texts += row.texts
            sum.calls += row.calls
            sum.execMs += row.execMs
            sum.longestExecMs = max(sum.longestExecMs, row.longestExecMs)
            sum.rows += row.rows
            sum.walRecords += row.walRecords
            sum.walFullPageImages += row.walFullPageImages
            sum.walBytes += row.walBytes
            sum.blocks.add(row.blocks)
            sum.planMs = row.planMs.map { (sum.planMs ?? 0) + $0 } ?? sum.planMs
            sum.blockReadMs = row.blockReadMs.map { (sum.blockReadMs ?? 0) + $0 } ?? sum.blockReadMs
            sum.blockWriteMs = row.blockWriteMs.map { (sum.blockWriteMs ?? 0) + $0 } ?? sum.blockWriteMs
        }
        return sum
    }
}

/// Bars of the server's time by statement, each divided into its parts; all on one axis, so that lengths compare.
struct StatementChart {
    private static let width = 960.0
    private static let (top, rowHeight, barHeight) = (34.0, 24.0, 15.0)
    /// Behind a bar, for its values.
    private static let room = 178.0

    let statements: ServerStatements
    let quantity: Quantity

    /// The picture; `nil` when no statement took time.
    var svg: String? {
        let rows = statements.ranked
        guard let longest = rows.map(\.total).max(), longest > 0 else { return nil }
        // Statements in capitals are wider than other names.
        let left = min(260, 1.2 * (rows.map { SVG.width(of: Self.shown($0.row)) }.max() ?? 0) + 16)
        let marks = rows.enumerated().flatMap { index, parts in
            bar(parts, left, longest, middle: Self.top + (Double(index) + 0.5) * Self.rowHeight)
        }
        let label = rows.map { "\($0.row.name) \(quantity.percent($0.total / statements.totalMs))" }
        return SVG.picture(
            width: Self.width, height: Self.top + Double(rows.count) * Self.rowHeight + 4,
            label: "The server's time by statement and part: \(label.joined(separator: "; "))", legend(left) + marks)
    }

    /// A name, or for a statement without one the beginning of its text.
    static func shown(_ row: StatementRow) -> String {
        SVG.shortened(row.name == "other" && !row.text.isEmpty ? row.text : row.name, to: 28)
    }

    private var parts: [StatementParts.Part] {
        StatementParts.Part.allCases.filter { part in
            part == .rest || statements.ranked.contains { $0.times[part.rawValue] > 0 }
        }
    }

    private func legend(_ left: Double) -> [String] {
        var x = left
        return parts.flatMap { part -> [String] in
            defer { x += SVG.width(of: part.name) + 36 }
            return [
                SVG.rectangle(x, 6, 11, 11, Self.style(part), title: part.meaning),
                SVG.text(x + 17, 16, part.name, "label", title: part.meaning),
            ]
        } + [SVG.text(Self.width - 2, 16, "of all · a call", "label", anchor: "end")]
    }

    private func bar(_ parts: StatementParts, _ left: Double, _ longest: Double, middle: Double) -> [String] {
        let length = Self.width - left - Self.room
        var x = left
        let bars = StatementParts.Part.allCases.flatMap { part -> [String] in
            let size = parts.times[part.rawValue] / longest * length
            defer { x += size }
            guard size >= 0.3 else { return [] }
            let share = quantity.percent(parts.share(of: part))
            let title =
                "\(parts.row.name), \(part.name): \(quantity.time(parts.times[part.rawValue])) in all, "
                + "\(quantity.time(parts.mean(of: part))) a call, \(share) of the statement"
            let bar = SVG.rectangle(
                x, middle - Self.barHeight / 2, max(0.5, size - 1), Self.barHeight, Self.style(part), title: title)
            guard size >= SVG.width(of: share) + 8 else { return [bar] }
            return [
                bar, SVG.text(x + size / 2, middle + 4, share, "on-part", anchor: "middle", title: title),
            ]
        }
        let calls = Double(max(1, parts.row.calls))
        let value =
            "\(quantity.percent(parts.total / statements.totalMs)) · \(quantity.time(parts.total / calls))"
        return [
            SVG.text(left - 12, middle + 4, Self.shown(parts.row), "label ink", anchor: "end", title: parts.row.text)
        ] + bars + [SVG.text(Self.width - 2, middle + 4, value, "label ink", anchor: "end")]
    }

    private static func style(_ part: StatementParts.Part) -> String { "statement-\(part.rawValue)" }
}
