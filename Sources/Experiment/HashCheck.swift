import ArchiveDriver
import LinuxSystem
import PostgresClient
import Testbed

/// Whether a driver writes hashes as the archive's tables have them. No server would refuse the other: text that holds the
/// digits of a BYTEA, or bytes that are digits, are stored and never found again.
enum HashCheck {
    /// - Parameters:
    ///   - driver: that will offer the load.
    ///   - archive: its database, or the first of several.
    /// - Throws: `TestbedProblem` when it does not, `PostgresError` of the server.
    static func check(_ driver: DriverBehaviour, at archive: ConnectionParameters) async throws {
        let found = try await WorkerThread.run { Result { try ArchiveSchema.hashes(on: Connection.open(archive)) } }
            .get()
        guard let found, found != driver.hashes else { return }
        throw TestbedProblem(
            "the archive's column messageHash is \(found == .bytea ? "BYTEA" : "text"), and a driver with hashes: \(driver.hashes.rawValue) writes the other; use the script and the driver of sql/suggestions/hash-bytea.sql together, or neither"
        )
    }
}
