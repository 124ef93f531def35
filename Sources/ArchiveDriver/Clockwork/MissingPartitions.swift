import LinuxSystem
import PostgresClient

/// Makes the partitions that messages of any hour need and an archive lacks, by the statements with which a node makes
/// those of its own time.
///
/// A node knows the hour it is in and the next; a message of another hour that has no partition is lost to it. Whoever puts
/// messages by hand chooses their times, so the hours are made first.
public struct MissingPartitions {
    /// Tries to get the lock that keeps two nodes from partition work at the same time.
    private static let tries = 50

    private let connection: Connection
    private let schema: ArchiveSchema
    /// Between two tries.
    private let pause: () -> Void

    /// - Parameters:
    ///   - connection: open, and used by nobody else meanwhile.
    ///   - schema: of the archive.
    public init(_ connection: Connection, _ schema: ArchiveSchema) {
        self.init(connection, schema) { Clock.pause(100_000_000) }
    }

    package init(_ connection: Connection, _ schema: ArchiveSchema, pause: @escaping () -> Void) {
        self.connection = connection
        self.schema = schema
        self.pause = pause
    }

    /// Makes what messages need.
    ///
    /// - Parameter timestamps: of the messages, nanoseconds since 1970, none negative; in any order.
    /// - Returns: the partitions of messages that were made, oldest first.
    /// - Throws: ``PostgresError``: the server's words, or `time-out` when another node did not let go of the lock.
    @discardableResult
    public func make(for timestamps: some Sequence<Int64>) throws(PostgresError) -> [HourPartition] {
        let seconds = Set(timestamps.map { Int($0 / 1_000_000_000) }).sorted()
        let known = try attached(to: "messages", prefix: "messages_")
        let gaps = Self.gaps(seconds, in: known)
        for partition in gaps {
            let statements = partition.creation(schema)
            try perform(
                PartitionFactory.sequence(
                    statements.table + statements.attachment, "partition.created", partition.messages))
        }
        if schema.partitionsLookup {
            let lookups = Set(try attached(to: "messages_lookup", prefix: "lookup_"))
            for partition in Self.holding(seconds, of: known) where !lookups.contains(partition) {
                try perform(PartitionFactory.rebuilding(partition))
            }
        }
        return gaps
    }

    /// Partitions as the catalog names them, oldest first.
    private func attached(to parent: String, prefix: String) throws(PostgresError) -> [HourPartition] {
        let names = try connection.run(Catalog.partitions(of: parent))
        return names.compactMap { HourPartition(named: $0.first ?? nil, prefix: prefix) }.sorted { $0.start < $1.start }
    }

    // MARK: What is missing

    /// The hours that hold a second and have no partition, or what is left of them: a node's first partition begins when
    /// the node does.
    ///
    /// - Parameters:
    ///   - seconds: since 1970, ascending.
    ///   - known: partitions there are, oldest first, none over another.
    /// - Returns: partitions to make, oldest first.
    package static func gaps(_ seconds: [Int], in known: [HourPartition]) -> [HourPartition] {
        var gaps: [HourPartition] = []
        // The first partition that does not end before the second.
        var next = 0
        for second in seconds {
            if let last = gaps.last, second < last.end { continue }
            while next < known.count, known[next].end <= second { next += 1 }
            let hour = second / 3_600 * 3_600
            let before = next > 0 ? known[next - 1].end : hour
            let after = next < known.count ? known[next].start : hour + 3_600
            if after <= second { continue }
            gaps.append(HourPartition(start: max(hour, before), end: min(hour + 3_600, after)))
        }
        return gaps
    }

    /// The partitions that hold one of the seconds.
    private static func holding(_ seconds: [Int], of known: [HourPartition]) -> [HourPartition] {
        var holding: [HourPartition] = []
        var next = 0
        for second in seconds {
            while next < known.count, known[next].end <= second { next += 1 }
            guard next < known.count, known[next].start <= second, holding.last != known[next] else { continue }
            holding.append(known[next])
        }
        return holding
    }

    // MARK: Statements

    /// Does a node's steps, again while another node is at work.
    private func perform(_ steps: [JobStep]) throws(PostgresError) {
        for attempt in 0..<Self.tries {
            if attempt > 0 { pause() }
            let job = MaintenanceJob(steps)
            try perform(job)
            if !job.events.contains(where: { $0.kind == "lock.busy" }) { return }
        }
        throw PostgresError(
            .client(.timeOut), "somebody else held the lock on partition work all the time; try again later")
    }

    /// Does one run of a job to its end.
    private func perform(_ job: MaintenanceJob) throws(PostgresError) {
        var failure: PostgresError?
        while let step = job.next {
            do throws(PostgresError) {
                failure = nil
                try connection.sendSimple(step.text)
                try connection.collect(statement: "partition work") { result throws(PostgresError) in job.note(result) }
            } catch {
                failure = error
            }
            job.finishStatement(failure)
            if let failure, job.failure != nil || !connection.isAlive { throw failure }
        }
    }
}
