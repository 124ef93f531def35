import RunRecord

/// What is said of a side of a comparison that another program measured.
struct ImportedSide {
    private let side: ComparedSide
    private let source: String

    /// `nil` for a side of this tool's own trials.
    init?(_ side: ComparedSide) {
        guard let source = side.imported else { return nil }
        (self.side, self.source) = (side, source)
    }

    /// In the table of what was compared.
    var fact: String {
        "\(side.name): imported (\(source)); schema, driver, server, settings and history not known"
            + (side.runId.map { "; run \($0)" } ?? "")
    }

    /// Below the title of a comparison with such a side.
    static func subtitle(_ record: ComparisonRecord) -> String {
        let imported = record.sides.filter { $0.imported != nil }.map(\.name)
        return ["imported: \(imported.joined(separator: ", "))", "trials run apart", "no verdicts", record.startedAt]
            .joined(separator: " · ")
    }
}

extension ComparisonRecord {
    /// Whether any side was measured by another program.
    var hasImports: Bool { sides.contains { $0.imported != nil } }
}
