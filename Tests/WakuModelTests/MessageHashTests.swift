import Testing
import WakuModel

/// The four vectors of 14/WAKU2-MESSAGE, "Test vectors".
@Suite struct MessageHashTests {
    struct Vector: Sendable {
        let payload: [UInt8]
        let meta: [UInt8]
        let hash: String
    }

    static let payload: [UInt8] = [1, 2, 3, 4, 0x54, 0x45, 0x53, 0x54, 5, 6, 7, 8]
    static let secret = Array("super-secret".utf8)
    static let vectors = [
        Vector(
            payload: payload, meta: secret, hash: "64cce733fed134e83da02b02c6f689814872b1a0ac97ea56b76095c3c72bfe05"),
        Vector(
            payload: payload, meta: Array(0..<64),
            hash: "7158b6498753313368b9af8f6e0a0a05104f68f972981da42a43bc53fb0c1b27"),
        Vector(payload: payload, meta: [], hash: "a2554498b31f5bcdfcbf7fa58ad1c2d45f0254f3f8110a85588ec3cf10720fd8"),
        Vector(payload: [], meta: secret, hash: "483ea950cb63f9b9d6926b262bb36194d3f40a0463ce8446228350bd44e96de4"),
    ]

    @Test(arguments: vectors) func hashIsTheSpecifications(_ vector: Vector) throws {
        let message = Message(
            payload: vector.payload, contentTopic: try ContentTopic("/waku/2/default-content/proto"),
            meta: vector.meta, timestamp: 0x1757_89BF_A23F_8400)
        let topic = try PubsubTopic("/waku/2/default-waku/proto")
        #expect(message.hash(on: topic).description == vector.hash)
        #expect(try MessageHash(hex: "0x" + vector.hash) == message.hash(on: topic))
    }

    @Test(arguments: ["", "12", String(repeating: "g", count: 64), String(repeating: "0", count: 65)])
    func wrongHashesAreRefused(_ text: String) {
        #expect(throws: WakuFormatError.self) { try MessageHash(hex: text) }
    }
}
