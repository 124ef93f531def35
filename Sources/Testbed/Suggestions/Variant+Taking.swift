extension Variant {
    /// PostgreSQL's first version number where that is a part of what it suggests; `nil` for others.
    public var suggestedMajor: Int? {
        guard suggestion != nil, let baseline, postgresMajor != baseline.postgresMajor else { return nil }
        return postgresMajor
    }

    /// Takes over settings of another variant, with what that says of them: those that shrink on a smaller machine do.
    ///
    /// - Parameters:
    ///   - changes: of the other variant.
    ///   - other: whose they are.
    ///   - name: whose idea it is, for the variant's name.
    /// - Throws: `SpecProblems` for settings that a variant has no say in; ``TestbedProblem`` when settings of both shrink
    ///   that were made for machines of different size.
    public mutating func take(_ changes: [Setting], of other: Variant, from name: String) throws {
        func isTaken(_ setting: String) -> Bool { changes.contains { $0.name == setting } }
        let scaled = other.scaleWithMemory.filter(isTaken)
        if let made = other.designedForMemory, !scaled.isEmpty {
            let isShared = scaleWithMemory.contains { !isTaken($0) }
            if isShared, let own = designedForMemory, own != made {
                throw TestbedProblem(
                    "\(name): its \(scaled.joined(separator: ", ")) \(scaled.count == 1 ? "was" : "were") made for \(ProfileText.memory(made)) of memory, and settings of \(self.name) for \(ProfileText.memory(own)), so that they cannot shrink together; write them for the same designed-for-memory"
                )
            }
            designedForMemory = made
        }
        try set(changes, from: name)
        scaleWithMemory += scaled
    }
}
