import FoundationEssentials
import LinuxSystem
import PostgresClient
import WakuModel
import Workload

/// Fills an archive with its history by COPY, then leaves it as a running node's archive would be found.
///
/// Rows go into an hour's table before that is attached, so that its indexes are built once, by the node's own statement.
/// Memory is that of a few thousand rows, however long the history.
public struct HistoryLoader {
    /// Thrown when the caller's check said to stop.
    public struct Stopped: Error {}

    let traffic: Traffic
    let schema: ArchiveSchema
    /// By number of the database.
    let connections: [Connection]
    private let text = TextBuffer(capacity: 1 << 20)

    /// Takes an open connection with the schema installed, used by nobody else.
    public init(_ traffic: Traffic, schema: ArchiveSchema, connection: Connection) {
        self.init(traffic, schema: schema, connections: [connection])
    }

    /// Takes such a connection to each of the archive's databases, in the order of their numbers.
    public init(_ traffic: Traffic, schema: ArchiveSchema, connections: [Connection]) {
        precondition(
            connections.count == traffic.fleet.databases,
            "\(connections.count) connections for \(traffic.fleet.databases) databases")
        self.traffic = traffic
        self.schema = schema
        self.connections = connections
    }

    /// The partitions of the history, oldest first.
    public var historyPartitions: [HourPartition] {
        let spec = traffic.spec
        return HourPartition.hours(
            spec.history.partitions, from: spec.archiveEpoch - spec.history.partitions * 3_600)
    }

    /// The partitions that a trial finds: the current hour and, as a node keeps it, the next one. Where no node makes
    /// partitions while the trial runs, every hour it touches and one more.
    public static func livePartitions(of spec: WorkloadSpec) -> [HourPartition] {
        let skew = Int(spec.messages.clockSkew / 1_000_000_000)
        let seconds = Int(spec.phases.longest / 1_000_000_000) * spec.timeScale + skew
        let hours = spec.clockwork.makesPartitions ? 2 : seconds / 3_600 + 2
        return HourPartition.hours(hours, from: spec.archiveEpoch)
    }

    /// Partitions made in one transaction: a commit each would be half of the time, and every one of them holds nine
    /// locks until then.
    private static let partitionsOfOneTransaction = 50
    /// Rows of one COPY: those of the look-up table wait that long.
    private static let rowsOfOneCopy = 20_000

    /// Loads everything.
    ///
    /// - Parameters:
    ///   - state: how the archive is left.
    ///   - isGuest: whether the server is somebody else's: then only our tables are vacuumed, and no checkpoint is asked
    ///     for, which would be the whole server's.
    ///   - progress: called with the rows loaded so far; returns `false` to stop.
    /// - Returns: what was done after loading, for the record.
    /// - Throws: ``Stopped``, or `PostgresError`.
    @discardableResult
    public func load(
        state: HistoryState = .asFound, isGuest: Bool = false, progress: (Int) -> Bool
    ) throws -> String {
        try copyAll(progress: progress)
        for connection in connections {
            for partition in Self.livePartitions(of: traffic.spec) { try partition.create(on: connection, schema) }
        }
        guard progress(Int(traffic.spec.history.rows)) else { throw Stopped() }
        let rows = traffic.spec.history.rows / connections.count
        let words = try connections.map {
            try HistorySettler($0, schema, traffic.spec, rows: rows, isGuest: isGuest).settle(state)
        }
        return words[0] + (words.count > 1 ? "; each of \(words.count) databases" : "")
    }

    /// Loads rows and partitions, and leaves them at that.
    ///
    /// - Parameter progress: called with the rows loaded so far; returns `false` to stop.
    /// - Throws: ``Stopped``, or `PostgresError`.
    public func copyAll(progress: (Int) -> Bool) throws {
        // Of a load that does not end nothing is kept, so nothing need be on the disk before the checkpoint.
        try onAll("SET synchronous_commit = off")
        var next: Int64 = 0
        let partitions = historyPartitions
        // All databases share one table of locks.
        let together = max(1, Self.partitionsOfOneTransaction / connections.count)
        for start in stride(from: 0, to: partitions.count, by: together) {
            try onAll("BEGIN")
            for partition in partitions[start..<min(start + together, partitions.count)] {
                guard progress(Int(next)) else { throw Stopped() }
                let end = traffic.historyRows(before: Int64(partition.end) * 1_000_000_000)
                try load(partition, next..<max(next, end), progress)
                next = max(next, end)
            }
            try onAll("COMMIT")
        }
        try onAll("RESET synchronous_commit")
    }

