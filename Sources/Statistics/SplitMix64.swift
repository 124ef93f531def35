import Glibc

/// A seeded generator for simulations and resampling: SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom
/// number generators"). The same seed gives the same numbers on every machine.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Any seed will do.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform, above 0 and below 1.
    public mutating func unit() -> Double { (Double(next() >> 11) + 0.5) / Double(1 << 53 as Int64) }

    /// Standard normal (Box & Muller 1958).
    public mutating func normal() -> Double { (-2 * log(unit())).squareRoot() * cos(2 * Double.pi * unit()) }

    /// A whole number from 0 to `bound` − 1, without the bias of a remainder; `bound` is at least 1.
    public mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
    }

    /// A fair coin.
    public mutating func coin() -> Bool { next() & 1 == 0 }
}
