import RunRecord
import Telemetry

/// What the server did at the time of a stall. That it did so at the same time does not make it the cause.
struct StallCauses {
    struct Span {
        let from: Double
        let to: Double
        let what: String
    }

    /// Waits of all backends for the log's flush, seconds in one second, from which it is worth a word.
    private static let leastWalSync = 0.4

    let spans: [Span]

    init(_ summary: ServerSummary, lockWaits: [LogFindings.LockWait], walSyncSeconds: [Int: Double]) {
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
    func during(_ from: Double, _ to: Double) -> [String] {
        var seen: [String] = []
        for span in spans where span.from < to && span.to > from && !seen.contains(span.what) { seen.append(span.what) }
        return seen
    }

    /// Puts it beside each stall of a record, and into its event.
    func explain(_ record: inout RunRecord) {
        for index in (record.stalls ?? []).indices {
            guard let stall = record.stalls?[index] else { continue }
            let causes = during(stall.atSeconds, stall.atSeconds + stall.seconds)
            guard !causes.isEmpty else { continue }
            let named = causes.prefix(StallRules.mostNamed).joined(separator: ", ")
            let rest = causes.count - min(causes.count, StallRules.mostNamed)
            let detail = "\(stall.detail); meanwhile \(named)" + (rest > 0 ? " and \(rest) more" : "")
            if let event = record.events.firstIndex(where: {
                $0.kind == "stall" && $0.atSeconds == stall.atSeconds && $0.detail == stall.detail
            }) {
                record.events[event].detail = detail
            }
            record.stalls?[index].detail = detail
            record.stalls?[index].serverEvents = causes
        }
    }
}
