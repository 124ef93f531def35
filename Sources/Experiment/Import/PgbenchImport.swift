import SpecReader

/// Tells the two kinds of logs of pgbench apart.
enum PgbenchImport {
    /// Reads the files of one run.
    ///
    /// - Parameters:
    ///   - files: one of each thread.
    ///   - seventh: what the seventh column of a transaction log is, where a person says it.
    ///   - interval: seconds of an interval of the other kind, where a person says it.
    ///   - note: is told the share that is done, 0 … 1.
    /// - Returns: what they came to.
    /// - Throws: `SpecProblems` for what is no such log, and `LatencyLog.Problem`.
    static func load(
        _ files: [ImportFile], seventh: SeventhColumn?, interval: Int?, note: @escaping (Double) -> Void
    ) throws -> ImportedLoad {
        let isAggregate = try files.map(isAggregate)
        if let other = isAggregate.firstIndex(where: { $0 != isAggregate[0] }) {
            throw files[other].problem(
                "is a log of \(isAggregate[other] ? "intervals" : "transactions"), \(files[0].name) is one of \(isAggregate[0] ? "intervals" : "transactions")",
                "import each run by itself")
        }
        if isAggregate[0] { return try PgbenchAggregate(files, interval: interval).load() }
        let work = Double(2 * files.reduce(0) { $0 + $1.data.count })
        return try PgbenchLog(files, seventh: seventh) { note(Double($0) / work) }.load()
    }

    /// Whether a log begins with a time, as those of intervals do, and not with a client.
    ///
    /// - Throws: `SpecProblems` when the file's first line is of neither kind.
    private static func isAggregate(_ file: ImportFile) throws -> Bool {
        var lines = LineCursor(file)
        let first = lines.next { line -> (isAggregate: Bool, isTransaction: Bool) in
            var fields = FieldCursor(line)
            let client = fields.number()
            var columns = client == nil ? 0 : 1
            while client != nil, fields.next() != nil { columns += 1 }
            let isTime = (client ?? 0) > 100_000_000
            return (isTime && PgbenchInterval.widths.contains(columns), !isTime && (6...8).contains(columns))
        }
        guard let first, first.isAggregate || first.isTransaction else {
            throw file.problem(
                "is no log of pgbench; it looks like \(FileGuess.kind(of: file))",
                "name the files pgbench_log.* of one run")
        }
        return first.isAggregate
    }
}
