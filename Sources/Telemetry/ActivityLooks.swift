import RunRecord

/// Looks at what backends do, added up until a sample takes them.
package struct ActivityLooks {
    private struct Wait: Hashable {
        let backend: String
        let type: String
        let event: String
        /// Shape of what the backend executes; `nil` for one that executes nothing of the driver's.
        var statement: String?
    }

    private(set) var looks = 0
    private(set) var connections = 0
    private(set) var active = 0
    private var idleInTransaction = 0
    private var workers = 0
    private var waits: [Wait: Int] = [:]
    private var changes: [String] = []

    /// Nothing seen yet.
    package init() {}

    /// Backends that wait for work, by the type of their wait.
    private static let idleType = "Activity"
    private static let client = "client backend"

    /// Adds a look.
    ///
    /// - Parameters:
    ///   - rows: as `ServerQueries.activity` gives them.
    ///   - shape: names a statement by its text; `nil` for one that is not the driver's.
    package mutating func add(_ rows: [Row], shape: (String) -> String?) {
        looks += 1
        var (all, running, within, vacuuming) = (0, 0, 0, 0)
        for row in rows {
            let (count, backend, state) = (row.count("n"), row["backend"] ?? "", row["state"] ?? "")
            if backend == Self.client || backend == "parallel worker" {
                if backend == Self.client { all += count }
                if state == "active" { running += count }
                if state.hasPrefix("idle in transaction") { within += count }
            }
            if backend == "autovacuum worker" { vacuuming += count }
            let isIdle = row["type"] == Self.idleType || (backend == Self.client && state != "active")
            let statement = row["statement"].flatMap(shape)
            if !isIdle {
                let wait = Wait(
                    backend: backend, type: row["type"] ?? "", event: row["event"] ?? "", statement: statement)
                waits[wait, default: 0] += count
            }
            if let statement, Self.isChange(statement), !changes.contains(statement) { changes.append(statement) }
        }
        (connections, active) = (max(connections, all), max(active, running))
        (idleInTransaction, workers) = (max(idleInTransaction, within), max(workers, vacuuming))
    }

    /// Whether a shape changes the tables themselves.
    private static func isChange(_ shape: String) -> Bool { shape.hasPrefix("partition.") || shape == "job.analyze" }

    /// Adds what other looks saw.
    package mutating func add(_ other: ActivityLooks) {
        looks += other.looks
        (connections, active) = (max(connections, other.connections), max(active, other.active))
        idleInTransaction = max(idleInTransaction, other.idleInTransaction)
        workers = max(workers, other.workers)
        for change in other.changes where !changes.contains(change) { changes.append(change) }
        waits.merge(other.waits, uniquingKeysWith: +)
    }

    /// Who waited for what, the most frequent first.
    var waitCounts: [WaitCount] { counts { Wait(backend: $0.backend, type: $0.type, event: $0.event) } }

    /// The same of those that executed a statement of the driver's, with the statement.
    package var statementWaits: [WaitCount] { counts { $0.statement == nil ? nil : $0 } }

    private func counts(_ key: (Wait) -> Wait?) -> [WaitCount] {
        var sums: [Wait: Int] = [:]
        for (wait, count) in waits { if let key = key(wait) { sums[key, default: 0] += count } }
        return sums.map {
            WaitCount(
                backend: $0.key.backend, type: $0.key.type, event: $0.key.event, statement: $0.key.statement,
                count: $0.value)
        }.sorted {
            ($1.count, $0.backend, $0.event, $0.statement ?? "") < ($0.count, $1.backend, $1.event, $1.statement ?? "")
        }
    }

    /// As a sample tells it; `nil` without a look.
    package var activity: ServerActivity? {
        looks == 0
            ? nil
            : ServerActivity(
                looks: looks, connections: connections, active: active, idleInTransaction: idleInTransaction,
                autovacuumWorkers: workers, waits: waitCounts, maintenance: changes)
    }
}
