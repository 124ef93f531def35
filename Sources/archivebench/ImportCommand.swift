import ArgumentParser
import Experiment
import LinuxSystem
import RunRecord

/// `archivebench import`
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a run record of what another program measured.",
        discussion: """
            An imported record is shown, reported, compared and packed as one of this tool's own. It says what it cannot
            support, such as intended starts and request classes, and no verdict is made of it.

            Examples:
              archivebench import pgbench pgbench_log.4711 pgbench_log.4711.1 --name before
              archivebench import sysbench oltp.txt --name after
              archivebench import prometheus metrics-*.txt --name node-1
              archivebench compare Reports/<before> Reports/<after>

            Exit codes: 0 done; 2 wrong usage, or a file that is not what it should be; 3 the environment does not allow it.
            """,
        subcommands: [PgbenchLogs.self, SysbenchOutput.self, NodeSnapshots.self])

    /// What all of them share.
    struct Options: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Its name in reports, and its side in a comparison; the first file's when not given.", valueName: "name"
            ))
        var name: String?

        @Option(
            help: ArgumentHelp("The record's own folder; Reports/<name> when not given.", valueName: "folder"),
            completion: .directory)
        var output: String?

        @Flag(help: "Print the run record as JSON instead of the closing table.")
        var json = false

        func validate() throws {
            if name?.isEmpty == true { throw ValidationError("--name: use a word such as before") }
        }

        /// Reads, writes the record and its reports, and says what it is.
        func make(_ source: RecordImport.Source, _ program: String) throws {
            let id = TrialOptions.newRunID("import-\(name ?? program)")
            let progress = ProgressLine()
            let start = Clock.now()
            defer { progress.close() }
            let read = try RecordImport(
                source, name: name, runID: id, toolVersion: Version.recorded,
                command: TrialOptions.commandLine(CommandLine.arguments), now: Clock.wallMilliseconds()
            ).read { share in
                let spent = Double(Clock.now() - start) / 1e9
                guard share > 0, share < 1, spent > 1 else { return }
                progress.show(["reading", "\(Int(share * 100)) %"], stage: "reading", left: spent / share - spent)
            }
            progress.close()
            let folder = try read.write(to: output ?? RunFolders.newFolder(id))
            _ = try Reporting.write(folder)
            Terminal.out(json ? folder.readText(.record) ?? "" : Reporting.closingTable(folder, read.record))
        }
    }

    /// `archivebench import pgbench`
    struct PgbenchLogs: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pgbench",
            abstract: "Import the log of a run of `pgbench -l`, of transactions or of intervals.",
            discussion: """
                Name all files of one run: pgbench writes one a thread. With --aggregate-interval a log has no percentiles.

                Examples:
                  archivebench import pgbench pgbench_log.4711 pgbench_log.4711.1
                  archivebench import pgbench pgbench_log.4711 --seventh retries --name max-tries-10
                """)

        @Argument(help: "The files pgbench_log.* of one run.", completion: .file())
        var files: [String]

        @Option(
            help: ArgumentHelp(
                "What the seventh column is, where a log does not tell: lag (--rate) or retries (--max-tries).",
                valueName: "column"))
        var seventh: SeventhColumn?

        @Option(
            help: ArgumentHelp(
                "Length of an interval of --aggregate-interval, where a log holds one only.", valueName: "time"),
            transform: Arguments.duration)
        var interval: UInt64?

        @OptionGroup var options: Options

        func validate() throws {
            if let interval, interval < 1_000_000_000 || interval % 1_000_000_000 != 0 {
                throw ValidationError("--interval: use whole seconds, at least 1s")
            }
        }

        func run() throws {
            let seconds = interval.map { Int($0 / 1_000_000_000) }
            try options.make(.pgbench(files, seventh: seventh, interval: seconds), "pgbench")
        }
    }

    /// `archivebench import sysbench`
    struct SysbenchOutput: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sysbench",
            abstract: "Import what a run of sysbench printed.",
            discussion: """
                With --report-interval the output has a time line, with --histogram=on the percentiles.

                Examples:
                  sysbench oltp_read_write --report-interval=1 --histogram=on run >oltp.txt
                  archivebench import sysbench oltp.txt
                """)

        @Argument(help: "What `sysbench ... run` printed, whole.", completion: .file())
        var file: String

        @OptionGroup var options: Options

        func run() throws { try options.make(.sysbench(file), "sysbench") }
    }

    /// `archivebench import prometheus`
    struct NodeSnapshots: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prometheus",
            abstract: "Import snapshots of a store node's metrics.",
            discussion: """
                Two or more copies of the page that the node shows to Prometheus, taken some time apart; what its counters
                went up by in between becomes rates and percentiles. When they were taken is told by the files' names
                (metrics-20260105T180000Z.txt, or seconds since 1970), by the times in their lines, or by --every.

                Examples:
                  while sleep 15; do curl -s localhost:8003/metrics >metrics-$(date -u +%Y%m%dT%H%M%SZ).txt; done
                  archivebench import prometheus metrics-*.txt --name node-1
                  archivebench import prometheus one.txt two.txt three.txt --every 15s
                """)

        @Argument(help: "Snapshots of one node, two or more.", completion: .file())
        var files: [String]

        @Option(
            help: ArgumentHelp("Time between two snapshots, in the order of the files.", valueName: "time"),
            transform: Arguments.duration)
        var every: UInt64?

        @OptionGroup var options: Options

        func validate() throws {
            if every == 0 { throw ValidationError("--every: use a time above 0, such as 15s") }
        }

        func run() throws {
            try options.make(.prometheus(files, every: every.map { Double($0) / 1e9 }), "node")
        }
    }
}

extension SeventhColumn: ExpressibleByArgument {}
