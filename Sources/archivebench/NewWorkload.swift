import ArgumentParser
import SpecReader
import Workload

/// `archivebench workload new`
struct NewWorkload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write a commented workload file for something that is about to be.",
        discussion: """
            Examples:
              archivebench workload new community --members 2000 --channels 12 --shard 16/128 --protected > mine.yaml
              archivebench workload new shared --communities 40 --members 500 > shared.yaml
              archivebench workload new dms --users 25000 > dms.yaml
            """,
        subcommands: [Community.self, Shared.self, DirectMessages.self])

    /// `archivebench workload new community`
    struct Community: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One community on a shard of its own.")

        @Option(help: ArgumentHelp("Members.", valueName: "n"), transform: Arguments.count)
        var members: Int

        @Option(help: ArgumentHelp("Channels.", valueName: "n"), transform: Arguments.count)
        var channels = 25

        @Option(help: ArgumentHelp("Cluster and index of the shard.", valueName: "shard"))
        var shard: String

        @Flag(help: "Messages on the shard are signed: 64 bytes in meta.")
        var protected = false

        @Option(help: ArgumentHelp("Share of the members who are active.", valueName: "share"))
        var active: String = "20%"

        func validate() throws {
            try NewWorkload.check(members, "--members")
            try NewWorkload.check(channels, "--channels", most: 10_000)
        }

        func run() throws {
            let share = try NewWorkload.share(active, "--active")
            try NewWorkload.print(
                WorkloadTemplate.community(
                    members: members, channels: channels, shard: shard, isProtected: protected, active: share))
        }
    }

    /// `archivebench workload new shared`
    struct Shared: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shared", abstract: "Several communities on the default shard.")

        @Option(help: ArgumentHelp("Communities.", valueName: "n"), transform: Arguments.count)
        var communities = 100

        @Option(help: ArgumentHelp("Members of each.", valueName: "n"), transform: Arguments.count)
        var members = 500

        @Option(help: ArgumentHelp("Channels of each.", valueName: "n"), transform: Arguments.count)
        var channels = 25

        @Option(help: ArgumentHelp("Cluster and index of the shard.", valueName: "shard"))
        var shard = "16/32"

        @Option(help: ArgumentHelp("Share of the members who are active.", valueName: "share"))
        var active: String = "20%"

        func validate() throws {
            try NewWorkload.check(communities, "--communities", most: 10_000)
            try NewWorkload.check(members, "--members")
            try NewWorkload.check(channels, "--channels", most: 10_000)
        }

        func run() throws {
            let share = try NewWorkload.share(active, "--active")
            try NewWorkload.print(
                WorkloadTemplate.shared(
                    communities: communities, members: members, channels: channels, shard: shard, active: share))
        }
    }

    /// `archivebench workload new dms`
    struct DirectMessages: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dms", abstract: "One-to-one chat of so many users.")

        @Option(help: ArgumentHelp("Active users.", valueName: "n"), transform: Arguments.count)
        var users: Int

        @Option(help: ArgumentHelp("Contacts of each.", valueName: "n"), transform: Arguments.count)
        var contacts = 3

        @Option(help: ArgumentHelp("Cluster and index of the shard.", valueName: "shard"))
        var shard = "16/64"

        func validate() throws {
            try NewWorkload.check(users, "--users")
            try NewWorkload.check(contacts, "--contacts", most: 10_000)
        }

        func run() throws {
            try NewWorkload.print(WorkloadTemplate.directMessages(users: users, contacts: contacts, shard: shard))
        }
    }

    /// What is written can be read; a wrong shard, for one, is told here.
    private static func print(_ text: String) throws {
        do {
            _ = try WorkloadSpec(document: SpecDocument(text: text, file: "new workload"))
        } catch let problems as SpecProblems {
            throw UsageProblem(problems.problems.map { "\($0.what); \($0.remedy)" }.joined(separator: "; "))
        }
        Terminal.out(String(text.reversed().drop { $0 == "\n" }.reversed()))
    }

    private static func check(_ count: Int, _ name: String, most: Int = 1_000_000) throws {
        guard (1...most).contains(count) else { throw ValidationError("\(name) \(count): use 1 to \(most)") }
    }

    private static func share(_ text: String, _ name: String) throws -> Double {
        switch QuantityParser.share(text) {
        case .success(let value) where value > 0: return value
        case .success: throw ValidationError("\(name) \(text): use more than 0%")
        case .failure(let error): throw ValidationError("\(name): \(error.description)")
        }
    }
}
