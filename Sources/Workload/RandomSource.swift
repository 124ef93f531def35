/// A seeded generator whose sequence never changes: xoshiro256** (Blackman & Vigna 2018), seeded by SplitMix64
/// (Steele, Lea & Flood 2014).
///
/// Not `RandomNumberGenerator`: the standard library's distributions are not promised stable across releases, so the
/// distributions live here too.
public struct RandomSource: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// One source for each purpose, so that drawing more of one never changes another.
    public enum Purpose: UInt64, Sendable {
        case offers = 2
        case messageContent = 3
        case historyTimes = 4
        case topicNames = 5
        case clockPhases = 6
        case sizeTables = 7
        case payloads = 8
        case clockwork = 9
        case recordedClocks = 10
        /// Sources count up from these, two for each entry of the workload.
        case queries = 1_000
        case streams = 2_000
        case clients = 3_000
    }

    /// - Parameters:
    ///   - seed: the trial's seed.
    ///   - purpose: what the numbers are for.
    ///   - index: which of many sources of that purpose, such as a message's number.
    public init(seed: UInt64, purpose: UInt64, index: UInt64 = 0) {
        var mixer = seed
        mixer = Self.splitMix(&mixer) ^ purpose &* 0x9E37_79B9_7F4A_7C15
        mixer = Self.splitMix(&mixer) ^ index
        state = (Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer))
    }

    /// A source in a given state, for checking against the published algorithm.
    package init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

    public init(seed: UInt64, _ purpose: Purpose, index: UInt64 = 0) {
        self.init(seed: seed, purpose: purpose.rawValue, index: index)
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        let result = rotate(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, 45)
        return result
    }

    /// A number from 0 to `bound - 1`; the bias of the multiply-high step is below bound / 2⁶⁴.
    public mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
    }

    /// A number of a closed range.
    public mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// A number of a closed range.
    public mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + UInt64(below(Int(range.upperBound - range.lowerBound) + 1))
    }

    /// A number strictly between 0 and 1, on a grid of 2⁻⁵³.
    public mutating func unit() -> Double {
        (Double(next() >> 11) + 0.5) * 0x1p-53
    }

    /// `true` with the probability given.
    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// An exponential variable of mean 1.
    public mutating func exponential() -> Double { -DeterministicMath.log(unit()) }

    /// A standard normal variable.
    public mutating func normal() -> Double { DeterministicMath.normalQuantile(unit()) }

    /// Fills bytes; the same bytes on every machine.
    public mutating func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        while offset + 8 <= bytes.count {
            bytes.storeBytes(of: next().littleEndian, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        guard offset < bytes.count else { return }
        var last = next()
        while offset < bytes.count {
            bytes[offset] = UInt8(truncatingIfNeeded: last)
            last >>= 8
            offset += 1
        }
    }

    private static func splitMix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    private func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}

/// Draws an index with probability in proportion to its weight.
public struct WeightedChoice: Sendable {
    private let cumulative: [Double]

    /// - Parameter weights: at least one; none negative, not all zero.
    public init(_ weights: [Double]) {
        var sum = 0.0
        cumulative = weights.map {
            sum += $0
            return sum
        }
    }

    /// An index of the weights.
    public func draw(_ random: inout RandomSource) -> Int {
        guard cumulative.count > 1, let total = cumulative.last else { return 0 }
        let point = random.unit() * total
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > point { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
