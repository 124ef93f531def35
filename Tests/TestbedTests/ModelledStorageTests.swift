import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// The library in programs and servers. Counts and requested delays decide; what a clock saw is held only to be no less.
@Suite(.ownThreads) struct ModelledStorageTests {
    private static let library = "\(folderOfTests)/libCStorageModel.so"

    private static var folderOfTests: String {
        let built = "\(packageRoot)/.build"
        return ["release", "debug"].map { "\(built)/\($0)" }.first {
            FileManager.default.fileExists(atPath: "\($0)/libCStorageModel.so")
        } ?? built
    }

    private func registry() -> ClusterRegistry {
        ClusterRegistry(home: newHome())
    }

    private func storage(
        _ device: StorageDevice, in registry: ClusterRegistry, memoryFolders: [String] = ["/dev/shm"]
    ) throws -> ModelledStorage {
        try ModelledStorage.create(
            ModelledStorage.Plan(
                device: device, cacheBytes: 64 << 20, expectedBytes: 300 << 20, seed: 1, library: Self.library,
                memoryFolders: memoryFolders), in: registry)
    }

    private func finish(_ registry: ClusterRegistry) {
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }

    private func flushing(_ milliseconds: Int) -> StorageDevice {
        var device = StorageDevice()
        device.flushLatency = .constant(UInt64(milliseconds) * 1_000_000)
        return device
    }

    // MARK: Programs

    /// Runs `dd` under the model, killed after some milliseconds if so wished.
    private func copy(
        _ storage: ModelledStorage, _ words: [String], killedAfter milliseconds: Int? = nil
    ) throws -> (succeeded: Bool, error: String) {
        var command = ["/bin/dd", "if=/dev/zero"] + words
        if let milliseconds { command = ["/usr/bin/timeout", "-s", "KILL", "0.0\(milliseconds)"] + command }
        let child = try ChildProcess.run(
            command[0], Array(command.dropFirst()),
            environment: storage.surroundings.variables.map { "\($0.key)=\($0.value)" })
        return (child.status == 0, child.errors)
    }

    @Test func theLibraryNeedsNothingOfSwift() throws {
        let text = try #require(FileManager.default.contents(atPath: Self.library)).map { Character(UnicodeScalar($0)) }
        let strings = String(text)
        #expect(strings.contains("libc.so.6"))
        #expect(!strings.contains("libswift"))
    }

