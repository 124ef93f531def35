import Glibc

/// A shared machine as it was measured: its speed drifts, each slice of time has noise, and now and then a neighbour or a
/// checkpoint takes a bite. It turns blocks of slices into log ratios of two sides.
struct DriftingHost {
    /// Standard deviation of the log speed's drift, and its correlation from slice to slice.
    static let drift = 0.25
    static let correlation = 0.9
    static let noise = 0.06
    /// Share of slices with an outlier, and the mean of its log size (exponential, always slower).
    static let outliers = 0.03
    static let outlierSize = 0.37

    private var random: SplitMix64
    private var level: Double

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        level = Self.drift * random.normal()
    }

    private mutating func slice() -> Double {
        let innovation = (1 - Self.correlation * Self.correlation).squareRoot()
        level = Self.correlation * level + Self.drift * innovation * random.normal()
        let bite = random.unit() < Self.outliers ? Self.outlierSize * log(random.unit()) : 0
        return level + Self.noise * random.normal() + bite
    }

    /// Log ratios of so many blocks, each ABBA or BAAB by coin.
    ///
    /// - Parameters:
    ///   - count: of blocks.
    ///   - effect: the true log ratio of A to B.
    /// - Returns: one a block.
    mutating func blocks(_ count: Int, effect: Double = 0) -> [Double] {
        (0..<count).map { _ in
            let speeds = (0..<4).map { _ in slice() }
            let outer = (speeds[0] + speeds[3]) / 2
            let inner = (speeds[1] + speeds[2]) / 2
            return (random.next() & 1 == 0 ? outer - inner : inner - outer) + effect
        }
    }
}
