/// How an archive's indexes differ from those that the node's own scripts make.
public struct IndexDifference: Sendable, Equatable {
    /// Statements that make what is there beside the node's, as the server writes them, for the whole table.
    public var added: [String] = []
    /// Names of the node's indexes that are not there.
    public var missing: [String] = []

    /// No difference.
    public init() {}

    /// An index as the catalogue tells it.
    struct Found {
        let table: String
        /// As `pg_get_indexdef` has it.
        let definition: String
    }

    /// The node's own, by table: name and what stands behind `USING`. Schema 8 has the first of the look-up table only.
    private static let messages = [
        ("messageindex", "btree (messagehash, timestamp)"), ("idx_messages_messagehash", "btree (messagehash)"),
        ("idx_messages_timestamp", "btree (timestamp)"), ("idx_query_pubsubtopic", "btree (pubsubtopic)"),
        ("idx_query_contenttopic", "btree (contenttopic)"),
    ]
    private static let lookup = [
        ("messageindexlookuptable", "btree (messagehash, timestamp)"),
        ("idx_messages_lookup_messagehash", "btree (messagehash)"),
        ("idx_messages_lookup_timestamp", "btree (timestamp)"),
    ]

    init(_ found: [Found], schemaVersion: Int) {
        let own = [
            "messages": Self.messages,
            "messages_lookup": schemaVersion >= 8 ? Array(Self.lookup.prefix(1)) : Self.lookup,
        ]
        for (table, indexes) in own.sorted(by: { $0.key < $1.key }) {
            var unmatched = indexes
            for index in found where index.table == table {
                let shape = Self.shape(index.definition)
                if let place = unmatched.firstIndex(where: { $0.1 == shape }) {
                    unmatched.remove(at: place)
                } else {
                    // The parent's own definition stands for those of its partitions.
                    added.append(index.definition.replacing(" ON ONLY ", with: " ON "))
                }
            }
            missing += unmatched.map(\.0)
        }
    }

    /// Without quotation marks, which versions set differently.
    private static func shape(_ definition: String) -> String {
        let plain = definition.replacing("\"", with: "")
        return plain.firstRange(of: " USING ").map { String(plain[$0.upperBound...]) } ?? plain
    }
}
