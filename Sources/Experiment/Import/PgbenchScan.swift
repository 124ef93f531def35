import SpecReader

/// How the seventh column of a transaction log is to be read where the log does not tell.
package enum SeventhColumn: String, CaseIterable, Sendable {
    /// Of `--rate`.
    case lag
    /// Of `--max-tries`.
    case retries
}

/// A first walk through the files of a transaction log: whether they are one, and what must be known before counting.
struct PgbenchScan {
    /// What a client wrote.
    private struct Client {
        /// The file, by its place among all.
        let file: Int
        let first: Int
        var last: Int
        /// Whether its last line is of a transaction that was skipped.
        var wasSkipped: Bool
        /// Numbers that are there.
        var seen = 1
    }

    /// Microseconds since 1970: the earliest scheduled start or begin, and the last end.
    private(set) var first = Int.max
    private(set) var last = Int.min
    private(set) var transactions = 0
    private(set) var columns = 0
    /// Files whose last line was cut short.
    private(set) var cutShort: [String] = []
    private var greatestSeventh = 0
    private var hasSkipped = false
    private var clients: [Int: Client] = [:]
    private let files: [ImportFile]

    /// - Parameters:
    ///   - files: of one run, one of each thread.
    ///   - note: is told how many bytes are behind it.
    /// - Throws: `SpecProblems` with all lines of a file that are wrong.
    init(_ files: [ImportFile], note: (Int) -> Void) throws {
        self.files = files
        var behind = 0
        for (index, file) in files.enumerated() {
            try walk(file, index) { note(behind + $0) }
            behind += file.data.count
        }
        guard transactions > 0 else {
            throw files[0].problem("holds no whole line", "name a log that a run has written")
        }
    }

    var clientCount: Int { clients.count }

    /// Transactions that the clients' numbers tell of and that are not in the log.
    var missing: Int {
        clients.values.reduce(0) { $0 + min(max(0, $1.last - $1.first + 1 - $1.seen), 1_000_000_000_000) }
    }

    /// Whether the seventh column is the lag; `nil` when there is none.
    ///
    /// - Parameter told: what a person says.
    /// - Returns: its meaning.
    /// - Throws: `SpecProblems` when it can be either.
    func seventh(_ told: SeventhColumn?) throws -> SeventhColumn? {
        guard columns >= 7 else { return nil }
        if columns == 8 || hasSkipped { return .lag }
        if let told { return told }
        // Nobody retries so often, and a lag of a millisecond is met in any log.
        if greatestSeventh > 1_000 { return .lag }
        throw files[0].problem(
            "its seventh column is the lag of --rate or the retries of --max-tries, which a log does not tell",
            "say which: --seventh lag or --seventh retries")
    }

    /// How the seventh column was understood, where nobody said it.
    func assumption(_ told: SeventhColumn?) -> String? {
        guard columns == 7, told == nil, !hasSkipped else { return nil }
        return
            "Its seventh column was read as the schedule lag, because it reaches \(greatestSeventh), which is too many for retries; --seventh retries reads it otherwise."
    }

    // MARK: Lines

    private mutating func walk(_ file: ImportFile, _ index: Int, note: (Int) -> Void) throws {
        var problems = ImportProblems(file)
        var lines = LineCursor(file)
        var latest = Int.min
        while let read = lines.next(Self.read) {
            switch read {
            case .failure(let problem): problems.add(line: lines.number, column: problem.column, problem.what)
            case .success(let line):
                if let wrong = add(line, index, &latest) { problems.add(line: lines.number, column: 1, wrong) }
            }
            if lines.number % 65_536 == 0 { note(lines.done) }
            if lines.number == 1 { try problems.check() }
        }
        if lines.isCutShort { cutShort.append(file.name) }
        try problems.check()
        note(file.data.count)
    }

    /// A line, or why it is none.
    static func read(_ line: UnsafeBufferPointer<UInt8>) -> Result<PgbenchTransaction, LineProblem> {
        do { return .success(try PgbenchTransaction(line)) } catch { return .failure(error) }
    }

    /// Counts a line.
    ///
    /// - Returns: what is wrong with it.
    private mutating func add(_ line: PgbenchTransaction, _ file: Int, _ latest: inout Int) -> String? {
        if columns == 0 { columns = line.columns }
        guard line.columns == columns else { return "\(line.columns) columns, where the first line has \(columns)" }
        guard latest == Int.min || line.end >= latest - SecondTally.slack * 1_000_000 else {
            return
                "ends more than \(SecondTally.slack) s before the line above: two logs in one file, or the clock was set"
        }
        latest = max(latest, line.end)
        if let wrong = follow(line, file) { return wrong }
        transactions += 1
        greatestSeventh = max(greatestSeventh, line.seventh ?? 0)
        hasSkipped = hasSkipped || line.outcome == PgbenchTransaction.skipped
        first = min(first, line.begin)
        last = max(last, line.end)
        return nil
    }

    /// A client's transactions have rising numbers in one file; those that were skipped may share one.
    private mutating func follow(_ line: PgbenchTransaction, _ file: Int) -> String? {
        let isSkipped = line.outcome == PgbenchTransaction.skipped
        guard var client = clients[line.client] else {
            clients[line.client] = Client(file: file, first: line.number, last: line.number, wasSkipped: isSkipped)
            return nil
        }
        guard client.file == file else {
            return "client \(line.client) is in \(files[client.file].name) too: logs of two runs; import each by itself"
        }
        guard line.number > client.last || line.number == client.last && (client.wasSkipped || isSkipped) else {
            return
                "transaction \(line.number) of client \(line.client) comes after its transaction \(client.last): two logs in one file"
        }
        if line.number > client.last { client.seen += 1 }
        (client.last, client.wasSkipped) = (line.number, isSkipped)
        clients[line.client] = client
        return nil
    }
}

extension PgbenchTransaction {
    /// Microseconds since 1970: its scheduled start with `--rate`, its begin without; its end where that is not told.
    var begin: Int {
        guard case .took(let micros) = outcome else { return end }
        return end - micros
    }
}
