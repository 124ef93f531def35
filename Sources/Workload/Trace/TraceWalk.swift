import SpecReader

/// A walk through the rows of one sort of a trace, at the times of the trial. Belongs to one thread.
///
/// Nothing is read before the first row is taken, and what is read takes no more memory at its end than at its beginning.
final class TraceWalk {
    /// Rows that a walk is about; it passes over the others.
    enum Sort {
        case messages
        case requests
    }

    /// When the next row is due, nanoseconds from the start of the trial; `.max` for never.
    private(set) var due: UInt64
    private let trace: TraceSpec
    private let sort: Sort
    private let first: TraceSummary.First
    private let scale: Double
    private var decoder: TraceDecoder
    private var reader: LineReader?
    private var next = TraceRow()
    /// Times that the recording was played to its end.
    private var rounds: UInt64 = 0

    /// `nil` where the trace has no such rows.
    init?(_ trace: TraceSpec, _ sort: Sort, _ decoder: TraceDecoder) {
        guard let first = sort == .messages ? trace.summary.firstMessage : trace.summary.firstRequest else {
            return nil
        }
        self.trace = trace
        self.sort = sort
        self.first = first
        self.decoder = decoder
        scale = sort == .messages ? trace.messageScale : trace.requestScale
        due = 0
        due = trialTime(first.time)
    }

    /// Takes the row that is due.
    ///
    /// - Returns: a row of the walk's sort, or one of which nothing becomes, where an overlay took away what the first one
    ///   is about or the file cannot be read any more.
    func take() -> TraceRow {
        if reader == nil {
            let expected = due
            reader = LineReader(trace.file, from: first.place)
            advance()
            guard due == expected else { return TraceRow() }
        }
        let taken = next
        advance()
        return taken
    }

    /// Rows of the other sort that one step passes over: whoever takes a row waits for the step.
    private static let mostPassed = 256

    /// Goes towards the next row of the sort, from the end to the beginning where the trace repeats. Behind many rows of the
    /// other sort it stops at one of which nothing becomes, and goes on when that is due.
    private func advance() {
        var (begins, passed) = (0, 0)
        while begins < 2 {
            guard let line = reader?.next() else {
                if let failure = reader?.failure { return end(failure) }
                guard trace.repeats else { return end(nil) }
                reader = LineReader(trace.file, from: first.place)
                rounds += 1
                begins += 1
                continue
            }
            do throws(TraceFault) {
                next = try decoder.decode(line, learns: false)
            } catch {
                let place = reader?.place ?? .start
                // Without the field's text, which goes into the record and may be a topic.
                return end(
                    SpecProblem(
                        file: trace.fileName, line: place.line, column: error.offset + 1,
                        what: "is no longer what was read first", remedy: "leave the trace as it is while it is used"))
            }
            if isWanted(next.action) {
                due = trialTime(next.time)
                return
            }
            passed += 1
            if passed == Self.mostPassed {
                due = trialTime(next.time)
                next = TraceRow()
                return
            }
        }
        end(nil)
    }

    private func isWanted(_ action: TraceKinds.Action) -> Bool {
        switch action {
        case .message: sort == .messages
        case .request: sort == .requests
        case .left, .ambiguous: false
        }
    }

    private func end(_ problem: SpecProblem?) {
        if let problem { trace.note(problem) }
        next = TraceRow()
        due = .max
    }

    private func trialTime(_ time: UInt64) -> UInt64 {
        let one = time - min(time, trace.start)
        let (whole, isOver) = rounds.multipliedReportingOverflow(by: trace.length)
        let (elapsed, isBeyond) = whole.addingReportingOverflow(one)
        if scale == 1 { return isOver || isBeyond ? .max : elapsed }
        let exact = isOver || isBeyond ? Double(rounds) * Double(trace.length) + Double(one) : Double(elapsed)
        return UInt64(min(exact / scale, 9e18))
    }
}
