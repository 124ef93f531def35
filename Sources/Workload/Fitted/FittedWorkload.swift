/// A workload that was fitted to an archive, on its way to becoming a file.
public struct FittedWorkload: Sendable {
    /// One shard: its topics, and the stream of messages that reaches it.
    public struct Shard: Sendable {
        /// Of its topics, its stream and its message class.
        public var name: String
        /// Cluster and index, such as `16/32`.
        public var place: String
        /// `status`, or `named`.
        public var topicKind: String
        /// How many it has.
        public var topics: Int
        /// Exponent of Zipf's law over the topics.
        public var zipf: Double
        /// Messages a second of consecutive hours from the epoch on; a single one for all hours.
        public var rates: [Double]
        /// Of payloads.
        public var sizes: FittedSizes
        /// Of each message.
        public var metaBytes: Int
        /// Whether messages carry the signature of a protected shard.
        public var isProtected: Bool
        /// What was measured, for the comment above its stream.
        public var note: String

        /// Takes each value as it is.
        public init(
            name: String, place: String, topicKind: String, topics: Int, zipf: Double, rates: [Double],
            sizes: FittedSizes, metaBytes: Int, isProtected: Bool, note: String
        ) {
            self.name = name
            self.place = place
            self.topicKind = topicKind
            self.topics = topics
            self.zipf = zipf
            self.rates = rates
            self.sizes = sizes
            self.metaBytes = metaBytes
            self.isProtected = isProtected
            self.note = note
        }
    }

    /// Store requests of one form.
    public struct Request: Sendable {
        /// Of the client.
        public var name: String
        /// A value of `ask:`.
        public var ask: String
        /// First pages a second.
        public var rate: Double
        /// Keys that the form has besides, such as `topics: 10, window: 24h`.
        public var keys: String
        /// Whether the newest messages come first.
        public var isBackward: Bool
        /// Messages on a page.
        public var pageSize: Int
        /// Pages followed at most.
        public var pages: Int
        /// What was measured and what assumed, for the comment above it.
        public var note: String

        /// Takes each value as it is.
        public init(
            name: String, ask: String, rate: Double, keys: String, isBackward: Bool, pageSize: Int, pages: Int,
            note: String
        ) {
            self.name = name
            self.ask = ask
            self.rate = rate
            self.keys = keys
            self.isBackward = isBackward
            self.pageSize = pageSize
            self.pages = pages
            self.note = note
        }
    }

    /// Of the workload.
    public var name: String
    /// What it is, in a sentence.
    public var summary: String
    /// Sentences at the top of the file.
    public var head: [String] = []
    /// A full hour, ISO 8601, UTC.
    public var epoch: String
    /// Name of the file beside it that says how good the fit is.
    public var fit: String?
    /// The busiest first.
    public var shards: [Shard] = []
    /// Largest payload, bytes.
    public var largest: Int
    /// Nodes that write, and where their number is from.
    public var writers: (count: Int, note: String) = (2, "A: two nodes share a database")
    /// The most frequent first.
    public var requests: [Request] = []
    /// Lines below `queries:` where there is none.
    public var requestsNote = ""
    /// The node's own words for what it keeps; `nil` for a node that removes nothing.
    public var retention: String?
    /// Where ``retention`` is from, for the comment above it.
    public var retentionNote = ""
    /// Whether an exporter of metrics asks for sizes and counts, too.
    public var hasExporter = false
    /// Messages of the history.
    public var rows: Int
    /// Whether the rows were counted, or are an estimate.
    public var isCounted = true
    /// Hours of the history.
    public var partitions: Int

    /// A workload of which only this is known yet.
    public init(name: String, summary: String, epoch: String, largest: Int, rows: Int, partitions: Int) {
        self.name = name
        self.summary = summary
        self.epoch = epoch
        self.largest = largest
        self.rows = rows
        self.partitions = partitions
    }

    /// The text of the file. Its labels are those of the shipped workloads: M measured, S stated, D derived, A assumed.
    public var text: String {
        let parts: [String?] = [
            FittedText.comment(head), top, "topics:\n" + shards.map(Self.topics).joined(separator: "\n"), messages,
            Self.noted(writers.note)
                + "writers: {count: \(writers.count), duplicate-gap: [50ms, 500ms], write-connections: 25, read-connections: 25}  # A gap, S connections",
            queries, clockwork,
            Self.noted(
                (isCounted ? "M: as much as the archive held." : "D: as much as the archive held, by a sample.")
                    + " Less of it: --history 25GB, --partitions 240.")
                + "history: {partitions: \(partitions), rows: \(rows)}",
            "phases: {warm-up: 15s, measure: 60s, drain-limit: 30s}", objectives,
        ]
        return parts.compactMap { $0 }.joined(separator: "\n\n") + "\n"
    }