    @Test func everyWayOfFlushingIsCounted() throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry)
        let file = "of=\(storage.dataDirectory)/file"
        var flushes: UInt64 = 0
        for (words, expected) in [
            (["bs=8k", "count=50", "oflag=dsync"], 50), (["bs=8k", "count=50", "oflag=sync"], 50),
            (["bs=8k", "count=50", "conv=fsync"], 1), (["bs=8k", "count=50", "conv=fdatasync"], 1),
            (["bs=8k", "count=50", "oflag=direct,dsync"], 50), (["bs=8k", "count=50"], 0),
        ] as [([String], UInt64)] {
            let begun = Clock.now()
            let outcome = try copy(storage, [file] + words)
            #expect(outcome.succeeded, "\(words): \(outcome.error)")
            #expect(Clock.now() - begun >= expected * 1_000_000)
            let seen = storage.statistics()
            #expect(seen.flushes.calls - flushes == expected, "\(words)")
            flushes = seen.flushes.calls
        }
        let seen = storage.statistics()
        #expect(seen.writes.bytes == 6 * 50 * 8_192)
        #expect(seen.flushes.operations == seen.flushes.calls && seen.unmodelled == 0 && seen.untracked == 0)
        storage.remove()
        finish(registry)
    }

    @Test func filesElsewhereAreLeftAlone() throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry)
        let other = "/dev/shm/abother-\(UInt32.random(in: 0 ... .max))"
        #expect(try copy(storage, ["of=\(other)", "bs=8k", "count=5", "oflag=dsync"]).succeeded)
        unlink(other)
        let seen = storage.statistics()
        #expect(seen.flushes.calls == 0 && seen.writes.calls == 0)
        storage.remove()
        finish(registry)
    }

    @Test func aFullDeviceReturnsNoSpace() throws {
        let registry = registry()
        var device = StorageDevice()
        device.capacity = 4 << 20
        let storage = try storage(device, in: registry)
        let outcome = try copy(storage, ["of=\(storage.dataDirectory)/file", "bs=1M", "count=8"])
        #expect(!outcome.succeeded && outcome.error.contains("No space left on device"))
        #expect(storage.statistics().usedBytes == 4 << 20 && storage.statistics().refusals == 1)
        storage.remove()
        finish(registry)
    }

    /// A file that may have 4 kB takes a part of the first write and refuses the rest.
    @Test func aWriteCutShortTakesUpNoMoreThanItWrote() throws {
        let registry = registry()
        let storage = try storage(StorageDevice(), in: registry)
        let file = "\(storage.dataDirectory)/file"
        let script = "trap '' XFSZ; ulimit -f 8; exec /bin/dd if=/dev/zero of=\(file) bs=1M count=1"
        let child = try ChildProcess.run(
            "/bin/bash", ["-c", script], environment: storage.surroundings.variables.map { "\($0.key)=\($0.value)" })
        var info = stat()
        #expect(child.status != 0 && stat(file, &info) == 0 && info.st_size > 0 && info.st_size < 1 << 20)
        #expect(storage.statistics().usedBytes == UInt64(info.st_size))
        storage.remove()
        finish(registry)
    }

    /// Whoever is killed holds nothing that others wait for.
    @Test func aKilledProcessHangsNobody() throws {
        let registry = registry()
        let storage = try storage(flushing(0), in: registry)
        for number in 0..<30 {
            let file = "of=\(storage.dataDirectory)/file\(number % 3)"
            let words = [file, "bs=512", "count=100000000", "conv=notrunc", "seek=\(number)"]
            #expect(try !copy(storage, words, killedAfter: 20 + number).succeeded)
        }
        #expect(storage.statistics().writes.calls > 0)
        let before = storage.statistics().flushes.calls
        #expect(
            try copy(storage, ["of=\(storage.dataDirectory)/last", "bs=8k", "count=9", "oflag=dsync"]).succeeded)
        #expect(storage.statistics().flushes.calls == before + 9)
        storage.remove()
        finish(registry)
    }

    // MARK: Places

    @Test func withoutRoomInMemoryItSaysSo() throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry, memoryFolders: ["/proc", "/var/tmp"])
        let reason = try #require(storage.place.fallback)
        #expect(
            reason.contains("lies on this host's disk at \(registry.home)") && reason.contains("/proc is not in memory")
        )
        #expect(storage.dataDirectory.hasPrefix(registry.home))
        storage.remove()
        finish(registry)
    }

    @Test func theServersOwnMemoryNeedsRoomBesideTheData() throws {
        let registry = registry()
        let storage = try ModelledStorage.create(
            ModelledStorage.Plan(
                device: flushing(1), cacheBytes: 64 << 20, expectedBytes: 1 << 20, serverBytes: Host.memoryBytes,
                seed: 1, library: Self.library), in: registry)
        #expect(storage.place.fallback?.contains("/dev/shm has room for 0.0 GB") == true)
        #expect(storage.memoryBytes == 0)
        storage.remove()
        finish(registry)
    }

    @Test func whatAKilledOwnerLeftIsSwept() throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry)
        let folder = storage.dataDirectory.dropLast("/device".count)
        registry.sweep()
        #expect(FileManager.default.fileExists(atPath: storage.dataDirectory))
        let note = "\(registry.home)/\(try #require(names(in: registry.home).first))/storage.json"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: note)), as: UTF8.self)
            .replacing("\"startTicks\":\(ProcessTable.current.startTicks)", with: "\"startTicks\":1")
        try Data(text.utf8).write(to: URL(filePath: note))
        registry.sweep()
        #expect(!FileManager.default.fileExists(atPath: String(folder)))
        finish(registry)
    }

    // MARK: Servers

    private func server(
        _ storage: ModelledStorage, _ settings: [String: String], _ installation: PostgresInstallation,
        in registry: ClusterRegistry
    ) async throws -> ManagedCluster {
        let variant = try TestServers.variant(["fsync": "on", "bgwriter_lru_maxpages": "0"].merging(settings) { $1 })
        try StorageRefusals.check(variant)
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: installation, variant: variant, dataDirectory: storage.dataDirectory, purpose: "tests",
                createdAt: "2026-01-01T00:00:00Z", surroundings: storage.surroundings), in: registry)
        storage.measureUse()
        try await cluster.start()
        try storage.verify(await cluster.postmaster)
        return cluster
    }

    /// Single-row transactions, one after the other: each ends with one flush of the log, and nobody else flushes.
    private func checkInserts(_ settings: [String: String], _ installation: PostgresInstallation) async throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry)
        let cluster = try await server(storage, settings, installation, in: registry)
        let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
        try connection.run("CREATE TABLE rows (number int, text text)")
        try connection.run("CHECKPOINT")
        let (before, begun, count) = (storage.statistics(), Clock.now(), 200)
        for number in 0..<count { try connection.run("INSERT INTO rows VALUES (\(number), repeat('x', 300))") }
        let passed = Clock.now() - begun
        let after = storage.statistics()
        let flushes = Int(after.flushes.calls - before.flushes.calls)
        // The log writer and a new segment may add some.
        #expect(flushes >= count && flushes <= count + count / 5, "\(settings): \(flushes)")
        #expect(passed >= Nanoseconds(count) * 1_000_000)
        #expect(after.writes.bytes - before.writes.bytes >= count * 8_192)
        #expect(after.unmodelled == 0 && after.untracked == 0 && after.recoveries == 0)
        #expect(after.flushes.waits > before.flushes.waits && after.flushes.waitP50 > 0.98e6)
        await cluster.remove()
        storage.remove()
        finish(registry)
    }

    @Test(arguments: ["fdatasync", "fsync", "open_datasync", "open_sync"])
    func everySyncMethodFlushes(_ method: String) async throws {
        try await checkInserts(["wal_sync_method": method], try await TestServers.installation())
    }

    @Test func withoutReplicationTheLogIsWrittenDirectly() async throws {
        try await checkInserts(
            ["wal_sync_method": "open_datasync", "wal_level": "minimal", "max_wal_senders": "0"],
            try await TestServers.installation())
    }

    private static func newest() async -> PostgresInstallation? { await TestServers.postgres18() }

    private static let reason: Comment =
        "no PostgreSQL 18 in the usual places, and ARCHIVEBENCH_TEST_POSTGRES_18 names none"

    @Test(.enabled(reason) { await newest() != nil }, arguments: ["worker", "sync"])
    func version18IsCoveredToo(_ method: String) async throws {
        let installation = try #require(await Self.newest())
        for sync in ["fdatasync", "open_datasync"] {
            try await checkInserts(["io_method": method, "wal_sync_method": sync], installation)
        }
    }

    /// Reads of a table larger than shared buffers and page cache reach the device; of one that fits they do not.
    @Test func readsCostOnlyWhatTheCacheLacks() async throws {
        let registry = registry()
        let storage = try storage(StorageDevice(), in: registry)
        let cluster = try await server(
            storage, ["shared_buffers": "1MB"], try await TestServers.installation(), in: registry)
        let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
        for (name, rows) in [("small", 3_000), ("large", 15_000)] {
            try connection.run("CREATE TABLE \(name) (n int, t text)")
            try connection.run("ALTER TABLE \(name) ALTER t SET STORAGE PLAIN")
            try connection.run(
                "INSERT INTO \(name) SELECT n, repeat(md5(n::text), 230) FROM generate_series(1, \(rows)) n")
            try connection.run("VACUUM ANALYZE \(name)")
        }
        /// Pages that a scan has the device read.
        func misses(_ table: String) throws -> UInt64 {
            let before = storage.statistics().reads.deviceBytes
            try connection.run("SELECT sum(length(t)) FROM \(table)")
            return (storage.statistics().reads.deviceBytes - before) / 8_192
        }
        _ = try misses("small")
        #expect(try misses("small") == 0)
        let pages = try #require(
            UInt64(try connection.value("SELECT relpages FROM pg_class WHERE relname = 'large'") ?? ""))
        #expect(pages > 8_192)
        _ = try misses("large")
        // A scan in a circle finds nothing that it left.
        #expect(try misses("large") > pages * 9 / 10)
        await cluster.remove()
        storage.remove()
        finish(registry)
    }

    /// The server writes some files by streams, which go past the model's waits but not past its room.
    @Test func filesWrittenByStreamsTakeUpRoom() async throws {
        let registry = registry()
        let storage = try storage(StorageDevice(), in: registry)
        let cluster = try await server(storage, [:], try await TestServers.installation(), in: registry)
        let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
        let file = "\(cluster.record.dataFolder)/streamed"
        /// By how much the device's room changes while a file of so many characters is written, and its line's end.
        func write(_ characters: Int) throws -> Int {
            let before = storage.statistics().usedBytes
            try connection.run("COPY (SELECT repeat('x', \(characters))) TO '\(file)'")
            return Int(storage.statistics().usedBytes) - Int(before)
        }
        #expect(try write(8_191_999) == 8_192_000)
        #expect(try write(99_999) == 102_400 - 8_192_000)
        #expect(storage.statistics().unmodelled == 0)
        await cluster.remove()
        storage.remove()
        finish(registry)
    }

    @Test func aDeviceMayChangeWhileTheServerRuns() async throws {
        let registry = registry()
        let storage = try storage(flushing(0), in: registry)
        let cluster = try await server(storage, [:], try await TestServers.installation(), in: registry)
        let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
        try connection.run("CREATE TABLE rows (number int)")
        storage.change(flushing(50))
        let begun = Clock.now()
        for number in 0..<4 { try connection.run("INSERT INTO rows VALUES (\(number))") }
        #expect(Clock.now() - begun >= 200_000_000)
        #expect(storage.statistics().flushes.waitP99 > 49e6)
        storage.isActive = false
        let (flushes, waited) = (storage.statistics().flushes.calls, storage.statistics().flushes.waited)
        for number in 0..<50 { try connection.run("INSERT INTO rows VALUES (\(number))") }
        #expect(storage.statistics().flushes.calls >= flushes + 50 && storage.statistics().flushes.waited == waited)
        await cluster.remove()
        storage.remove()
        finish(registry)
    }

    @Test func aServerWithoutTheLibraryIsFoundOut() async throws {
        let registry = registry()
        let storage = try storage(flushing(1), in: registry)
        let cluster = try await TestServers.privateCluster(registry: registry)
        let postmaster = await cluster.postmaster
        #expect(throws: TestbedProblem.self) { try storage.verify(postmaster) }
        await cluster.remove()
        storage.remove()
        finish(registry)
    }

    @Test func settingsThatGoPastTheModelAreRefused() throws {
        for (name, value) in [
            ("io_method", "io_uring"), ("dynamic_shared_memory_type", "mmap"), ("archive_command", "cp %p /tmp"),
        ] {
            let variant = try TestServers.variant([name: value])
            #expect {
                try StorageRefusals.check(variant)
            } throws: { error in
                "\(error)".hasPrefix("test.yaml:") && "\(error)".contains("settings.\(name)")
            }
        }
        try StorageRefusals.check(try TestServers.variant(["io_method": "worker", "wal_sync_method": "open_sync"]))
    }

    private func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
