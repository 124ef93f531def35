import FoundationEssentials

/// What became of each suggestion ever tried here: `Reports/ledger.jsonl`, one ``LedgerRow`` a line.
///
/// Lines are only ever appended. Of two about the same suggestion in the same comparison the later one counts, so that
/// what an experiment finds out afterwards is added by writing the row again.
public struct SuggestionLedger: Sendable {
    /// Name of the file.
    public static let file = "ledger.jsonl"

    /// Why it cannot be read or written; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        /// What, where, and the remedy.
        public let description: String
    }

    /// Path of the file.
    public let path: String

    /// - Parameter folder: that holds the runs.
    public init(folder: String) { path = "\(folder)/\(Self.file)" }

    /// Adds a comparison's suggestions.
    ///
    /// - Parameters:
    ///   - record: of a comparison that has ended.
    ///   - interactions: what an experiment saw, by side; sides without an entry count as not looked for.
    /// - Returns: the rows that were added; none for a comparison without suggestions, or of equals.
    /// - Throws: ``Problem`` when the file cannot be written.
    @discardableResult
    public func add(_ record: ComparisonRecord, interactions: [String: [String]] = [:]) throws -> [LedgerRow] {
        try append(LedgerRow.rows(record, interactions: interactions))
    }

    /// Adds an experiment's suggestions.
    ///
    /// - Parameters:
    ///   - record: of an experiment that is complete.
    ///   - tried: its factors that are suggestions.
    /// - Returns: the rows that were added; none without an effect of a suggestion.
    /// - Throws: ``Problem`` when the file cannot be written.
    @discardableResult
    public func add(_ record: ExperimentRecord, _ tried: [TriedSuggestion]) throws -> [LedgerRow] {
        try append(LedgerRow.rows(record, tried))
    }

    /// Adds one row as it is.
    ///
    /// - Parameter row: such as that of a suggestion that could not be put in force.
    /// - Throws: ``Problem`` when the file cannot be written.
    public func add(_ row: LedgerRow) throws { _ = try append([row]) }

    private func append(_ rows: [LedgerRow]) throws -> [LedgerRow] {
        guard !rows.isEmpty else { return [] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try dropTornLine()
        var lines: [UInt8] = []
        for row in rows { lines += [UInt8](try encoder.encode(row)) + [UInt8(ascii: "\n")] }
        guard let file = LineAppender(path: path), file.append(lines) else {
            throw Problem(description: "\(path): cannot be written (is the disk full?)")
        }
        return rows
    }

    /// Reads it.
    ///
    /// - Returns: one row for each suggestion and comparison, the oldest comparison first; none without a file.
    /// - Throws: ``Problem`` for a damaged line or one of a newer tool; a last line cut short by a killed run is left out.
    public func rows() throws -> [LedgerRow] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var rows: [LedgerRow] = []
        for (index, line) in lines.enumerated() where !line.isEmpty {
            // Only the last piece has no line break behind it.
            if index == lines.count - 1 { break }
            rows.append(try row(line, number: index + 1))
        }
        var newest: [String: Int] = [:]
        for (index, row) in rows.enumerated() { newest["\(row.comparisonId)\n\(row.suggestion)"] = index }
        return newest.values.sorted().map { rows[$0] }.sorted { $0.endedAt < $1.endedAt }
    }

    private func row(_ line: Data, number: Int) throws -> LedgerRow {
        struct Version: Decodable { var formatVersion: Int }
        let remedy = "move the file away to begin a new one"
        guard let version = try? JSONDecoder().decode(Version.self, from: line).formatVersion else {
            throw Problem(description: "\(path):\(number): is no row of the ledger; take the line out, or \(remedy)")
        }
        guard version == LedgerRow.currentFormat else {
            throw Problem(
                description:
                    "\(path):\(number): format \(version), this version reads \(LedgerRow.currentFormat); use the version that wrote it, or \(remedy)"
            )
        }
        do {
            return try JSONDecoder().decode(LedgerRow.self, from: line)
        } catch {
            throw Problem(description: "\(path):\(number): is damaged (\(error)); take the line out, or \(remedy)")
        }
    }

    /// Takes away half a line that a killed run left at the end.
    private func dropTornLine() throws {
        let newline = UInt8(ascii: "\n")
        guard let data = FileManager.default.contents(atPath: path), let last = data.last, last != newline else {
            return
        }
        let whole = data.lastIndex(of: newline).map { data[...$0] } ?? Data()
        do { try Data(whole).write(to: URL(filePath: path), options: .atomic) } catch {
            throw Problem(description: "\(path): cannot be written (is the disk full?)")
        }
    }
}
