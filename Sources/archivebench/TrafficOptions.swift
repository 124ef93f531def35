import ArgumentParser
import SpecReader
import Workload

/// Which traffic, and what is laid over it: what `run`, `up` and the `workload` commands have in common.
struct TrafficOptions: ParsableArguments {
    @Argument(help: "A workload file, or the name of a shipped one.", completion: .file(extensions: ["yaml"]))
    var workload = "status-prod-steady"

    @Option(
        help: ArgumentHelp(
            "An overlay file, or the name of a shipped one such as x10; may be given several times.",
            valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var overlay: [String] = []

    @Option(help: "Fixes all that is random.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp("Archive seconds in one second of the trial, such as 60.", valueName: "factor"))
    var timeScale: Int?

    @Option(
        help: ArgumentHelp(
            "Messages loaded before the trial, such as 200k or 2M, or a size such as 25GB.", valueName: "rows|size"))
    var history: String?

    @Option(
        help: ArgumentHelp("Hourly partitions that the history is spread over.", valueName: "n"),
        transform: Arguments.count)
    var partitions: Int?

    @Option(
        help: ArgumentHelp(
            "What the nodes keep, in their own words, such as 'time:86400' or 'size:250GB;time:2764800', or 'none'.",
            valueName: "policies"))
    var retention: String?

    func validate() throws {
        if let timeScale, !WorkloadSpec.timeScales.contains(timeScale) {
            throw ValidationError("--time-scale \(timeScale): use 1 to \(WorkloadSpec.timeScales.upperBound)")
        }
        if let partitions, !HistorySpec.partitionRange.contains(partitions) {
            throw ValidationError("--partitions \(partitions): use 1 to \(HistorySpec.partitionRange.upperBound)")
        }
        _ = try historySize()
        _ = try retentionPolicies()
    }

    /// Reads all files; the problems of all are told at once.
    func read() throws -> (workload: WorkloadSpec, overlays: [Overlay]) {
        var problems: [SpecProblem] = []
        var spec: WorkloadSpec?
        var overlays: [Overlay] = []
        do { spec = try WorkloadSpec(path: Project.file(workload, in: "traffic")) } catch let error as SpecProblems {
            problems += error.problems
        }
        for name in overlay {
            do { overlays.append(try Overlay(path: Project.file(name, in: "overlays"))) } catch let error
                as SpecProblems
            {
                problems += error.problems
            }
        }
        guard var spec, problems.isEmpty else { throw SpecProblems(problems) }
        for overlay in overlays {
            do { spec = try spec.applying(overlay) } catch { throw UsageProblem(error.description) }
        }
        try applyFlags(&spec)
        return (spec, overlays)
    }

    private func applyFlags(_ spec: inout WorkloadSpec) throws {
        if let timeScale { spec.timeScale = timeScale }
        if let partitions { spec.history.partitions = partitions }
        switch try historySize() {
        case .rows(let rows): spec.history = HistorySpec(partitions: spec.history.partitions, rows: rows)
        case .bytes(let bytes):
            spec.history = HistorySpec(
                partitions: spec.history.partitions, rows: spec.rows(filling: bytes), bytes: bytes)
        case nil:
            if let bytes = spec.history.bytes { spec.history.rows = spec.rows(filling: bytes) }
        }
        if let policies = try retentionPolicies() { spec.clockwork.setRetention(policies) }
    }

    private enum HistorySize {
        case rows(Int)
        case bytes(Int)
    }

    private func historySize() throws -> HistorySize? {
        guard let history else { return nil }
        if history.hasSuffix("B"), case .success(let bytes) = QuantityParser.bytes(history) { return .bytes(bytes) }
        let rows = try Arguments.count(history)
        guard HistorySpec.rowRange.contains(rows) else {
            throw ValidationError("--history \(history): use 0 to \(HistorySpec.rowRange.upperBound)")
        }
        return .rows(rows)
    }

    private func retentionPolicies() throws -> [RetentionPolicy]? {
        guard let retention else { return nil }
        switch RetentionPolicy.parse(retention) {
        case .success(let policies): return policies
        case .failure(let problem): throw ValidationError("--retention: \(problem.what); \(problem.remedy)")
        }
    }
}
