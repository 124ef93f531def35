/// Something that was, or could be, proposed and that no variant can say, with the reason.
struct MissingSuggestion: Sendable {
    let name: String
    let summary: String
    /// Where it stands.
    let source: String
    /// Why it cannot be tried here, one sentence.
    let why: String

    /// All that are known.
    static let all = [
        MissingSuggestion(
            name: "bytea", summary: "hashes, payloads and the rest as BYTEA instead of hex text, half the bytes",
            source: "never proposed for the archive",
            why:
                "every statement of the driver writes and reads these columns as hex text, so it needs another driver, not a patch of the tables: the node's own statements fail on, or misread, a BYTEA column"
        ),
        MissingSuggestion(
            name: "order-by-time", summary: "pages in the order of time alone, without messageHash in ORDER BY",
            source: "logos-messaging/logos-delivery #2902, #2917: approved, closed unmerged",
            why:
                "it gives other answers: messages of one time come in any order, and the page after a cursor may repeat or lose some; driver behaviours that are compared here give the same answers"
        ),
    ]

    static func named(_ name: String) -> MissingSuggestion? { all.first { $0.name == name } }

    /// For the end of the list.
    static var lines: [String] {
        ["Not expressible here; `archivebench suggestions show NAME` says why:"]
            + all.map { "  \($0.name): \($0.summary)" }
    }

    /// In full.
    var lines: [String] {
        ["\(name): \(summary)", "  source       \(source)", "  not tried    \(why)"]
    }
}
