import PostgresClient

/// The pass that keeps partitions ahead of time: drops what belongs to nobody, makes the hours that are missing, and on
/// schema 8 rebuilds look-up partitions that are not there.
struct PartitionFactory {
    private let schema: ArchiveSchema
    /// Archive time, seconds.
    private let now: Int

    init(_ schema: ArchiveSchema, now: Int64) {
        self.schema = schema
        self.now = Int(now / 1_000_000_000)
    }

    /// An idle pass is six queries of the catalog on schema 8, and two on schema 7, which has no look-up partitions.
    var steps: [JobStep] {
        (schema.partitionsLookup ? [strays] : []) + [orphans, creation] + (schema.partitionsLookup ? [rebuild] : [])
    }

    // MARK: Cleaning

    /// Look-up partitions without messages beside them.
    private var strays: JobStep {
        JobStep(Catalog.partitions(of: "messages"), .read) { reply, job in
            if case .failure = reply { return job.fail(reply) }
            let known = Set(reply.values.compactMap { HourPartition(named: $0.first ?? nil) })
            return [
                JobStep(Catalog.lookups, .read) { reply, job in
                    if case .failure = reply { return job.fail(reply) }
                    let lookups = reply.values.compactMap { $0.first ?? nil }
                    return lookups.filter { name in
                        HourPartition(named: name, prefix: "lookup_").map { !known.contains($0) } ?? false
                    }.map { name in
                        JobStep("DROP TABLE IF EXISTS \(name)", .write) { reply, job in
                            if case .rows = reply { job.tell("lookup.stray-dropped", name) }
                            return []
                        }
                    }
                }
            ]
        }
    }

    /// Tables that look like partitions and are attached to nothing.
    private var orphans: JobStep {
        JobStep(Catalog.orphans, .read) { reply, job in
            if case .failure = reply { return job.fail(reply) }
            return reply.values.compactMap { $0.first ?? nil }.map { name in
                JobStep("DROP TABLE \(name)", .write) { reply, job in
                    if case .rows = reply { job.tell("partition.orphan-dropped", name) }
                    return []
                }
            }
        }
    }

    // MARK: Making

    private var creation: JobStep {
        JobStep(Catalog.partitions(of: "messages"), .read) { reply, job in
            if case .failure = reply { return job.fail(reply) }
            let known = reply.values.compactMap { HourPartition(named: $0.first ?? nil) }
            guard let start = nextStart(known) else { return [] }
            return make(HourPartition(start: start, end: (start / 3_600 + 1) * 3_600))
        }
    }

    /// Where the partition to make begins; `nil` when the hour after this one is there.
    private func nextStart(_ known: [HourPartition]) -> Int? {
        guard let newest = known.max(by: { $0.end < $1.end }) else { return now }
        if newest.end <= now { return now }
        return newest.start <= now ? newest.end : nil
    }

    private func make(_ partition: HourPartition) -> [JobStep] {
        let statements = partition.creation(schema)
        return Self.sequence(statements.table + statements.attachment, "partition.created", partition.messages)
    }

    /// Statements of which each is sent when the one before succeeded; a busy lock stops them, and what is done already is
    /// passed over.
    static func sequence(_ statements: [String], _ kind: String, _ detail: String) -> [JobStep] {
        guard let first = statements.first else { return [] }
        return [
            JobStep(first, .write) { reply, job in
                if case .failure(_, let message) = reply {
                    if message.contains("could not acquire advisory lock") {
                        job.tell("lock.busy", detail)
                        return []
                    }
                    guard Self.tolerated.contains(where: message.contains) else { return job.fail(reply) }
                }
                if statements.count == 1 { job.tell(kind, detail) }
                return sequence(Array(statements.dropFirst()), kind, detail)
            }
        ]
    }

    /// Errors of somebody else having been faster.
    private static let tolerated = [
        "already exists", "is already a partition", "does not exist", "pg_type_typname_nsp_index",
        "pg_class_relname_nsp_index",
    ]

    // MARK: Rebuilding

    /// Look-up partitions that are missing beside messages, newest first.
    private var rebuild: JobStep {
        JobStep(Catalog.partitions(of: "messages"), .read) { reply, job in
            if case .failure = reply { return job.fail(reply) }
            let messages = reply.values.compactMap { HourPartition(named: $0.first ?? nil) }
            return [
                JobStep(Catalog.partitions(of: "messages_lookup"), .read) { reply, job in
                    if case .failure = reply { return job.fail(reply) }
                    let lookups = Set(
                        reply.values.compactMap { HourPartition(named: $0.first ?? nil, prefix: "lookup_") })
                    return messages.filter { !lookups.contains($0) }.sorted { $0.start > $1.start }
                        .flatMap(Self.rebuilding)
                }
            ]
        }
    }

    /// Makes the look-up partition that is missing beside one of messages, with its rows.
    static func rebuilding(_ partition: HourPartition) -> [JobStep] {
        let statements = partition.lookupRebuild
        return [
            JobStep(statements.table, .write) { reply, job in
                if case .failure(_, let message) = reply {
                    if message.contains("could not acquire advisory lock") {
                        job.tell("lock.busy", partition.lookup)
                        return []
                    }
                    guard tolerated.contains(where: message.contains) else { return job.fail(reply) }
                }
                return [
                    JobStep(statements.backfill, .write) { reply, job in
                        guard case .rows(_, let affected) = reply else { return job.fail(reply) }
                        return sequence(
                            statements.attachment, "lookup.rebuilt", "\(partition.lookup): \(affected) rows")
                    }
                ]
            }
        ]
    }
}

/// What the node asks of the catalog.
enum Catalog {
    static func partitions(of parent: String) -> String {
        """
        SELECT child.relname AS partition_name FROM pg_inherits JOIN pg_class parent ON pg_inherits.inhparent = parent.oid \
        JOIN pg_class child ON pg_inherits.inhrelid = child.oid JOIN pg_namespace nmsp_parent ON nmsp_parent.oid = \
        parent.relnamespace JOIN pg_namespace nmsp_child ON nmsp_child.oid = child.relnamespace \
        WHERE parent.relname = '\(parent)' ORDER BY partition_name ASC
        """
    }

    static let lookups = """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relname LIKE 'lookup\\_%' AND c.relkind = 'r' AND n.nspname = 'public' ORDER BY c.relname ASC
        """

    static let orphans = """
        SELECT c.relname FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid \
        WHERE c.relname LIKE 'messages_%' AND c.relname != 'messages_lookup' AND c.relkind = 'r' \
        AND i.inhrelid IS NULL ORDER BY c.relname ASC
        """
}

extension HourPartition {
    /// Reads a partition's name; `nil` for a table of another kind.
    init?(named name: String?, prefix: String = "messages_") {
        guard let name, name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: "_")
        guard parts.count == 2, let start = Int(parts[0]), let end = Int(parts[1]), start < end else { return nil }
        self.init(start: start, end: end)
    }
}
