import SpecReader

/// How many bytes a payload has.
///
/// A new distribution is a new type, named in ``SizeDistributions/all``.
public protocol SizeDistribution: Sendable {
    /// The key that chooses it in a workload file.
    static var key: String { get }
    /// Reads the value of its key; problems are noted on the map.
    static func read(_ map: SpecMap) -> Self
    /// One size in bytes, before any cap.
    func draw(_ random: inout RandomSource) -> Int
    /// Mean in bytes, before any cap.
    var mean: Double { get }
}

/// The size distributions that a workload file can name.
public enum SizeDistributions {
    /// In the order that help and messages list them.
    public static let all: [any SizeDistribution.Type] = [
        ConstantSize.self, LognormalSize.self, ChoiceOfSizes.self, MixtureOfSizes.self,
        HistogramOfSizes.self,
    ]

    /// Reads the one key of `map` that names a distribution.
    static func read(_ map: SpecMap) -> any SizeDistribution {
        let named = all.filter { map.has($0.key) }
        guard let kind = named.first, named.count == 1 else {
            let remedy = "give exactly one of \(all.map { $0.key }.joined(separator: ", "))"
            if named.count > 1 {
                map.note(named[1].key, "a second size distribution beside '\(named[0].key)'", remedy: remedy)
            } else if !map.hasUnknownKeys {
                // A key that nobody knows is told as such, with what is known.
                map.document.note(at: map.place, "no size distribution given", remedy: remedy)
            }
            return ConstantSize(bytes: 1)
        }
        return kind.read(map)
    }

    static let sizes = 0...100_000_000
}

/// Always the same size: `constant: 1024B`.
public struct ConstantSize: SizeDistribution {
    public static let key = "constant"
    public let bytes: Int

    public static func read(_ map: SpecMap) -> ConstantSize {
        ConstantSize(bytes: map.bytes(key, in: SizeDistributions.sizes))
    }

    public func draw(_ random: inout RandomSource) -> Int { bytes }
    public var mean: Double { Double(bytes) }
}

/// A lognormal by its mean and the standard deviation of its logarithm: `lognormal: {mean: 340B, sigma: 0.3}`.
public struct LognormalSize: SizeDistribution {
    public static let key = "lognormal"
    public let mean: Double
    public let sigma: Double
    private let mu: Double

    public init(mean: Double, sigma: Double) {
        self.mean = mean
        self.sigma = sigma
        // The mean of a lognormal is exp(mu + sigma²/2).
        mu = DeterministicMath.log(max(mean, 1)) - sigma * sigma / 2
    }

    public static func read(_ map: SpecMap) -> LognormalSize {
        guard let inner = map.map(key, required: true) else { return LognormalSize(mean: 1, sigma: 0) }
        defer { inner.close() }
        return LognormalSize(
            mean: Double(inner.bytes("mean", in: 1...SizeDistributions.sizes.upperBound)),
            sigma: inner.number("sigma", in: 0...3))
    }

    public func draw(_ random: inout RandomSource) -> Int {
        let value = DeterministicMath.exp(mu + sigma * random.normal())
        return value < 1e9 ? Int(value.rounded()) : 1_000_000_000
    }
}

/// One of a few sizes, each as likely: `choices: [88kB, 247kB]`.
public struct ChoiceOfSizes: SizeDistribution {
    public static let key = "choices"
    public let bytes: [Int]

    public static func read(_ map: SpecMap) -> ChoiceOfSizes {
        let bytes = map.byteList(key, in: SizeDistributions.sizes)
        return ChoiceOfSizes(bytes: bytes.isEmpty ? [1] : bytes)
    }

    public func draw(_ random: inout RandomSource) -> Int { bytes[random.below(bytes.count)] }
    public var mean: Double { Double(bytes.reduce(0, +)) / Double(bytes.count) }
}

/// Other distributions, chosen by weight: `mixture: [{weight: 38, lognormal: {…}}, …]`.
public struct MixtureOfSizes: SizeDistribution {
    public static let key = "mixture"
    public let parts: [any SizeDistribution]
    public let weights: [Double]
    private let choice: WeightedChoice

    init(parts: [any SizeDistribution], weights: [Double]) {
        self.parts = parts
        self.weights = weights
        self.choice = WeightedChoice(weights)
    }

    public static func read(_ map: SpecMap) -> MixtureOfSizes {
        var parts: [any SizeDistribution] = []
        var weights: [Double] = []
        var isSound = true
        for entry in map.maps(key, required: true) {
            weights.append(entry.number("weight", in: 0...1_000_000))
            _ = entry.string("stands-for")
            parts.append(SizeDistributions.read(entry))
            entry.close()
            isSound = isSound && entry.isSound("weight")
        }
        if isSound, map.isSound(key), !weights.isEmpty, weights.allSatisfy({ $0 == 0 }) {
            map.note(key, "all weights are zero", remedy: "give at least one a positive weight")
        }
        return parts.isEmpty
            ? MixtureOfSizes(parts: [ConstantSize(bytes: 1)], weights: [1])
            : MixtureOfSizes(parts: parts, weights: weights)
    }

    public func draw(_ random: inout RandomSource) -> Int { parts[choice.draw(&random)].draw(&random) }

    public var mean: Double {
        zip(parts, weights).reduce(0) { $0 + $1.0.mean * $1.1 } / weights.reduce(0, +)
    }
}

/// An observed histogram: between two edges all sizes are as likely, the bins by their counts:
/// `histogram: {edges: [0B, 1kB, 3kB], counts: [120, 40]}`.
public struct HistogramOfSizes: SizeDistribution {
    public static let key = "histogram"
    /// Bytes, rising; one more than counts.
    public let edges: [Int]
    public let counts: [Double]
    private let choice: WeightedChoice

    init(edges: [Int], counts: [Double]) {
        self.edges = edges
        self.counts = counts
        choice = WeightedChoice(counts)
    }

    public static func read(_ map: SpecMap) -> HistogramOfSizes {
        let stand = HistogramOfSizes(edges: [1, 2], counts: [1])
        guard let inner = map.map(key, required: true) else { return stand }
        defer { inner.close() }
        let (edges, counts) = (
            inner.byteList("edges", in: SizeDistributions.sizes), inner.numberList("counts", in: 0...1e15)
        )
        guard inner.isSound("edges"), inner.isSound("counts") else { return stand }
        if edges.count < 2 || zip(edges, edges.dropFirst()).contains(where: { $0 >= $1 }) {
            inner.note("edges", "do not rise", remedy: "write at least two sizes, each larger than the one before")
            return stand
        }
        if counts.count != edges.count - 1 {
            inner.note(
                "counts", "has \(counts.count) entries for \(edges.count - 1) bins",
                remedy: "give one count for each pair of neighbouring edges")
            return stand
        }
        if counts.allSatisfy({ $0 == 0 }) {
            inner.note("counts", "are all zero", remedy: "give at least one a positive count")
            return stand
        }
        return HistogramOfSizes(edges: edges, counts: counts)
    }

    public func draw(_ random: inout RandomSource) -> Int {
        let bin = choice.draw(&random)
        return edges[bin] + random.below(edges[bin + 1] - edges[bin])
    }

    public var mean: Double {
        let weighted = counts.indices.reduce(0) { $0 + counts[$1] * Double(edges[$1] + edges[$1 + 1] - 1) / 2 }
        return weighted / counts.reduce(0, +)
    }
}
