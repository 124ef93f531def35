import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import RunRecord
import Testbed

extension ProfileCommand {
    /// `archivebench profile probe`
    struct Probe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what this machine is, and measure what it gives, with or without a profile in force.",
            discussion: """
                Takes about three seconds: flushes, sequential and random reads and writes, memory, processors.

                Examples:
                  archivebench profile probe
                  archivebench profile probe --data-dir /mnt/disk
                  archivebench profile probe --profile fleet-1vcpu-2gb --json
                """)

        @Option(
            help: ArgumentHelp("A profile file, or the name of a shipped one, to put in force.", valueName: "file"),
            completion: .file(extensions: ["yaml"]))
        var profile: String?

        @Flag(help: "Put the largest share of the profile in force that fits this host.")
        var scaleToHost = false

        @Option(
            help: ArgumentHelp("Existing folder on the disk to probe.", valueName: "folder"), completion: .directory)
        var dataDir: String?

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Result: Encodable {
            let host: HostDescription
            let profile: ProfileDescription
        }

        func run() async throws {
            let registry = Project.registry
            let signals = Interruption.endAtOnce(registry)
            defer { withExtendedLifetime(signals) {} }
            registry.sweep()
            let chosen = try profile.map { name in
                try HardwareProfile(path: Project.file(name, in: "hardware"))
                    .fitted(to: .here, scaled: scaleToHost, others: scaleToHost ? [] : ProfileOptions.shipped())
            }
            let folder = try dataDir.map(TrialOptions.absolute)
            try registry.prepare()
            let enforcement = chosen.map { Enforcement($0, dataFolder: folder ?? registry.home) }
            let host = HostDescription.here(folder ?? registry.home)
            let site = try ProbeSite(
                in: registry, dataDirectory: folder, enforcement: enforcement,
                createdAt: UTCTime(seconds: Clock.wallSeconds()).iso8601)
            defer { site.remove() }
            let reading = try await site.probe(tool: Project.program)
            let seen = ProfileSight(chosen, site.limits, host, reading)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                let result = Result(host: host, profile: seen.description)
                return Terminal.out(String(decoding: try encoder.encode(result), as: UTF8.self))
            }
            for line in Self.lines(host, seen.description) { Terminal.out(line) }
        }

        private static func lines(_ host: HostDescription, _ profile: ProfileDescription) -> [String] {
            let facts = [
                ["processors", "\(host.processors) × \(host.processorModel)"],
                ["governor", host.governor ?? "not told"], ["memory", ProfileText.memory(host.memoryBytes)],
                ["kernel", host.kernel], ["system", "\(host.operatingSystem), \(host.virtualisation ?? "unknown")"],
                ["filesystem", host.filesystem], ["device", host.device ?? "none of its own"],
                ["profile", profile.name],
            ]
            let head = ["probe", "asked", "got", "unit"]
            let rows = (profile.probes ?? []).map { row in
                [
                    row.name, row.asked.map { ProfileText.number($0) } ?? "-",
                    row.before.map { ProfileText.number($0) } ?? "not measured", row.unit,
                ]
            }
            let enforced = profile.enforced.sorted { $0.key < $1.key }.map { ["enforced", "\($0.key): \($0.value)"] }
            let open = profile.notEnforced.map { ["not enforced", $0] }
            return ProfileWords.columns(facts) + [""] + ProfileWords.columns([head] + rows)
                + (enforced.isEmpty && open.isEmpty ? [] : [""] + ProfileWords.columns(enforced + open))
                + (profile.adaptations ?? [])
        }
    }
}
