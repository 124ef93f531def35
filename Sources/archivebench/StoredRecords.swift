import FoundationEssentials
import Report
import RunRecord

/// A folder that the tool wrote: a run, a comparison or an experiment.
enum StoredRecord {
    case run(RecordFolder)
    case comparison(ComparisonFolder)
    case experiment(ExperimentFolder)

    /// What a folder holds; `nil` when it holds no record.
    init?(path: String) {
        if FileManager.default.fileExists(atPath: ComparisonFolder(path: path).path(of: .record)) {
            self = .comparison(ComparisonFolder(path: path))
        } else if ExperimentFolder(path: path).exists {
            self = .experiment(ExperimentFolder(path: path))
        } else if FileManager.default.fileExists(atPath: RecordFolder(path: path).path(of: .record)) {
            self = .run(RecordFolder(path: path))
        } else {
            return nil
        }
    }

    /// Everything below `Reports`, newest first.
    static func all() throws -> [StoredRecord] {
        let home = try RunFolders.home()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        return names.sorted(by: >).compactMap { StoredRecord(path: "\(home)/\($0)") }
    }

    /// The one that a person means: a folder, a name, the beginning of one, or `latest`.
    static func find(_ name: String) throws -> StoredRecord {
        if let direct = StoredRecord(path: name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name) {
            return direct
        }
        let all = try all()
        if name == "latest" {
            guard let latest = all.first else {
                throw UsageProblem("there is no run yet; `archivebench run` makes one")
            }
            return latest
        }
        let exact = all.filter { $0.name == name }
        let matching = exact.isEmpty ? all.filter { $0.name.hasPrefix(name) } : exact
        guard let found = matching.first, matching.count == 1 else {
            throw UsageProblem(
                matching.isEmpty
                    ? "\(name): no such run; `archivebench runs list` shows those there are"
                    : "\(name): \(matching.count) runs begin so; give more of the name")
        }
        return found
    }

    var path: String {
        switch self {
        case .run(let folder): folder.path
        case .comparison(let folder): folder.path
        case .experiment(let folder): folder.path
        }
    }

    /// Name of the folder.
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// `run`, `comparison` or `experiment`.
    var kind: String {
        switch self {
        case .run: "run"
        case .comparison: "comparison"
        case .experiment: "experiment"
        }
    }

    /// Writes all report files.
    ///
    /// - Returns: the path of the page.
    func writeReports() throws -> String {
        switch self {
        case .run(let folder): try Exporters.writeAll(folder)
        case .comparison(let folder): try ComparisonExporters.writeAll(folder)
        case .experiment(let folder): try ExperimentExporters.writeAll(folder)
        }
        return "\(path)/report.html"
    }

    /// Schema versions that its records name.
    var schemaVersions: Set<Int> {
        switch self {
        case .run(let folder): Set([try? folder.readRecord().variant.schemaVersion].compactMap { $0 })
        case .comparison(let folder):
            Set(((try? folder.readRecord())?.sides ?? []).map(\.variant.schemaVersion))
        case .experiment(let folder):
            Set(
                ((try? folder.readRecord())?.trials ?? []).compactMap {
                    try? folder.folder(of: $0).readRecord().variant.schemaVersion
                })
        }
    }
}

extension StoredRecord {
    /// A line of `runs list`.
    struct Row: Encodable {
        let run, kind, started, workload, ending: String
        let valid, evidence: Bool
        /// Why it is no evidence.
        let doubts: [String]
    }

    /// What `runs list` says of it; a record that cannot be read says so.
    var row: Row {
        switch self {
        case .run(let folder): (try? folder.readRecord()).map(row) ?? unreadable
        case .comparison(let folder): (try? folder.readRecord()).map(row) ?? unreadable
        case .experiment(let folder): (try? folder.readRecord()).map(row) ?? unreadable
        }
    }

    private var unreadable: Row {
        Row(
            run: name, kind: kind, started: "unknown", workload: "unreadable record", ending: "unknown", valid: false,
            evidence: false, doubts: ["unreadable record"])
    }

    private func row(_ record: RunRecord) -> Row {
        Row(
            run: name, kind: record.imported == nil ? kind : RunRecord.importedKind, started: record.startedAt,
            workload: record.workload.name,
            ending: record.ending.rawValue, valid: record.valid, evidence: record.isEvidence, doubts: record.doubts)
    }

    private func row(_ record: ComparisonRecord) -> Row {
        let broken = record.validity.filter { !$0.holds }.map(\.rule)
        let doubts =
            record.endedAt == nil ? ["running"] : record.valid ? [] : broken.isEmpty ? ["no rule checked"] : broken
        return Row(
            run: name, kind: kind, started: record.startedAt, workload: record.workload.name,
            ending: record.endedAt == nil ? "running" : "completed", valid: record.valid, evidence: doubts.isEmpty,
            doubts: doubts)
    }

    private func row(_ record: ExperimentRecord) -> Row {
        let bad = record.trials.count { $0.state == .invalid || $0.state == .failed }
        let doubts =
            (record.ending == .completed ? [] : [record.ending.rawValue])
            + (bad == 0 ? [] : ["\(bad) of \(record.trials.count) trials are no evidence"])
        return Row(
            run: name, kind: kind, started: record.startedAt, workload: record.name, ending: record.ending.rawValue,
            valid: bad == 0, evidence: doubts.isEmpty, doubts: doubts)
    }
}
