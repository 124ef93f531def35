import FoundationEssentials

/// What a file seems to be, for a person who named another one. Nothing of its content is repeated.
enum FileGuess {
    /// A word that gives a kind of file away.
    private struct Sign {
        let word: String
        let kind: String
    }

    /// Looked for in order; a new kind is a line here.
    private static let signs = [
        Sign(word: "Interval_Compressed_Histogram", kind: "an HdrHistogram log"),
        Sign(word: "] thds: ", kind: sysbench), Sign(word: "queries performed:", kind: sysbench),
        Sign(word: "events (avg/stddev):", kind: sysbench),
        Sign(word: "Latency histogram (values are in", kind: sysbench),
        Sign(word: "number of transactions actually processed", kind: pgbenchReport),
        Sign(word: "transaction type:", kind: pgbenchReport), Sign(word: "progress: ", kind: pgbenchReport),
        Sign(word: "# TYPE ", kind: prometheus), Sign(word: "# HELP ", kind: prometheus),
        Sign(word: "_bucket{", kind: prometheus), Sign(word: "<html", kind: "a page of HTML"),
        Sign(word: "<!DOCTYPE", kind: "a page of HTML"),
    ]
    private static let sysbench = "output of sysbench: `archivebench import sysbench`"
    private static let prometheus = "a snapshot for Prometheus: `archivebench import prometheus`"
    private static let pgbenchReport =
        "what pgbench prints, not its log: run it with -l, and name the files pgbench_log.*"

    /// A few words, with the command for it where there is one.
    static func kind(of file: ImportFile) -> String {
        let opening = [UInt8](file.data.prefix(1 << 16))
        if opening.contains(0) { return "a binary file" }
        let text = String(decoding: opening, as: UTF8.self)
        if let sign = signs.first(where: { text.contains($0.word) }) { return sign.kind }
        switch text.first(where: { !$0.isWhitespace }) {
        case "{", "[": return "JSON"
        case nil: return "blank"
        default:
            return isLog(text) ? "a log of pgbench: `archivebench import pgbench`" : "text of a kind that is not known"
        }
    }

    private static func isLog(_ text: String) -> Bool {
        let first = text.prefix { !$0.isNewline }.split(separator: " ")
        return first.count >= 6 && first.allSatisfy { Int($0) != nil }
    }
}
