import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem

/// The command line: parse, wire, print, exit code; nothing else.
struct ArchiveBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archivebench",
        abstract: "Benchmarks PostgreSQL as the archive of a Waku store node.",
        discussion: """
            Examples:
              archivebench run                                    a first look at this machine, in three minutes
              archivebench run --schema 7 --duration 5min         the archive of released nodes, for longer
              archivebench run my-workload.yaml --rate-scale 10   your own traffic, ten times as much
              archivebench workload describe status-dm-10k        what a workload amounts to, before running it
              archivebench show latest                            the last run in the terminal
              archivebench compare status-prod my-settings.yaml   is the second better, and by how much
              archivebench doctor                                 what this host can and cannot do

            Exit codes:
              0  done
              1  the trial is invalid, or what --fail-on names
              2  wrong usage or wrong input files
              3  the environment does not allow it
              4  interrupted, with a partial record

            Environment:
              ARCHIVEBENCH_STATE  folder of managed clusters (default /var/tmp/archivebench-<uid>)
              NO_COLOR            no colour, whatever the terminal
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, CompareCommand.self, ExperimentCommand.self, SuggestionsCommand.self, WorkloadCommand.self,
            Characterize.self, ReportCommand.self, ImportCommand.self, Show.self, Bundle.self, Runs.self, Doctor.self,
            Up.self, Down.self, TargetCommand.self, Clean.self, QueryCommand.self, PutCommand.self,
            CacheCommand.self, ProfileCommand.self, Calibrate.self, ProbeWorker.self,
            FlushProbeCommand.self,
        ])
}

/// The version of the tool.
enum Version {
    static let text = "0.2.0"

    /// The version as records have it: with the commit of the launcher's last build, and `-changed` behind it where files
    /// of the checkout were not those of the commit; alone where there was no such build, or no commit.
    static let recorded: String = {
        let stamp = (try? Project.root()).flatMap {
            FileManager.default.contents(atPath: "\($0)/.build/archivebench.built")
        }
        let revision = stamp.map { String(decoding: $0, as: UTF8.self) }?.split(separator: "\n").first ?? ""
        return revision.isEmpty ? text : "\(text)+\(revision)"
    }()
}
