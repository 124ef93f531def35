extension HdrLayout {
    /// The smallest value that is counted at a place: the inverse of ``index(of:)``.
    func lowest(at index: Int) -> UInt64 {
        let sub = subBucketCount
        let bucket = index < sub ? 0 : (index >> halfCountMagnitude) - 1
        return UInt64(index - bucket << halfCountMagnitude) << UInt64(bucket + unitMagnitude)
    }
}

extension HdrEncoding {
    /// What an encoded histogram holds.
    struct Decoded {
        let layout: HdrLayout
        /// Counts that are not zero, by the smallest value of each, rising.
        let counts: [(value: UInt64, count: UInt64)]
    }

    /// Reads what ``encode(_:_:)`` writes (`AbstractHistogram.decodeFromByteBuffer` of the Java library).
    ///
    /// - Parameter bytes: head and counts, not compressed.
    /// - Returns: `nil` when they are not of encoding V2, cut short, or beyond what their head allows.
    static func decode(_ bytes: [UInt8]) -> Decoded? {
        guard bytes.count >= 40, bytes.bigEndian(UInt32.self, at: 0) == cookie,
            bytes.bigEndian(UInt32.self, at: 8) == 0
        else { return nil }
        let (length, digits) = (Int(bytes.bigEndian(UInt32.self, at: 4)), Int(bytes.bigEndian(UInt32.self, at: 12)))
        let (lowest, highest) = (bytes.bigEndian(UInt64.self, at: 16), bytes.bigEndian(UInt64.self, at: 24))
        guard bytes.count == 40 + length, (0...5).contains(digits), lowest >= 1, highest / 2 >= lowest else {
            return nil
        }
        let layout = HdrLayout(lowest: lowest, highest: highest, digits: digits)
        return counts(bytes[40...], layout).map { Decoded(layout: layout, counts: $0) }
    }

    private static func counts(_ bytes: ArraySlice<UInt8>, _ layout: HdrLayout) -> [(value: UInt64, count: UInt64)]? {
        var rest = bytes
        var (index, found) = (0, [(value: UInt64, count: UInt64)]())
        let last = layout.index(of: layout.highest)
        while !rest.isEmpty {
            guard let number = number(&rest), number > Int64.min else { return nil }
            if number < 0 {
                guard -number <= Int64(last) else { return nil }
                index += Int(-number)
                continue
            }
            guard index <= last else { return nil }
            if number > 0 { found.append((layout.lowest(at: index), UInt64(number))) }
            index += 1
        }
        return found
    }

    /// One ZigZag LEB128 number of at most nine bytes, taken off the front; `nil` when it is cut short.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        var value: UInt64 = 0
        for place in 0..<9 {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(place < 8 ? byte & 0x7f : byte) << UInt64(place * 7)
            if place == 8 || byte < 0x80 { break }
        }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

extension LatencyHistogram {
    /// Reads back what ``encoded`` holds; `nil` when it is damaged or was not written with one of this type's precisions.
    /// The largest duration is known to the histogram's precision only.
    ///
    /// - Parameter encoded: HdrHistogram's encoding V2, not compressed.
    public init?(encoded: [UInt8]) {
        guard let decoded = HdrEncoding.decode(encoded) else { return nil }
        self.init(decoded.layout.digits == 3 ? .result : .interval)
        guard layout == decoded.layout else { return nil }
        for (value, count) in decoded.counts { add(count: count, at: min(value, Self.longest)) }
        if let largest = decoded.counts.last {
            noteLargest(min(layout.highestEquivalent(to: largest.value), Self.longest), clamped: 0)
        }
    }
}

extension [UInt8] {
    fileprivate func bigEndian<Number: FixedWidthInteger>(_: Number.Type, at start: Int) -> Number {
        self[start..<start + MemoryLayout<Number>.size].reduce(0) { $0 << 8 | Number($1) }
    }
}
