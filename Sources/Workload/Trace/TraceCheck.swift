import CSHA256
import SpecReader
import WakuModel

/// What a trace holds, after it was read once from end to end.
public struct TraceSummary: Sendable {
    /// Rows of one kind.
    public struct Kind: Sendable, Equatable {
        /// As the column `kind` has it.
        public let name: String
        /// Rows that are replayed or passed over; those before the start are left out.
        public var rows: Int { counts.rows }
        var counts = TraceCounts()
        /// Payload, bytes.
        public internal(set) var bytes = 0
        /// Whether they become messages or requests; not so where a client of the workload sends such requests by itself.
        public let isReplayed: Bool

        /// The class of its messages; `nil` for requests.
        var messageClass: String? {
            if name == TraceKinds.put { return TraceKinds.classOfUntold }
            let beginning = TraceKinds.word(TraceKinds.put, "")
            return name.hasPrefix(beginning) ? String(name.dropFirst(beginning.count)) : nil
        }
    }

    /// SHA-256 of the file, lower-case hex.
    public internal(set) var digest = ""
    /// Rows from the start on.
    public internal(set) var rows = 0
    /// Rows before the start.
    public internal(set) var rowsBefore = 0
    /// Kinds that occur, in the order of the workload's entries.
    public internal(set) var kinds: [Kind] = []
    /// Messages from the start on.
    public var messages: Int { messageCounts.rows }
    var messageCounts = TraceCounts()
    /// What they take in the database by ``StorageModel``, bytes.
    var databaseBytes = 0.0
    /// Time of the last row, nanoseconds from the beginning of the recording.
    public internal(set) var lastTime: UInt64 = 0
    /// First row from the start on that becomes a message, and that becomes a request; `nil` where there is none.
    var firstMessage: First?
    var firstRequest: First?
    /// Queries whose requests the trace has, by index.
    var queries: Set<Int> = []
    /// By shard: the highest number of a topic on it.
    var highest: [PubsubTopic: Int] = [:]
    /// Numbers of topics that are named by words.
    var places: [TraceTopics.Word: UInt32] = [:]

    /// A row that a walk begins with.
    struct First: Sendable {
        let place: LinePlace
        let time: UInt64
    }
}

/// Reads a trace from end to end before it is used: every row is looked at, and all that is wrong is told at once.
struct TraceCheck {
    private let file: LineFile
    private let start: UInt64
    private let book: TopicBook
    private var decoder: TraceDecoder
    private var faults = TraceFaults()
    private var summary = TraceSummary()
    private var kinds: [TraceSummary.Kind]
    /// By topic: its number on its shard.
    private let numbers: [UInt32]
    private var highest: [Int]
    private var time: UInt64 = 0

    /// - Parameters:
    ///   - file: of the trace.
    ///   - start: rows before this time are looked at, but not counted; nanoseconds.
    ///   - names: how it names topics.
    ///   - spec: sound in itself.
    /// - Returns: what it holds.
    /// - Throws: `SpecProblems` with all that is wrong.
    static func read(
        _ file: LineFile, start: UInt64, _ names: TraceTopicNames, _ spec: WorkloadSpec
    ) throws -> TraceSummary {
        var check = TraceCheck(file, start, names, spec)
        return try check.read()
    }

    private init(_ file: LineFile, _ start: UInt64, _ names: TraceTopicNames, _ spec: WorkloadSpec) {
        self.file = file
        self.start = start
        book = TopicBook(spec.topics, seed: 0)
        let classes = MessageClasses(spec.messages.streams, and: TraceKinds.classOfUntold)
        decoder = TraceDecoder(TraceKinds(spec, classes), TraceTopics(book, names))
        kinds = zip(decoder.kinds.names, decoder.kinds.actions).map {
            TraceSummary.Kind(name: $0, isReplayed: $1 != .left)
        }
        numbers = book.numbersOnShard
        highest = book.shards.map { _ in -1 }
    }