    private var top: String {
        let lines = [
            "archivebench: workload/1", "name: \(name)", "summary: \(Self.quoted(summary))", fit.map { "fit: \($0)" },
            "# The hour after the newest one that was read, so that hours of the day are where they were.",
            "archive-epoch: \(epoch)",
        ]
        return lines.compactMap { $0 }.joined(separator: "\n")
    }

    private static func topics(_ shard: Shard) -> String {
        "  - {name: \(shard.name), shard: \(shard.place), kind: \(shard.topicKind), count: \(shard.topics), zipf: \(number(shard.zipf))\(shard.isProtected ? ", protected: true" : "")}"
    }

    private var messages: String {
        """
        messages:
          sender-clock-skew: 2s  # A
          at-most: \(max(1, largest))B  # M: the largest payload that was read
          streams:
        \(shards.map(Self.stream).joined(separator: "\n"))
        """
    }

    private static func stream(_ shard: Shard) -> String {
        """
            - name: \(shard.name)
        \(FittedText.comment([shard.note], indent: 6))
              arrivals: \(arrivals(shard.rates))
              to: [{topics: \(shard.name)}]
              classes:
                - {name: \(shard.name), meta: \(shard.isProtected ? 0 : shard.metaBytes)B, payload: \(shard.sizes.text)}
        """
    }

    private static func arrivals(_ rates: [Double]) -> String {
        guard rates.count > 1 else { return "{process: poisson, rate: \(number(rates.first ?? 0))/s}" }
        let list = rates.map { "\(number($0))/s" }.joined(separator: ", ")
        return "{process: hourly-rates, rates: [\(list)]}"
    }

    private var queries: String {
        guard !requests.isEmpty else { return Self.noted(requestsNote) + "queries: []" }
        return Self.noted(requestsNote) + "queries:\n" + requests.map(Self.query).joined(separator: "\n")
    }

    private static func query(_ request: Request) -> String {
        let keys = request.keys.isEmpty ? "" : "\(request.keys), "
        return FittedText.comment([request.note], indent: 2)
            + "\n  - {name: \(request.name), ask: \(request.ask), arrivals: {process: poisson, rate: \(number(request.rate))/s}, \(keys)direction: \(request.isBackward ? "backward" : "forward"), page-size: \(request.pageSize), pages: \(request.pages)}"
    }

    private var clockwork: String {
        let lines = [
            retention.map { "  retention-policy: \($0)" },
            hasExporter ? "  exporter: on  # M: its scans are among the statements; S interval" : nil,
        ]
        .compactMap { $0 }
        return Self.noted(retentionNote)
            + (lines.isEmpty ? "clockwork: {}" : "clockwork:\n" + lines.joined(separator: "\n"))
    }

    /// Those of them that a request of the workload can meet.
    private var objectives: String? {
        let stated = [
            (
                "-hashes",
                #"{classes: store.hashes.*, hashes-below: 51, quantile: 95%, limit: 10ms, source: "store requirements, August 2025"}  # S, for up to 10 hashes"#
            ),
            (
                "-topics",
                #"{classes: store.topics.*, topics-at-most: 10, window-at-most: 24h, quantile: 90%, limit: 400ms, source: "store requirements, May 2025"}  # S"#
            ),
        ]
        let lines = stated.filter { form, _ in requests.contains { $0.ask.hasSuffix(form) } }.map { "  - \($1)" }
        return lines.isEmpty ? nil : "objectives:\n" + lines.joined(separator: "\n")
    }

    // MARK: Writing

    /// A number with so many digits that nothing of a sample is lost, in the notation that a file may have.
    static func number(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return "0" }
        var factor = 1.0
        while value * factor < 1_000_000, factor < 1e12 { factor *= 10 }
        let rounded = (value * factor).rounded() / factor
        return rounded == rounded.rounded() && rounded < 1e15 ? String(Int(rounded)) : String(rounded)
    }

    /// A comment of lines of its own before what follows; nothing for an empty one.
    private static func noted(_ sentence: String) -> String {
        sentence.isEmpty ? "" : FittedText.comment([sentence]) + "\n"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.filter { $0 != "\"" && $0 != "\\" && !$0.isNewline } + "\""
    }
}
