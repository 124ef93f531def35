import Workload

/// The pass that keeps the archive within its limits: one policy after the other, each dropping whole partitions, oldest
/// first, where it can.
struct Retention {
    private let policies: [RetentionPolicy]
    private let schema: ArchiveSchema
    /// Archive time, nanoseconds.
    private let now: Int64

    init(_ policies: [RetentionPolicy], _ schema: ArchiveSchema, now: Int64) {
        self.policies = policies
        self.schema = schema
        self.now = now
    }

    var steps: [JobStep] { policies.flatMap(steps) }

    private func steps(_ policy: RetentionPolicy) -> [JobStep] {
        switch policy {
        case .time(let seconds): time(seconds)
        case .size(let bytes): [size(bytes)]
        case .capacity(let messages): [capacity(messages)]
        }
    }

    /// An error ends this policy; the next one is still applied.
    private static func skip(_ reply: JobReply, _ job: MaintenanceJob, _ policy: String) -> [JobStep] {
        if case .failure(let code, let message) = reply {
            job.tell("retention.failed", "\(policy): \(code) \(message)")
        }
        return []
    }

    // MARK: By time

    private func time(_ seconds: Int) -> [JobStep] {
        let border = now - Int64(seconds) * 1_000_000_000
        return [
            JobStep(Catalog.partitions(of: "messages"), .read) { reply, job in
                if case .failure = reply { return Self.skip(reply, job, "time") }
                let known = reply.values.compactMap { HourPartition(named: $0.first ?? nil) }
                // From the oldest on, as long as they are wholly past the border.
                let past = known.sorted { $0.start < $1.start }.prefix { Int64($0.end) * 1_000_000_000 < border }
                return drop(past, "time") { [deleteRows(before: border)] }
            }
        ]
    }

    /// What is left of the partition that the border runs through.
    private func deleteRows(before border: Int64) -> JobStep {
        JobStep("DELETE FROM messages WHERE timestamp < \(border)", .write) { reply, job in
            guard case .rows(_, let affected) = reply else { return Self.skip(reply, job, "time") }
            if affected > 0 { job.tell("messages.deleted", "\(affected) rows of the boundary partition") }
            return []
        }
    }

    /// Drops partitions one after the other, and goes on with what follows; an error ends it all.
    private func drop(
        _ partitions: ArraySlice<HourPartition>, _ policy: String, then follow: @escaping () -> [JobStep]
    ) -> [JobStep] {
        guard let first = partitions.first else { return follow() }
        return drop(first, policy) { drop(partitions.dropFirst(), policy, then: follow) }
    }

    // MARK: By size

    private func size(_ limit: Int) -> JobStep {
        measure { bytes, job in
            guard bytes > limit else { return [] }
            return [
                JobStep(Catalog.partitions(of: "messages"), .read) { reply, job in
                    if case .failure = reply { return Self.skip(reply, job, "size") }
                    let known = reply.values.compactMap { HourPartition(named: $0.first ?? nil) }
                    return shrink(known.sorted { $0.start < $1.start }[...], from: bytes, to: limit, job)
                }
            ]
        }
    }

    /// Drops the oldest and measures again, until it fits; never the partition of this hour.
    private func shrink(
        _ partitions: ArraySlice<HourPartition>, from before: Int, to limit: Int, _ job: MaintenanceJob
    ) -> [JobStep] {
        guard let oldest = partitions.first, oldest.end <= Int(now / 1_000_000_000) else {
            job.tell("retention.failed", "size: \(before) bytes, and only the current hour is left")
            return []
        }
        return drop(oldest, "size") {
            [
                measure { bytes, job in
                    guard bytes < before else {
                        job.tell("retention.failed", "size: dropping a partition freed nothing")
                        return []
                    }
                    return bytes > limit ? shrink(partitions.dropFirst(), from: bytes, to: limit, job) : []
                }
            ]
        }
    }

