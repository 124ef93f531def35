import RunRecord

/// What the load generator was found to be on the host of a trial, in one sentence: the engine's calibration, quoted.
struct CalibrationWords {
    let sentence: String

    init(_ quote: CalibrationQuote?) {
        guard let quote else {
            sentence = "Not calibrated on this host: archivebench calibrate engine holds it against pgbench."
            return
        }
        let bounds = quote.figures.filter { $0.bound.hasPrefix("at ") }
        let missed = bounds.filter { !$0.holds }
        let verdict =
            missed.isEmpty
            ? "all \(bounds.count) bounds hold"
            : "\(missed.count) of \(bounds.count) bounds missed: \(missed.map(Self.figure).joined(separator: "; "))"
        let held = bounds.filter(\.holds).prefix(2).map(Self.figure)
        let parts = [verdict] + (held.isEmpty ? [] : ["held, among others: \(held.joined(separator: "; "))"])
        sentence = "Calibrated on this host on \(quote.measuredAt.prefix(10)): \(parts.joined(separator: ". "))."
    }

    private static func figure(_ figure: CalibrationQuote.Figure) -> String {
        "\(figure.name) \(short(figure.value)) (\(short(figure.low)) to \(short(figure.high)), \(figure.bound))"
    }

    private static func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
}
