import RunRecord

/// The axis of time that all strips of a page share, with what happened on it.
struct TimeFrame {
    let width: Double
    let left: Double
    let right: Double
    let top: Double
    /// Height of the axis itself.
    let floor: Double
    let bins: TimeBins
    let record: RunRecord

    /// Where a moment lies, in seconds from the start of warm-up.
    func x(_ second: Double) -> Double {
        left + min(max(second / Double(bins.end), 0), 1) * (width - left - right)
    }

    /// Phases as shaded spans and the marks of the axis.
    var background: [String] {
        phases.map { phase in
            SVG.rectangle(
                x(phase.start), top, x(phase.end) - x(phase.start), floor - top, "phase",
                title: "\(phase.name): not part of the measurement")
        } + ticks
    }

    /// Events as dotted lines, without those that only begin a phase.
    var events: [String] { EventMarks(shownEvents, in: self).lines }

    /// Names of phases and events above the strip, each where it does not touch another.
    var names: [String] {
        var marks: [String] = []
        for (name, start, end) in allPhases where x(end) - x(start) > SVG.width(of: name) + 8 {
            marks.append(SVG.text(x(start) + 4, top - 6, name, "axis"))
        }
        return marks + EventMarks(shownEvents, in: self).names
    }

    private var shownEvents: [TrialEvent] {
        record.events.filter {
            !$0.kind.hasPrefix("phase.") && $0.atSeconds >= 0 && $0.atSeconds <= Double(bins.end)
        }
        .sorted { $0.atSeconds < $1.atSeconds }
    }

    private var allPhases: [(name: String, start: Double, end: Double)] {
        let end = Double(bins.end)
        let measure = min(max(0, record.phases.measureStartSeconds), end)
        let drain = min(
            max(measure, measure + (record.phases.measuredSeconds ?? record.phases.measureSeconds)), end)
        return [("warm-up", 0, measure), ("measured", measure, drain), ("drain", drain, end)].filter { $0.2 > $0.1 }
    }

    private var phases: [(name: String, start: Double, end: Double)] { allPhases.filter { $0.name != "measured" } }

    private var ticks: [String] {
        let most = Int((width - left - right) / 74)
        let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400]
        let step = steps.first { bins.end / $0 <= most } ?? max(86_400, bins.end / most)
        return stride(from: 0, through: bins.end, by: step).flatMap { second in
            let place = x(Double(second))
            return [
                SVG.line(place, floor, place, floor + 4, "tick"),
                SVG.text(place, floor + 17, label(second, step), "axis", anchor: "middle"),
            ]
        }
    }

    private func label(_ second: Int, _ step: Int) -> String {
        let space = Quantity.page.space
        if step >= 3_600 { return "\(second / 3_600)\(space)h" }
        return step >= 60 ? "\(second / 60)\(space)min" : "\(second)\(space)s"
    }
}
