import Experiment
import FoundationEssentials
import RunRecord
import SpecReader
import TestSupport
import Testing

/// Files of another program, written for one test, and the record that is made of them.
final class Imported {
    let folder: TemporaryFolder
    private(set) var paths: [String] = []

    /// Takes the text of each file by its name, in order.
    init(_ files: [(name: String, text: String)]) throws {
        folder = try TemporaryFolder()
        for file in files { paths.append(try folder.write(file.text, as: file.name)) }
    }

    /// One file of these lines.
    convenience init(_ name: String = "pgbench_log.1", lines: [String]) throws {
        try self.init([(name, lines.map { $0 + "\n" }.joined())])
    }

    func pgbench(seventh: SeventhColumn? = nil, interval: Int? = nil) throws -> RecordImport.Read {
        try withExtendedLifetime(self) { try Self.read(.pgbench(paths, seventh: seventh, interval: interval)) }
    }

    func sysbench() throws -> RecordImport.Read {
        try withExtendedLifetime(self) { try Self.read(.sysbench(paths[0])) }
    }

    func prometheus(every: Double? = nil) throws -> RecordImport.Read {
        try withExtendedLifetime(self) { try Self.read(.prometheus(paths, every: every)) }
    }

    static func read(_ source: RecordImport.Source, name: String? = nil) throws -> RecordImport.Read {
        try RecordImport(
            source, name: name, runID: "r", toolVersion: "1", command: "archivebench import", now: 1_700_000_000_000
        ).read()
    }

    /// What is wrong, a line a problem.
    static func problems<Value>(_ body: () throws -> Value) -> String {
        do {
            _ = try body()
            Issue.record("nothing was refused")
            return ""
        } catch let problems as SpecProblems {
            return problems.description
        } catch {
            Issue.record("\(error)")
            return ""
        }
    }
}

extension RunRecord {
    /// What must hold for any import.
    func isSoundImport() -> Bool {
        imported != nil && !isEvidence && doubts == ["imported"] && accounting.values.allSatisfy(\.identityHolds)
            && imported?.limits.isEmpty == false && validity.isEmpty && !valid && ending == .completed
    }
}
