import ArchiveDriver
import SpecReader
import Testing

/// Behaviours by the words of a variant file.
enum Behaviours {
    /// Each difference alone, and some together.
    static let all = puts + queries + ["window: 8, queries: prepared, put: one-statement, statement-timeout: 30s"]

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

    /// Reads a `driver` section written on one line.
    static func read(_ words: String) throws -> DriverBehaviour {
        let document = try SpecDocument(text: "driver: {\(words)}\n", file: "v.yaml")
        let behaviour = DriverBehaviour(variant: document.top)
        try document.finish()
        return behaviour
    }
}
