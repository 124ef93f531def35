import RunRecord
import Telemetry

/// What the server did at the time of a stall. That it did so at the same time does not make it the cause.
package struct StallCauses {
    struct Span {
        let from: Double
        let to: Double
        let what: String
    }

    /// Waits of all backends for the log's flush, seconds in one second, from which it is worth a word.
    private static let leastWalSync = 0.4

    let spans: [Span]

    package init(_ summary: ServerSummary, lockWaits: [LogFindings.LockWait], walSyncSeconds: [Int: Double]) {
        spans =
            summary.checkpoints.map {
                Span(from: $0.fromSeconds, to: $0.toSeconds, what: ServerWords.checkpoint($0))
            }
            + summary.autovacuum.map {
                Span(from: $0.fromSeconds, to: $0.toSeconds, what: ServerWords.autovacuum($0))
            }
            + lockWaits.map { Span(from: $0.fromSeconds, to: $0.toSeconds, what: "a wait for \($0.what)") }
            + summary.maintenance.map { Span(from: $0.fromSeconds, to: $0.toSeconds, what: $0.what) }
            + walSyncSeconds.filter { $0.value >= Self.leastWalSync }.sorted { $0.key < $1.key }.map {
                Span(from: Double($0.key), to: Double($0.key + 1), what: "backends waiting for the log's flush")
            }
    }

    /// What overlaps a time, each in words once.
    package func during(_ from: Double, _ to: Double) -> [String] {
        var seen: [String] = []
        for span in spans where span.from < to && span.to > from && !seen.contains(span.what) { seen.append(span.what) }
        return seen
    }

    /// Puts it beside each stall and into its event.
    ///
    /// - Parameters:
    ///   - stalls: of a trial.
    ///   - events: of the same trial, those of the stalls among them.
    package func explain(_ stalls: inout [Stall], _ events: inout [TrialEvent]) {
        for index in stalls.indices {
            let stall = stalls[index]
            let causes = during(stall.atSeconds, stall.atSeconds + stall.seconds)
            guard !causes.isEmpty else { continue }
            let named = causes.prefix(StallRules.mostNamed).joined(separator: ", ")
            let rest = causes.count - min(causes.count, StallRules.mostNamed)
            stalls[index].detail += "; meanwhile \(named)" + (rest > 0 ? " and \(rest) more" : "")
            stalls[index].serverEvents = causes
            for event in events.indices
            where events[event].kind == "stall" && events[event].atSeconds == stall.atSeconds
                && events[event].detail == stall.detail
            {
                events[event].detail = stalls[index].detail
            }
        }
    }
}
