import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// Programs that the server's user may not read are copied once, and found again by what is in them.
@Suite(.ownThreads) struct ProgramCopyTests {
    private func registry() -> ClusterRegistry {
        ClusterRegistry(home: newHome())
    }

    /// An installation below a folder that only we may enter, as below a home folder.
    private func hidden(_ folder: TemporaryFolder, _ name: String) async throws -> PostgresInstallation {
        let source = try await TestServers.installation()
        let root = source.folder.split(separator: "/").dropLast().joined(separator: "/")
        let target = "\(folder.path)/\(name)"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        for part in ["bin", "lib"] {
            try FileManager.default.copyItem(atPath: "/\(root)/\(part)", toPath: "\(target)/\(part)")
        }
        chmod(target, 0o700)
        return try await PostgresInstallation(folder: "\(target)/bin")
    }

    private func start(_ installation: PostgresInstallation, _ registry: ClusterRegistry) async throws -> ManagedCluster
    {
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: installation, variant: try TestServers.variant(), dataDirectory: nil, purpose: "tests",
                createdAt: "2026-01-01T00:00:00Z"), in: registry)
        try await cluster.start()
        return cluster
    }

    @Test(.enabled(if: UserAccount.effective.isRoot, "only root runs servers as somebody else"))
    func hiddenProgramsAreCopiedOnceAndRemovedByTheCache() async throws {
        let (registry, folder) = (registry(), try TemporaryFolder())
        let first = try await hidden(folder, "one")
        #expect(ProgramCopies.obstacle(of: first) == "\(folder.path)/one")
        let copies = ProgramCopies(registry: registry)
        #expect(copies.list().isEmpty)
        let cluster = try await start(first, registry)
        let found = copies.list()
        #expect(found.count == 1 && found[0].origin == first.folder && found[0].bytes > 5_000_000)
        let binaries = cluster.record.binaries
        #expect(binaries == "\(found[0].folder)\(first.folder)")
        #expect(try Connection.open(cluster.record.parameters(database: "postgres")).value("SELECT 1") == "1")
        // What a cluster runs on stays.
        #expect(!copies.remove(found[0].key) && copies.list() == found)
        // The same programs elsewhere are the same copy.
        let second = try await start(try await hidden(folder, "two"), registry)
        #expect(second.record.binaries == binaries && copies.list().count == 1)
        await cluster.remove()
        await second.remove()
        // Other content is another copy.
        try Data("changed".utf8).write(to: URL(filePath: "\(folder.path)/one/lib/changed"))
        let third = try await start(first, registry)
        #expect(third.record.binaries != binaries && copies.list().count == 2)
        await third.remove()
        for copy in copies.list() { #expect(copies.remove(copy.key)) }
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }

    @Test func readableProgramsAreUsedAsTheyAre() async throws {
        let registry = registry()
        let installation = try await TestServers.installation()
        let cluster = try await start(installation, registry)
        #expect(cluster.record.binaries == installation.folder && ProgramCopies(registry: registry).list().isEmpty)
        await cluster.remove()
        rmdir(registry.home)
    }

    /// What a killed process left half copied goes at the next start; what a living one is at stays.
    @Test func halfACopyIsSwept() throws {
        let registry = registry()
        try registry.prepare()
        let folder = "\(registry.home)/programs"
        let alive = ProcessTable.current
        let left = [".new-\(alive.pid)-1-7", ".old-\(alive.pid)-1-8", ".new-\(alive.pid)-\(alive.startTicks)-9"]
        for name in left {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)/usr", withIntermediateDirectories: true)
        }
        chmod(folder, 0o755)
        #expect(ProgramCopies(registry: registry).sweep() == Array(left[..<2]).sorted())
        #expect(names(in: folder) == [left[2]])
        registry.removeAll(of: alive)
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }
}