    private func measure(_ then: @escaping (Int, MaintenanceJob) -> [JobStep]) -> JobStep {
        JobStep("SELECT pg_database_size(current_database())", .read) { reply, job in
            guard case .rows = reply, let bytes = reply.value.flatMap({ Int($0) }) else {
                return Self.skip(reply, job, "size")
            }
            return then(bytes, job)
        }
    }

    // MARK: By number

    private func capacity(_ limit: Int) -> JobStep {
        JobStep("SELECT COUNT(1) FROM messages", .read) { reply, job in
            guard case .rows = reply, let count = reply.value.flatMap({ Int($0) }) else {
                return Self.skip(reply, job, "capacity")
            }
            // Deletes only once 30 % over, and then down to 15 % over.
            guard Double(count) >= 1.3 * Double(limit) else { return [] }
            let kept = Int(1.15 * Double(limit))
            return ["messages", "messages_lookup"].map { table in
                JobStep(
                    """
                    DELETE FROM \(table) WHERE messageHash NOT IN ( SELECT messageHash FROM \(table) \
                    ORDER BY timestamp DESC LIMIT '\(kept)' );
                    """, .write
                ) { reply, job in
                    guard case .rows(_, let affected) = reply else { return Self.skip(reply, job, "capacity") }
                    job.tell(
                        table == "messages" ? "messages.deleted" : "lookup.deleted", "\(affected) rows over capacity")
                    return []
                }
            }
        }
    }

    // MARK: Dropping

    /// The node's sequence for one partition: its look-up sibling (schema 8), its size for the log, detach, drop, and on
    /// schema 7 the rows of the look-up table that belonged to it and to everything older. What follows is done only when
    /// all of it succeeded.
    private func drop(
        _ partition: HourPartition, _ policy: String, then follow: @escaping () -> [JobStep]
    ) -> [JobStep] {
        let name = partition.messages
        let size = JobStep(
            """
            SELECT pg_size_pretty(pg_total_relation_size(C.oid)) AS "total_size" FROM pg_class C where relname = '\(name)'
            """, .read
        ) { reply, job in
            if case .failure = reply { return Self.skip(reply, job, policy) }
            return detach(partition, size: reply.value ?? "unknown size", policy, follow)
        }
        guard schema.partitionsLookup else { return [size] }
        return [
            JobStep("DROP TABLE IF EXISTS \(partition.lookup)", .write) { reply, job in
                if case .failure = reply { return Self.skip(reply, job, policy) }
                return [size]
            }
        ]
    }

    private func detach(
        _ partition: HourPartition, size: String, _ policy: String, _ follow: @escaping () -> [JobStep]
    ) -> [JobStep] {
        let name = partition.messages
        let drop = JobStep("DROP TABLE \(name)", .write) { reply, job in
            if case .failure = reply { return Self.skip(reply, job, policy) }
            job.tell("partition.dropped", "\(name), \(size), by \(policy)")
            return schema.partitionsLookup ? follow() : [deleteLookups(partition, policy, follow)]
        }
        return [
            JobStep("ALTER TABLE messages DETACH PARTITION \(name) CONCURRENTLY;", .write) { reply, job in
                guard case .failure(_, let message) = reply else { return [drop] }
                guard message.contains("FINALIZE") || message.contains("already pending") else {
                    return Self.skip(reply, job, policy)
                }
                return [
                    JobStep("ALTER TABLE messages DETACH PARTITION \(name) FINALIZE;", .write) { reply, job in
                        if case .failure = reply { return Self.skip(reply, job, policy) }
                        job.tell("detach.finalized", name)
                        return [drop]
                    }
                ]
            }
        ]
    }

    private func deleteLookups(
        _ partition: HourPartition, _ policy: String, _ follow: @escaping () -> [JobStep]
    ) -> JobStep {
        JobStep("DELETE FROM messages_lookup WHERE timestamp < \(partition.end)000000000", .write) { reply, job in
            guard case .rows(_, let affected) = reply else { return Self.skip(reply, job, policy) }
            job.tell("lookup.deleted", "\(affected) rows older than \(partition.messages)'s end")
            return follow()
        }
    }
}
