import LinuxSystem
import PostgresClient
import RunRecord

/// Relations of a database at one moment: where they lie, and how often their blocks were asked for.
public struct RelationState: Sendable {
    struct Relation: Sendable {
        let node: Int
        let path: String
        let bytes: Int
        let fetched: Int
        let name: String
        let kind: String
    }

    let relations: [Int: Relation]
    /// Whether relations could be read; without them a state says nothing, and is none to begin from.
    public let isRead: Bool
    /// `nil` when it could not be told.
    public let cache: CacheState?
    /// Bloat of a sample of relations.
    public let bloat: [BloatRow]
    /// What could not be read, one sentence each.
    public let gaps: [String]

    /// What is looked at here may take long, nanoseconds.
    private static let limit: Nanoseconds = 30_000_000_000
    /// Relations whose bloat is looked at, of each kind, the largest.
    static let sampled = 3
    /// An index is read whole for it, so larger ones are left out, bytes.
    private static let largestIndex = 256 << 20

    /// Reads the state; extensions that are needed are made in a transaction that is rolled back. Takes seconds.
    ///
    /// - Parameters:
    ///   - archive: connection to the database.
    ///   - dataFolder: the server's data directory, for the page cache.
    ///   - before: an earlier state: relations whose blocks were asked for since are the touched ones; all when `nil`.
    ///   - withBloat: whether bloat is looked at.
    public init(_ archive: ConnectionParameters, dataFolder: String, since before: RelationState?, withBloat: Bool) {
        var (gaps, bloat): ([String], [BloatRow]) = ([], [])
        var relations: [Int: Relation] = [:]
        var cache: CacheState?
        var isRead = false
        do throws(PostgresError) {
            let connection = try TelemetryConnection(archive, limit: Self.limit)
            relations = try Self.relations(connection)
            isRead = true
            let touched = relations.filter { oid, relation in
                guard let before else { return true }
                return relation.fetched > (before.relations[oid]?.fetched ?? 0)
            }
            let buffers = Self.buffers(connection, of: touched, &gaps)
            cache = Self.cache(touched, dataFolder, buffers, &gaps)
            if withBloat { bloat = Self.bloat(connection, relations, &gaps) }
        } catch {
            gaps.append("cache state and bloat: \(error)")
        }
        (self.relations, self.isRead, self.cache, self.bloat, self.gaps) = (relations, isRead, cache, bloat, gaps)
    }

    private static func relations(_ connection: TelemetryConnection) throws(PostgresError) -> [Int: Relation] {
        let rows = try connection.rows(ServerQueries.relations, limit: limit)
        return Dictionary(
            rows.compactMap { row in
                guard let path = row["path"] else { return nil }
                return (
                    row.count("oid"),
                    Relation(
                        node: row.count("node"), path: path, bytes: row.count("bytes"), fetched: row.count("fetched"),
                        name: row["name"] ?? "", kind: row["kind"] ?? "")
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Caches

    private static func cache(
        _ touched: [Int: Relation], _ dataFolder: String, _ buffers: (touched: Int, used: Double)?,
        _ gaps: inout [String]
    ) -> CacheState? {
        let bytes = touched.values.reduce(0) { $0 + $1.bytes }
        guard bytes > 0 else { return nil }
        let inPageCache = residentBytes(touched, dataFolder)
        if inPageCache == nil { gaps.append("share of the page cache: the data files cannot be looked at from here") }
        func share(_ part: Int) -> Double { min(1, Double(part) / Double(bytes)) }
        return CacheState(
            touchedBytes: bytes, sharedBuffersShare: buffers.map { share($0.touched) },
            pageCacheShare: inPageCache.map(share), sharedBuffersUsed: buffers?.used)
    }

    /// A relation's file is continued in others after each gigabyte.
    private static func residentBytes(_ relations: [Int: Relation], _ dataFolder: String) -> Int? {
        var (sum, seen) = (0, false)
        for relation in relations.values where relation.bytes > 0 {
            var segment = 0
            while let file = Host.residentBytes(
                of: "\(dataFolder)/\(relation.path)\(segment == 0 ? "" : ".\(segment)")")
            {
                (sum, seen) = (sum + file.resident, true)
                segment += 1
            }
        }
        return seen ? sum : nil
    }

    /// Bytes of touched relations in shared buffers, and the share of buffers that hold anything.
    private static func buffers(
        _ connection: TelemetryConnection, of touched: [Int: Relation], _ gaps: inout [String]
    ) -> (touched: Int, used: Double)? {
        do throws(PostgresError) {
            let rows = try within(connection, extension: "pg_buffercache") { connection throws(PostgresError) in
                try connection.rows(ServerQueries.buffers, limit: limit)
            }
            let nodes = Set(touched.values.map(\.node))
            let all = rows.reduce(0) { $0 + $1.count("n") }
            let empty = rows.filter { $0.count("node") == 0 }.reduce(0) { $0 + $1.count("n") }
            let ours = rows.filter { $0.count("ours") == 1 && nodes.contains($0.count("node")) }
            // Blocks have 8 kB unless the server was built otherwise.
            return (ours.reduce(0) { $0 + $1.count("n") } * 8_192, Double(all - empty) / Double(max(1, all)))
        } catch {
            gaps.append("share of shared buffers (pg_buffercache): \(error)")
            return nil
        }
    }

    // MARK: Bloat

    private static func bloat(
        _ connection: TelemetryConnection, _ relations: [Int: Relation], _ gaps: inout [String]
    ) -> [BloatRow] {
        func largest(_ kind: String, upTo most: Int) -> [(oid: Int, relation: Relation)] {
            relations.filter { $0.value.kind == kind && (1...most).contains($0.value.bytes) }
                .sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }.prefix(sampled)
                .map { ($0.key, $0.value) }
        }
        do throws(PostgresError) {
            return try within(connection, extension: "pgstattuple") { connection throws(PostgresError) in
                var found: [BloatRow] = []
                for (oid, relation) in largest("r", upTo: .max) {
                    let rows = try connection.rows(
                        "SELECT dead_tuple_percent AS dead, approx_free_percent AS free FROM public.pgstattuple_approx(\(oid))",
                        limit: limit)
                    found += rows.map { row in
                        BloatRow(
                            relation: relation.name, kind: .table, bytes: relation.bytes,
                            deadShare: row.number("dead").map { $0 / 100 },
                            freeShare: row.number("free").map { $0 / 100 },
                            isApproximate: true)
                    }
                }
                for (oid, relation) in largest("i", upTo: largestIndex) {
                    let rows = try connection.rows(
                        "SELECT avg_leaf_density AS full FROM public.pgstatindex(\(oid)::regclass)", limit: limit)
                    found += rows.map { row in
                        BloatRow(
                            relation: relation.name, kind: .index, bytes: relation.bytes, deadShare: nil,
                            freeShare: row.number("full").map { 1 - $0 / 100 }, isApproximate: false)
                    }
                }
                return found
            }
        } catch {
            gaps.append("bloat (pgstattuple): \(error)")
            return []
        }
    }

    /// Runs something with an extension that is gone afterwards.
    private static func within<Value>(
        _ connection: TelemetryConnection, extension name: String,
        _ body: (TelemetryConnection) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try connection.run("BEGIN")
        do throws(PostgresError) {
            try connection.run("CREATE EXTENSION IF NOT EXISTS \(name) SCHEMA public")
            let value = try body(connection)
            try connection.run("ROLLBACK")
            return value
        } catch {
            try connection.run("ROLLBACK")
            throw error
        }
    }
}
