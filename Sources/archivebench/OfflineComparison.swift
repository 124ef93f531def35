import FoundationEssentials
import RunRecord

/// Compares trials as they were recorded.
enum OfflineComparison {
    /// Compares recorded runs, if the names are all folders of runs.
    ///
    /// - Returns: `false` when they name variants.
    static func run(_ names: [String], margin: Double, json: Bool) async throws -> Bool {
        let recorded = names.filter { FileManager.default.fileExists(atPath: "\($0)/run.json") }
        guard !recorded.isEmpty else { return false }
        guard recorded.count == names.count else {
            throw UsageProblem("name variants or folders of runs, not both: \(recorded[0]) is a run")
        }
        throw UsageProblem("\(recorded[0]): recorded runs cannot be compared by this version; name variants")
    }
}
