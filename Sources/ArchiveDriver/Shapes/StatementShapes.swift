/// The documented statements of a node and of its drivers, by which a row of `pg_stat_statements`, a logged statement or
/// a plan is recognised.
public enum StatementShapes {
    /// One shape as data: texts are compared in lower case, with blanks run together and without leading comments.
    struct Shape {
        let name: String
        let begins: String
        var contains: [String] = []
        /// The text is this and nothing more.
        var isWhole = false
    }

    /// Names of all shapes, in the order in which they are looked for.
    public static var names: [String] {
        var seen: Set<String> = []
        return all.map(\.name).filter { seen.insert($0).inserted }
    }

    /// The shape of a statement.
    ///
    /// - Parameter text: as it was sent, or as the server normalised it.
    /// - Returns: the shape's name, such as `messages.insert`; `nil` for a statement that is none of the driver's.
    public static func name(of text: String) -> String? {
        let plain = normalised(text)
        return all.first { shape in
            (shape.isWhole ? plain == shape.begins : plain.hasPrefix(shape.begins))
                && shape.contains.allSatisfy { plain.contains($0) }
        }?.name
    }

    /// In lower case, blanks run together, without comments in front and semicolons behind; cut after as many bytes as
    /// shapes need.
    static func normalised(_ text: String) -> String {
        var rest = text[...]
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard rest.hasPrefix("/*"), let end = rest.firstRange(of: "*/") else { break }
            rest = rest[end.upperBound...]
        }
        let words = rest.prefix(600).split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        return String(words.reversed().drop { $0 == ";" || $0 == " " }.reversed())
    }

    private static let rows =
        "select messagehash, pubsubtopic, contenttopic, payload, version, timestamp, meta from messages"
    private static let hashes = "select messagehash from messages"
    private static let both = "with lookup as (insert into messages_lookup (messagehash, timestamp)"

    /// The first that fits counts.
    static let all: [Shape] =
        puts + queries + partitions + retention + jobs
        + [
            Shape(name: "transaction.begin", begins: "begin", isWhole: true),
            Shape(name: "transaction.commit", begins: "commit", isWhole: true),
            Shape(name: "transaction.rollback", begins: "rollback", isWhole: true),
            Shape(name: "session.setting", begins: "set statement_timeout"),
            Shape(name: "session.setting", begins: "set plan_cache_mode"),
        ]

    private static let puts = [
        Shape(name: "messages.insert", begins: "insert into messages (id, messagehash,"),
        Shape(name: "lookup.insert", begins: "insert into messages_lookup (messagehash, timestamp) values"),
        Shape(name: "put.one-statement", begins: both + " values ($2, $7)"),
        Shape(name: "put.multi-row", begins: both + " values"),
        Shape(name: "put.staged", begins: both + " select messagehash, timestamp from archivebench_staging"),
        Shape(name: "put.unnest", begins: "with given as (select * from unnest("),
        Shape(name: "put.copy", begins: "copy archivebench_staging"),
        Shape(name: "session.setting", begins: "create temporary table if not exists archivebench_staging"),
    ]

    private static let queries = [
        Shape(name: "lookup.timestamp", begins: "select timestamp from messages_lookup where messagehash"),
        Shape(name: "query.by-hash", begins: "with min_timestamp as ( select min(timestamp)"),
        Shape(name: "query.by-hash-bounded", begins: "with found as materialized"),
        Shape(name: "lookup.bounds", begins: "select timestamp, messagehash from messages_lookup where messagehash"),
        Shape(
            name: "query.by-hash-between", begins: "select m.messagehash",
            contains: ["from messages m where m.timestamp"]),
        Shape(name: "query.page.next", begins: rows + " where (timestamp, messagehash)"),
        Shape(name: "query.page.first", begins: rows),
        Shape(name: "query.hashes.next", begins: hashes + " where (timestamp, messagehash)"),
        Shape(name: "query.hashes.first", begins: hashes),
    ]

    private static let lock = "pg_try_advisory_lock"

    private static let partitions = [
        Shape(name: "partition.create", begins: "do $$", contains: [lock, "create table if not exists"]),
        Shape(name: "partition.attach", begins: "do $$", contains: [lock, "attach partition"]),
        Shape(name: "partition.constraint", begins: "do $$", contains: [lock, "constraint"]),
        Shape(name: "partition.detach", begins: "alter table messages detach partition"),
        Shape(name: "partition.drop", begins: "drop table"),
        Shape(name: "partition.backfill", begins: "insert into lookup_"),
        Shape(name: "catalog.partitions", begins: "select child.relname as partition_name from pg_inherits"),
        Shape(name: "catalog.lookups", begins: "select c.relname from pg_class c join pg_namespace n"),
        Shape(name: "catalog.orphans", begins: "select c.relname from pg_class c left join pg_inherits i"),
    ]

    private static let retention = [
        Shape(name: "retention.delete", begins: "delete from messages"),
        Shape(name: "retention.size", begins: "select pg_database_size(current_database())"),
        Shape(name: "retention.size", begins: "select pg_size_pretty(pg_total_relation_size(c.oid))"),
    ]

    private static let jobs = [
        Shape(name: "job.health-check", begins: "select version()"),
        Shape(name: "exporter.count", begins: "select count(id) from messages"),
        Shape(name: "job.message-count", begins: "select count("),
        Shape(name: "job.analyze", begins: "analyze messages"),
        Shape(name: "job.lock", begins: "select pg_try_advisory_lock("),
        Shape(name: "job.lock", begins: "select pg_advisory_unlock("),
        Shape(name: "exporter.statistics", begins: "select * from pg_stat_user_tables"),
        Shape(name: "exporter.statistics", begins: "select * from pg_statio_user_tables"),
        Shape(name: "exporter.topics", begins: "select pubsubtopic, count(*) as messages from"),
    ]
}
