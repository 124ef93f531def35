import Measurement
import RunRecord
import Statistics

/// The shift curve of each request class of a pair.
enum ShiftCurves {
    static let shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999]
    private static let seed: UInt64 = 0x5348_4946_5443_5256

    static func curves(of compared: ComparedBlocks, confidence: Double) -> [ShiftCurve] {
        compared.requestClasses.compactMap { curve(of: $0, compared, confidence) }
    }

    private static func curve(
        of requestClass: String, _ compared: ComparedBlocks, _ confidence: Double
    ) -> ShiftCurve? {
        let base = compared.histograms(\.base, of: requestClass).map(\.countedValues)
        let candidate = compared.histograms(\.candidate, of: requestClass).map(\.countedValues)
        let shift = ShiftFunction(
            blocks: zip(base, candidate).map { (base: $0, other: $1) }, shares: shares, confidence: confidence,
            seed: seed)
        guard !shift.points.isEmpty else { return nil }
        return ShiftCurve(
            requestClass: requestClass, operations: (base + candidate).reduce(0) { $0 + $1.total },
            points: shift.points.map { point in
                ShiftCurve.Point(
                    percentile: (point.share * 1_000).rounded() / 10, baseMs: point.base / 1e6,
                    candidateMs: point.other / 1e6, ratio: point.ratio, low: point.low, high: point.high)
            })
    }
}
