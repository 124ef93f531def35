/// What documented statement shapes are for. A node's driver and the other behaviours of it do the same by different
/// statements; only those of one role can be held against each other.
///
/// The names are those of the driver's `StatementShapes`, which this module cannot see. `ClassStatementTests` walks the
/// requests of all classes through all behaviours and holds what they send against ``ClassStatements``.
package struct StatementRole: Sendable, Hashable {
    /// What they do, such as `put of a message`; the shape's own name for one that is alone in its role.
    package let name: String
    /// Shapes of all behaviours; those of one behaviour do it together.
    package let shapes: Set<String>

    /// All that stores a message in its two tables, one at a time or several.
    package static let put = StatementRole(
        name: "put of a message",
        shapes: [
            "messages.insert", "lookup.insert", "put.one-statement", "put.multi-row", "put.unnest", "put.copy",
            "put.staged", "transaction.begin", "transaction.commit", "transaction.rollback",
        ])

    /// All that finds messages by their hashes alone.
    package static let byHash = StatementRole(
        name: "look-up by hashes",
        shapes: ["query.by-hash", "query.by-hash-bounded", "lookup.bounds", "query.by-hash-between"])

    /// The role of a shape.
    ///
    /// - Parameter shape: its name.
    /// - Returns: the role that it shares with others, or one of its own.
    package static func of(_ shape: String) -> StatementRole {
        [put, byHash].first { $0.shapes.contains(shape) } ?? StatementRole(name: shape, shapes: [shape])
    }
}

/// The statement shapes that the requests of one class send, in whatever behaviour of the driver.
package struct ClassStatements: Sendable {
    /// Name of the class, such as `store.topics.data.next`.
    package let requestClass: String
    /// What its requests are made of.
    package let own: Set<String>
    /// What some of its requests send besides: the query without hashes behind 100, 200, … of them, and later pages of
    /// a list of hashes. The same shapes are what other classes are made of.
    package let besides: Set<String>

    /// Whether its requests are of several kinds, each of which sends only a part of ``own``.
    package let hasKinds: Bool

    private init(_ requestClass: String, _ own: Set<String>, besides: Set<String> = [], hasKinds: Bool = false) {
        (self.requestClass, self.own, self.besides, self.hasKinds) = (requestClass, own, besides, hasKinds)
    }

    /// What a class sends.
    ///
    /// - Parameter requestClass: its name.
    /// - Returns: `nil` for a class that is not of this tool.
    package static func of(_ requestClass: String) -> ClassStatements? {
        all.first { $0.requestClass == requestClass }
    }

    /// Every class, requests first.
    package static let all = requests + maintenance

    private static let requests = [
        ClassStatements("put", StatementRole.put.shapes),
        ClassStatements("put.duplicate", StatementRole.put.shapes),
        ClassStatements("store.topics.data.first", ["query.page.first"]),
        ClassStatements("store.topics.data.next", ["lookup.timestamp", "query.page.next"]),
        ClassStatements("store.topics.hashes.first", ["query.hashes.first"]),
        ClassStatements("store.topics.hashes.next", ["lookup.timestamp", "query.hashes.next"]),
        ClassStatements(
            "store.hashes.data", StatementRole.byHash.shapes,
            besides: ["query.page.first", "lookup.timestamp", "query.page.next"]),
        ClassStatements(
            "store.hashes.presence", StatementRole.byHash.shapes,
            besides: ["query.hashes.first", "lookup.timestamp", "query.hashes.next"]),
        ClassStatements("store.sync", StatementRole.byHash.shapes),
        // First and later pages, with data or without, are one class.
        ClassStatements(
            "store.time-range",
            ["query.page.first", "query.page.next", "query.hashes.first", "query.hashes.next", "lookup.timestamp"],
            hasKinds: true),
    ]

    private static let maintenance = [
        ClassStatements("maintenance.health-check", ["job.health-check"]),
        ClassStatements("maintenance.message-count", ["job.message-count"]),
        ClassStatements("maintenance.analyze", ["job.analyze", "job.lock"]),
        ClassStatements(
            "maintenance.partition-factory",
            [
                "catalog.partitions", "catalog.lookups", "catalog.orphans", "partition.create", "partition.constraint",
                "partition.attach", "partition.backfill", "partition.drop",
            ]),
        ClassStatements(
            "maintenance.retention",
            [
                "catalog.partitions", "retention.size", "retention.delete", "partition.detach", "partition.drop",
                "job.message-count",
            ]),
        ClassStatements("maintenance.exporter", ["exporter.count", "exporter.statistics", "exporter.topics"]),
    ]
}
