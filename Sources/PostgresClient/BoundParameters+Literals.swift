/// Values as a person would write them into a statement.
extension BoundParameters {
    /// Each value as a quoted literal, for statements that take none from outside, such as EXECUTE. Quotes are doubled;
    /// nothing else is special while `standard_conforming_strings` is on. All values must be texts.
    package var literals: [String] {
        withPointers { values, _, formats in
            precondition(formats == nil, "a binary value has no literal")
            return (0..<count).map { index in
                guard let value = values?[index] else { return "NULL" }
                let parts = String(cString: value).split(separator: "'", omittingEmptySubsequences: false)
                return "'\(parts.joined(separator: "''"))'"
            }
        }
    }
}
