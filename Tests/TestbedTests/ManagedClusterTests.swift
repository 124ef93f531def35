import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// Real servers, made and unmade. Each test has a registry of its own, so that it can list all that is left.
@Suite(.ownThreads) struct ManagedClusterTests {
    private func registry() -> ClusterRegistry {
        ClusterRegistry(home: newHome())
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
        let before = await cluster.postmaster
        try await cluster.restart()
        #expect(await cluster.postmaster != before)
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

    /// What a server's processes have mapped is known while they live, and removed when they could not do it themselves.
    @Test func segmentsOfAServerKilledAtOnceAreKnownFromBefore() async throws {
        let registry = registry()
        let cluster = try await TestServers.privateCluster(registry: registry)
        let processes = cluster.record.processes
        let segments = SharedMemory.mapped(by: processes)
        #expect(!segments.isEmpty)
        for process in processes { process.send(signal: SIGKILL) }
        #expect(processes.allSatisfy { $0.waitForEnd(limit: 20_000_000_000) })
        #expect(segments.allSatisfy { access($0, F_OK) == 0 } && SharedMemory.mapped(by: processes).isEmpty)
        SharedMemory.remove(segments.union(["/var/tmp/somebody's"]))
        #expect(segments.allSatisfy { access($0, F_OK) != 0 })
        await cluster.remove()
        finish(registry)
    }

    /// A backend that was busy when its postmaster was killed is found by its folder, and nothing of it stays.
    @Test func busyBackendsOfAKilledServerAreEndedToo() async throws {
        let registry = registry()
        let cluster = try await TestServers.privateCluster(registry: registry)
        let connection = try Connection.open(cluster.record.parameters())
        let busy = try #require(ProcessIdentity(pid: connection.backendPID))
        try connection.sendSimple("DO $$ BEGIN LOOP END LOOP; END $$")
        let segment = try segmentIdentifier(cluster.record)
        let postmaster = try #require(await cluster.postmaster)
        postmaster.send(signal: SIGKILL)
        _ = postmaster.waitForEnd(limit: 5_000_000_000)
        #expect(busy.isAlive)
        #expect(registry.remove(cluster.record))
        #expect(!busy.isAlive && !sharedMemory().contains(segment))
        await cluster.stop(.immediate)
        finish(registry)
    }

    /// An identifier in `postmaster.pid` that now belongs to somebody else, as after a restart of the machine.
    @Test func aSegmentOfSomebodyElseStays() async throws {
        let registry = registry()
        let (ours, other) = (
            try await TestServers.privateCluster(registry: registry),
            try await TestServers.privateCluster(registry: registry)
        )
        let segments = SharedMemory.mapped(by: ours.record.processes)
        await ours.stop(.crash)
        await other.stop(.crash)
        let foreign = try segmentIdentifier(other.record)
        let path = "\(ours.record.dataFolder)/postmaster.pid"
        let text = try readText(path).replacing(try segmentIdentifier(ours.record), with: foreign)
        let own = try segmentIdentifier(ours.record)
        try Data(text.utf8).write(to: URL(filePath: path))
        registry.remove(ours.record)
        #expect(sharedMemory().contains(foreign))
        registry.remove(other.record)
        #expect(!sharedMemory().contains(foreign))
        // Nothing could know of these any more.
        shmctl(Int32(own) ?? -1, Int32(IPC_RMID), nil)
        SharedMemory.remove(segments)
        finish(registry)
    }

    /// Whoever may write into the registry could make it remove anything.
    @Test func recordsThatAreNotAsWeMakeThemAreIgnored() async throws {
        let registry = registry()
        try registry.prepare()
        let victim = try TemporaryFolder()
        _ = try victim.write("precious", as: "file")
        func plant(_ id: String, data: String) throws {
            let folder = "\(registry.home)/\(id)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let record = """
                {"id": "\(id)", "owner": {"pid": 1, "startTicks": 1}, "kept": false, "createdAt": "", "arguments": [],
                 "serverVersion": "", "folder": "\(folder)", "dataFolder": "\(data)", "binaries": "", "purpose": ""}
                """
            try Data(record.utf8).write(to: URL(filePath: "\(folder)/cluster.json"))
        }
        try plant("abcdefgh", data: victim.path)
        try plant("postgresql", data: "\(registry.home)/postgresql/data")
        #expect(registry.clusters().isEmpty && registry.sweep().isEmpty)
        #expect(names(in: victim.path) == ["file"])
        chmod(registry.home, 0o777)
        #expect(throws: TestbedProblem.self) { try registry.prepare() }
        try FileManager.default.removeItem(atPath: registry.home)
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

    /// What lay in memory is gone after a restart of the machine. The rest is found, and removed.
    @Test func aClusterWhoseDiskIsGoneIsStillFound() async throws {
        let (registry, folder) = (registry(), try TemporaryFolder())
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: try await TestServers.installation(), variant: try TestServers.variant(),
                dataDirectory: folder.path, purpose: "tests", createdAt: ""), in: registry)
        let kept = try await cluster.keep()
        try FileManager.default.removeItem(atPath: "\(folder.path)/archivebench-\(kept.id)")
        #expect(registry.clusters().map(\.id) == [kept.id])
        #expect {
            _ = try ManagedCluster.adopt(kept, in: registry)
        } throws: { error in
            "\(error)"
                == "\(kept.id): its data are gone, so it cannot run as it did; remove it with 'archivebench clean \(kept.id)' and make it anew with 'archivebench up'"
        }
        #expect(registry.remove(kept))
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
            _ = try await PostgresInstallation.choose(
                folder: nil, major: 99, places: PostgresPlaces(searchPath: ""))
            Issue.record("found")
        } catch {
            #expect("\(error)".contains("; run 'apt-get install postgresql-99'"), "\(error)")
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
