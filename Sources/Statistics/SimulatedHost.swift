import Glibc

/// A shared machine that statistics can be tried on: it turns out log ratios of blocks with a true effect that is known.
public struct SimulatedHost: Sendable {
    /// Where the noise comes from.
    public enum Noise: Sendable {
        /// A model of a machine whose speed drifts.
        case drifting(Drift)
        /// Log ratios of blocks of a real machine, base against base, in the order of time: a series for each comparison.
        case recorded([[Double]])
    }

    /// A machine as it was measured: its speed drifts, each slice of time has noise, and now and then a neighbour or a
    /// checkpoint takes a bite. All of them are logarithms of speed.
    public struct Drift: Sendable {
        /// Standard deviation of the drift.
        public var drift = 0.25
        /// Correlation of the drift from slice to slice.
        public var correlation = 0.9
        /// Standard deviation of each slice's own noise.
        public var noise = 0.06
        /// Share of slices with an outlier.
        public var outliers = 0.03
        /// Mean size of an outlier (exponential, always slower).
        public var outlierSize = 0.37
        /// Whether a block is ABBA or BAAB; otherwise AB or BA.
        public var isDoubled = true

        /// The machine on which the method was designed: work varies by 16 to 38 % from run to run.
        public init() {}
    }

    private let noise: Noise
    private var random: SplitMix64
    private var level = 0.0

    /// - Parameters:
    ///   - seed: the same seed gives the same machine.
    ///   - noise: some recorded series has at least one value.
    public init(seed: UInt64, noise: Noise = .drifting(Drift())) {
        self.noise = noise
        random = SplitMix64(seed: seed)
        if case .drifting(let model) = noise { level = model.drift * random.normal() }
    }

    /// Log ratios of so many blocks, the order of sides within each by coin.
    ///
    /// - Parameters:
    ///   - count: of blocks.
    ///   - effect: the true log ratio.
    /// - Returns: one a block, in the order of time.
    public mutating func blocks(_ count: Int, effect: Double = 0) -> [Double] {
        switch noise {
        case .drifting(let model): (0..<count).map { _ in block(model) + effect }
        case .recorded(let series): resampled(series, count).map { $0 + effect }
        }
    }

    private mutating func block(_ model: Drift) -> Double {
        let speeds = (0..<(model.isDoubled ? 4 : 2)).map { _ in slice(model) }
        let difference =
            model.isDoubled ? (speeds[0] + speeds[3]) / 2 - (speeds[1] + speeds[2]) / 2 : speeds[0] - speeds[1]
        return random.coin() ? difference : -difference
    }

    private mutating func slice(_ model: Drift) -> Double {
        let innovation = (1 - model.correlation * model.correlation).squareRoot()
        level = model.correlation * level + model.drift * innovation * random.normal()
        let bite = random.unit() < model.outliers ? model.outlierSize * log(random.unit()) : 0
        return level + model.noise * random.normal() + bite
    }

    /// Series in random order, each from a random place to its end: what lasts through a comparison, such as a side that was slower
    /// by itself, stays in. What all of them have in common is taken out, for the true effect is known.
    private mutating func resampled(_ recorded: [[Double]], _ count: Int) -> [Double] {
        let series = recorded.filter { !$0.isEmpty }
        guard !series.isEmpty else { return [] }
        let all = series.flatMap { $0 }
        let mean = all.reduce(0, +) / Double(all.count)
        var result: [Double] = []
        while result.count < count {
            let one = series[random.below(series.count)]
            result += one[random.below(one.count)...].map { $0 - mean }
        }
        return Array(result.prefix(count))
    }
}
