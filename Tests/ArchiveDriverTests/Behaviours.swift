import ArchiveDriver
import PostgresClient
import SpecReader
import TestSupport
import Testing

/// Behaviours by the words of a variant file.
enum Behaviours {
    /// Each difference alone, and some together.
    static let all =
        puts + queries + [
            "window: 8, queries: prepared, put: one-statement, statement-timeout: 30s", "surplus: dropped",
            "hashes: bytea",
            "hashes: bytea, put: batched, batch: {form: copy}, queries: prepared, by-hash: bounded-first",
        ]

    static let puts = [
        "put: transaction", "put: pipelined", "put: pipelined, sync: statement", "put: one-statement",
        "put: batched", "put: batched, batch: {form: multi-row, most: 7, wait: 1ms}",
        "put: batched, batch: {form: unnest, most: 16, wait: 2ms}",
        "put: batched, batch: {form: copy, most: 50, wait: 20ms}",
        "put: transaction, statement-timeout: 30s",
    ]

    static let queries = [
        "queries: prepared", "queries: prepared, plans: custom", "queries: prepared, plans: generic",
        "queries: prepared, lists: array", "queries: prepared, results: binary", "by-hash: bounded",
        "by-hash: bounded-first", "hash-only: hashes", "hash-only: hashes, by-hash: bounded",
        "hash-only: hashes, by-hash: bounded-first", "queries: prepared, by-hash: bounded",
        "queries: prepared, by-hash: bounded-first, results: binary",
        "queries: prepared, lists: array, by-hash: bounded, hash-only: hashes, results: binary",
        "queries: prepared, lists: array, by-hash: bounded-first, hash-only: hashes, results: binary, plans: generic",
    ]

    /// What tables may have hashes in, the node's first.
    static let hashes = ["hex", "bytea"]

    /// Brings the tables of an archive, made as the node makes them, into the form that a value of ``hashes`` needs.
    static func prepare(_ connection: Connection, hashes: String) throws {
        if hashes == "bytea" { try connection.run(readText("\(packageRoot)/sql/suggestions/hash-bytea.sql")) }
    }

    /// A column of hashes as digits, whatever its type.
    static let digits = "ltrim(messageHash::text, '\\x')"

    /// Reads a `driver` section written on one line.
    static func read(_ words: String) throws -> DriverBehaviour {
        let document = try SpecDocument(text: "driver: {\(words)}\n", file: "v.yaml")
        let behaviour = DriverBehaviour(variant: document.top)
        try document.finish()
        return behaviour
    }
}
