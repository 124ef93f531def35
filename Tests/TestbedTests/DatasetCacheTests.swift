import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// The cache of filled data directories. Each test has a registry of its own, so that it can list all that is left.
@Suite(.ownThreads) struct DatasetCacheTests {
    private let registry = ClusterRegistry(home: newHome())

    private func finish() {
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
    }

    private func entry(_ name: String, usedAt: String = "2026-01-01T00:00:00Z") -> DatasetEntry {
        var entry = DatasetEntry(
            key: DatasetKey([("name", name)]).text, createdAt: "2026-01-01T00:00:00Z", rows: 1, partitions: 2,
            serverVersion: "15.18", schemaVersion: 8, description: name, facts: ["digest": "d"])
        entry.lastUsedAt = usedAt
        return entry
    }

    /// What the cache takes for the data of a stopped server.
    private func serverData(_ bytes: Int = 100_000) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try folder.write("15\n", as: "PG_VERSION")
        _ = try folder.write(String(repeating: "x", count: bytes), as: "rows")
        chmod(folder.path, 0o700)
        return folder
    }

    private func cache(
        limit: Int = DatasetCache.standardLimit, free: Int = 1_000_000_000_000, total: Int = 1_000_000_000_000
    ) -> DatasetCache {
        DatasetCache(registry: registry, limit: limit) { _ in (free, total) }
    }

    private func status(_ path: String) -> Glibc.stat {
        var info = Glibc.stat()
        #expect(lstat(path, &info) == 0, "\(path)")
        return info
    }

    // MARK: With real servers

    @Test func aRealClusterIsStoredAndStartedFromItsCopy() async throws {
        let installation = try await TestServers.installation()
        let cluster = try await TestServers.privateCluster(registry: registry)
        try Connection.open(cluster.record.parameters()).run("CREATE TABLE kept AS SELECT 7 AS n")
        let cache = DatasetCache(registry: registry)
        var entry = entry("real")
        entry.serverVersion = installation.version
        try await cluster.storeDataset(in: cache, entry: entry)
        // It runs again, with its data.
        #expect(try Connection.open(cluster.record.parameters()).value("SELECT n FROM kept") == "7")

        let found = try #require(cache.find(entry.key))
        #expect(found.facts == ["digest": "d"] && found.bytes > 1_000_000 && cache.list() == [found])
        let stored = "\(cache.folder)/\(entry.key)/data"
        for (file, mode) in [("", UInt32(0o700)), ("/PG_VERSION", 0o600), ("/base", 0o700)] {
            let (copy, original) = (status(stored + file), status(cluster.record.dataFolder + file))
            #expect(copy.st_uid == original.st_uid && copy.st_gid == original.st_gid, "\(file)")
            #expect(copy.st_mode & 0o777 == mode, "\(file)")
            #expect(geteuid() != 0 || copy.st_uid != 0, "\(file)")
        }
        #expect(!names(in: stored).contains("postmaster.pid"))
        #expect(names(in: cache.folder) == [entry.key])

        var plan = ManagedCluster.Plan(
            installation: installation, variant: try TestServers.variant(), dataDirectory: nil, purpose: "tests",
            createdAt: "2026-02-02T00:00:00Z", dataset: (cache, found))
        let (second, third) = (
            try await ManagedCluster.create(plan, in: registry), try await ManagedCluster.create(plan, in: registry)
        )
        #expect(cache.find(entry.key)?.lastUsedAt == "2026-02-02T00:00:00Z")
        for copy in [second, third] {
            try await copy.start()
            let connection = try Connection.open(copy.record.parameters())
            #expect(try connection.value("SELECT n FROM kept") == "7")
            try connection.run("UPDATE kept SET n = 8")
            let root = status(copy.record.dataFolder)
            #expect(root.st_uid == status(cluster.record.dataFolder).st_uid && root.st_mode & 0o777 == 0o700)
        }
        // No copy knows of another.
        #expect(try Connection.open(cluster.record.parameters()).value("SELECT n FROM kept") == "7")
        for one in [cluster, second, third] { await one.remove() }
        #expect(names(in: registry.home) == ["cache"])

        plan.dataset?.entry.serverVersion = "14.2"
        do {
            _ = try await ManagedCluster.create(plan, in: registry)
            Issue.record("another version's data was taken")
        } catch {
            #expect("\(error)".contains("was filled by PostgreSQL 14.2"), "\(error)")
        }
        #expect(cache.remove(entry.key))
        plan.dataset?.entry = found
        do {
            _ = try await ManagedCluster.create(plan, in: registry)
            Issue.record("made from nothing")
        } catch {
            #expect("\(error)".contains("is no longer in the cache"), "\(error)")
        }
        finish()
    }

    @Test func withoutRoomTheServerIsNotEvenStopped() async throws {
        let cluster = try await TestServers.privateCluster(registry: registry)
        let before = await cluster.postmaster
        await #expect(throws: DatasetNotCached.self) {
            try await cluster.storeDataset(in: cache(free: 100_000_000), entry: entry("full"))
        }
        #expect(await cluster.postmaster == before)
        await cluster.remove()
        finish()
    }

    // MARK: With folders that look like a server's

    @Test func theSameKeyIsStoredOnce() async throws {
        let (data, cache) = (try serverData(), cache())
        try await cache.store(entry("one"), copying: data.path, owner: nil)
        var again = entry("one")
        again.rows = 99
        try await cache.store(again, copying: data.path, owner: nil)
        #expect(cache.list().map(\.rows) == [1])
        #expect(cache.remove(again.key) && !cache.remove(again.key))
        finish()
    }

    @Test func twoWhoStoreTheSameAtOnceBothSucceed() async throws {
        let (data, cache, entry) = (try serverData(), cache(), entry("race"))
        let path = data.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await cache.store(entry, copying: path, owner: nil) } }
            try await group.waitForAll()
        }
        #expect(names(in: cache.folder) == [entry.key])
        cache.remove(entry.key)
        finish()
        withExtendedLifetime(data) {}
    }

    @Test func aServersDataIsTakenOnlyWhenItIsStopped() async throws {
        let (data, cache) = (try serverData(), cache())
        _ = try data.write("1\n", as: "postmaster.pid")
        await #expect(throws: TestbedProblem.self) {
            try await cache.store(entry("running"), copying: data.path, owner: nil)
        }
        #expect(cache.list().isEmpty)
        finish()
    }

    @Test func onlyAnEmptyFolderIsFilled() async throws {
        let (data, cache, entry) = (try serverData(), cache(), entry("one"))
        try await cache.store(entry, copying: data.path, owner: nil)
        let target = try TemporaryFolder()
        _ = try target.write("precious", as: "file")
        await #expect(throws: TestbedProblem.self) {
            try await cache.copy(entry, to: target.path, owner: nil, usedAt: "")
        }
        #expect(names(in: target.path) == ["file"])
        // Nor with what belongs to another account than the server's.
        let (empty, nobody) = (try TemporaryFolder(), try #require(UserAccount.named("nobody")))
        await #expect(throws: TestbedProblem.self) {
            try await cache.copy(entry, to: empty.path, owner: nobody, usedAt: "")
        }
        #expect(names(in: empty.path).isEmpty)
        cache.remove(entry.key)
        finish()
    }

    @Test func whatIsHalfDoneIsInvisibleAndSwept() async throws {
        let (data, cache) = (try serverData(), cache())
        let whole = entry("whole")
        try await cache.store(whole, copying: data.path, owner: nil)
        let own = ProcessTable.current
        func plant(_ name: String) throws -> String {
            try FileManager.default.createDirectory(
                atPath: "\(cache.folder)/\(name)/data", withIntermediateDirectories: true)
            return name
        }
        let half = try [
            plant(".new-\(own.pid)-1-5"), plant(".old-\(own.pid)-2-6"), plant(entry("no record").key),
        ]
        // A record alone makes no entry, nor does one under another key.
        let foreign = try plant(entry("other key").key)
        try FileManager.default.copyItem(
            atPath: "\(cache.folder)/\(whole.key)/entry.json", toPath: "\(cache.folder)/\(foreign)/entry.json")
        let (busy, stray) = (try plant(".new-\(own.pid)-\(own.startTicks)-7"), try plant("something else"))
        #expect(cache.list().map(\.key) == [whole.key])
        #expect(cache.find("../\(whole.key)") == nil && cache.find(foreign) == nil)
        #expect(Set(cache.sweep()) == Set(half + [foreign]))
        #expect(cache.sweep().isEmpty)
        #expect(Set(names(in: cache.folder)) == [whole.key, busy, stray])
        // The way out when there is no time takes the process's own work too, and no entry.
        registry.removeAll(of: own)
        #expect(Set(names(in: cache.folder)) == [whole.key, stray])
        try FileManager.default.removeItem(atPath: "\(cache.folder)/\(stray)")
        cache.remove(whole.key)
        finish()
    }

    @Test func aCacheThatOthersMayWriteInIsIgnored() async throws {
        let (data, cache, entry) = (try serverData(), cache(), entry("one"))
        try await cache.store(entry, copying: data.path, owner: nil)
        chmod(cache.folder, 0o777)
        #expect(cache.list().isEmpty && cache.sweep().isEmpty && !cache.remove(entry.key))
        await #expect(throws: TestbedProblem.self) {
            try await cache.store(self.entry("two"), copying: data.path, owner: nil)
        }
        chmod(cache.folder, 0o700)
        #expect(cache.remove(entry.key))
        finish()
    }

    @Test func whatWasUsedLongestAgoGoesFirst() async throws {
        let (data, cache) = (try serverData(), cache())
        for (name, usedAt) in [("b", "2026-01-03"), ("a", "2026-01-01"), ("d", "2026-01-04"), ("c", "2026-01-02")] {
            try await cache.store(entry(name, usedAt: usedAt), copying: data.path, owner: nil)
        }
        let one = try #require(cache.list().first).bytes
        #expect(one > 100_000 && cache.list().map(\.description) == ["a", "c", "b", "d"])
        // A use makes it the youngest.
        let target = try TemporaryFolder()
        try await cache.copy(entry("a"), to: target.path, owner: nil, usedAt: "2026-01-05")
        #expect(Set(names(in: target.path)) == ["PG_VERSION", "rows"])
        #expect(cache.prune(keeping: 4 * one).isEmpty)
        #expect(cache.prune(keeping: 2 * one).map(\.description) == ["c", "b"])
        #expect(cache.list().map(\.description) == ["d", "a"])
        #expect(cache.prune(keeping: 0).map(\.description) == ["d", "a"])
        finish()
    }

    @Test func theLimitHoldsAfterStoringAndSparesTheNewOne() async throws {
        let data = try serverData()
        let cache = cache(limit: 300_000)
        try await cache.store(entry("young", usedAt: "2026-01-02"), copying: data.path, owner: nil)
        try await cache.store(entry("old", usedAt: "2026-01-01"), copying: data.path, owner: nil)
        try await cache.store(entry("new", usedAt: "2025-01-01"), copying: data.path, owner: nil)
        #expect(cache.list().map(\.description) == ["new", "young"])
        let large = try serverData(400_000)
        await #expect(throws: DatasetNotCached.self) {
            try await cache.store(entry("too large"), copying: large.path, owner: nil)
        }
        #expect(cache.prune(keeping: 0).count == 2)
        finish()
    }

    /// A trial that starts just now holds on to what it copies.
    @Test func anEntryInUseIsNotRemoved() async throws {
        let (data, cache, entry) = (try serverData(), cache(), entry("used"))
        try await cache.store(entry, copying: data.path, owner: nil)
        let descriptor = open("\(cache.folder)/\(entry.key)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        #expect(flock(descriptor, LOCK_SH) == 0)
        #expect(!cache.remove(entry.key) && cache.prune(keeping: 0).isEmpty)
        close(descriptor)
        #expect(cache.remove(entry.key))
        finish()
    }

    // MARK: The disk

    @Test func aTenthOfTheDiskStaysFree() async throws {
        let data = try serverData()
        let (tight, enough) = (
            cache(free: 1_050_000_000, total: 10_500_000_000), cache(free: 1_052_000_000, total: 10_500_000_000)
        )
        do {
            try await tight.store(entry("one"), copying: data.path, owner: nil)
            Issue.record("stored")
        } catch let note as DatasetNotCached {
            #expect(note.description.hasPrefix("not cached: disk: 0.0 GB are needed and 1.1 GB must stay free, but"))
        }
        #expect(names(in: registry.home).isEmpty)
        try await enough.store(entry("one"), copying: data.path, owner: nil)
        #expect(enough.prune(keeping: 0).count == 1)
        finish()
    }

    /// A disk that fills up while it is copied to, though it looked large enough.
    @Test(.enabled(if: geteuid() == 0, "only root mounts a small disk"))
    func aFullDiskIsToldAndNothingStays() async throws {
        try registry.prepare()
        guard mount("tmpfs", registry.home, "tmpfs", 0, "size=128k,mode=755") == 0 else { return finish() }
        let data = try serverData(1_000_000)
        do {
            try await cache().store(entry("one"), copying: data.path, owner: nil)
            Issue.record("stored")
        } catch {
            let text = "\(error)"
            #expect(error is TestbedProblem && text.contains("the disk is full; free some"), "\(text)")
            #expect(!text.contains("\n"))
        }
        #expect(names(in: registry.home).isEmpty)
        // Another test's child may hold a descriptor of it for a moment.
        #expect(umount2(registry.home, Int32(MNT_DETACH)) == 0)
        finish()
    }

    @Test func aCancelledCopyEndsAndLeavesNothing() async throws {
        let (data, cache, entry) = (try serverData(), cache(), entry("cancelled"))
        try Data(repeating: 120, count: 300_000_000).write(to: URL(filePath: "\(data.path)/rows"))
        let path = data.path
        let storing = Task { try await cache.store(entry, copying: path, owner: nil) }
        let deadline = Clock.now() + 20_000_000_000
        while names(in: cache.folder).isEmpty && Clock.now() < deadline { Clock.pause(1_000_000) }
        storing.cancel()
        await #expect(throws: CancellationError.self) { try await storing.value }
        let copies = ProcessTable.all().filter { Host.read("/proc/\($0)/cmdline")?.contains(cache.folder) == true }
        #expect(copies.isEmpty)
        finish()
        withExtendedLifetime(data) {}
    }

    // MARK: The key

    @Test func aKeyChangesWithEachPart() {
        let base = [("workload", "abc"), ("seed", "1"), ("schema", "8")]
        var lists = [base, base.reversed(), Array(base.dropLast()), base + [("", "")], []]
        for index in base.indices {
            var (label, value) = (base, base)
            label[index].0 += "x"
            value[index].1 += "x"
            lists += [label, value]
        }
        // Parts that agree when they are only put together.
        lists += [
            [("workloada", "bc"), ("seed", "1"), ("schema", "8")], [("workload", "abcseed1"), ("schema", "8")],
        ]
        #expect(Set(lists.map { DatasetKey($0) }).count == lists.count)
        #expect(DatasetKey(base) == DatasetKey(base))
        // Golden: an entry must be found again by later builds.
        #expect(
            DatasetKey([]).text == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(DatasetKey(base).text.utf8.count == 64)
    }
}
