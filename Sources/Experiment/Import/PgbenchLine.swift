/// Why a line of a log cannot be read.
struct LineProblem: Error {
    /// From 1; counts bytes.
    let column: Int
    /// In a few words.
    let what: String
}

/// A line that `pgbench -l` wrote, as PostgreSQL's documentation of pgbench has it ("Per-Transaction Logging", versions 9.5
/// to 18): client_id transaction_no time script_no time_epoch time_us [schedule_lag] [retries].
struct PgbenchTransaction {
    /// What became of it.
    enum Outcome: Equatable {
        /// Microseconds: from its scheduled start with `--rate`, from its begin without.
        case took(Int)
        /// The code that the record has for it.
        case failed(String)
    }

    let client, number: Int
    let outcome: Outcome
    let script: Int
    /// Microseconds since 1970.
    let end: Int
    /// How many columns the line has.
    let columns: Int
    /// What the columns behind the sixth hold.
    let seventh, eighth: Int?

    /// What stands for the time of a transaction that has none, and the code for it: `failed` is one of the next two without
    /// `--failures-detailed`; `skipped` was never begun, because it would have been later than `--latency-limit`.
    static let words = [
        "failed": "serialization-or-deadlock", "serialization": "40001", "deadlock": "40P01", "skipped": "skipped",
    ]
    static let skipped = Outcome.failed("skipped")
    /// Microseconds; what is longer is no time of a transaction.
    private static let aYear = 31_536_000_000_000

    /// - Parameter line: without its end.
    /// - Throws: ``LineProblem`` for a line of another form.
    init(_ line: UnsafeBufferPointer<UInt8>) throws(LineProblem) {
        var fields = FieldCursor(line)
        client = try Self.number(&fields, "the client")
        number = try Self.number(&fields, "the transaction's number")
        outcome = try Self.outcome(&fields)
        script = try Self.number(&fields, "the script's number")
        let seconds = try Self.number(&fields, "seconds since 1970")
        let micros = try Self.number(&fields, "microseconds")
        guard seconds > 100_000_000, seconds < 100_000_000_000, micros < 1_000_000 else {
            throw LineProblem(
                column: fields.column, what: "the fifth and sixth column are no seconds and microseconds since 1970")
        }
        end = seconds * 1_000_000 + micros
        var more: [Int] = []
        while let field = fields.next() {
            guard more.count < 2, let value = FieldCursor.whole(field) else {
                throw LineProblem(
                    column: fields.column,
                    what: more.count < 2 ? "the lag or the retries are no whole number" : "more than eight columns")
            }
            more.append(value)
        }
        columns = 6 + more.count
        seventh = more.first
        eighth = more.dropFirst().first
    }

    private static func number(_ fields: inout FieldCursor, _ name: String) throws(LineProblem) -> Int {
        guard let number = fields.number() else {
            throw LineProblem(column: fields.column, what: "\(name): no whole number here")
        }
        return number
    }

    private static func outcome(_ fields: inout FieldCursor) throws(LineProblem) -> Outcome {
        let field = fields.next()
        if let micros = field.flatMap(FieldCursor.whole) {
            guard micros < aYear else { throw LineProblem(column: fields.column, what: "longer than a year") }
            return .took(micros)
        }
        guard let code = field.flatMap({ words[String(decoding: $0, as: UTF8.self)] }) else {
            throw LineProblem(
                column: fields.column,
                what:
                    "the third column is neither microseconds nor one of \(words.keys.sorted().joined(separator: ", "))"
            )
        }
        return .failed(code)
    }
}

/// A line that `pgbench -l --aggregate-interval` wrote ("Aggregated Logging"): interval_start num_transactions sum_latency
/// sum_latency_2 min_latency max_latency, and since version 15 always, before with `--rate` (and `--latency-limit`): sum_lag
/// sum_lag_2 min_lag max_lag skipped; since version 15 retried retries serialization_failures deadlock_failures. Times are
/// microseconds.
struct PgbenchInterval {
    /// Seconds since 1970.
    let start: Int
    /// Transactions that were completed; before version 15 those that were skipped are among them.
    let transactions: Int
    let latency: Moments
    /// `nil` without these columns.
    let lag: Moments?
    let skipped: Int
    /// `nil` without these columns.
    let serializationFailures, deadlockFailures: Int?
    let columns: Int

    /// Sums and extremes, microseconds.
    struct Moments {
        var sum, squares, least, most: Double
    }

    /// Numbers of columns that versions 9.5 to 18 write.
    static let widths: Set = [6, 10, 11, 15]

    /// - Parameter line: without its end.
    /// - Throws: ``LineProblem`` for a line of another form.
    init(_ line: UnsafeBufferPointer<UInt8>) throws(LineProblem) {
        var fields = FieldCursor(line)
        var values: [Double] = []
        while let field = fields.next() {
            guard let value = FieldCursor.amount(field) else {
                throw LineProblem(column: fields.column, what: "no whole number here")
            }
            values.append(value)
        }
        guard Self.widths.contains(values.count) else {
            throw LineProblem(column: fields.column, what: "\(values.count) columns, not 6, 10, 11 or 15")
        }
        guard values[0] > 1e8, values[0] < 1e11, values[1] < 1e12 else {
            throw LineProblem(column: 1, what: "the first column is no time in seconds since 1970")
        }
        func moments(_ from: Int) -> Moments {
            Moments(sum: values[from], squares: values[from + 1], least: values[from + 2], most: values[from + 3])
        }
        func count(_ column: Int) -> Int { Int(min(values[column], 1e12)) }
        columns = values.count
        start = Int(values[0])
        latency = moments(2)
        lag = values.count >= 10 ? moments(6) : nil
        skipped = values.count >= 11 ? count(10) : 0
        transactions = values.count == 11 ? max(0, count(1) - skipped) : count(1)
        serializationFailures = values.count == 15 ? count(13) : nil
        deadlockFailures = values.count == 15 ? count(14) : nil
    }
}