    private mutating func read() throws -> TraceSummary {
        var digest = SHA256()
        let reader = LineReader(file) { digest.update($0.baseAddress, count: $0.count) }
        guard Self.isHeader(reader.next()) else {
            let problem = SpecProblem(
                file: file.path, line: 1, column: 1, what: "the first line is not that of a trace",
                remedy: "begin with '\(TraceFields.header)'")
            throw SpecProblems([reader.failure ?? problem])
        }
        while let line = reader.next() { take(line, at: reader.place) }
        if let failure = reader.failure { throw SpecProblems(faults.problems(file.path) + [failure]) }
        guard faults.isEmpty else { throw SpecProblems(faults.problems(file.path)) }
        summary.digest = MessageHash(words: digest.finish().words).description
        summary.kinds = kinds.filter { $0.rows > 0 }
        summary.lastTime = time
        summary.places = decoder.topics.places
        for (shard, number) in highest.enumerated() where number >= 0 {
            summary.highest[book.shards[shard].pubsubTopic] = number
        }
        guard summary.rows > 0 else { throw SpecProblems([empty]) }
        return summary
    }

    private static func isHeader(_ line: UnsafeRawBufferPointer?) -> Bool {
        line.map { $0.elementsEqual(TraceFields.header.utf8) } ?? false
    }

    private var empty: SpecProblem {
        let what =
            summary.rowsBefore == 0
            ? "has no rows" : "has no rows from the start on: the last is at \(TraceTime.text(time)) s"
        return SpecProblem(
            file: file.path, line: nil, column: nil, what: what,
            remedy: summary.rowsBefore == 0 ? "give it one row at least" : "use an earlier 'start' under 'trace'")
    }

    private mutating func take(_ line: UnsafeRawBufferPointer, at place: LinePlace) {
        do throws(TraceFault) {
            let row = try decoder.decode(line, learns: true)
            let before = time
            time = row.time
            guard before <= time else {
                throw TraceFault(
                    "time goes back, from \(TraceTime.text(before)) to \(TraceTime.text(time))", "sort the rows by time"
                )
            }
            count(row, at: place)
        } catch {
            faults.note(error, at: place.line)
        }
    }

    private mutating func count(_ row: TraceRow, at place: LinePlace) {
        if row.topic >= 0 {
            let shard = book.shardOfTopic[row.topic]
            highest[shard] = max(highest[shard], Int(numbers[row.topic]))
        }
        guard row.time >= start else {
            summary.rowsBefore += 1
            return
        }
        summary.rows += 1
        kinds[row.kind].counts.note(row.time - start)
        kinds[row.kind].bytes += row.size
        let first = TraceSummary.First(place: place, time: row.time)
        switch row.action {
        case .message:
            summary.messageCounts.note(row.time - start)
            summary.databaseBytes += StorageModel.databaseBytes(payload: row.size)
            if summary.firstMessage == nil { summary.firstMessage = first }
        case .request(let query):
            summary.queries.insert(query)
            if summary.firstRequest == nil { summary.firstRequest = first }
        case .left, .ambiguous: break
        }
    }
}

/// Times as a trace has them.
enum TraceTime {
    /// Seconds with nine decimals.
    static func text(_ time: UInt64) -> String {
        let part = String(time % 1_000_000_000)
        return "\(time / 1_000_000_000).\(String(repeating: "0", count: 9 - part.count))\(part)"
    }
}

/// What is wrong with the rows of a trace: the same fault of many rows once, and not more faults than can be read.
struct TraceFaults {
    private struct Found {
        let fault: TraceFault
        let line: Int
        var rows = 1
    }

    /// Different faults that are shown.
    static let mostShown = 20

    private var found: [String: Found] = [:]
    private var rows = 0

    var isEmpty: Bool { rows == 0 }

    mutating func note(_ fault: TraceFault, at line: Int) {
        rows += 1
        if found[fault.what] != nil {
            found[fault.what]?.rows += 1
        } else if found.count < Self.mostShown {
            found[fault.what] = Found(fault: fault, line: line)
        }
    }

    /// One line a fault, at the first row that has it, and one for all rows that are not shown.
    func problems(_ file: String) -> [SpecProblem] {
        let shown = found.values.map { found in
            let more = found.rows > 1 ? " (and in \(found.rows - 1) more rows)" : ""
            return SpecProblem(
                file: file, line: found.line, column: found.fault.offset + 1, what: found.fault.what + more,
                remedy: found.fault.remedy)
        }
        let rest = rows - found.values.reduce(0) { $0 + $1.rows }
        guard rest > 0 else { return shown }
        let total = SpecProblem(
            file: file, line: nil, column: nil, what: "\(rows) rows are wrong, \(rest) of them are not shown",
            remedy: "mend these first")
        return shown + [total]
    }
}
