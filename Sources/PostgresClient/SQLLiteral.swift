/// Texts within statements that take no parameters.
public enum SQLLiteral {
    /// A text as a quoted literal, whatever `standard_conforming_strings` is: quotes are doubled, and one with a backslash
    /// is written in the form with escapes (PostgreSQL documentation, 4.1.2.2).
    ///
    /// - Parameter text: without a NUL character, which no text in PostgreSQL has.
    /// - Returns: the literal with its quotation marks.
    public static func of(_ text: some StringProtocol) -> String {
        let quoted = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        guard quoted.contains("\\") else { return "'\(quoted)'" }
        return "E'" + quoted.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\") + "'"
    }
}
