/// Which count of an HdrHistogram a value belongs to, as in HdrHistogram's `AbstractHistogram` (Java, Gil Tene):
/// `countsArrayIndex` and `highestEquivalentValue`. Readers of an encoded histogram work out the same from its head.
public struct HdrLayout: Sendable, Equatable {
    /// The lowest value told apart from 0.
    public let lowest: UInt64
    /// The largest value that has a count.
    public let highest: UInt64
    /// Significant decimal digits, 0 … 5.
    public let digits: Int

    /// Base-two logarithm of ``lowest``, rounded down.
    let unitMagnitude: Int
    let halfCountMagnitude: Int

    var subBucketCount: Int { 2 << halfCountMagnitude }

    /// - Precondition: `lowest` is at least 1 and at most half of `highest`; `digits` is 0 … 5.
    public init(lowest: UInt64, highest: UInt64, digits: Int) {
        precondition(lowest >= 1 && highest / 2 >= lowest && (0...5).contains(digits))
        self.lowest = lowest
        self.highest = highest
        self.digits = digits
        unitMagnitude = lowest.bitWidth - 1 - lowest.leadingZeroBitCount
        // Single steps up to twice ten to the digits, rounded up to a power of two.
        let single = (0..<digits).reduce(2) { product, _ in product * 10 }
        halfCountMagnitude = max(1, Int.bitWidth - (single - 1).leadingZeroBitCount) - 1
    }

    /// The place of a value's count.
    public func index(of value: UInt64) -> Int {
        let bucket = bucket(of: value)
        let subBucket = Int(value >> UInt64(bucket + unitMagnitude))
        return ((bucket + 1) << halfCountMagnitude) + subBucket - (1 << halfCountMagnitude)
    }

    /// The largest value that shares a count with this one.
    public func highestEquivalent(to value: UInt64) -> UInt64 {
        value | ((1 << UInt64(bucket(of: value) + unitMagnitude)) - 1)
    }

    private func bucket(of value: UInt64) -> Int {
        let inFirstBucket = UInt64(subBucketCount - 1) << UInt64(unitMagnitude)
        return (UInt64.bitWidth - (value | inFirstBucket).leadingZeroBitCount) - unitMagnitude - halfCountMagnitude - 1
    }
}

/// HdrHistogram's encoding V2, before compression: `AbstractHistogram.encodeIntoByteBuffer` and `ZigZagEncoding` of the
/// Java library. Counts as ZigZag LEB128 numbers from the first to the last that is not zero; two or more zeros in a
/// row are one negative number. All fixed fields are big-endian.
public enum HdrEncoding {
    /// Begins an encoded histogram.
    static let cookie: UInt32 = 0x1c84_9303 | 0x10
    /// Begins a compressed one; its length in bytes and a zlib stream follow.
    public static let compressedCookie: UInt32 = 0x1c84_9304 | 0x10

    /// Encodes the counts of a histogram.
    ///
    /// - Parameters:
    ///   - layout: what readers work out the values by.
    ///   - counts: counts that are not zero with a value of each, by rising value.
    /// - Returns: forty bytes of head, and the counts.
    static func encode(_ layout: HdrLayout, _ counts: some Sequence<(value: UInt64, count: UInt64)>) -> [UInt8] {
        var body: [UInt8] = []
        var next = 0
        for (value, count) in counts {
            let index = layout.index(of: value)
            appendZeros(index - next, to: &body)
            append(Int64(clamping: count), to: &body)
            next = index + 1
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(40 + body.count)
        bytes.appendBigEndian(cookie)
        bytes.appendBigEndian(UInt32(body.count))
        // Counts begin at their own place: no offset.
        bytes.appendBigEndian(UInt32(0))
        bytes.appendBigEndian(UInt32(layout.digits))
        bytes.appendBigEndian(layout.lowest)
        bytes.appendBigEndian(layout.highest)
        // Values are whole units: a ratio of 1.
        bytes.appendBigEndian((1.0).bitPattern)
        return bytes + body
    }

    private static func appendZeros(_ zeros: Int, to bytes: inout [UInt8]) {
        if zeros == 1 {
            append(0, to: &bytes)
        } else if zeros > 1 {
            append(-Int64(zeros), to: &bytes)
        }
    }

    /// One ZigZag LEB128 number of at most nine bytes: seven bits each, the lowest first; the ninth carries eight.
    static func append(_ number: Int64, to bytes: inout [UInt8]) {
        var rest = UInt64(bitPattern: (number << 1) ^ (number >> 63))
        for _ in 0..<8 {
            if rest < 0x80 {
                bytes.append(UInt8(rest))
                return
            }
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension [UInt8] {
    /// Appends a number, its highest byte first.
    public mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
