import ArchiveDriver
import ArgumentParser
import Experiment
import FoundationEssentials
import PostgresClient
import Testbed
import Workload

/// `archivebench run --target`
extension RunCommand {
    /// What is only to be had on a cluster of our own.
    func refuseForTarget() throws {
        guard external.target != nil else { return }
        let refused = [
            (
                !profiles.names.isEmpty || profiles.scaleToHost, "--profile",
                "an external server is recorded, never limited"
            ),
            (trial.postgresBin != nil, "--postgres-bin", "the server runs already"),
            (trial.dataDir != nil, "--data-dir", "the server's data are where they are"),
        ]
        for (isGiven, name, reason) in refused where isGiven {
            throw UsageProblem("\(name): not with --target: \(reason); leave it out")
        }
    }

    /// Runs in a marked database, or says what would be sent to it.
    func run(_ subject: TrialOptions.Subject, on server: String) async throws {
        if subject.variant.patch != nil {
            throw UsageProblem(
                "--variant \(trial.variant): not with --target: its SQL is run on managed clusters only; use one without a patch"
            )
        }
        if subject.workload.fleet.isDivided {
            throw UsageProblem(
                "\(subject.workload.name): has a database for each shard, and a target is one; use databases: shared")
        }
        let target = ExternalTarget(try ServerArguments.resolve(server))
        let standing = try target.checkOurs(known: ArchiveSchema.tableNames)
        let major = standing.version.prefix { $0.isNumber }
        if let wanted = subject.variant.postgresMajor, "\(wanted)" != major {
            throw UsageProblem(
                "--variant \(trial.variant): asks for PostgreSQL \(wanted), and the server is \(standing.version); use a variant without a version"
            )
        }
        let trialThere = ExternalTrial(
            target, serverVersion: standing.version,
            statementTimeout: statementTimeout.map { Int($0 / 1_000_000) } ?? ExternalTrial.usualStatementTimeout,
            keepsArchive: keep)
        let runID = TrialOptions.newRunID(subject.workload.name)
        var request = try await trial.request(
            subject, rateScale: rateScale, closedClients: closed, recordFolder: output ?? RunFolders.newFolder(runID),
            runID: runID, keep: false, external: trialThere)
        request.telemetry = !noTelemetry
        if dryRun { return try TargetText.print(ExternalPlan(request, trialThere), json: json) }
        Terminal.error("in the marked database of \(target.parameters.shown), which is emptied for it")
        try await perform(request)
        if keep { Terminal.error("the archive stays there; `archivebench clean --target` drops the database") }
    }
}

extension TargetText {
    /// Everything that a trial would send.
    static func print(_ plan: ExternalPlan, json: Bool) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Terminal.out(String(decoding: try encoder.encode(plan), as: UTF8.self))
        }
        var lines = [
            "Would run in \(plan.target), PostgreSQL \(plan.serverVersion)",
            "  disk        up to \(plan.diskBytes / 1_000_000) MB there",
            "  time        about \(Int(plan.secondsEstimated)) s",
            "  operations  warm-up and measure, later pages not counted (they follow from replies)",
        ]
        lines += plan.operations.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)" }
        for part in plan.parts {
            lines.append("-- \(part.title)")
            lines += part.statements.isEmpty ? ["  (none)"] : part.statements.map { "  \(indented($0));" }
        }
        if !plan.notShown.isEmpty {
            lines.append(
                "-- not shown, as none comes among the first \(LoadStatements.mostOperations) operations: \(plan.notShown.joined(separator: ", "))"
            )
        }
        lines.append(
            "-- what follows from replies is not shown: later pages, and what maintenance does with the partitions it finds"
        )
        Terminal.out(lines.joined(separator: "\n") + "\nNothing was sent that writes.")
    }
}
