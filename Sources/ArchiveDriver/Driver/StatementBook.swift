import Glibc
import PostgresClient

/// The prepared statements of one worker under one behaviour: names and texts by number. Grows as requests of new shapes
/// come; numbers never change.
///
/// Confined to the worker's thread.
package final class StatementBook {
    private struct Entry {
        let name: UnsafePointer<CChar>
        let text: UnsafePointer<CChar>
        let parameters: Int
        /// Whether name and text are copies of ours.
        let isOwned: Bool
    }

    package let behaviour: DriverBehaviour
    private var entries: [Entry]
    private var queries: [Int: ArchiveStatement] = [:]
    private var multiRows: [Int: ArchiveStatement] = [:]
    /// Statements of a single put, in order.
    let putStatements: [ArchiveStatement]
    let begin: ArchiveStatement
    let commit: ArchiveStatement
    let rollback: ArchiveStatement
    let insertBoth: ArchiveStatement
    let insertArrays: ArchiveStatement
    let insertStaged: ArchiveStatement

    package init(_ behaviour: DriverBehaviour = .faithful) {
        self.behaviour = behaviour
        var entries = ArchiveStatement.nodes.map { node in
            Entry(
                name: Self.cString(node.name), text: Self.cString(node.text), parameters: node.parameters,
                isOwned: false)
        }
        func add(_ name: String, _ text: String, _ parameters: Int = 0) -> ArchiveStatement {
            entries.append(Self.entry(name, text, parameters))
            return ArchiveStatement(id: entries.count - 1)
        }
        begin = add("Begin", "BEGIN")
        commit = add("Commit", "COMMIT")
        rollback = add("Rollback", "ROLLBACK")
        insertBoth = add("InsertBoth", PutStatements.both, 8)
        insertArrays = add("InsertArrays", PutStatements.arrays(behaviour.hashes), 7)
        insertStaged = add("InsertStaged", PutStatements.staged)
        putStatements =
            switch behaviour.put {
            case .separate, .pipelined: [.insertRow, .insertLookup]
            case .transaction: [begin, .insertRow, .insertLookup, commit]
            case .oneStatement: [insertBoth]
            case .batched: []
            }
        self.entries = entries
    }

    deinit {
        for entry in entries where entry.isOwned {
            free(UnsafeMutablePointer(mutating: entry.name))
            free(UnsafeMutablePointer(mutating: entry.text))
        }
    }

    /// Statements so far: all numbers are below.
    package var count: Int { entries.count }

    /// A C string that lives as long as the book.
    package func name(_ statement: ArchiveStatement) -> UnsafePointer<CChar> { entries[statement.id].name }

    /// A C string that lives as long as the book.
    package func text(_ statement: ArchiveStatement) -> UnsafePointer<CChar> { entries[statement.id].text }

    package func parameterCount(_ statement: ArchiveStatement) -> Int { entries[statement.id].parameters }

    /// The prepared query of a shape.
    func query(_ shape: QueryShape) -> ArchiveStatement {
        if let known = queries[shape.key] { return known }
        let (text, parameters) = shape.text()
        let statement = add(Self.entry(shape.name, text, parameters))
        queries[shape.key] = statement
        return statement
    }

    /// The insertion of so many rows into both tables.
    func multiRow(_ rows: Int) -> ArchiveStatement {
        if let known = multiRows[rows] { return known }
        let statement = add(
            Self.entry("InsertRows\(rows)", PutStatements.multiRow(rows), rows * PutStatements.columns))
        multiRows[rows] = statement
        return statement
    }

    private func add(_ entry: Entry) -> ArchiveStatement {
        entries.append(entry)
        return ArchiveStatement(id: entries.count - 1)
    }

    private static func entry(_ name: String, _ text: String, _ parameters: Int) -> Entry {
        guard let name = strdup(name), let text = strdup(text) else { preconditionFailure("out of memory") }
        return Entry(name: name, text: text, parameters: parameters, isOwned: true)
    }

    /// The literal as the C string that it is in memory.
    private static func cString(_ literal: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
