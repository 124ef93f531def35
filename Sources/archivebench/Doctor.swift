import ArgumentParser
import FoundationEssentials
import LinuxSystem
import Testbed

/// `archivebench doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this host can and cannot do, with remedies.",
        discussion: """
            Examples:
              archivebench doctor
              archivebench doctor --json
            """)

    @Flag(help: "Print as JSON.")
    var json = false

    /// One thing looked at.
    struct Finding: Encodable {
        enum Level: String, Encodable {
            case good
            case limited
            case missing
        }

        let subject: String
        let level: Level
        let found: String
        let remedy: String?
    }

    func run() async throws {
        let findings = await Self.examine()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.out(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            for finding in findings { Terminal.out(Self.text(finding)) }
        }
        if findings.contains(where: { $0.level == .missing }) { throw ExitStatus.environment }
    }

    private static func examine() async -> [Finding] {
        var findings = [system(), processors(), memory(), storage()]
        findings += await servers()
        findings += [account(), files(), limits(), clock(), clusters()]
        return findings
    }

    private static func servers() async -> [Finding] {
        let found = await PostgresInstallation.all(Project.postgresPlaces)
        if found.isEmpty {
            return [
                Finding(
                    subject: "PostgreSQL", level: .missing, found: "no server installed",
                    remedy: "apt-get install postgresql, or point --postgres-bin at its programs")
            ]
        }
        return found.map { server in
            let hidden = UserAccount.effective.isRoot ? ProgramCopies.obstacle(of: server) : nil
            return Finding(
                subject: "PostgreSQL", level: .good,
                found: "\(server.version) in \(server.folder)"
                    + (hidden.map { " (\($0) is closed to the server's user, who gets a copy)" } ?? ""),
                remedy: nil)
        }
    }

    private static func system() -> Finding {
        Finding(subject: "system", level: .good, found: "\(Host.operatingSystem), kernel \(Host.kernel)", remedy: nil)
    }

    private static func processors() -> Finding {
        let count = WorkerThread.usableProcessors
        return Finding(
            subject: "processors", level: count > 1 ? .good : .limited, found: "\(count) × \(Host.processorModel)",
            remedy: count > 1 ? nil : "with one processor the load generator and the server take turns; use two or more"
        )
    }

    private static func memory() -> Finding {
        let (total, free) = (Host.memoryBytes >> 20, Host.availableMemoryBytes >> 20)
        return Finding(
            subject: "memory", level: free > 1_024 ? .good : .limited, found: "\(total) MiB, \(free) MiB available",
            remedy: free > 1_024 ? nil : "close other programs, or use a variant with smaller settings")
    }

    private static func storage() -> Finding {
        let registry = Project.registry
        let place = FileManager.default.fileExists(atPath: registry.home) ? registry.home : "/var/tmp"
        guard let storage = Host.storage(at: place) else {
            return Finding(subject: "storage", level: .missing, found: "\(place) is not there", remedy: "create it")
        }
        let enough = storage.freeBytes > 3_000_000_000
        return Finding(
            subject: "storage", level: enough ? .good : .limited,
            found:
                "\(storage.freeBytes / 1_000_000_000) GB free on \(storage.filesystem), where clusters go (\(registry.home))",
            remedy: enough ? nil : "free some, or use another disk with --data-dir")
    }

    private static func account() -> Finding {
        guard UserAccount.effective.isRoot else {
            return Finding(
                subject: "account", level: .good, found: "servers run as \(UserAccount.effective.name)", remedy: nil)
        }
        guard let stand = UserAccount.named("postgres") ?? UserAccount.named("nobody") else {
            return Finding(
                subject: "account", level: .missing, found: "root, and no account to run PostgreSQL as",
                remedy: "add a user 'postgres', or do not run as root")
        }
        return Finding(subject: "account", level: .good, found: "root; servers run as \(stand.name)", remedy: nil)
    }

    private static func files() -> Finding {
        let limit = DescriptorLimit.current.soft
        return Finding(
            subject: "open files", level: limit >= 4_096 ? .good : .limited, found: "at most \(limit)",
            remedy: limit >= 4_096
                ? nil
                : "raise the hard limit (as root: ulimit -Hn 65536), or workloads with many connections are refused")
    }

    private static func limits() -> Finding {
        let groups = ControlGroupHost()
        let missing = ControlGroupController.allCases.compactMap { groups.obstacles[$0] }
        let found = ControlGroupController.allCases.filter { groups.parents[$0] != nil }.map(\.rawValue)
        let names = found.isEmpty ? "no controller" : found.joined(separator: ", ")
        let scope = groups.parents.isEmpty && UserScope() != nil ? "; scopes of systemd are used instead" : ""
        return Finding(
            subject: "hardware profiles", level: missing.isEmpty ? .good : .limited,
            found: "control groups \(groups.version?.rawValue ?? "none"): \(names)\(scope)",
            remedy: missing.isEmpty
                ? nil : "\(missing.joined(separator: "; ")); what is not enforced is said with each result")
    }

    private static func clock() -> Finding {
        let source = Host.clockSource
        let fast = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"].contains(source)
        return Finding(
            subject: "clock", level: fast ? .good : .limited, found: source,
            remedy: fast ? nil : "reading this clock is slow and costs the load generator time")
    }

    private static func clusters() -> Finding {
        let all = Project.registry.clusters()
        let orphans = all.filter { !$0.kept && !$0.owner.isAlive }
        let kept = all.filter(\.kept)
        let found =
            "\(kept.count) kept (\(kept.map(\.id).joined(separator: ", "))), \(orphans.count) left behind by killed runs"
        return Finding(
            subject: "clusters", level: orphans.isEmpty ? .good : .limited,
            found: kept.isEmpty ? "none kept, \(orphans.count) left behind by killed runs" : found,
            remedy: orphans.isEmpty ? nil : "archivebench clean (the next run does it too)")
    }

    private static func text(_ finding: Finding) -> String {
        let mark =
            switch finding.level {
            case .good: "ok      "
            case .limited: "limited "
            case .missing: "missing "
            }
        let subject = finding.subject + String(repeating: " ", count: max(1, 18 - finding.subject.count))
        let remedy = finding.remedy.map { "\n" + String(repeating: " ", count: 26) + "→ \($0)" } ?? ""
        return mark + subject + finding.found + remedy
    }
}
