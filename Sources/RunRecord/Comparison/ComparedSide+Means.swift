extension ComparedSide {
    /// Operations of its slices that were completed, without a node's own jobs; `nil` for none.
    public var operations: Int? { completed { !RequestClass.isJob($0) } }

    /// Messages that its slices stored, duplicates not counted; `nil` for none.
    public var messages: Int? { completed { $0 == "put" } }

    /// Write-ahead log for each message stored, bytes; `nil` when one of the two is not known.
    public var walPerMessage: Double? {
        guard let messages, let wal = server?.wal else { return nil }
        return Double(wal.bytes) / Double(messages)
    }

    /// What the archive's tables and indexes grew by for each message stored, bytes: below 0 when more was dropped than
    /// came. `nil` when one of the two is not known.
    public var growthPerMessage: Double? {
        guard let messages, let relations = server?.relations, !relations.isEmpty else { return nil }
        return Double(relations.reduce(0) { $0 + $1.growthBytes }) / Double(messages)
    }

    /// The archive's tables and indexes at the end, bytes; `nil` when they were not measured.
    public var sizeAtEnd: Int? { target.sizes.isEmpty ? nil : target.sizes.reduce(0) { $0 + $1.bytes } }

    private func completed(_ isMeant: (String) -> Bool) -> Int? {
        let sum = accounting.filter { isMeant($0.key) }.reduce(0) { $0 + $1.value.completed }
        return sum > 0 ? sum : nil
    }
}
