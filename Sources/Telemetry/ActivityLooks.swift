import RunRecord

/// Looks at what backends do, added up until a sample takes them.
package struct ActivityLooks {
    private struct Wait: Hashable {
        let backend: String
        let type: String
        let event: String
    }

    private(set) var looks = 0
    private(set) var connections = 0
    private(set) var active = 0
    private var idleInTransaction = 0
    private var workers = 0
    private var waits: [Wait: Int] = [:]
    private var changes: [String] = []

    package init() {}

    /// Backends that wait for work, by the type of their wait.
    private static let idleType = "Activity"
    private static let client = "client backend"

    /// Adds a look.
    ///
    /// - Parameters:
    ///   - rows: as `ServerQueries.activity` gives them.
    ///   - now: what changes tables at the moment, in words.
    package mutating func add(_ rows: [Row], changes now: [String]) {
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
            if !isIdle {
                waits[Wait(backend: backend, type: row["type"] ?? "", event: row["event"] ?? ""), default: 0] += count
            }
        }
        (connections, active) = (max(connections, all), max(active, running))
        (idleInTransaction, workers) = (max(idleInTransaction, within), max(workers, vacuuming))
        for change in now where !changes.contains(change) { changes.append(change) }
    }

    /// Adds what other looks saw.
    mutating func add(_ other: ActivityLooks) {
        looks += other.looks
        (connections, active) = (max(connections, other.connections), max(active, other.active))
        waits.merge(other.waits, uniquingKeysWith: +)
    }

    /// Who waited for what, the most frequent first.
    var waitCounts: [WaitCount] {
        waits.map { WaitCount(backend: $0.key.backend, type: $0.key.type, event: $0.key.event, count: $0.value) }
            .sorted { ($1.count, $0.backend, $0.event) < ($0.count, $1.backend, $1.event) }
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
