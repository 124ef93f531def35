import PostgresClient
import WakuModel
import Workload

/// Accounts what clients get out of the archive, by shard and message class, in the bytes of the store protocol: for each
/// message its protobuf form, its hash and its pubsub topic, or the hash alone (13/WAKU2-STORE, response fields).
struct DeliveryAccount {
    private(set) var ledger: BandwidthLedger
    private let shards: [[UInt8]]
    /// Some timestamp of the trial; all have as many bytes.
    private let timestamp: Int64
    private static let hashBytes = 34
    /// Tag and length of the message and of the topic in an entry of the reply, and of the entry itself.
    private static let framing = 9

    init(_ traffic: Traffic) {
        ledger = BandwidthLedger(shards: traffic.topics.shards.count, classes: traffic.classNames.count)
        shards = traffic.topics.shards.map { Array($0.pubsubTopic.text.utf8) }
        timestamp = traffic.archiveTime(0)
    }

    /// Books the rows of a result that go to the client.
    ///
    /// - Parameters:
    ///   - result: of a query for messages or hashes.
    ///   - rows: how many of them are the client's.
    ///   - query: what was asked.
    ///   - counts: whether the ledger counts them: it is about the measure phase.
    /// - Returns: bytes on the wire.
    mutating func book(
        _ result: borrowing QueryResult, rows: Int, of query: StoreQuery, counts: Bool
    ) -> Int {
        guard result.hasRows, rows > 0 else { return 0 }
        let isWhole = result.columnCount == 7
        var total = 0
        var shard = query.pubsubTopic.map { shardNumber($0.text.utf8) } ?? -1
        for row in 0..<rows {
            if isWhole, query.pubsubTopic == nil || shard < 0 { shard = shardNumber(result.bytes(row, 1)) }
            let (bytes, messageClass) =
                isWhole && query.includeData ? message(result, row) : (Self.hashBytes, ledger.hashes)
            total += bytes
            if counts { ledger.add(shard: shard, messageClass: messageClass, bytes: bytes) }
        }
        return total
    }

    private func message(_ result: borrowing QueryResult, _ row: Int) -> (bytes: Int, messageClass: Int) {
        let payload = result.bytes(row, 3)
        let size = Message.wireSize(
            payload: payload.count / 2, contentTopic: result.bytes(row, 2).count, meta: result.bytes(row, 6).count / 2,
            version: 0, timestamp: timestamp)
        let bytes = size + Self.hashBytes + result.bytes(row, 1).count + Self.framing
        guard payload.count >= 2 else { return (bytes, -1) }
        return (bytes, Hex.byte(payload[0], payload[1]))
    }

    private func shardNumber(_ text: some Collection<UInt8>) -> Int {
        shards.firstIndex { $0.count == text.count && $0.elementsEqual(text) } ?? -1
    }
}
