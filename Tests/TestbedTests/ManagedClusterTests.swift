import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// Real servers, made and unmade. Each test has a registry of its own, so that it can list all that is left.
@Suite struct ManagedClusterTests {
    private func registry() -> ClusterRegistry {
        ClusterRegistry(home: "/var/tmp/abt-\(UInt32.random(in: 0 ... .max))")
    }

    private func finish(_ registry: ClusterRegistry) {
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }

    @Test func aClusterIsPrivateAndLeavesNothing() async throws {
        let registry = registry()
        let cluster = try await TestServers.privateCluster(["work_mem": "7MB"], registry: registry)
        let connection = try Connection.open(cluster.record.parameters())
        #expect(try connection.value("SHOW work_mem") == "7MB")
        #expect(try connection.value("SHOW listen_addresses") == "")
        #expect(try connection.value("SHOW data_checksums") == "off")
        #expect(try connection.value("SHOW lc_collate") == "C")
        #expect(try connection.value("SHOW server_encoding") == "UTF8")
        let postmaster = try #require(await cluster.postmaster)
        let owner = Host.read("/proc/\(postmaster.pid)/status")?.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        #expect(owner?.split(separator: "\t")[1] != "0")
        let segment = try segmentIdentifier(cluster.record)
        #expect(sharedMemory().contains(segment))
        await cluster.remove()
        #expect(cluster.record.processes.isEmpty && !postmaster.isAlive)
        #expect(!sharedMemory().contains(segment))
        finish(registry)
    }

    @Test(arguments: [ManagedCluster.Shutdown.fast, .immediate, .crash])
    func aServerCanBeEndedInEveryWayAndStartedAgain(_ way: ManagedCluster.Shutdown) async throws {
        let registry = registry()
        let cluster = try await TestServers.privateCluster(registry: registry)
        try Connection.open(cluster.record.parameters()).run("CREATE TABLE kept AS SELECT 7 AS n")
        await cluster.stop(way)
        #expect(await !cluster.isRunning)
        #expect(cluster.record.processes.isEmpty)
        try await cluster.start()
        #expect(try Connection.open(cluster.record.parameters()).value("SELECT n FROM kept") == "7")
        await cluster.remove()
        finish(registry)
    }

    /// What the next start does after the tool was killed: the record names an owner that is gone.
    @Test func orphansAreFoundAndNothingElse() async throws {
        let registry = registry()
        let mine = try await TestServers.privateCluster(registry: registry)
        let orphan = try await TestServers.privateCluster(registry: registry)
        let kept = try await TestServers.privateCluster(registry: registry)
        _ = try await kept.keep()
        for cluster in [orphan, kept] {
            let path = "\(cluster.record.folder)/cluster.json"
            let text = try readText(path).replacing(
                "\"startTicks\" : \(ProcessTable.current.startTicks)", with: "\"startTicks\" : 1")
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        let segment = try segmentIdentifier(orphan.record)
        // The orphan's server is killed too, so that nobody tidies its shared memory.
        let postmaster = try #require(await orphan.postmaster)
        postmaster.send(signal: SIGKILL)
        _ = postmaster.waitForEnd(limit: 5_000_000_000)
        let swept = registry.sweep()
        #expect(swept.map(\.id) == [orphan.record.id])
        #expect(orphan.record.processes.isEmpty && !sharedMemory().contains(segment))
        #expect(try Connection.open(mine.record.parameters()).value("SELECT 1") == "1")
        #expect(try Connection.open(kept.record.parameters()).value("SELECT 1") == "1")
        #expect(registry.sweep().isEmpty)
        registry.removeAll(of: ProcessTable.current)
        #expect(registry.clusters().map(\.id) == [kept.record.id])
        #expect(registry.remove(kept.record))
        finish(registry)
    }

    @Test func aRefusedSettingIsNamedWithItsPlace() async throws {
        let registry = registry()
        let variant = try Variant(
            document: SpecDocument(
                text: "archivebench: variant/1\nname: bad\nsummary: s\nsettings:\n  shared_buffers: lots\n",
                file: "bad.yaml"))
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: try await TestServers.installation(), variant: variant, dataDirectory: nil,
                purpose: "tests", createdAt: ""), in: registry)
        do {
            try await cluster.start()
            Issue.record("the server took it")
        } catch {
            let text = "\(error)"
            #expect(text.hasPrefix("bad.yaml:5:19: the server refuses shared_buffers = 'lots': "))
            #expect(text.hasSuffix("correct the value or leave the setting out"))
            #expect(!text.contains("\n"))
        }
        await cluster.remove()
        finish(registry)
    }

    @Test func dataGoesWhereItWasSentAndAlsoLeavesFromThere() async throws {
        let (registry, folder) = (registry(), try TemporaryFolder())
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: try await TestServers.installation(), variant: try TestServers.variant(),
                dataDirectory: folder.path, purpose: "tests", createdAt: ""), in: registry)
        #expect(names(in: folder.path).count == 1)
        #expect(cluster.record.dataFolder.hasPrefix(folder.path))
        try await cluster.start()
        await cluster.remove()
        #expect(names(in: folder.path).isEmpty)
        finish(registry)
    }

    @Test(.enabled(if: geteuid() == 0, "only root sends its server to another user"))
    func aFolderTheServerCannotReachIsTold() async throws {
        let (registry, folder) = (registry(), try TemporaryFolder())
        chmod(folder.path, 0o700)
        do {
            _ = try await ManagedCluster.create(
                ManagedCluster.Plan(
                    installation: try await TestServers.installation(), variant: try TestServers.variant(),
                    dataDirectory: folder.path, purpose: "tests", createdAt: ""), in: registry)
            Issue.record("made")
        } catch {
            #expect("\(error)".contains("may not pass through it; choose another --data-dir"))
        }
        #expect(names(in: folder.path).isEmpty)
        finish(registry)
    }

    @Test func missingProgramsAreTold() async throws {
        do {
            _ = try await PostgresInstallation(folder: "/usr/bin")
            Issue.record("found")
        } catch {
            #expect("\(error)".contains("holds no 'initdb'"))
        }
        do {
            _ = try await PostgresInstallation.choose(folder: nil, major: 99, searchPath: "")
            Issue.record("found")
        } catch {
            #expect("\(error)".contains("PostgreSQL 99: no server is installed; run 'apt-get install postgresql'"))
        }
    }

    private func segmentIdentifier(_ record: ClusterRecord) throws -> String {
        let line = try readText("\(record.dataFolder)/postmaster.pid").split(
            separator: "\n", omittingEmptySubsequences: false)[6]
        return String(try #require(line.split(separator: " ").last))
    }

    /// Identifiers of all System V segments of the machine.
    private func sharedMemory() -> Set<String> {
        let lines = (Host.read("/proc/sysvipc/shm") ?? "").split(separator: "\n").dropFirst()
        return Set(lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) })
    }
}
