import ArgumentParser
import Experiment
import LinuxSystem
import Testbed
import Workload

/// `archivebench up`
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an archive and leave it running, or start a stopped one again.",
        discussion: """
            Examples:
              archivebench up                       an archive with the history of status-prod-steady
              archivebench up --history 2M --schema 7
              archivebench up --again k3f9a2hm      a cluster that `down` stopped
            """)

    @OptionGroup var trial: TrialOptions

    @Option(help: ArgumentHelp("Start this kept cluster again instead of making one.", valueName: "id"))
    var again: String?

    func run() async throws {
        if let again {
            let record = try ClusterText.find(again)
            guard record.processes.isEmpty else { throw UsageProblem("\(again): runs already") }
            try await ManagedCluster.adopt(record, in: Project.registry).start()
            return Terminal.out(ClusterText.howToConnect(record))
        }
        let subject = try trial.read()
        let spec = subject.workload
        let request = try await trial.request(subject, rateScale: 1, recordFolder: "", runID: "up", keep: true)
        request.registry.sweep()
        let (fitted, adaptations) = subject.variant.fitted(toMemory: Host.memoryBytes)
        for line in adaptations { Terminal.error(line) }
        try request.registry.prepare()
        try TrialPlan.checkDisk(request)
        let (progress, control) = (ProgressLine(), TrialControl())
        let signals = Interruption.watch(control, progress, request.registry)
        let total = spec.history.rows
        defer { progress.close() }
        var archive = try await ArchiveBuilder(request, variant: fitted, control: control).build(
            purpose: "\(spec.name), schema \(request.schemaVersion), \(total) rows"
        ) { rows in
            progress.report(
                TrialProgress(
                    stage: .history, secondsLeft: Double(total - rows) / TrialPlan.assumedLoadRate,
                    rows: (rows, total), failed: 0))
        }
        do {
            if control.isStopping { throw TrialInterrupted() }
            for line in try await archive.patched(by: fitted, for: request) { Terminal.error(line) }
        } catch {
            await archive.remove()
            throw error
        }
        let kept = try await archive.cluster.keep()
        withExtendedLifetime(signals) {}
        progress.close()
        Terminal.out(ClusterText.howToConnect(kept))
    }
}

/// `archivebench down`
struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop kept clusters; their data stays.",
        discussion: """
            Examples:
              archivebench down                all kept clusters
              archivebench down k3f9a2hm       one of them
            """)

    @Argument(help: "Clusters, by id or the beginning of it; all kept ones when none is given.")
    var clusters: [String] = []

    func run() throws {
        let chosen = clusters.isEmpty ? Project.registry.clusters().filter(\.kept) : try clusters.map(ClusterText.find)
        if chosen.isEmpty { Terminal.out("No kept clusters.") }
        for record in chosen {
            guard ManagedCluster.stop(record) else { throw TestbedProblem("\(record.id): its server does not end") }
            Terminal.out(
                "stopped \(record.id); `archivebench up --again \(record.id)` starts it, `archivebench clean \(record.id)` removes it"
            )
        }
    }
}

/// `archivebench clean`
struct Clean: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove kept clusters, what killed runs left behind, and the marked database of a server.",
        discussion: """
            Examples:
              archivebench clean               what killed runs left behind
              archivebench clean k3f9a2hm      one kept cluster, data included
              archivebench clean --all         all kept clusters, data included
              archivebench clean --target 'host=db user=bench dbname=bench' --dry-run
                                               which statements would drop the marked database there

            What the cache holds on purpose is removed by `archivebench cache prune`.
            """)

    @Argument(help: "Kept clusters, by id or the beginning of it.")
    var clusters: [String] = []

    @Flag(help: "All kept clusters.")
    var all = false

    @OptionGroup var external: TargetOptions

    @Flag(help: "With --target: print the statements, and send none that changes anything.")
    var dryRun = false

    func validate() throws {
        if external.target == nil && dryRun { throw ValidationError("--dry-run: for --target only") }
        if external.target != nil && (all || !clusters.isEmpty) {
            throw ValidationError("--target: name a server or clusters, not both")
        }
    }

    func run() throws {
        if let target = external.target { return try TargetCommand.remove(target, dryRun: dryRun) }
        let registry = Project.registry
        let chosen = all ? registry.clusters().filter(\.kept) : try clusters.map(ClusterText.find)
        let leftovers = DatasetCache(registry: registry).sweep()
        let swept = registry.sweep()
        for name in leftovers { Terminal.out("removed \(name), left behind in the cache") }
        for record in swept { Terminal.out("removed \(record.id), left behind by \(record.purpose)") }
        for record in chosen {
            guard registry.remove(record) else { throw TestbedProblem("\(record.id): its server does not end") }
            Terminal.out("removed \(record.id)")
        }
        if swept.isEmpty && chosen.isEmpty && leftovers.isEmpty { Terminal.out("Nothing to remove.") }
    }
}

/// Words about clusters.
enum ClusterText {
    /// How to reach a running cluster, and how to be rid of it.
    static func howToConnect(_ record: ClusterRecord) -> String {
        """
        Cluster \(record.id) is running (\(record.purpose)).
          connect  psql -h \(record.socketFolder) -U \(ClusterRecord.user) \(record.archives[0])\(others(record))
          stop     archivebench down \(record.id)
          remove   archivebench clean \(record.id)
        """
    }

    private static func others(_ record: ClusterRecord) -> String {
        record.archives.count > 1 ? "   (\(record.archives.count) databases: see psql's \\l)" : ""
    }

    /// The cluster that a person means.
    static func find(_ name: String) throws -> ClusterRecord {
        let kept = Project.registry.clusters().filter(\.kept)
        let matching = kept.filter { $0.id.hasPrefix(name) }
        guard let found = matching.first, matching.count == 1 else {
            let known = kept.map(\.id).joined(separator: ", ")
            throw UsageProblem(
                "\(name): \(matching.isEmpty ? "no such kept cluster" : "several clusters begin so"); there are: \(known.isEmpty ? "none" : known)"
            )
        }
        return found
    }
}
