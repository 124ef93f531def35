import RunRecord

/// Tells whether an experiment would go on where it began: trials of another server, disk or machine are not repeats.
package enum ConditionChange {
    /// Memory of one machine as two kernels count it differs by less than this share.
    private static let memoryTolerance = 0.01

    /// Refuses another machine.
    ///
    /// - Parameters:
    ///   - record: of the experiment.
    ///   - host: this machine, with the disk that trials would use.
    /// - Throws: `ExperimentProblem` with all that differs, and the remedy.
    package static func check(_ record: ExperimentRecord, host: HostDescription) throws {
        let begun = record.host
        var changes: [String] = []
        func note(_ name: String, _ old: String, _ new: String) {
            if old != new { changes.append("\(name) was \(old), is \(new)") }
        }
        note("processor", begun.processorModel, host.processorModel)
        note("processors", "\(begun.processors)", "\(host.processors)")
        if abs(Double(host.memoryBytes) / Double(max(1, begun.memoryBytes)) - 1) > memoryTolerance {
            note("memory", "\(begun.memoryBytes >> 20) MiB", "\(host.memoryBytes >> 20) MiB")
        }
        note("filesystem", begun.filesystem, host.filesystem)
        if let old = begun.device, let new = host.device { note("disk", old, new) }
        guard changes.isEmpty else {
            throw ExperimentProblem(
                "\(record.experimentId): this is not the machine that it began on (\(changes.joined(separator: "; "))); \(remedy)"
            )
        }
    }

    /// Refuses other servers.
    ///
    /// - Parameters:
    ///   - record: of the experiment; one from before servers were kept is let pass.
    ///   - servers: version of each cell's server, as it would be now.
    /// - Throws: `ExperimentProblem` with the versions, and the remedy.
    package static func check(_ record: ExperimentRecord, servers: [String]) throws {
        guard let begun = record.conditions?.servers, begun != servers else { return }
        let pair = zip(begun, servers).first { $0 != $1 }
        let words =
            pair.map { "was \($0), is \($1)" } ?? "was that of \(begun.count) cells, is that of \(servers.count)"
        throw ExperimentProblem(
            "\(record.experimentId): PostgreSQL \(words); name the folder of the programs it began with by --postgres-bin, or begin a new one with 'archivebench experiment run'"
        )
    }

    /// The options to go on with: those that it began with.
    ///
    /// - Parameters:
    ///   - record: of the experiment; one from before options were kept takes what is wanted now.
    ///   - wanted: what the command line says now; ``ExperimentConditions/servers`` is not looked at.
    /// - Returns: what to use. Another folder of programs is taken, because the servers' versions are compared.
    /// - Throws: `ExperimentProblem` for a choice that it did not begin with.
    package static func resumed(
        _ record: ExperimentRecord, wanted: ExperimentConditions
    ) throws -> ExperimentConditions {
        guard var begun = record.conditions else { return wanted }
        func refuse(_ option: String, _ how: String) -> ExperimentProblem {
            ExperimentProblem("\(option): \(record.experimentId) began \(how); leave it out, or \(beginAnew)")
        }
        if let folder = wanted.dataFolder, folder != begun.dataFolder {
            throw refuse("--data-dir \(folder)", begun.dataFolder.map { "with \($0)" } ?? "without it")
        }
        if begun.usesCache && !wanted.usesCache { throw refuse("--no-cache", "with the cache") }
        if begun.hasTelemetry && !wanted.hasTelemetry { throw refuse("--no-telemetry", "with telemetry") }
        begun.programs = wanted.programs ?? begun.programs
        return begun
    }

    private static let beginAnew = "begin a new one with 'archivebench experiment run'"
    private static let remedy = "resume it where it began, or \(beginAnew)"
}
