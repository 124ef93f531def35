import RunRecord
import Workload

/// What a record and its readers are told of a trace.
extension TraceDescription {
    /// `nil` for a workload without a trace.
    init?(of spec: WorkloadSpec) {
        guard let trace = spec.trace else { return nil }
        self.init(file: trace.fileName, digest: trace.summary.digest, rows: trace.summary.rows)
    }

    /// What a reader must not take for production.
    static func distortions(_ spec: WorkloadSpec) -> [String] {
        guard let trace = spec.trace else { return [] }
        var sentences: [String] = []
        if trace.messageScale != 1 || trace.requestScale != 1 {
            sentences.append(
                "The trace was played \(number(trace.messageScale)) times as fast as it was recorded, its requests \(number(trace.requestScale)) times."
            )
        }
        if let end = trace.end, end < spec.phases.offered {
            sentences.append(
                "The trace lasted \(number(Double(end) / 1e9)) s of the \(number(Double(spec.phases.offered) / 1e9)) s in which load was offered; nothing came from it after that."
            )
        }
        if let end = trace.end, end > spec.phases.offered {
            sentences.append(
                "Of the trace's \(number(Double(end) / 1e9)) s the trial took the first \(number(Double(spec.phases.offered) / 1e9)) s."
            )
        }
        let lost = trace.summary.kinds.filter { $0.isReplayed && !spec.replays($0) }
        if !lost.isEmpty {
            sentences.append(
                "Rows of the trace were passed over, whose query an overlay took away: \(lost.map(\.name).joined(separator: ", "))."
            )
        }
        return sentences
    }

    private static func number(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }
}
