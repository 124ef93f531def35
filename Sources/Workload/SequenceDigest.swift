import CSHA256
import WakuModel

/// The identity of an offered sequence: SHA-256 over the canonical bytes of all its independent operations, with what
/// each of them says. Two trials with the same digest offered the same work at the same intended times.
public struct SequenceDigest: Sendable, Equatable {
    /// 64 lower-case hexadecimal digits.
    public let text: String
    /// Operations by request class, later pages not included: they follow from replies.
    public let operations: [String: Int]

    /// Walks through the whole sequence, a few microseconds an operation, as long as `goOn` says so; a digest broken off
    /// is of no use.
    public init(of spec: WorkloadSpec, seed: UInt64, while goOn: () -> Bool = { true }) {
        let traffic = Traffic(spec, seed: seed)
        var hasher = CanonicalHasher()
        var counts = [Int](repeating: 0, count: traffic.labels.count)
        var walked = 0
        while let operation = traffic.next() {
            walked += 1
            if walked % 4_096 == 0 && !goOn() { break }
            counts[operation.label] += 1
            hasher.add(operation.due)
            hasher.add(traffic.labels[operation.label].requestClass)
            hasher.add(UInt64(operation.node))
            if traffic.labels[operation.label].job != nil {
                hasher.add(UInt64(operation.number))
            } else if traffic.labels[operation.label].isPut {
                let (topic, message) = traffic.message(of: operation)
                hasher.add(message.hash(on: topic))
            } else {
                hasher.add(traffic.query(of: operation))
                if operation.ask + 1 == traffic.firstRequests(of: operation) { traffic.discard(operation) }
            }
        }
        text = hasher.finish()
        operations = Dictionary(
            zip(traffic.labels.map(\.requestClass), counts).filter { $0.1 > 0 }, uniquingKeysWith: +)
    }
}

/// Writes values in one fixed form: integers as eight bytes big-endian, texts behind their length.
private struct CanonicalHasher {
    private var digest = SHA256()

    mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { digest.update($0.baseAddress, count: $0.count) }
    }

    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        var text = text
        text.withUTF8 { digest.update($0.baseAddress, count: $0.count) }
    }

    mutating func add(_ hash: MessageHash) {
        for word in [hash.words.0, hash.words.1, hash.words.2, hash.words.3] { add(word) }
    }

    mutating func add(_ query: StoreQuery) {
        add(query.requestID)
        add(query.includeData ? 1 : 0)
        add(query.pubsubTopic?.text ?? "")
        add(UInt64(query.contentTopics.count))
        for topic in query.contentTopics { add(topic.text) }
        add(UInt64(bitPattern: query.startTime ?? .min))
        add(UInt64(bitPattern: query.endTime ?? .min))
        add(UInt64(query.hashes.count))
        for hash in query.hashes { add(hash) }
        add(query.direction.rawValue)
        add(UInt64(query.pageSize))
    }

    mutating func finish() -> String {
        MessageHash(words: digest.finish().words).description
    }
}
