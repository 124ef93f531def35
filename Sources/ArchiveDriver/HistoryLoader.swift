import LinuxSystem
import PostgresClient
import WakuModel
import Workload

/// Fills an archive with its history by COPY, then leaves it as a running node's archive would be found.
///
/// Each hour is copied into its table before that is attached, so that the indexes are built once, by the node's own
/// statement. Memory stays at one hour's look-up rows, however long the history.
public struct HistoryLoader {
    /// Thrown when the caller's check said to stop.
    public struct Stopped: Error {}

    let traffic: Traffic
    let schema: ArchiveSchema
    let connection: Connection
    private let text = TextBuffer(capacity: 1 << 20)

    /// Takes an open connection with the schema installed, used by nobody else.
    public init(_ traffic: Traffic, schema: ArchiveSchema, connection: Connection) {
        self.traffic = traffic
        self.schema = schema
        self.connection = connection
    }

    /// The partitions of the history, oldest first.
    public var historyPartitions: [HourPartition] {
        let spec = traffic.spec
        return HourPartition.hours(
            spec.history.partitions, from: spec.archiveEpoch - spec.history.partitions * 3_600)
    }

    /// The partitions that a trial finds: the current hour and, as a node keeps it, the next one. Where no node makes
    /// partitions while the trial runs, every hour it touches and one more.
    public var livePartitions: [HourPartition] {
        let spec = traffic.spec
        let skew = Int(spec.messages.clockSkew / 1_000_000_000)
        let seconds = Int(spec.phases.offered / 1_000_000_000) * spec.timeScale + skew
        let hours = spec.clockwork.makesPartitions ? 2 : seconds / 3_600 + 2
        return HourPartition.hours(hours, from: spec.archiveEpoch)
    }

    /// Loads everything.
    ///
    /// - Parameter progress: called with the rows loaded so far; returns `false` to stop.
    /// - Returns: what was done after loading, for the record.
    /// - Throws: ``Stopped``, or `PostgresError`.
    @discardableResult
    public func load(progress: (Int) -> Bool) throws -> String {
        var next: Int64 = 0
        for partition in historyPartitions {
            guard progress(Int(next)) else { throw Stopped() }
            next = try load(partition, from: next, progress)
        }
        for partition in livePartitions { try partition.create(on: connection, schema) }
        guard progress(Int(next)) else { throw Stopped() }
        return try settle()
    }

    /// Loads one hour.
    ///
    /// - Returns: the number of the first message of the next hour.
    private func load(_ partition: HourPartition, from first: Int64, _ progress: (Int) -> Bool) throws -> Int64 {
        let statements = partition.creation(schema)
        for statement in statements.table { try connection.run(statement) }
        let rows = Int64(traffic.spec.history.rows)
        let end = Int64(partition.end) * 1_000_000_000
        var number = first
        var goOn = true
        text.clear()
        try connection.copyIn(
            "COPY \(partition.messages) (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) FROM STDIN"
        ) { buffer in
            while buffer.count < 200_000 {
                guard goOn, number < rows, traffic.historyTimestamp(number) < end else { return false }
                writeRow(number, buffer)
                number += 1
            }
            goOn = progress(Int(number))
            return goOn
        }
        guard goOn else { throw Stopped() }
        try copyLookup(into: schema.partitionsLookup ? partition.lookup : "messages_lookup")
        for statement in statements.attachment { try connection.run(statement) }
        return number
    }

    private func copyLookup(into table: String) throws(PostgresError) {
        guard text.count > 0 else { return }
        let lines = text
        var sent = 0
        try connection.copyIn("COPY \(table) (messageHash, timestamp) FROM STDIN") { buffer in
            let length = min(lines.count - sent, 1 << 18)
            buffer.append(UnsafeBufferPointer(rebasing: lines.content[sent..<(sent + length)]))
            sent += length
            return sent < lines.count
        }
    }

    /// Visibility and statistics as after days of running. The node counts and analyses `messages` and nothing else; rows
    /// are vacuumed only where the server's own autovacuum would have done it.
    private func settle() throws(PostgresError) -> String {
        let vacuums = try connection.value("SHOW autovacuum") == "on"
        if vacuums { try connection.run("VACUUM") }
        try connection.run("SELECT COUNT(1) FROM messages")
        try connection.run("ANALYZE messages")
        try connection.run("CHECKPOINT")
        return (vacuums ? "vacuumed as autovacuum would have" : "never vacuumed, as autovacuum is off")
            + ", messages counted and analysed, messages_lookup never analysed, checkpoint"
    }

    private func writeRow(_ number: Int64, _ buffer: TextBuffer) {
        let (topic, message) = traffic.message(number)
        let hash = message.hash(on: topic)
        buffer.append("0\t" as StaticString)
        hash.writeHex(to: buffer.room(64))
        buffer.append("\t" as StaticString)
        writeField(topic.text, buffer)
        buffer.append("\t" as StaticString)
        writeField(message.contentTopic.text, buffer)
        buffer.append("\t" as StaticString)
        message.payload.withUnsafeBytes { Hex.write($0, to: buffer.room($0.count * 2)) }
        buffer.append("\t" as StaticString)
        buffer.append(Int64(message.version))
        buffer.append("\t" as StaticString)
        buffer.append(message.timestamp)
        buffer.append("\t" as StaticString)
        if message.meta.isEmpty {
            buffer.append("\\N" as StaticString)
        } else {
            message.meta.withUnsafeBytes { Hex.write($0, to: buffer.room($0.count * 2)) }
        }
        buffer.append("\n" as StaticString)
        hash.writeHex(to: text.room(64))
        text.append("\t" as StaticString)
        text.append(message.timestamp)
        text.append("\n" as StaticString)
    }

    /// COPY's text format escapes backslash, tab, newline and carriage return.
    private func writeField(_ value: String, _ buffer: TextBuffer) {
        guard value.utf8.contains(where: { $0 == 92 || $0 == 9 || $0 == 10 || $0 == 13 }) else {
            return buffer.append(value)
        }
        for byte in value.utf8 {
            switch byte {
            case 92: buffer.append("\\\\" as StaticString)
            case 9: buffer.append("\\t" as StaticString)
            case 10: buffer.append("\\n" as StaticString)
            case 13: buffer.append("\\r" as StaticString)
            default: buffer.room(1).pointee = byte
            }
        }
    }
}
