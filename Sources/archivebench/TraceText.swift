import Report
import Workload

/// A workload's trace in words, for the terminal.
enum TraceText {
    /// What is replayed, what is passed over, and whether it lasts; nothing for a workload without a trace.
    static func lines(_ spec: WorkloadSpec) -> [String] {
        guard let trace = spec.trace else { return [] }
        let (quantity, summary) = (Quantity.plain, trace.summary)
        let seconds = quantity.digits(Double(trace.length) / 1e9)
        let before =
            summary.rowsBefore > 0 ? ", \(quantity.count(summary.rowsBefore)) rows before its start left out" : ""
        var lines = ["trace \(trace.name): \(quantity.count(summary.rows)) rows in \(seconds) s\(before)"]
        for kind in summary.kinds {
            let bytes = kind.bytes > 0 ? ", \(quantity.bytes(kind.bytes)) of payload" : ""
            let use =
                spec.replays(kind)
                ? ""
                : ", passed over: \(kind.isReplayed ? "the workload no longer has that query" : "the client sends them by itself")"
            lines.append("  \(kind.name): \(quantity.count(kind.rows)) rows\(bytes)\(use)")
        }
        lines += own(spec, trace)
        lines += ending(spec, trace)
        return lines + ["  sha256 \(summary.digest)"]
    }

    /// What goes by its own arrivals beside the trace.
    private static func own(_ spec: WorkloadSpec, _ trace: TraceSpec) -> [String] {
        let streams = trace.hasMessages ? [] : ["messages"]
        let queries = spec.queries.indices.filter { !trace.replaysQuery($0) }.map { spec.queries[$0].name }
        let names = streams + queries + spec.clients.map(\.name)
        return names.isEmpty ? [] : ["  by their own arrivals: \(names.joined(separator: ", "))"]
    }

    private static func ending(_ spec: WorkloadSpec, _ trace: TraceSpec) -> [String] {
        guard let end = trace.end else { return ["  begins again when it has ended"] }
        let (lasts, needed) = (Double(end) / 1e9, Double(spec.phases.offered) / 1e9)
        if end > spec.phases.offered {
            return [
                "  the trial takes what lies in the first \(Quantity.plain.digits(needed)) s of its \(Quantity.plain.digits(lasts)) s; 'start' begins it later"
            ]
        }
        guard end < spec.phases.offered else { return [] }
        return [
            "  lasts \(Quantity.plain.digits(lasts)) s of the trial's \(Quantity.plain.digits(needed)) s, then nothing comes from it; 'repeat: yes' begins it again"
        ]
    }
}
