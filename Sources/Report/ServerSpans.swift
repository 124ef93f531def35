import RunRecord
import Statistics

/// What the server did beside the statements, as spans on the axis of time.
struct ServerSpans {
    enum Kind: String, CaseIterable {
        case checkpoint
        case vacuum = "autovacuum"
        case maintenance = "table maintenance"

        /// Name of its colour.
        var style: String {
            switch self {
            case .checkpoint: "span-0"
            case .vacuum: "span-1"
            case .maintenance: "span-2"
            }
        }
    }

    struct Span {
        let kind: Kind
        let from: Double
        let to: Double
        let detail: String
    }

    /// By kind, then by time.
    let all: [Span]

    init(_ server: ServerSummary) {
        let quantity = Quantity.page
        let checkpoints = server.checkpoints.map { row in
            let work = row.buffers.flatMap { buffers in
                row.syncSeconds.map { "\(quantity.count(buffers)) buffers, sync \(quantity.time($0 * 1_000))" }
            }
            return Span(
                kind: .checkpoint, from: row.fromSeconds, to: row.toSeconds,
                detail: "\(row.cause), \(work ?? ServerTables.openCheckpoint)")
        }
        let vacuums = server.autovacuum.map {
            Span(kind: .vacuum, from: $0.fromSeconds, to: $0.toSeconds, detail: "\($0.kind.rawValue) of \($0.table)")
        }
        let maintenance = server.maintenance.map {
            Span(kind: .maintenance, from: $0.fromSeconds, to: $0.toSeconds, detail: $0.what)
        }
        all = checkpoints + vacuums + maintenance
    }

    /// Fields of the note that tells the colours; `nil` when nothing happened.
    var legend: [String: Any]? {
        let kinds = Kind.allCases.compactMap { kind -> [String: Any]? in
            let count = all.count { $0.kind == kind }
            return count > 0 ? ["name": kind.rawValue, "style": kind.style, "count": "\(count)"] : nil
        }
        return kinds.isEmpty ? nil : ["kinds": kinds]
    }

    /// Whether something of a kind went on in a whole second, told by its start.
    func touches(_ second: Int, _ kind: Kind) -> Bool {
        all.contains { $0.kind == kind && $0.from < Double(second + 1) && $0.to >= Double(second) }
    }

    /// Spans as shaded fields over a strip's height, each at least wide enough to be seen.
    func fields(in frame: TimeFrame) -> [String] {
        visible(frame).map { span in
            SVG.rectangle(
                frame.x(span.from), frame.top, max(1.5, frame.x(span.to) - frame.x(span.from)), frame.floor - frame.top,
                span.kind.style, title: Self.title(span))
        }
    }

    /// The kinds' names above a strip, each once, where it first does not touch another.
    func names(in frame: TimeFrame) -> [String] {
        var taken: [ClosedRange<Double>] = []
        return Kind.allCases.compactMap { kind in
            let spans = visible(frame).filter { $0.kind == kind }
            let word = spans.count > 1 ? "\(kind.rawValue) × \(spans.count)" : kind.rawValue
            let length = SVG.width(of: word)
            let place = spans.lazy.map { min(frame.x($0.from), frame.width - length) }.first { x in
                !taken.contains { $0.overlaps(x...(x + length + 6)) }
            }
            guard let place else { return nil }
            taken.append(place...(place + length + 6))
            return SVG.text(place, frame.top - 6, word, "axis \(kind.style)")
        }
    }

    private func visible(_ frame: TimeFrame) -> [Span] {
        all.filter { $0.to >= 0 && $0.from <= Double(frame.bins.end) }
    }

    private static func title(_ span: Span) -> String {
        let quantity = Quantity.page
        return "\(span.kind.rawValue) from \(quantity.moment(span.from)) to \(quantity.moment(span.to)): \(span.detail)"
    }
}

/// What an event did to a request class: its p99 of a second, in seconds with the event and in those without.
struct EventEffect {
    let kind: ServerSpans.Kind
    let name: String
    /// Median of the seconds' p99, milliseconds; `nil` with too few seconds.
    let with: Double?
    let without: Double?
    let secondsWith: Int
    let secondsWithout: Int

    /// Fewer seconds than this say nothing.
    static let fewest = 3

    var ratio: Double? {
        guard let with, let without, without > 0 else { return nil }
        return with / without
    }

    /// One effect for each kind that happened in the measure phase and each class of requests.
    ///
    /// - Parameters:
    ///   - spans: when the server did what.
    ///   - report: its seconds of the measure phase count.
    /// - Returns: by kind, the strongest first; those with too few seconds last.
    static func all(_ spans: ServerSpans, _ report: TrialReport) -> [EventEffect] {
        let seconds = report.samples.filter { $0.phase == "measure" }
        return ServerSpans.Kind.allCases.flatMap { kind -> [EventEffect] in
            let touched = Set(seconds.map(\.second).filter { spans.touches($0, kind) })
            guard !touched.isEmpty else { return [] }
            return report.requestNames.compactMap { effect(of: kind, touched, $0, seconds) }
                .sorted { ($0.ratio ?? -1, $1.name) > ($1.ratio ?? -1, $0.name) }
        }
    }

    private static func effect(
        of kind: ServerSpans.Kind, _ touched: Set<Int>, _ name: String, _ seconds: [SecondSample]
    ) -> EventEffect? {
        let values = seconds.compactMap { second in second.classes[name]?.p99Ms.map { (second.second, $0) } }
        let with = values.filter { touched.contains($0.0) }.map(\.1)
        let without = values.filter { !touched.contains($0.0) }.map(\.1)
        guard !values.isEmpty else { return nil }
        func middle(_ values: [Double]) -> Double? { values.count < fewest ? nil : Sample.median(values) }
        return EventEffect(
            kind: kind, name: name, with: middle(with), without: middle(without), secondsWith: with.count,
            secondsWithout: without.count)
    }
}
