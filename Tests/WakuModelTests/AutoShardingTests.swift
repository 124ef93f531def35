import Testing
import WakuModel

@Suite struct AutoShardingTests {
    /// Vectors of the reference implementations and of a SHA-256 worked out elsewhere.
    @Test(arguments: [
        ("/toychat/2/huilong/proto", 8, 3), ("/myapp/1/latest/proto", 8, 0), ("/waku/2/content/test.js", 8, 1),
        ("/0/toychat/2/huilong/proto", 8, 3), ("/statusim/1/community/cbor", 8, 4),
        ("/app/22/sometopic/someencoding", 8, 2), ("/app/27/sometopic/someencoding", 8, 5),
        ("/app/20/sometopic/someencoding", 8, 7), ("/app/29/sometopic/someencoding", 8, 6),
        ("/app/20/sometopic/someencoding", 16, 15), ("/app/20/sometopic/someencoding", 2, 1),
        ("/app/20/sometopic/someencoding", 1, 0),
    ])
    func topicsLandWhereOtherImplementationsPutThem(_ text: String, _ shards: Int, _ expected: Int) throws {
        #expect(try ContentTopic(text).automaticShard(of: shards) == expected)
    }

    @Test(arguments: ["/app/22/a/proto", "/app/22/another-name/cbor", "/0/app/22/a/x", "/app/22/22/22"])
    func nameAndEncodingHaveNoSay(_ text: String) throws {
        #expect(try ContentTopic(text).automaticShard(of: 8) == 2)
    }

    @Test func applicationAndVersionSpreadOverAllShards() throws {
        var counts = [Int](repeating: 0, count: 8)
        for version in 0..<8_000 { counts[try ContentTopic("/app/\(version)/x/y").automaticShard(of: 8)] += 1 }
        // Five standard deviations of a binomial count.
        #expect(counts.allSatisfy { abs($0 - 1_000) < 148 })
    }
}

/// Sizes on the wire against an encoder of the same message, written for this test.
@Suite struct WireSizeTests {
    private func varint(_ value: UInt64) -> [UInt8] {
        var (bytes, rest): ([UInt8], UInt64) = ([], value)
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        bytes.isEmpty ? [] : varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    /// Payload (1), content topic (2), version (3), timestamp (10, sint64), meta (11); what is default is left out.
    private func encode(_ message: Message) -> [UInt8] {
        let zigZag =
            message.timestamp >= 0
            ? UInt64(message.timestamp) * 2 : (UInt64(bitPattern: -(message.timestamp + 1)) * 2 + 1)
        return field(1, message.payload) + field(2, Array(message.contentTopic.text.utf8))
            + (message.version == 0 ? [] : varint(3 << 3) + varint(UInt64(message.version)))
            + (message.timestamp == 0 ? [] : varint(10 << 3) + varint(zigZag)) + field(11, message.meta)
    }

    @Test(arguments: [0, 1, 127, 128, 129, 16_383, 16_384, 153_600, 786_432, 2_097_151, 2_097_152], [0, 1, 64])
    func sizeIsTheEncodersLength(_ payload: Int, _ meta: Int) throws {
        let topic = try ContentTopic("/waku/1/0x242ed557/rfc26")
        for timestamp in [0, 1, -1, 63, 64, -64, -65, 1_767_636_000_000_000_000, .max / 2] as [Int64] {
            for version in [0, 1, 127, 128, .max] as [UInt32] {
                let message = Message(
                    payload: [UInt8](repeating: 7, count: payload), contentTopic: topic,
                    meta: [UInt8](repeating: 1, count: meta), version: version, timestamp: timestamp)
                #expect(message.wireSize == encode(message).count)
            }
        }
    }

    @Test func longContentTopicsHaveALongerLength() throws {
        let topic = try ContentTopic("/app/1/\(String(repeating: "x", count: 300))/proto")
        let message = Message(payload: [1, 2, 3], contentTopic: topic, timestamp: 5)
        #expect(message.wireSize == encode(message).count)
    }
}
