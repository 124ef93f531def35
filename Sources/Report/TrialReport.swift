import RunRecord

/// All that a report of one trial is made from.
public struct TrialReport: Sendable {
    /// The result of the trial.
    public let record: RunRecord
    /// Its seconds, in order; empty when none were kept.
    public let samples: [SecondSample]
    /// The files that stand beside the report, for the reader's list.
    public let files: [RecordFolder.File]

    /// Fewer completed operations than this and a p99 lies among the ten slowest.
    static let fewOperations = 1_000

    /// - Parameters:
    ///   - record: the result of the trial.
    ///   - samples: its seconds, in order.
    ///   - files: those there are, or will be when all reports are written.
    public init(record: RunRecord, samples: [SecondSample], files: [RecordFolder.File] = RecordFolder.File.allCases) {
        self.record = record
        self.samples = samples
        self.files = files
    }

    /// Reads a run's folder.
    ///
    /// - Throws: `RecordFolder.Problem` when there is no readable record.
    public init(folder: RecordFolder) throws {
        let written = Set(Exporters.files.map(\.file))
        try self.init(
            record: folder.readRecord(), samples: folder.readSamples(),
            files: RecordFolder.File.allCases.filter { written.contains($0) || folder.readText($0) != nil })
    }

    /// Request classes in the order of the vocabulary: puts first, then by name.
    var classNames: [String] {
        Set(record.classes.keys).union(record.accounting.keys)
            .filter { (record.accounting[$0]?.scheduled ?? 0) > 0 || record.classes[$0]?.responseMs != nil }
            .sorted { ($0.hasPrefix("put") ? 0 : 1, $0) < ($1.hasPrefix("put") ? 0 : 1, $1) }
    }

    /// The class with the largest p99; `nil` where there is no choice.
    var slowestClass: String? {
        let judged = classNames.compactMap { name in record.classes[name]?.responseMs.map { (name, $0.p99) } }
        return judged.count > 1 ? judged.max { $0.1 < $1.1 }?.0 : nil
    }

    /// All classes together.
    var total: Accounting {
        record.accounting.values.reduce(into: Accounting()) { $0.add($1) }
    }

    /// Limits of the objectives about a class, milliseconds, rising.
    func limits(of name: String) -> [Double] {
        Set(record.objectives.filter { $0.concerns(name) && $0.limitMs > 0 }.map(\.limitMs)).sorted()
    }
}
