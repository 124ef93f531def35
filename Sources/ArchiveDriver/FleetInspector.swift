import PostgresClient

/// Reads what all databases of an archive hold together, one after the other.
public struct FleetInspector {
    let databases: [ConnectionParameters]
    let prepare: (Connection) throws -> Void

    /// - Parameters:
    ///   - databases: of the archive; one at least.
    ///   - prepare: what each connection begins with.
    public init(_ databases: [ConnectionParameters], prepare: @escaping (Connection) throws -> Void = { _ in }) {
        self.databases = databases
        self.prepare = prepare
    }

    private func read<Value>(_ body: (ArchiveInspector) throws -> Value) throws -> [Value] {
        try databases.map { parameters in
            let connection = try Connection.open(parameters)
            try prepare(connection)
            return try body(ArchiveInspector(connection))
        }
    }

    /// Size of all databases, bytes.
    public func databaseBytes() throws -> Int { try read { try $0.databaseBytes() }.reduce(0, +) }

    /// Attached partitions of `messages`, in all databases together.
    public func partitions() throws -> Int { try read { try $0.partitionCount() }.reduce(0, +) }

    /// Bytes by family of relations, largest first, those of one name in all databases together.
    public func families() throws -> [ArchiveInspector.Family] {
        let all = try read { try $0.families() }
        guard all.count > 1 else { return all.first ?? [] }
        return Dictionary(grouping: all.flatMap { $0 }, by: \.name).values.compactMap { same in
            same.first.map { first in
                ArchiveInspector.Family(
                    name: first.name, kind: first.kind, relations: same.reduce(0) { $0 + $1.relations },
                    bytes: same.reduce(0) { $0 + $1.bytes })
            }
        }
        .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    }

    /// The families that take any room, by name.
    public func sizes() throws -> [(name: String, bytes: Int)] {
        try families().filter { $0.bytes > 0 }.map { ($0.name, $0.bytes) }
    }

    /// What the databases hold together. The share of rows in TOAST is that of each database's fullest partition, weighted
    /// by the databases' rows.
    public func shape() throws -> ArchiveInspector.Shape {
        let all = try read { try $0.shape() }
        guard var sum = all.first else { preconditionFailure("an archive has a database") }
        for other in all.dropFirst() {
            sum.rows += other.rows
            sum.partitions += other.partitions
            sum.tableBytes += other.tableBytes
            sum.databaseBytes += other.databaseBytes
        }
        let shares = all.compactMap { shape in shape.toastShare.map { (share: $0, rows: Double(shape.rows)) } }
        let rows = shares.reduce(0) { $0 + $1.rows }
        if all.count > 1 {
            sum.toastShare = rows > 0 ? shares.reduce(0) { $0 + $1.share * $1.rows } / rows : nil
        }
        return sum
    }
}
