import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import Testbed

/// `archivebench profile`
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile", abstract: "List, show or probe the machines that a trial can be held to.",
        discussion: """
            Examples:
              archivebench profile list
              archivebench profile show fleet-2vcpu-4gb
              archivebench profile probe                         what this host gives
              archivebench profile probe --profile fleet-1vcpu-2gb
            """,
        subcommands: [List.self, Show.self, Probe.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the shipped profiles, and whether this host is large enough.",
            discussion: """
                Examples:
                  archivebench profile list
                """)

        func run() throws {
            let host = HostCapacity.here
            let rows = try ProfileOptions.shipped().map { profile in
                [
                    profile.name, ProfileText.number(profile.processors.count),
                    profile.memory.map { ProfileText.memory($0) } ?? "the host's",
                    ProfileWords.fit(profile.fittingShare(on: host)), profile.summary,
                ]
            }
            for line in ProfileWords.columns([["name", "processors", "memory", "fits here", "summary"]] + rows) {
                Terminal.out(line)
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a profile: the file, and what of it this host can hold.",
            discussion: """
                Examples:
                  archivebench profile show compose-container
                  archivebench profile show my-machine.yaml
                """)

        @Argument(help: ArgumentHelp("A profile file, or the name of a shipped one.", valueName: "file"))
        var name: String

        func run() throws {
            let profile = try HardwareProfile(path: Project.file(name, in: "hardware"))
            Terminal.out(profile.text.hasSuffix("\n") ? String(profile.text.dropLast()) : profile.text)
            let share = profile.fittingShare(on: .here)
            Terminal.out("# on this host: \(ProfileWords.fit(share))")
            let enforcement = Enforcement(
                try profile.fitted(to: .here, scaled: true), dataFolder: Project.registry.home)
            for line in ProfileWords.outlook(enforcement) { Terminal.out("# \(line)") }
        }
    }
}

/// The hidden command that runs the probes, inside the group whose limits they are to meet.
struct ProbeWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: ProbeRun.command, shouldDisplay: false)

    @Argument var directory: String

    func run() async throws {
        Terminal.out(try ProbeRun.encode(try await MachineProbe.run(in: directory)))
    }
}

/// Words about profiles.
enum ProfileWords {
    /// Whether a profile fits.
    static func fit(_ share: Double) -> String {
        share >= 1 ? "yes" : "\(ProfileText.number((share * 1_000).rounded(.down) / 10)) % of it"
    }

    /// What is asked and by what it would be held, one line each.
    static func outlook(_ enforcement: Enforcement) -> [String] {
        let requested = enforcement.requested
        return ProfileQuantity.allCases.compactMap { quantity in
            requested[quantity].map { "\(quantity.rawValue): \($0)" }
        } + enforcement.outlook.map { "not enforced: \($0)" }
    }

    /// A table's lines; the last column has no end.
    static func columns(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { column in
                column == row.count - 1
                    ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }.joined(separator: "  ")
        }
    }
}
