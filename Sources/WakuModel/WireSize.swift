extension Message {
    /// Bytes of the protobuf message that travels between nodes (14/WAKU2-MESSAGE): payload (1), content topic (2),
    /// version (3), timestamp (10, zig-zag), meta (11). Without the optional rate-limiting proof and without what
    /// gossip adds.
    public var wireSize: Int {
        Self.wireSize(
            payload: payload.count, contentTopic: contentTopic.text.utf8.count, meta: meta.count, version: version,
            timestamp: timestamp)
    }

    /// The same for a message that is known by its measures only.
    ///
    /// - Parameters:
    ///   - payload: bytes.
    ///   - contentTopic: bytes of its text.
    ///   - meta: bytes; 0 when absent.
    ///   - version: of the payload's encoding.
    ///   - timestamp: nanoseconds since 1970.
    /// - Returns: bytes.
    public static func wireSize(
        payload: Int, contentTopic: Int, meta: Int, version: UInt32, timestamp: Int64
    ) -> Int {
        func field(_ length: Int) -> Int { length == 0 ? 0 : 1 + varint(UInt64(length)) + length }
        let zigZag = UInt64(bitPattern: timestamp << 1 ^ timestamp >> 63)
        return field(payload) + field(contentTopic) + field(meta) + (version == 0 ? 0 : 1 + varint(UInt64(version)))
            + (timestamp == 0 ? 0 : 1 + varint(zigZag))
    }

    private static func varint(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
}
