import ArchiveDriver
import LinuxSystem
import PostgresClient
import RunRecord
import Testbed

extension BuiltArchive {
    /// Runs a variant's patch on the archive, and brings it back into the state that its history was left in; its settings are
    /// in force since the server was made. What a patch rewrote is then as little without hint bits as an archive without one.
    ///
    /// - Parameters:
    ///   - variant: fitted to the host.
    ///   - request: of the trial that the archive was built for.
    /// - Returns: how each part was put in force, one line each; nothing for a variant without a patch.
    /// - Throws: as `SuggestionApplication.apply()`, `PostgresError` of settling.
    public mutating func patched(by variant: Variant, for request: TrialRequest) async throws -> [String] {
        guard variant.patch != nil else { return [] }
        let live = try await livePartitions()
        let applied = try await SuggestionApplication.apply(variant, to: cluster)
        return applied + (try await settledAgain(request, live: live))
    }

    /// Partitions of each database beside those of the history, which the load will fill.
    func livePartitions() async throws -> Int {
        let parameters = cluster.record.archiveParameters
        let all = try await WorkerThread.run { Result { try FleetInspector(parameters).partitions() } }.get()
        return all / parameters.count - history.partitions
    }

    /// Brings the archive back into the state of its history after a patch, and looks what there is now.
    ///
    /// - Parameters:
    ///   - request: says which state.
    ///   - live: partitions of each database that the patch found beside those of the history.
    /// - Returns: what was done, one line.
    /// - Throws: `PostgresError`.
    mutating func settledAgain(_ request: TrialRequest, live: Int) async throws -> [String] {
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        let (parameters, state, spec) = (cluster.record.archiveParameters, request.historyState, request.offered)
        let found = try await WorkerThread.run {
            Result {
                let done = try parameters.map { try state.settleAgain(Connection.open($0), schema, spec) }
                let inspector = FleetInspector(parameters)
                return (done: done, partitions: try inspector.partitions(), bytes: try inspector.databaseBytes())
            }
        }.get()
        let partitions = found.partitions / parameters.count - live
        history.patchedPartitions = partitions == history.partitions ? nil : partitions
        history.bytes = found.bytes
        let places = found.done.count > 1 ? ", in each of \(found.done.count) databases" : ""
        return ["after the patch: \(found.done.first ?? "nothing")\(places)"]
    }
}
