import Comparison
import FoundationEssentials
import LinuxSystem
import RunRecord

/// Compares trials as they were recorded.
struct OfflineComparison {
    /// Folders of runs, the base's first.
    let runs: [RecordFolder]

    /// `nil` when the names of the command line are those of variants.
    ///
    /// - Parameter names: variants, or folders of runs.
    /// - Throws: `UsageProblem` when they are both.
    init?(_ names: [String]) throws {
        func isRun(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(name)/run.json") }
        guard let run = names.first(where: isRun) else { return nil }
        if let other = names.first(where: { !isRun($0) }) {
            throw UsageProblem("\(run) is a recorded run, \(other) is not: name runs or variants, not both")
        }
        runs = names.map { RecordFolder(path: $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0) }
    }

    /// The comparison, with its record in a folder of its own.
    ///
    /// - Parameters:
    ///   - margin: difference that matters, as a share.
    ///   - path: of the folder; `nil` for one beside the runs.
    ///   - command: the command line that makes it again.
    /// - Returns: the record and its folder.
    /// - Throws: `UsageProblem`, and what reading and writing the folders throws.
    func run(
        margin: Double, folder path: String?, command: String
    ) throws -> (record: ComparisonRecord, folder: ComparisonFolder) {
        let sides = try sides()
        let id = TrialOptions.newRunID("compare-\(sides[0].trials[0].workload.name)")
        let wall = Clock.wallMilliseconds()
        let now = UTCTime(seconds: wall / 1_000).iso8601
        let record = RecordComparison(sides).record(
            comparisonId: id, toolVersion: Version.recorded, startedAt: now, command: command, margin: margin)
        let folder = try ComparisonFolder.create(
            path: try path ?? RunFolders.newFolder(id), startedAt: wall, date: now)
        try folder.write(record)
        return (record, folder)
    }

    /// Trials of one variant on one version of the server are one side, in the order in which they are named.
    private func sides() throws -> [RecordComparison.Side] {
        let sides = RecordComparison.sides(of: try runs.map { try $0.readRecord() })
        guard sides.count > 1 else {
            throw UsageProblem(
                "all runs are of variant \(sides[0].name), with the same schema, driver, settings and server; name runs of a base and of a candidate"
            )
        }
        return sides
    }
}
