import RunRecord

extension WorkloadDescription {
    /// The recording that arrivals came from, as rows of a table; none where the workload made them.
    var traceRows: [(String, String)] {
        guard let trace else { return [] }
        return [
            ("trace", "\(trace.file), \(Quantity.plain.count(trace.rows)) rows"), ("digest of the trace", trace.digest),
        ]
    }
}
