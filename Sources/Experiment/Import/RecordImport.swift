import FoundationEssentials
import LinuxSystem
import RunRecord
import SpecReader

/// Makes a run record of what another program measured.
package struct RecordImport {
    /// What to read.
    package enum Source: Sendable {
        /// Logs of one run of `pgbench -l`, one of each thread: what the seventh column is, and the seconds of an interval,
        /// where a person says it.
        case pgbench([String], seventh: SeventhColumn?, interval: Int?)
        /// What sysbench printed.
        case sysbench(String)
        /// Snapshots of a store node's metrics, and the seconds between them where a person says it.
        case prometheus([String], every: Double?)

        fileprivate var paths: [String] {
            switch self {
            case .pgbench(let paths, _, _), .prometheus(let paths, _): paths
            case .sysbench(let path): [path]
            }
        }
    }

    private let source: Source
    private let name: String?
    private let runID: String
    private let toolVersion: String
    private let command: String
    /// Milliseconds since 1970.
    private let now: Int

    /// - Parameters:
    ///   - source: what to read.
    ///   - name: of the side that it is in a comparison; that of the first file when `nil`.
    ///   - runID: of the record.
    ///   - toolVersion: of this tool.
    ///   - command: the command line that makes the record again.
    ///   - now: wall clock, milliseconds since 1970, UTC.
    package init(
        _ source: Source, name: String?, runID: String, toolVersion: String, command: String, now: Int
    ) {
        self.source = source
        self.name = name
        self.runID = runID
        self.toolVersion = toolVersion
        self.command = command
        self.now = now
    }

    /// The record and what stands beside it, read and not written yet.
    package struct Read {
        package let record: RunRecord
        fileprivate let samples: [SecondSample]
        fileprivate let latencies: String
        fileprivate let startedAt: Double?

        /// Writes a new folder; takes it away again when it cannot be written whole.
        ///
        /// - Parameter path: of the folder, which may be there without a record.
        /// - Returns: the folder.
        /// - Throws: `RecordFolder.Problem`.
        package func write(to path: String) throws -> RecordFolder {
            let wasThere = FileManager.default.fileExists(atPath: path)
            let folder = try RecordFolder.create(path: path)
            do {
                try folder.append(samples, to: .samples)
                try folder.append(record.events, to: .events)
                if let startedAt, !latencies.isEmpty {
                    let head = LatencyLog.head(startedAt: Int(startedAt * 1_000), date: record.startedAt)
                    try folder.append(lines: head + latencies, to: .latencies)
                }
                try folder.write(record)
            } catch {
                if !wasThere { try? FileManager.default.removeItem(atPath: path) }
                throw error
            }
            return folder
        }
    }

    /// Reads all files; writes nothing.
    ///
    /// - Parameter note: is told the share that is done, 0 … 1.
    /// - Returns: the record, not written yet.
    /// - Throws: `SpecProblems` for files that are not what they should be.
    package func read(note: @escaping (Double) -> Void = { _ in }) throws -> Read {
        let files = try source.paths.map { try ImportFile($0) }
        let descriptions = files.map(\.description)
        if let twice = Dictionary(grouping: zip(files, descriptions), by: { $0.1.digest }).values.first(where: {
            $0.count > 1
        }) {
            throw twice[1].0.problem("has the same content as \(twice[0].0.path)", "name each file once")
        }
        let load: ImportedLoad
        switch source {
        case .pgbench(_, let seventh, let interval):
            load = try PgbenchImport.load(files, seventh: seventh, interval: interval, note: note)
        case .sysbench: load = try SysbenchImport(files[0]).load()
        case .prometheus(_, let every): load = try NodeImport(files, every: every).load()
        }
        return Read(
            record: record(load, descriptions), samples: load.samples, latencies: load.latencies,
            startedAt: load.startedAt)
    }

    // MARK: The record

    /// Keys of the stable core that no source of an import tells.
    private static let unknown = [
        "seed", "validity", "objectives", "targets", "variant.schemaVersion", "variant.driver", "variant.settings",
        "profile",
        "host", "generator", "workload.rateScale", "workload.nodes", "workload.archiveEpoch", "workload.shards",
        "phases.warmUpSeconds", "phases.drainLimitSeconds", "classes.*.goodputPerSecond", "classes.*.rows",
        "classes.*.chainsCut",
    ]

    private static let notCollected = [
        "Anything of the server, its settings, the machine and the archive.",
        "The schedule and the load generator's own cost and lateness.", "Warm-up and drain: all of the time counts.",
    ]

    private func record(_ load: ImportedLoad, _ files: [ImportDescription.File]) -> RunRecord {
        let digest = digest(files)
        let notKnown = ImportDescription.notKnown
        func time(_ seconds: Double) -> String { UTCTime(seconds: Int(seconds)).iso8601 }
        var record = RunRecord(
            runId: runID, toolVersion: toolVersion, startedAt: load.startedAt.map(time) ?? notKnown, digest: digest,
            seed: 0,
            variant: VariantDescription(
                name: name ?? Self.stem(files[0].name), summary: "imported from \(load.source)", schemaVersion: 0,
                driver: notKnown, settings: [], adaptations: []),
            profile: ProfileDescription(name: notKnown, requested: [:], enforced: [:], observed: [:], notEnforced: []),
            host: HostDescription(
                processorModel: notKnown, processors: 0, memoryBytes: 0, kernel: notKnown, operatingSystem: notKnown,
                filesystem: notKnown),
            workload: WorkloadDescription(
                name: load.program, summary: "a load of \(load.program), imported", fileDigest: digest, rateScale: 1,
                nodes: 0, archiveEpoch: notKnown, shards: []),
            phases: PhaseDescription(warmUpSeconds: 0, measureSeconds: load.seconds, drainLimitSeconds: 0),
            command: command)
        record.endedAt = load.startedAt.map { time($0 + load.seconds) }
        record.ending = .completed
        record.phases.measuredSeconds = load.seconds
        record.pacing = load.clients.map { PacingDescription(clients: $0) }
        record.classes = load.classes
        record.accounting = load.accounting
        record.events = load.events
        record.notCollected = Self.notCollected
        record.imported = ImportDescription(
            source: load.source, files: files, importedAt: UTCTime(seconds: now / 1_000).iso8601,
            countsFromSchedule: load.countsFromSchedule, limits: load.limits,
            unknown: Self.unknown + (load.accounting.isEmpty ? ["accounting"] : []), counters: load.counters,
            intervals: load.intervals)
        return record
    }

    /// Of all files, whatever their order on the command line.
    private func digest(_ files: [ImportDescription.File]) -> String {
        files.count == 1 ? files[0].digest : FileDigest.of(files.map(\.digest).sorted().joined(separator: "\n"))
    }

    private static let endings = [".txt", ".log", ".out", ".prom", ".metrics"]

    /// A file's name without its ending; the numbers behind pgbench's are not one.
    private static func stem(_ name: String) -> String {
        endings.first(where: name.hasSuffix).map { String(name.dropLast($0.count)) } ?? name
    }
}
