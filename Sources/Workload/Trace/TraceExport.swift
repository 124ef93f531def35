import WakuModel

/// Why a workload cannot be written as a trace; one line.
public struct TraceExportProblem: Error, CustomStringConvertible {
    /// The reason.
    public let description: String
}

/// Writes the sequence of a workload as a trace, piece by piece, in memory that does not grow with it.
///
/// A row is a message at the first node that has it, or the first page of a request. What follows from rows is not
/// written: the other nodes' puts follow from `writers`, further pages and a session's later requests from replies, the
/// nodes' own jobs from `clockwork`. Ephemeral messages never reach the archive. Where clients ask for messages before they
/// are there, the first messages behind the end are written too.
public final class TraceExport {
    /// Rows written of one kind.
    public struct Count: Sendable, Equatable {
        /// As the column `kind` has it.
        public let kind: String
        /// How many so far.
        public fileprivate(set) var rows = 0
        /// Their payload, bytes.
        public fileprivate(set) var bytes = 0
    }

    private let traffic: Traffic
    private let length: UInt64
    /// By label; for puts by message class behind the labels.
    private var counts: [Count]
    private let words: [[UInt8]]
    /// By topic: its number on its shard. By shard: its name.
    private let numbers: [UInt32]
    private let shards: [[UInt8]]
    private var piece: [UInt8] = Array("\(TraceFields.header)\n".utf8)
    private var isOver = false
    private var walked = 0
    /// By label: number of the last request.
    private var lastNumbers: [Int64]
    private var now: UInt64 = 0

    /// Bytes of a piece, about.
    private static let pieceBytes = 65_536
    /// Operations after which a piece is handed out even if little was written, so that progress is seen.
    private static let pieceOperations = 100_000

    /// Nothing is walked yet.
    ///
    /// - Throws: ``TraceExportProblem`` when a name of the workload cannot stand in a column.
    public init(_ spec: WorkloadSpec, seed: UInt64) throws(TraceExportProblem) {
        var longer = spec
        longer.phases.measure += Traffic(spec, seed: seed).lookAhead
        traffic = Traffic(longer, seed: seed)
        length = spec.phases.offered
        try Self.check(spec, traffic)
        let kinds =
            traffic.labels.map { TraceKinds.word($0.requestClass, $0.entry) }
            + traffic.classNames.map { TraceKinds.word(TraceKinds.put, $0) }
        counts = kinds.map { Count(kind: $0) }
        lastNumbers = traffic.labels.map { _ in -1 }
        words = kinds.map { Array(",\($0)\n".utf8) }
        numbers = traffic.topics.numbersOnShard
        shards = traffic.topics.shards.map { place in
            Array((place.pubsubTopic.shard?.description ?? place.pubsubTopic.text).utf8)
        }
    }

    /// Words of the column `kind` are plain, and each is about one thing.
    private static func check(_ spec: WorkloadSpec, _ traffic: Traffic) throws(TraceExportProblem) {
        let names = traffic.classNames + spec.queries.map(\.name) + spec.clients.map(\.name)
        if let wrong = names.first(where: { $0.contains(",") || $0.contains("\"") }) {
            throw TraceExportProblem(
                description:
                    "workload \(spec.name): '\(wrong)' has a comma or a quote, which a trace cannot hold; rename it")
        }
        let clients = Set(spec.clients.map(\.name))
        if let twice = spec.queries.first(where: { clients.contains($0.name) }) {
            throw TraceExportProblem(
                description:
                    "workload \(spec.name): a query and a client are named '\(twice.name)', which a trace cannot tell apart; rename one"
            )
        }
    }

    /// Share of the time that is written, 0 to 1.
    public var progress: Double { isOver ? 1 : min(1, Double(now) / Double(max(length, 1))) }

    /// Rows written so far, by kind; kinds without any are left out.
    public var written: [Count] { counts.filter { $0.rows > 0 } }

    /// The next piece of the file; `nil` at its end.
    public func next() -> [UInt8]? {
        walked = 0
        while !isOver, piece.count < Self.pieceBytes, walked < Self.pieceOperations {
            guard let operation = traffic.next() else {
                isOver = true
                break
            }
            walked += 1
            now = operation.due
            write(operation)
        }
        if isOver && piece.isEmpty { return nil }
        defer { piece.removeAll(keepingCapacity: true) }
        return piece
    }

    private func write(_ operation: Operation) {
        let label = traffic.labels[operation.label]
        if operation.label == RequestLabel.put {
            let draft = traffic.draft(operation.number)
            row(operation.due, topic: draft.topic, size: draft.payload, traffic.labels.count + draft.messageClass)
        } else if label.job == nil && !label.isPut {
            if operation.due < length, isFirstPart(operation) {
                row(operation.due, topic: traffic.firstTopic(of: operation), size: 0, operation.label)
            }
            if operation.ask + 1 == traffic.firstRequests(of: operation) { traffic.discard(operation) }
        }
    }

    /// Where shards have databases of their own, a request comes once for each that has a part of the answer.
    private func isFirstPart(_ operation: Operation) -> Bool {
        guard operation.session < 0 else { return true }
        defer { lastNumbers[operation.label] = operation.number }
        return operation.number != lastNumbers[operation.label]
    }

    private func row(_ time: UInt64, topic: Int?, size: Int, _ kind: Int) {
        append(time / 1_000_000_000)
        piece.append(UInt8(ascii: "."))
        append(time % 1_000_000_000, digits: 9)
        piece.append(UInt8(ascii: ","))
        if let topic { piece += shards[traffic.topics.shardOfTopic[topic]] }
        piece.append(UInt8(ascii: ","))
        if let topic { append(UInt64(numbers[topic])) }
        piece.append(UInt8(ascii: ","))
        append(UInt64(size))
        piece += words[kind]
        counts[kind].rows += 1
        counts[kind].bytes += size
    }

    /// A number in decimal digits, with zeros in front up to so many.
    private func append(_ number: UInt64, digits: Int = 1) {
        let start = piece.count
        var rest = number
        while rest > 0 || piece.count - start < digits {
            piece.append(UInt8(48 + rest % 10))
            rest /= 10
        }
        piece[start...].reverse()
    }
}
