import FoundationEssentials
import RunRecord

/// Writes the report of an experiment in one format. A new format is one new type in a file of its own, named in
/// ``ExperimentExporters/files``.
public protocol ExperimentExporter: Sendable {
    /// Name of the file within the experiment's folder.
    var file: String { get }
    /// The whole text of the file.
    func export(_ report: ExperimentReport) throws -> String
}

/// The formats that an experiment's folder gets.
public enum ExperimentExporters {
    /// One exporter a file.
    public static let files: [any ExperimentExporter] = [
        ExperimentHTML(), ExperimentMarkdown(), ExperimentCSV(), ExperimentJSON(), ExperimentJUnit(),
    ]

    /// Writes all report files of an experiment.
    ///
    /// - Throws: `ExperimentFolder.Problem` when the record cannot be read or a file cannot be written.
    public static func writeAll(_ folder: ExperimentFolder) throws {
        let report = try ExperimentReport(folder: folder)
        for exporter in files {
            let path = "\(folder.path)/\(exporter.file)"
            let text = try exporter.export(report)
            do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
                throw ExperimentFileProblem(description: "\(path): cannot be written")
            }
        }
    }
}

/// Why a report cannot be written; the text is one line for people.
public struct ExperimentFileProblem: Error, CustomStringConvertible {
    /// What is wrong, and with which file.
    public let description: String
}
