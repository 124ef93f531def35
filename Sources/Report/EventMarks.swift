import RunRecord

extension TrialEvent {
    /// Whether it is the archive's own clockwork: partitions, look-up tables, statistics, retention.
    var isClockwork: Bool { ["partition.", "lookup.", "analyze", "retention"].contains { kind.hasPrefix($0) } }
}

/// Events as marks on a time line: those that would touch become one, and clockwork does not hide the curves.
struct EventMarks {
    /// Events of one place.
    private struct Mark {
        let x: Double
        var events: [TrialEvent]
    }

    /// Marks of the same sort are at least this far apart.
    private static let nearest = 12.0
    /// More full lines than one each so many pixels hide what is drawn below.
    private static let roomForLine = 36.0
    /// A kind with more events than this is named once.
    private static let named = 3

    private let frame: TimeFrame
    private let events: [TrialEvent]

    /// - Parameters:
    ///   - events: those to show, in order.
    ///   - frame: where they go.
    init(_ events: [TrialEvent], in frame: TimeFrame) {
        self.events = events
        self.frame = frame
    }

    /// Full dotted lines; clockwork as short strokes along the upper edge where there is much of it.
    var lines: [String] {
        let clockwork = merged(events.filter(\.isClockwork))
        let isDense = Double(clockwork.count) * Self.roomForLine > frame.width - frame.left - frame.right
        return clockwork.map { line($0, isDense ? "clockwork" : "event", to: isDense ? frame.top + 8 : frame.floor) }
            + merged(events.filter { !$0.isClockwork }).map { line($0, "event", to: frame.floor) }
    }

    /// Names above the frame, each where it does not touch another; what is out of the ordinary takes its place first.
    var names: [String] {
        var taken: [[ClosedRange<Double>]] = [[], []]
        func name(_ event: TrialEvent, _ word: String) -> String? {
            let length = SVG.width(of: word)
            let place = min(frame.x(event.atSeconds) + 4, frame.width - length)
            let span = place...(place + length + 6)
            guard let row = taken.firstIndex(where: { !$0.contains { $0.overlaps(span) } }) else { return nil }
            taken[row].append(span)
            return SVG.text(
                place, frame.top - 22 - Double(row) * 14, word, "axis open", title: "\(event.kind): \(event.detail)")
        }
        var marks: [String] = []
        for events in kinds {
            let word = SVG.shortened(events[0].kind, to: 26)
            let once = events.count > Self.named
            for event in events {
                guard let mark = name(event, once ? "\(word) × \(events.count)" : word) else { continue }
                marks.append(mark)
                if once { break }
            }
        }
        return marks
    }

    /// Events by kind, clockwork last, in the order of their first.
    private var kinds: [[TrialEvent]] {
        Dictionary(grouping: events, by: \.kind).values.sorted { one, other in
            (one[0].isClockwork ? 1 : 0, one[0].atSeconds, one[0].kind)
                < (other[0].isClockwork ? 1 : 0, other[0].atSeconds, other[0].kind)
        }
    }

    private func merged(_ events: [TrialEvent]) -> [Mark] {
        events.reduce(into: []) { marks, event in
            let x = frame.x(event.atSeconds)
            if let last = marks.last, x - last.x < Self.nearest {
                marks[marks.endIndex - 1].events.append(event)
            } else {
                marks.append(Mark(x: x, events: [event]))
            }
        }
    }

    private func line(_ mark: Mark, _ style: String, to floor: Double) -> String {
        SVG.line(mark.x, frame.top, mark.x, floor, style, title: title(mark.events))
    }

    private func title(_ events: [TrialEvent]) -> String {
        guard let first = events.first, let last = events.last, events.count > 1 else {
            return events.first.map { "\($0.kind) at \(Quantity.page.moment($0.atSeconds)): \($0.detail)" } ?? ""
        }
        let kinds = Dictionary(grouping: events, by: \.kind).sorted { $0.key < $1.key }.map { kind, events in
            events.count == 1 ? kind : "\(kind) × \(events.count)"
        }
        return "\(Quantity.page.moment(first.atSeconds)) to \(Quantity.page.moment(last.atSeconds)): "
            + kinds.joined(separator: ", ")
    }
}
