import CSHA256
import FoundationEssentials

/// What is known of one filled data directory in a ``DatasetCache``.
public struct DatasetEntry: Codable, Sendable, Equatable {
    /// All that decided what is in it, as ``DatasetKey`` condenses it.
    public var key: String
    /// Wall clock, ISO 8601.
    public var createdAt: String
    /// Wall clock, ISO 8601; the entry used longest ago is pruned first.
    public var lastUsedAt: String
    /// Disk taken up; ``DatasetCache/store(_:copying:owner:)`` measures it.
    public internal(set) var bytes: Int
    /// Rows of the messages table.
    public var rows: Int
    /// Partitions of it.
    public var partitions: Int
    /// As the server that filled it reports it; only the same major version can read it.
    public var serverVersion: String
    /// Version of the archive's schema.
    public var schemaVersion: Int
    /// One line for people, such as `status-prod-steady, schema 8`.
    public var description: String
    /// Whatever the one who stores it wants back later.
    public var facts: [String: String]

    /// An entry as described; nothing is looked at.
    public init(
        key: String, createdAt: String, rows: Int, partitions: Int, serverVersion: String, schemaVersion: Int,
        description: String, facts: [String: String] = [:]
    ) {
        self.key = key
        self.createdAt = createdAt
        self.lastUsedAt = createdAt
        self.bytes = 0
        self.rows = rows
        self.partitions = partitions
        self.serverVersion = serverVersion
        self.schemaVersion = schemaVersion
        self.description = description
        self.facts = facts
    }

    /// The file lies beside `data/`.
    func write(folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(filePath: "\(folder)/entry.json"), options: .atomic)
    }

    static func read(folder: String) -> DatasetEntry? {
        FileManager.default.contents(atPath: "\(folder)/entry.json")
            .flatMap { try? JSONDecoder().decode(DatasetEntry.self, from: $0) }
    }
}

/// The name of a dataset: whatever changes its content must be among the parts.
public struct DatasetKey: Sendable, Hashable {
    /// 64 lower-case hexadecimal digits.
    public let text: String

    /// SHA-256 over the parts in their order, each label and value behind its length, so that no two lists agree by
    /// where their parts are cut.
    public init(_ parts: [(label: String, value: String)]) {
        var digest = SHA256()
        func add(_ part: String) {
            var text = "\(part.utf8.count):\(part)"
            text.withUTF8 { digest.update($0.baseAddress, count: $0.count) }
        }
        for part in parts {
            add(part.label)
            add(part.value)
        }
        text = Self.hex(digest.finish())
    }

    /// SHA-256 of some bytes, 64 lower-case hexadecimal digits.
    static func digest(_ data: Data) -> String {
        var digest = SHA256()
        data.withUnsafeBytes { digest.update($0.baseAddress, count: $0.count) }
        return hex(digest.finish())
    }

    private static func hex(_ digest: SHA256Digest) -> String {
        let (first, second, third, fourth) = digest.words
        return [first, second, third, fourth].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether a text is of the form of a key; only such names are acted upon in the cache.
    static func isKey(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
