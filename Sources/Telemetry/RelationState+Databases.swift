import PostgresClient
import RunRecord

extension RelationState {
    /// Reads the state of an archive's databases on one server, one after the other, as if they were one.
    ///
    /// - Parameters:
    ///   - archives: connections to the databases.
    ///   - dataFolder: the server's data directory, for the page cache.
    ///   - before: an earlier state of all of them: relations whose blocks were asked for since are the touched ones; all
    ///     when `nil`.
    ///   - withBloat: whether bloat is looked at.
    public init(_ archives: [ConnectionParameters], dataFolder: String, since before: RelationState?, withBloat: Bool) {
        let states = archives.map {
            RelationState($0, dataFolder: dataFolder, since: before, withBloat: withBloat)
        }
        // A server hands out the numbers of relations once, whatever the database.
        relations = states.reduce(into: [:]) { all, state in all.merge(state.relations) { first, _ in first } }
        isRead = states.allSatisfy(\.isRead)
        cache = Self.together(states.compactMap(\.cache))
        bloat = Self.largest(zip(archives, states).map { ($0.database, $1.bloat) })
        gaps = states.flatMap(\.gaps).reduce(into: []) { all, gap in if !all.contains(gap) { all.append(gap) } }
    }

    private static func together(_ states: [CacheState]) -> CacheState? {
        guard states.count > 1 else { return states.first }
        let bytes = states.reduce(0) { $0 + $1.touchedBytes }
        func share(_ part: (CacheState) -> Double?) -> Double? {
            let parts = states.compactMap { state in part(state).map { $0 * Double(state.touchedBytes) } }
            return parts.count == states.count && bytes > 0 ? parts.reduce(0, +) / Double(bytes) : nil
        }
        return CacheState(
            touchedBytes: bytes, sharedBuffersShare: share(\.sharedBuffersShare),
            pageCacheShare: share(\.pageCacheShare), sharedBuffersUsed: states.last?.sharedBuffersUsed)
    }

    /// Of each kind as many as are looked at in one database; partitions have the same names in all of them.
    private static func largest(_ found: [(database: String, rows: [BloatRow])]) -> [BloatRow] {
        guard found.count > 1 else { return found.first?.rows ?? [] }
        let all = found.flatMap { database, rows in
            rows.map { row in
                var named = row
                named.relation = "\(database): \(row.relation)"
                return named
            }
        }
        .sorted { ($1.bytes, $0.relation) < ($0.bytes, $1.relation) }
        return [RelationGrowth.Kind.table, .index].flatMap { kind in all.filter { $0.kind == kind }.prefix(sampled) }
    }
}
