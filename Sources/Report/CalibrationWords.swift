import RunRecord

/// What the load generator was found to be on the host of a trial, in one sentence: the engine's calibration, quoted. All of
/// its figures stand in the record.
package struct CalibrationWords {
    package let sentence: String

    package init(_ quote: CalibrationQuote?) {
        guard let quote else {
            sentence = "Not calibrated on this host: archivebench calibrate engine holds it against pgbench."
            return
        }
        let bounds = quote.figures.filter { $0.bound.hasPrefix("at ") }
        let missed = bounds.count { !$0.holds }
        let told = [("throughput", "throughput"), ("cpu", "CPU")].compactMap { metric, word in
            quote.figures.first { $0.name.hasSuffix("\(metric), ours / pgbench") }.map {
                "\(word) \(Self.short($0.value)) (\(Self.short($0.low)) to \(Self.short($0.high)))"
            }
        }
        let against = told.isEmpty ? "" : " Times pgbench's: \(told.joined(separator: ", "))."
        sentence =
            "Calibrated on this host on \(quote.measuredAt.prefix(10)): "
            + (missed == 0 ? "all \(bounds.count) bounds hold." : "\(missed) of \(bounds.count) bounds not held.")
            + against
    }

    private static func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
