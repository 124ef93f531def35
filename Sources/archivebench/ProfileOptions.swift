import ArgumentParser
import FoundationEssentials
import LinuxSystem
import SpecReader
import Testbed

/// Which machine to run on.
struct ProfileOptions: ParsableArguments {
    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp(
            "A profile file, or the name of a shipped one: processors, memory and storage that the server is held to. Given several times, one trial after the other. The host as it is when not given.",
            valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var names: [String] = []

    @Flag(help: "Run the largest share of a profile that fits this host instead of refusing it; every report says so.")
    var scaleToHost = false

    func validate() throws {
        if scaleToHost && names.isEmpty { throw ValidationError("--scale-to-host: name a machine with --profile") }
    }

    /// The machines as they fit this host, in the order given; all problems of all files at once.
    func read() throws -> [HardwareProfile] {
        var (found, problems): ([HardwareProfile], [SpecProblem]) = ([], [])
        for name in names {
            do {
                found.append(try HardwareProfile(path: Project.file(name, in: "hardware")))
            } catch let error as SpecProblems {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw SpecProblems(problems) }
        let repeated = Dictionary(grouping: found, by: \.name).first { $0.value.count > 1 }
        if let repeated { throw UsageProblem("--profile \(repeated.key): given twice; name each machine once") }
        let others = scaleToHost ? [] : try Self.shipped()
        return try found.map { try $0.fitted(to: .here, scaled: scaleToHost, others: others) }
    }

    /// The shipped profiles, by name.
    static func shipped() throws -> [HardwareProfile] {
        let folder = "\(try Project.root())/Workloads/hardware"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return try names.filter { $0.hasSuffix(".yaml") }.sorted().map { try HardwareProfile(path: "\(folder)/\($0)") }
    }
}
