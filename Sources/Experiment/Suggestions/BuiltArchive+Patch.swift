import ArchiveDriver
import LinuxSystem
import PostgresClient
import RunRecord
import Testbed

extension BuiltArchive {
    /// Runs a variant's patch on the archive, and brings it back into the state that its history was left in; its settings are
    /// in force since the server was made. What a patch rewrote is then neither in the server's buffers nor without hint bits,
    /// as little as an archive without one.
    ///
    /// - Parameters:
    ///   - variant: fitted to the host.
    ///   - request: of the trial that the archive was built for.
    /// - Returns: how each part was put in force, one line each; nothing for a variant without a patch.
    /// - Throws: as `SuggestionApplication.apply()`, `PostgresError` of settling.
    public func patched(by variant: Variant, for request: TrialRequest) async throws -> [String] {
        guard variant.patch != nil else { return [] }
        let applied = try await SuggestionApplication.apply(variant, to: cluster)
        let settled = try await settledAgain(request)
        try await cluster.restart()
        return applied + settled
    }

    /// Brings the archive back into the state of its history after a patch.
    ///
    /// - Parameter request: says which state.
    /// - Returns: what was done, one line.
    /// - Throws: `PostgresError`.
    func settledAgain(_ request: TrialRequest) async throws -> [String] {
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        let (parameters, state, spec) = (cluster.record.archiveParameters, request.historyState, request.offered)
        let done = try await WorkerThread.run {
            Result { try parameters.map { try state.settleAgain(Connection.open($0), schema, spec) } }
        }.get()
        let places = done.count > 1 ? ", in each of \(done.count) databases" : ""
        return ["after the patch: \(done.first ?? "nothing")\(places)"]
    }
}
