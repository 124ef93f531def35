import ArchiveDriver
import Experiment
import FoundationEssentials
import Testbed
import Workload

/// What `run --dry-run` prints.
enum DryRun {
    private struct Summary: Encodable {
        let workload, variant, driver, digest, postgres: String
        let driverChanges: [String]
        let schema: Int
        let seed: UInt64
        let historyRows, historyPartitions, diskBytes: Int
        let secondsEstimated: Double
        let operations: [String: Int]
        let adaptations: [String]
        /// Clients of a closed loop; absent for the open one.
        let closedClients: Int?
    }

    static func print(_ plan: TrialPlan, _ request: TrialRequest, json: Bool) throws {
        let summary = Summary(
            workload: request.workload.name, variant: request.variant.name, driver: request.driver.name,
            digest: plan.digest, postgres: request.installation.version, driverChanges: request.driver.changes,
            schema: request.schemaVersion, seed: request.seed,
            historyRows: plan.historyRows, historyPartitions: plan.historyPartitions, diskBytes: plan.diskBytes,
            secondsEstimated: plan.seconds.rounded(), operations: plan.operations, adaptations: plan.adaptations,
            closedClients: request.closedClients)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.out(String(decoding: try encoder.encode(summary), as: UTF8.self))
        } else {
            Terminal.out(text(summary))
        }
    }

    private static func text(_ summary: Summary) -> String {
        var lines = [
            "Would run \(summary.workload) with variant \(summary.variant), schema \(summary.schema), on PostgreSQL \(summary.postgres)",
            "  driver      \(summary.driver)",
            "  history     \(summary.historyRows) rows in \(summary.historyPartitions) hourly partitions",
            "  disk        up to \(summary.diskBytes / 1_000_000) MB",
            "  time        about \(Int(summary.secondsEstimated)) s",
            "  digest      \(summary.digest)",
            "  seed        \(summary.seed)",
        ]
        if let clients = summary.closedClients {
            lines.append("  pace        closed loop, \(clients) clients: as fast as answers come")
            lines.append("  operations  the sequence at most, in this mix; when it is through, the load ends")
        } else {
            lines.append("  operations  warm-up and measure, later pages not counted (they follow from replies)")
        }
        for (name, count) in summary.operations.sorted(by: { $0.key < $1.key }) {
            lines.append("    \(name): \(count)")
        }
        lines += summary.driverChanges.map { "  changed     \($0)" }
        lines += summary.adaptations.map { "  adapted     \($0)" }
        return lines.joined(separator: "\n") + "\nNothing was started."
    }
}
