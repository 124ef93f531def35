import RunRecord

/// The server's and the host's figures over time, one strip a figure, on the axis of the page's other time lines.
struct ServerStrips {
    /// A line of a strip.
    private struct Line {
        let name: String
        let colour: String
        /// The value of adjoining looks; `nil` where none of them tells.
        let value: ([ServerSample]) -> Double?
    }

    let tables: ServerTables
    let bins: TimeBins

    private var quantity: Quantity { tables.quantity }

    /// Strips that have something to show; none without the seconds of the load.
    var all: [(name: String, svg: String, note: String)] {
        guard !bins.all.isEmpty else { return [] }
        return [processors, disk, diskTime, wal, sessions, locks, memory, dead].compactMap { $0 }
    }

    // MARK: Figures

    private var processors: (String, String, String)? {
        strip(
            "Processors", "busy, of all there are",
            [
                line("server", "c7", rate(\.host?.serverCpuSeconds)),
                line("generator", "c2", rate(\.host?.generatorCpuSeconds)),
            ]
        ) { quantity.digits($0) }
    }

    private var disk: (String, String, String)? {
        strip(
            "Disk", "read and written a second",
            [
                line("read", "c3", rate { $0.host?.disk.map { Double($0.readBytes) } }),
                line("written", "c1", rate { $0.host?.disk.map { Double($0.writtenBytes) } }),
            ]
        ) { quantity.size($0) }
    }

    private var diskTime: (String, String, String)? {
        strip(
            "Disk latency", "mean of a write, mean of a flush",
            [
                line("write", "c7", mean { $0.host?.disk.map { (Double($0.writeMs), Double($0.writes)) } }),
                line(
                    "flush", "c2",
                    mean { look in
                        look.host?.disk.flatMap { disk in
                            guard let count = disk.flushes, let time = disk.flushMs else { return nil }
                            return (Double(time), Double(count))
                        }
                    }),
            ]
        ) { quantity.time($0) }
    }

    private var wal: (String, String, String)? {
        strip(
            "WAL", "bytes a second",
            [line("WAL", "c6", rate { $0.wal.map { Double($0.bytes) } })]
        ) { quantity.size($0) }
    }

    private var sessions: (String, String, String)? {
        strip(
            "Clients", "connected and executing, the most seen",
            [
                line("connected", "base", most { $0.activity.map { Double($0.connections) } }),
                line("executing", "c7", most { $0.activity.map { Double($0.active) } }),
            ]
        ) { quantity.digits($0) }
    }

    private var locks: (String, String, String)? {
        let limit = tables.server.locks.map { ", of \(quantity.count($0.capacity))" } ?? ""
        return strip(
            "Lock table", "places taken, the most seen\(limit)",
            [line("locks", "c5", most { $0.locks.map { Double($0.inTable) } })]
        ) { quantity.digits($0) }
    }

    private var memory: (String, String, String)? {
        strip(
            "Dirty pages", "of the system’s page cache, the most seen",
            [line("dirty", "c2", most { $0.host?.dirtyBytes.map(Double.init) })]
        ) { quantity.size($0) }
    }

    private var dead: (String, String, String)? {
        strip(
            "Dead rows", "of the archive’s tables",
            [line("dead", "c8", most { $0.tuples.map { Double($0.dead) } })]
        ) { quantity.digits($0) }
    }

    // MARK: Values

    private func line(
        _ name: String, _ colour: String, _ value: @escaping ([ServerSample]) -> Double?
    ) -> Line { Line(name: name, colour: colour, value: value) }

    /// A sum as an amount a second.
    private func rate(_ amount: @escaping (ServerSample) -> Double?) -> ([ServerSample]) -> Double? {
        { looks in
            let known = looks.filter { $0.intervalSeconds > 0 }.compactMap { look in
                amount(look).map { ($0, look.intervalSeconds) }
            }
            let seconds = known.reduce(0) { $0 + $1.1 }
            return seconds > 0 ? known.reduce(0) { $0 + $1.0 } / seconds : nil
        }
    }

    /// Time by number of operations; `nil` where nothing was done.
    private func mean(_ parts: @escaping (ServerSample) -> (Double, Double)?) -> ([ServerSample]) -> Double? {
        { looks in
            let known = looks.compactMap(parts)
            let count = known.reduce(0) { $0 + $1.1 }
            return count > 0 ? known.reduce(0) { $0 + $1.0 } / count : nil
        }
    }

    private func most(_ level: @escaping (ServerSample) -> Double?) -> ([ServerSample]) -> Double? {
        { $0.compactMap(level).max() }
    }

    // MARK: Drawing

