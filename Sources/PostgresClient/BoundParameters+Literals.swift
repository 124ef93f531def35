/// Values as a person would write them into a statement.
extension BoundParameters {
    /// Each value as a quoted literal, for statements that take none from outside, such as EXECUTE. All values must be texts.
    package var literals: [String] {
        withPointers { values, _, formats in
            precondition(formats == nil, "a binary value has no literal")
            return (0..<count).map { values?[$0].map { SQLLiteral.of(String(cString: $0)) } ?? "NULL" }
        }
    }
}
