/// A use of something that a module should not touch.
struct Breach: Equatable, CustomStringConvertible {
    let path: String
    let line: Int
    let reason: String

    var description: String { "\(path):\(line): \(reason)" }
}

/// A use that is not wanted, recognised by the words and signs in a row.
enum Banned {
    /// The word, wherever it stands.
    case name(String)
    /// A free function or initialiser called, not a member or a declaration; where arguments are given, only when the
    /// call begins with one of them.
    case call(String, [[String]] = [])
    /// A member of one of these types, or of a type that is left out, as in `.standardOutput`.
    case member(String, of: Set<String>)

    /// Whether the words at `place` are such a use.
    func matches(_ words: [SwiftSource.Word], at place: Int) -> Bool {
        func word(_ offset: Int) -> String {
            let index = place + offset
            return words.indices.contains(index) ? words[index].text : ""
        }
        switch self {
        case .name(let name):
            return word(0) == name
        case .call(let name, let openings):
            guard word(0) == name, word(1) == "(", word(-1) != "func" else { return false }
            guard word(-1) != "." || Self.libraries.contains(word(-2)) else { return false }
            return openings.isEmpty
                || openings.contains { opening in
                    opening.indices.allSatisfy { word($0 + 2) == opening[$0] }
                }
        case .member(let name, let owners):
            guard word(0) == name, word(-1) == "." else { return false }
            return owners.contains(word(-2)) || Self.startsExpression(after: word(-2))
        }
    }

    private static let libraries: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Swift"]

    /// Whether a dot after this word belongs to a type that is left out.
    private static func startsExpression(after word: String) -> Bool {
        guard let last = word.last else { return true }
        let isName = last.isLetter || last.isNumber || last == "_"
        return isName ? ["await", "case", "else", "in", "return", "try"].contains(word) : !")]}?!`".contains(last)
    }
}

/// What is banned, why, and from whom.
struct UseRule {
    let reason: String
    let banned: [Banned]
    let applies: @Sendable (ModuleRule) -> Bool

    static let all = [speaking, environment, clocks]

    /// Only the command line talks to people and ends the process.
    static let speaking = UseRule(
        reason: "only \(ArchitectureTable.speaker) prints and exits",
        banned: [
            .call("print"), .call("debugPrint"), .call("dump"), .call("exit"), .call("_exit"), .call("quick_exit"),
            .call("puts"), .call("putchar"), .call("printf"), .call("vprintf"), .call("write", [["1", ","]]),
            .name("stdout"), .name("STDOUT_FILENO"), .name("currentStandardOutput"),
            .member("standardOutput", of: ["FileDescriptor", "FileHandle"]),
        ],
        applies: { $0.name != ArchitectureTable.speaker })

    /// What the environment says is read once, above. Forgetting a variable (`unsetenv`) reads nothing and is allowed.
    static let environment = UseRule(
        reason: "below Experiment the environment and the command line are passed in",
        banned: [
            .name("getenv"), .name("secure_getenv"), .name("setenv"), .name("putenv"),
            .name("ProcessInfo"), .name("environ"), .name("CommandLine"),
        ],
        applies: { $0.level < ArchitectureTable.experimentLevel })

    /// Time is the monotonic clock of LinuxSystem, or is passed in.
    static let clocks = UseRule(
        reason: "below Experiment the wall clock is passed in, and time passed is LinuxSystem's",
        banned: [
            .call("Date", [[")"], ["timeIntervalSinceNow"]]), .member("now", of: ["Date"]),
            .name("ContinuousClock"), .name("SuspendingClock"), .name("DispatchTime"), .name("DispatchWallTime"),
            .name("clock_gettime"), .name("gettimeofday"), .name("timespec_get"), .name("wallSeconds"),
            .name("wallMilliseconds"),
            .call("time", [["nil"], ["&"]]),
        ],
        applies: { $0.level < ArchitectureTable.experimentLevel && $0.name != ArchitectureTable.clockMaker })
}

extension SwiftSource {
    /// Breaches of the rules on calls, imports and length in this file; `declared` is its module in Package.swift.
    func breaches(declared: ModuleNode) -> [Breach] {
        guard let rule = ArchitectureTable.rule(for: module) else {
            return [Breach(path: path, line: 1, reason: "\(module) is not in the architecture table")]
        }
        return useBreaches(rule) + importBreaches(declared) + lengthBreaches()
    }

    private func useBreaches(_ rule: ModuleRule) -> [Breach] {
        let words = words
        var breaches: [Breach] = []
        for use in UseRule.all where use.applies(rule) {
            for place in words.indices where use.banned.contains(where: { $0.matches(words, at: place) }) {
                let word = words[place]
                breaches.append(Breach(path: path, line: word.line, reason: "\(word.text) - \(use.reason)"))
            }
        }
        return breaches
    }

    private func importBreaches(_ declared: ModuleNode) -> [Breach] {
        var breaches: [Breach] = []
        func note(_ line: Int, _ reason: String) { breaches.append(Breach(path: path, line: line, reason: reason)) }
        for (name, line) in imports {
            if let allowed = ArchitectureTable.importers[name], !allowed.contains(module) {
                note(line, "import \(name) - only \(allowed.sorted().joined(separator: ", ")) may")
            } else if name.hasPrefix("Foundation") && name != "FoundationEssentials" {
                if !ArchitectureTable.foundationUsers.contains(module) {
                    note(line, "import \(name) - FoundationEssentials, or a reason on the allow list")
                }
            } else if ArchitectureTable.rule(for: name) != nil {
                if !declared.modules.contains(name) {
                    note(line, "import \(name) - not a dependency of \(module) in Package.swift")
                }
            } else if !declared.products.contains(name) && !ArchitectureTable.toolchain.contains(name) {
                note(line, "import \(name) - neither a dependency of \(module) in Package.swift nor of the toolchain")
            }
        }
        return breaches
    }

    private func lengthBreaches() -> [Breach] {
        guard lineCount > ArchitectureTable.longestFile else { return [] }
        let reason = "\(lineCount) lines, \(ArchitectureTable.longestFile) at most: split it by aspect"
        return [Breach(path: path, line: lineCount, reason: reason)]
    }
}
