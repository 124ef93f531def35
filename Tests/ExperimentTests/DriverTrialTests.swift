import ArchiveDriver
import Experiment
import Glibc
import LinuxSystem
import Report
import RunRecord
import TestSupport
import Testbed
import Testing

/// Whole trials with drivers that are not a store node's.
@Suite(.ownThreads) struct DriverTrialTests {
    private struct Quiet: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    /// Rules that a busy host cannot break, and that a driver could.
    private static let driversRules = ["ran-to-plan", "accounting-identity", "failures", "kept-up"]

    @Test(arguments: ["put-batched", "put-copied", "driver-best"])
    func aShippedDriverRunsAndIsNamed(_ name: String) async throws {
        let (folder, registry) = (
            try TemporaryFolder(), ClusterRegistry(home: newHome())
        )
        var driver = DriverBehaviour.faithful
        let variant = try Variant(path: "\(packageRoot)/Workloads/variants/\(name).yaml") {
            driver = DriverBehaviour(variant: $0)
        }
        let request = TrialRequest(
            workload: try TestWorkloads.everything(), variant: variant, schemaVersion: 8, driver: driver,
            usesCache: false, seed: 1, rateScale: 2, installation: try await TestServers.installation(),
            registry: registry, dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema",
            recordFolder: "\(folder.path)/run", runID: "test", keepCluster: false, toolVersion: "test",
            command: "archivebench run", wallClock: { 1_767_636_000 })
        let outcome = try await TrialRunner(request, observer: Quiet(), control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed)
        #expect(record.variant.driver == driver.name && record.variant.driver != "faithful")
        #expect(record.variant.driverChanges == driver.changes && !driver.changes.isEmpty)
        for rule in Self.driversRules {
            let finding = try #require(record.validity.first { $0.rule == rule })
            #expect(finding.holds, "\(finding)")
        }
        #expect(record.accounting.values.allSatisfy { $0.failed == 0 && $0.abandoned == 0 && $0.scheduled > 0 })
        try checkSelfChecks(record)
        let report = try TrialReport(folder: outcome.folder)
        let markdown = MarkdownExporter().export(report)
        #expect(markdown.contains("driver changes"))
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }

    /// Half of the puts found their message stored, because two nodes put each; whoever sent it, and in whatever batch.
    private func checkSelfChecks(_ record: RunRecord) throws {
        let checks = try #require(record.traffic?.selfChecks)
        func observed(_ name: String) throws -> Double {
            let check = try #require(checks.first { $0.name == name })
            return try #require(check.observed)
        }
        #expect((45...55).contains(try observed("puts that were conflicts")))
        let seconds = try #require(record.phases.measuredSeconds)
        let puts = (record.accounting["put"]?.completed ?? 0)
        #expect(abs(try observed("messages archived") * seconds - Double(puts)) < 0.1 * Double(puts))
        #expect(try observed("rows in the database") >= Double(2_000 + puts))
    }
}