    private func strip(
        _ name: String, _ note: String, _ lines: [Line], _ words: (Double) -> String
    ) -> (String, String, String)? {
        let looks = Dictionary(grouping: tables.report.server.samples.filter { $0.atSeconds > 0 }) { look in
            // A look stands for the time before it.
            Int(min(look.atSeconds.rounded(.up) - 1, 1e9)) / bins.width * bins.width
        }
        let series = lines.map { line in bins.all.map { bin in looks[bin.start].flatMap(line.value) } }
        let values = series.joined().compactMap { $0 }
        guard !values.isEmpty else { return nil }
        let (width, height) = (540.0, 132.0)
        let frame = TimeFrame(
            width: width, left: 62, right: 76, top: 22, floor: height - 24, bins: bins, record: tables.report.record)
        let highest = TimelineChart.roundUp(max(values.max() ?? 1, 1e-9))
        func y(_ value: Double) -> Double { frame.floor - min(value / highest, 1) * (frame.floor - frame.top) }
        var marks = frame.background + tables.spans.fields(in: frame) + tables.spans.names(in: frame)
        for step in [0, highest / 2, highest] {
            marks.append(SVG.line(frame.left, y(step), width - frame.right, y(step), "grid"))
            marks.append(
                SVG.text(frame.left - 8, y(step) + 4, step == 0 ? "0" : Self.round(words(step)), "axis", anchor: "end"))
        }
        var ends: [(line: Line, y: Double)] = []
        for (line, values) in zip(lines, series) {
            let points = zip(bins.all, values).map { bin, value in value.map { (x: frame.x(bin.middle), y: y($0)) } }
            marks.append(SVG.path(points, "curve \(line.colour)", title: "\(name): \(line.name)"))
            if let last = points.last(where: { $0 != nil }) ?? nil { ends.append((line, last.y)) }
        }
        let placed = SVG.spread(ends.map(\.y), gap: 13, from: frame.top + 4, to: frame.floor - 2)
        marks += ends.indices.map {
            SVG.text(
                width - frame.right + 6, placed[$0] + 4, ends[$0].line.name, "label \(ends[$0].line.colour)")
        }
        marks += bins.all.enumerated().compactMap { index, bin in
            let told = zip(lines, series).compactMap { line, values in values[index].map { "\(line.name) \(words($0))" }
            }
            let x = frame.x(Double(bin.start))
            return told.isEmpty
                ? nil
                : SVG.rectangle(
                    x, frame.top, frame.x(Double(bin.start + bins.width)) - x, frame.floor - frame.top, "hit",
                    title: "\(bins.label(bin)) s: \(told.joined(separator: ", "))")
        }
        let peak = zip(lines, series).compactMap { line, values in
            values.compactMap { $0 }.max().map { "\(line.name) at most \(words($0))" }
        }
        return (
            name,
            SVG.picture(
                width: width, height: height, label: "\(name) over time, \(note): \(peak.joined(separator: ", "))",
                marks), note
        )
    }

    /// The mark of an axis without trailing zeros: "20.0 MB" as "20 MB".
    private static func round(_ text: String) -> String {
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard number.contains(".") else { return text }
        let short = number.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(short.reversed()) + text.dropFirst(number.count)
    }

    /// The numbers behind the strips.
    var table: ReportTable {
        let looks = tables.report.server.samples.filter { $0.intervalSeconds > 0 }
        let step = max(1, looks.count / TimeBins.most)
        return ReportTable(
            ["at s", "server CPU", "disk busy", "disk written/s", "WAL/s", "executing", "locks", "dirty"].map {
                .init($0, .number)
            },
            stride(from: 0, to: looks.count, by: step).map { start in
                let group = Array(looks[start..<min(looks.count, start + step)])
                func cell(_ value: Double?, _ words: (Double) -> String) -> ReportTable.Cell {
                    value.map { .init(words($0)) } ?? .unknown("not told")
                }
                let size: (Double) -> String = { quantity.size($0) }
                return [
                    .init(quantity.fixed(group[0].atSeconds, 1)),
                    cell(rate(\.host?.serverCpuSeconds)(group), quantity.digits),
                    cell(most { $0.host?.disk?.busyShare }(group)) { quantity.percent($0) },
                    cell(rate { $0.host?.disk.map { Double($0.writtenBytes) } }(group), size),
                    cell(rate { $0.wal.map { Double($0.bytes) } }(group), size),
                    cell(most { $0.activity.map { Double($0.active) } }(group), quantity.digits),
                    cell(most { $0.locks.map { Double($0.inTable) } }(group), quantity.digits),
                    cell(most { $0.host?.dirtyBytes.map(Double.init) }(group), size),
                ]
            })
    }
}
