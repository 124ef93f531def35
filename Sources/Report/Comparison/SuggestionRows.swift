import RunRecord

extension SuggestionDescription {
    /// Whose suggestion it is, what is expected of it, what it risks and how it is undone, for a table.
    var rows: [(String, String)] {
        [
            ("author", author), ("source", source), ("expected", expectation), ("risk", risk),
            ("undone by", undo ?? "not reversible"),
        ]
    }
}
