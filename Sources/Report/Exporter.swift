import RunRecord

/// All that a report of one trial is made from.
public struct TrialReport: Sendable {
    public let record: RunRecord
    public let samples: [SecondSample]

    public init(record: RunRecord, samples: [SecondSample]) {
        self.record = record
        self.samples = samples
    }

    /// Reads a run's folder.
    ///
    /// - Throws: `RecordFolder.Problem` when there is no readable record.
    public init(folder: RecordFolder) throws {
        try self.init(record: folder.readRecord(), samples: folder.readSamples())
    }

    /// Request classes in the order of the vocabulary: puts first, then by name.
    var classNames: [String] {
        Set(record.classes.keys).union(record.accounting.keys)
            .filter { (record.accounting[$0]?.scheduled ?? 0) > 0 || record.classes[$0]?.responseMs != nil }
            .sorted { ($0.hasPrefix("put") ? 0 : 1, $0) < ($1.hasPrefix("put") ? 0 : 1, $1) }
    }

    /// All classes together.
    var total: Accounting {
        record.accounting.values.reduce(into: Accounting()) { $0.add($1) }
    }
}

/// Writes a report in one format. A new format is one new type in a file of its own, named in ``Exporters/files``.
public protocol Exporter: Sendable {
    /// The run's file that it fills.
    var file: RecordFolder.File { get }
    /// The whole text of the file.
    func export(_ report: TrialReport) throws -> String
}

/// The formats that a run's folder gets.
public enum Exporters {
    public static let files: [any Exporter] = [HTMLExporter(), MarkdownExporter()]

    /// Writes all report files of a run.
    ///
    /// - Throws: `RecordFolder.Problem`.
    public static func writeAll(_ folder: RecordFolder) throws {
        let report = try TrialReport(folder: folder)
        for exporter in files { try folder.write(exporter.export(report), to: exporter.file) }
    }
}