    private func onAll(_ statement: String) throws(PostgresError) {
        for connection in connections { try connection.run(statement) }
    }

    /// What a person would do who had the rows in files: the same statements, with psql's `\\copy` of ready-made files.
    ///
    /// - Parameter folder: where the files are written.
    /// - Returns: the path of the script.
    /// - Throws: what writing a file throws.
    public func writeFiles(in folder: String) throws -> String {
        var script = "SET synchronous_commit = off;\n"
        var next: Int64 = 0
        for partition in historyPartitions {
            let end = traffic.historyRows(before: Int64(partition.end) * 1_000_000_000)
            let statements = partition.plainCreation(schema)
            let (messages, lookups) = ("\(folder)/\(partition.messages)", "\(folder)/\(partition.lookup)")
            try writeRows(from: next, to: end, messages, lookups)
            next = end
            let lookupTable = schema.partitionsLookup ? partition.lookup : "messages_lookup"
            script += statements.table.joined(separator: "\n")
            script += "\n\\copy \(partition.messages) (\(Self.columns)) FROM '\(messages)'\n"
            script += "\\copy \(lookupTable) (messageHash, timestamp) FROM '\(lookups)'\n"
            script += statements.attachment.joined(separator: "\n") + "\n"
        }
        let path = "\(folder)/load.sql"
        try Data(script.utf8).write(to: URL(filePath: path))
        return path
    }

    private func writeRows(from first: Int64, to end: Int64, _ messages: String, _ lookups: String) throws {
        let buffer = TextBuffer(capacity: 1 << 22)
        text.clear()
        for number in first..<max(first, end) { writeRow(number, buffer) }
        try Data(buffer.content).write(to: URL(filePath: messages))
        try Data(text.content).write(to: URL(filePath: lookups))
    }

    static let columns = "id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta"

    /// Loads one hour into each database.
    private func load(_ partition: HourPartition, _ numbers: Range<Int64>, _ progress: (Int) -> Bool) throws {
        guard traffic.fleet.isDivided else {
            return try load(partition, numbers, after: Int(numbers.lowerBound), on: connections[0], progress)
        }
        var loaded = Int(numbers.lowerBound)
        for (own, connection) in zip(traffic.historyNumbers(numbers), connections) {
            try load(partition, own, after: loaded, on: connection, progress)
            loaded += own.count
        }
    }

    /// Loads one hour of one database.
    private func load<Numbers: RandomAccessCollection<Int64>>(
        _ partition: HourPartition, _ numbers: Numbers, after loaded: Int, on connection: Connection,
        _ progress: (Int) -> Bool
    ) throws {
        let statements = partition.plainCreation(schema)
        try connection.run(statements.table.joined(separator: "\n"))
        var (rest, done) = (numbers[...], loaded)
        while !rest.isEmpty {
            let part = rest.prefix(Self.rowsOfOneCopy)
            try copy(partition, part, after: done, on: connection, progress)
            done += part.count
            rest = rest.dropFirst(part.count)
        }
        try connection.run(statements.attachment.joined(separator: "\n"))
    }

    /// Copies messages, then their look-up rows.
    private func copy<Numbers: RandomAccessCollection<Int64>>(
        _ partition: HourPartition, _ numbers: Numbers, after loaded: Int, on connection: Connection,
        _ progress: (Int) -> Bool
    ) throws {
        var (place, done) = (numbers.startIndex, loaded)
        var goOn = true
        text.clear()
        try connection.copyIn(
            "COPY \(partition.messages) (\(Self.columns)) FROM STDIN"
        ) { buffer in
            while buffer.count < 200_000 {
                guard goOn, place < numbers.endIndex else { return false }
                writeRow(numbers[place], buffer)
                numbers.formIndex(after: &place)
                done += 1
            }
            goOn = progress(done)
            return goOn
        }
        guard goOn else { throw Stopped() }
        try copyLookup(into: schema.partitionsLookup ? partition.lookup : "messages_lookup", on: connection)
    }

    private func copyLookup(into table: String, on connection: Connection) throws(PostgresError) {
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
