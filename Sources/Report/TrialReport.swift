import RunRecord

/// All that a report of one trial is made from.
public struct TrialReport: Sendable {
    /// The result of the trial.
    public let record: RunRecord
    /// Its seconds, in order; empty when none were kept.
    public let samples: [SecondSample]
    /// The files that stand beside the report, for the reader's list.
    public let files: [RecordFolder.File]
    /// The server's side, as far as it was looked at.
    public let server: ServerEvidence
    /// How well the workload resembles the archive that it was fitted to; `nil` where it was not fitted to one.
    public let fit: FitRecord?

    /// Fewer completed operations than this and a p99 lies among the ten slowest.
    static let fewOperations = 1_000

    /// - Parameters:
    ///   - record: the result of the trial.
    ///   - samples: its seconds, in order.
    ///   - files: those there are, or will be when all reports are written.
    ///   - server: the server's side, from the files beside the record.
    ///   - fit: what is known of the workload's fit.
    public init(
        record: RunRecord, samples: [SecondSample], files: [RecordFolder.File] = RecordFolder.File.allCases,
        server: ServerEvidence = .none, fit: FitRecord? = nil
    ) {
        self.server = server
        self.fit = fit
        self.record = record
        self.samples = samples
        self.files = files
    }

    /// Reads a run's folder.
    ///
    /// - Throws: `RecordFolder.Problem` when there is no readable record.
    public init(folder: RecordFolder) throws {
        let written = Set(Exporters.files.map(\.file))
        var (record, fit): (RunRecord, FitRecord?) = (try folder.readRecord(), nil)
        do { fit = try folder.readFit() } catch {
            record.notCollected.append(
                "how well the workload resembles its archive: fit.json cannot be read (\(error))")
        }
        try self.init(
            record: record, samples: folder.readSamples(),
            files: RecordFolder.File.allCases.filter { written.contains($0) || folder.readText($0) != nil },
            server: ServerEvidence(folder: folder), fit: fit)
    }

    /// Request classes in the order of the vocabulary: puts, what clients ask, then the archive's own maintenance.
    var classNames: [String] {
        Self.inOrder(
            Set(record.classes.keys).union(record.accounting.keys)
                .filter { (record.accounting[$0]?.scheduled ?? 0) > 0 || record.classes[$0]?.known != nil })
    }

    /// ``classNames`` without maintenance, which is rare and slow and would squash the axes of the others.
    var requestNames: [String] { classNames.filter { !RequestClass.isJob($0) } }

    /// Names of request classes in the order of every table.
    static func inOrder(_ names: some Collection<String>) -> [String] {
        func group(_ name: String) -> Int { name.hasPrefix("put") ? 0 : RequestClass.isJob(name) ? 2 : 1 }
        return names.sorted { (group($0), $0) < (group($1), $1) }
    }

    /// The class with the largest p99; `nil` where there is no choice.
    var slowestClass: String? {
        let judged = requestNames.compactMap { name in record.classes[name]?.responseMs.map { (name, $0.p99) } }
        return judged.count > 1 ? judged.max { $0.1 < $1.1 }?.0 : nil
    }

    /// All classes together.
    var total: Accounting {
        record.accounting.values.reduce(into: Accounting()) { $0.add($1) }
    }

    /// Limits of the objectives about a class, milliseconds, rising; none in a closed loop, where none is judged.
    func limits(of name: String) -> [Double] {
        guard record.closedClients == nil else { return [] }
        return Set(record.objectives.filter { $0.concerns(name) && $0.limitMs > 0 }.map(\.limitMs)).sorted()
    }
}
