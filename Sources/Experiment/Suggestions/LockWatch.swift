import LinuxSystem
import PostgresClient

/// Looks at who holds and who waits for locks, from a connection of its own, until it is told to stop.
///
/// It sees what is there at a look: a lock that comes and goes between two looks is missed.
final class LockWatch {
    /// Nanoseconds between two looks.
    static let interval: Nanoseconds = 20_000_000

    private let connection: Connection
    /// The backend whose locks are told.
    private let holder: Int32
    /// Names of the backends whose waits are told.
    private let names: [Int32: String]
    private(set) var locks: [MigrationReport.LockUse] = []
    private(set) var waits: [MigrationReport.LockWait] = []
    /// Start of the run of looks that found a lock, by its place in ``locks``.
    private var runs: [Int: Nanoseconds] = [:]

    init(_ connection: Connection, holder: Int32, names: [Int32: String]) {
        self.connection = connection
        self.holder = holder
        self.names = names
    }

    func look() throws(PostgresError) {
        let now = Clock.now()
        try lookAtHolder(now)
        try lookAtWaits()
    }

    /// A partition that the holder has just made itself is seen by nobody and not told.
    private func lookAtHolder(_ now: Nanoseconds) throws(PostgresError) {
        let rows = try connection.run(
            """
            SELECT l.mode, CASE WHEN c.relname IN ('messages', 'messages_lookup', 'version') THEN c.relname::text
                                WHEN c.relname LIKE 'lookup\\_%' THEN 'partitions of messages_lookup'
                                ELSE 'partitions of messages' END, count(*)
            FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.pid = \(holder) AND l.granted AND l.locktype = 'relation' AND c.relkind IN ('r', 'p')
              AND c.relnamespace = 'public'::regnamespace
            GROUP BY 1, 2
            """)
        var seen: Set<Int> = []
        for row in rows {
            guard let mode = row[0], let relations = row[1], let count = row[2].flatMap({ Int($0) }) else { continue }
            let place = place(mode, relations)
            seen.insert(place)
            let start = runs[place] ?? now
            runs[place] = start
            locks[place].most = max(locks[place].most, count)
            locks[place].longestSeconds = max(locks[place].longestSeconds, Double(now - start) / 1e9)
        }
        runs = runs.filter { seen.contains($0.key) }
    }

    private func place(_ mode: String, _ relations: String) -> Int {
        if let place = locks.firstIndex(where: { $0.mode == mode && $0.relations == relations }) { return place }
        locks.append(MigrationReport.LockUse(mode: mode, relations: relations, most: 0, longestSeconds: 0))
        return locks.count - 1
    }

    private func lookAtWaits() throws(PostgresError) {
        let pids = names.keys.map(String.init).joined(separator: ", ")
        let rows = try connection.run(
            """
            SELECT l.pid, l.mode, COALESCE(c.relname::text, l.locktype),
                   EXTRACT(epoch FROM clock_timestamp() - l.waitstart)
            FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation WHERE NOT l.granted AND l.pid IN (\(pids))
            """)
        for row in rows {
            guard let who = row[0].flatMap({ Int32($0) }).flatMap({ names[$0] }), let mode = row[1],
                let relation = row[2]
            else { continue }
            // A wait that has just begun has no start yet.
            let seconds = row[3].flatMap { Double($0) } ?? 0
            if let place = waits.firstIndex(where: { $0.who == who && $0.mode == mode && $0.relation == relation }) {
                waits[place].seconds = max(waits[place].seconds, seconds)
            } else {
                waits.append(.init(who: who, mode: mode, relation: relation, seconds: seconds))
            }
        }
    }
}
