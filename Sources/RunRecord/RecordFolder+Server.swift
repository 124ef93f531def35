import FoundationEssentials

/// The files about the server's side: `statements.json`, `server.jsonl` and the folder `plans`.
extension RecordFolder {
    /// Replaces `statements.json`.
    ///
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ statements: ServerStatements) throws {
        try write(Self.json(statements), to: .statements)
    }

    /// Replaces `plans/summary.json`.
    ///
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ plans: [PlanRecord]) throws {
        try makePlansFolder()
        try write(Self.json(plans), to: .plans)
    }

    /// The name of a plan's file within the run's folder.
    ///
    /// - Parameters:
    ///   - shape: name of the statement shape.
    ///   - when: when it was explained.
    ///   - number: tells slow instances of one shape apart, from 1; `nil` for the others.
    /// - Returns: a relative path.
    public static func planFile(shape: String, when: PlanRecord.Moment, number: Int? = nil) -> String {
        "plans/\(shape)-\(when.rawValue)\(number.map { "-\($0)" } ?? "").json"
    }

    /// Writes a plan as the server gave it.
    ///
    /// - Parameters:
    ///   - json: the server's text.
    ///   - file: as ``planFile(shape:when:number:)`` names it.
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(plan json: String, file: String) throws {
        try makePlansFolder()
        do {
            try Data((json + "\n").utf8).write(to: URL(filePath: "\(path)/\(file)"), options: .atomic)
        } catch {
            throw Problem(description: "\(path)/\(file): cannot be written")
        }
    }

    /// Reads `statements.json`; `nil` when it is not there.
    ///
    /// - Throws: what the decoder finds wrong.
    public func readStatements() throws -> ServerStatements? { try read(.statements) }

    /// Reads `plans/summary.json`; empty when it is not there.
    ///
    /// - Throws: what the decoder finds wrong.
    public func readPlans() throws -> [PlanRecord] { try read(.plans) ?? [] }

    /// Reads `server.jsonl`; a last line cut short by a killed run is left out.
    ///
    /// - Throws: what the decoder finds wrong.
    public func readServerSamples() throws -> [ServerSample] {
        guard let data = FileManager.default.contents(atPath: path(of: .serverSamples)) else { return [] }
        let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
        let decoder = JSONDecoder()
        return try whole.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(ServerSample.self, from: $0) }
    }

    private func makePlansFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: "\(path)/plans", withIntermediateDirectories: true)
        } catch {
            throw Problem(description: "\(path)/plans: cannot be made")
        }
    }

    private func read<Value: Decodable>(_ file: File) throws -> Value? {
        guard let data = FileManager.default.contents(atPath: path(of: file)) else { return nil }
        return try JSONDecoder().decode(Value.self, from: data)
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
