/// What clients ask of an archive, by documented statement shape: read out of `pg_stat_statements`.
public struct RequestMix: Sendable {
    /// Requests of one form.
    public struct Form: Sendable, Equatable {
        /// What the requests ask for.
        public enum Asked: String, Sendable, CaseIterable {
            /// Pages of whole messages of content topics.
            case data = "data-by-topics"
            /// Pages of hashes of content topics.
            case hashes = "hashes-by-topics"
            /// Pages of whole messages of a time, whatever their topics.
            case dataByTime = "data-by-time"
            /// Pages of hashes of a time.
            case hashesByTime = "hashes-by-time"
            /// Messages by their hashes. The statement does not tell whether whole messages were wanted.
            case byHash = "presence-by-hashes"
        }

        /// What the requests ask for.
        public var asked: Asked
        /// Content topics of a request; `nil` where the server does not tell, and for those that name none.
        public var topics: Int?
        /// Hashes of a request, fewest and most; `nil` where the server does not tell.
        public var hashes: ClosedRange<Int>?
        /// Whether the newest messages come first.
        public var isDescending: Bool
        /// First pages.
        public var calls: Int
        /// Pages that follow a cursor.
        public var nextCalls: Int
        /// Rows that first pages returned in all.
        public var rows: Int
    }

    /// The most frequent first.
    public var forms: [Form] = []
    /// Calls by statement shape, of those that requests are made of.
    public var shapes: [String: Int] = [:]
    /// Messages that were offered to the archive, and those that it did not have yet.
    public var inserts: (calls: Int, rows: Int) = (0, 0)
    /// Statements by which retention removed messages. A node asks for the removal of rows on every pass, mostly in vain.
    public var removals = 0
    /// Whether the metrics exporter's scans of the whole archive are among the statements.
    public var hasExporter = false

    /// Shapes that a request sends, look-ups of its cursor aside.
    public static let requestShapes = [
        "query.page.first", "query.page.next", "query.hashes.first", "query.hashes.next", "query.by-hash",
    ]

    /// Sorts statements by their shape; those of nobody's driver are left out.
    public init(_ statements: [StatementCounts.Statement]) {
        var found: [Key: Form] = [:]
        for statement in statements {
            guard let shape = StatementShapes.name(of: statement.text) else { continue }
            switch shape {
            case "messages.insert":
                inserts.calls += statement.calls
                inserts.rows += statement.rows
            case "retention.delete": removals += statement.rows > 0 ? statement.calls : 0
            case "partition.drop", "partition.detach": removals += statement.calls
            case "exporter.count", "exporter.topics": hasExporter = true
            case _ where Self.requestShapes.contains(shape):
                let text = Words(statement.text)
                // The surplus query of a hundred hashes has no condition, and comes with a request that is counted.
                guard shape == "query.by-hash" || text.hasCondition else { continue }
                shapes[shape, default: 0] += statement.calls
                Self.add(statement, shape, text, to: &found)
            default: continue
            }
        }
        forms = found.values.filter { $0.calls > 0 }.sorted {
            ($1.calls, $0.asked.rawValue, $0.topics ?? 0, $0.hashes?.lowerBound ?? 0)
                < ($0.calls, $1.asked.rawValue, $1.topics ?? 0, $1.hashes?.lowerBound ?? 0)
        }
    }

    /// What tells forms apart.
    private struct Key: Hashable {
        let asked: Form.Asked
        let topics: Int?
        let isDescending: Bool
        /// Of the number of hashes.
        let bucket: Int
    }

    /// Most hashes of each bucket; what lies within one is one form.
    private static let buckets = [1, 5, 20, 50, 1_000]

    private static func add(
        _ statement: StatementCounts.Statement, _ shape: String, _ text: Words, to found: inout [Key: Form]
    ) {
        let isByHash = shape == "query.by-hash"
        let hashes = isByHash ? text.entries(of: "messagehash in (") : nil
        let topics = isByHash ? nil : text.entries(of: "contenttopic in (")
        let isHashes = shape.hasPrefix("query.hashes")
        let asked: Form.Asked =
            isByHash
            ? .byHash
            : text.namesTopics ? (isHashes ? .hashes : .data) : isHashes ? .hashesByTime : .dataByTime
        let key = Key(
            asked: asked, topics: topics, isDescending: text.isDescending,
            bucket: hashes.flatMap { count in buckets.firstIndex { count <= $0 } } ?? -1)
        var form =
            found[key]
            ?? Form(
                asked: asked, topics: topics, hashes: nil, isDescending: text.isDescending, calls: 0, nextCalls: 0,
                rows: 0)
        if shape.hasSuffix(".next") {
            form.nextCalls += statement.calls
        } else {
            form.calls += statement.calls
            form.rows += statement.rows
        }
        if let hashes {
            form.hashes =
                min(hashes, form.hashes?.lowerBound ?? hashes)...max(hashes, form.hashes?.upperBound ?? hashes)
        }
        found[key] = form
    }

    /// A statement's text, as far as a request shows in it.
    private struct Words {
        private let text: String

        init(_ text: String) { self.text = text.lowercased() }

        var hasCondition: Bool { text.contains(" where ") || text.contains("\nwhere ") }
        var isDescending: Bool { text.contains(" desc") }
        var namesTopics: Bool { text.contains("contenttopic in (") }

        /// Entries of the first list behind some words; `nil` without a list, and where the server ran its entries
        /// together, as version 18 does.
        func entries(of words: String) -> Int? {
            guard let start = text.firstRange(of: words)?.upperBound else { return nil }
            let list = text[start...].prefix { $0 != ")" }
            return list.contains("/*") ? nil : list.split(separator: ",").count
        }
    }

    /// Share of inserts that found their message there already; `nil` where none was counted.
    public var duplicateShare: Double? {
        inserts.calls > 0 ? Double(max(0, inserts.calls - inserts.rows)) / Double(inserts.calls) : nil
    }
}
