import FoundationEssentials
import Glibc
import LinuxSystem
import SpecReader
import TestSupport
import Testbed
import Testing

/// Profile files, how they fit a host, and what is said of their limits.
@Suite(.ownThreads) struct HardwareProfileTests {
    static func profile(_ rest: String = "memory: 2GiB", cpus: String = "{count: 1}") throws -> HardwareProfile {
        try HardwareProfile(
            document: SpecDocument(
                text: "archivebench: profile/1\nname: p\nsummary: s\ncpus: \(cpus)\n\(rest)\n", file: "p.yaml"))
    }

    private static let host = HostCapacity(processors: ProcessorSet([0, 1]), memory: 8 << 30)

    @Test func everyShippedProfileIsSoundAndNamedAsItsFile() throws {
        let folder = "\(packageRoot)/Workloads/hardware"
        let files = names(in: folder).sorted()
        let profiles = try files.map { try HardwareProfile(path: "\(folder)/\($0)") }
        #expect(zip(files, profiles).allSatisfy { $0 == "\($1.name).yaml" })
        let fleet = profiles.filter { $0.name.hasPrefix("fleet-") }.sorted { $0.processors.count < $1.processors.count }
        #expect(fleet.map(\.processors.count) == [1, 2, 4, 8, 16])
        #expect(fleet.map { ($0.memory ?? 0) >> 30 } == [2, 4, 8, 16, 32])
        #expect(fleet.map(\.volume) == [100, 250, 320, 320, 320].map { $0 * 1_000_000_000 })
        let modelled = profiles.filter { if case .modelled = $0.storage { true } else { false } }
        #expect(modelled.count == 9)
        #expect(profiles.allSatisfy { $0.source?.isEmpty == false })
        // Every key has its meaning beside it.
        for file in files {
            let lines = try readText("\(folder)/\(file)").split(separator: "\n", omittingEmptySubsequences: false)
            for (before, line) in zip(lines, lines.dropFirst()) where line.hasPrefix("  ") && !line.contains("# ") {
                #expect(before.contains("#") || line.hasPrefix("  write-"), "\(file): \(line)")
            }
        }
    }

    @Test func allKeysAreRead() throws {
        let profile = try Self.profile(
            """
            memory: 1GiB
            storage: {kind: real, size: 40GB, read-iops: 3000/s, write-iops: 500/s, read-bandwidth: 125MB/s, write-bandwidth: 60MB/s}
            network: {round-trip: 0.3ms}
            price: {amount: 24, currency: USD, per: month, source: list of 2026}
            """, cpus: "{count: 0.5, own: false, generator: shared}")
        #expect(profile.processors == HardwareProfile.Processors(count: 0.5, areOwn: false, generatorApart: false))
        #expect(profile.memory == 1 << 30 && profile.volume == 40_000_000_000 && profile.roundTrip == 300_000)
        guard case .real(let rates) = profile.storage else { return #expect(Bool(false), "not real") }
        #expect(rates.reads == 3_000 && rates.writes == 500)
        #expect(rates.readBytes == 125_000_000 && rates.writtenBytes == 60_000_000)
        #expect(profile.price?.text == "24 USD a month")
    }

    @Test(arguments: [
        ("memory: 2", "p.yaml:5:9: memory: '2' has no unit"),
        ("memory: 1MB", "p.yaml:5:9: memory: 1MB is out of range"),
        ("memroy: 2GiB", "p.yaml:5:1: unknown key 'memroy'; did you mean 'memory'?"),
        (
            "storage: {kind: fast}",
            "p.yaml:5:17: storage.kind: 'fast' is not known; choose one of real, modelled, external"
        ),
        ("storage: {kind: real, flush-latency: 2ms}", "p.yaml:5:23: unknown key 'storage.flush-latency'"),
        ("storage: {read-bandwidth: 125}", "p.yaml:5:27: storage.read-bandwidth: '125' is not a bandwidth"),
        (
            "price: {amount: 1, currency: dollars, per: month, source: s}",
            "p.yaml:5:30: price.currency: 'dollars' is not"
        ),
        ("price: {amount: 1, currency: USD, per: week, source: s}", "p.yaml:5:40: price.per: 'week' is not known"),
        ("network: {round-trip: 3}", "p.yaml:5:23: network.round-trip: '3' has no unit"),
    ])
    func aWrongKeyIsNamedWithItsPlace(_ line: String, _ message: String) {
        do {
            _ = try Self.profile(line)
            Issue.record("read")
        } catch {
            #expect("\(error)".hasPrefix(message), "\(error)")
            #expect(!"\(error)".contains("\n"))
        }
    }

    @Test func aMachineTooLargeIsRefusedWithWhatWouldFit() throws {
        let large = try Self.profile("memory: 32GiB", cpus: "{count: 16}")
        let small = try Self.profile()
        #expect(try small.fitted(to: Self.host, scaled: false).scaleSentence == nil)
        do {
            _ = try large.fitted(to: Self.host, scaled: false, others: [small, large])
            Issue.record("taken")
        } catch {
            #expect(
                "\(error)"
                    == "p: asks for 16 processors and 32 GiB, this host has 2 processors and 8 GiB; --scale-to-host runs 12.5 % of it; what fits: p"
            )
        }
    }

    @Test func aScaledMachineKeepsItsShape() throws {
        let large = try Self.profile(
            "memory: 32GiB\nstorage: {kind: real, read-iops: 8000/s, write-bandwidth: 80MB/s}", cpus: "{count: 16}")
        let small = try large.fitted(to: Self.host, scaled: true)
        #expect(small.scale == 0.125 && small.processors.count == 2 && small.memory == 4 << 30)
        guard case .real(let rates) = small.storage else { return #expect(Bool(false), "not real") }
        #expect(rates.reads == 1_000 && rates.writtenBytes == 10_000_000 && rates.writes == nil)
        #expect(small.scaleSentence?.hasPrefix("profile p: scaled to 12.5 % of its processors, memory") == true)
        let model = try Self.profile(
            "memory: 16GiB\nstorage: {kind: modelled, flush-latency: 2ms, iops: 1000/s, bandwidth: 100MB/s}",
            cpus: "{count: 1}"
        ).fitted(to: Self.host, scaled: true)
        guard case .modelled(let device) = model.storage else { return #expect(Bool(false), "not modelled") }
        #expect(device.iops == 500 && device.bandwidth == 50_000_000 && device.flushLatency == .constant(2_000_000))
    }

    @Test(arguments: [
        // asked, own, processors of the host, server, generator, microseconds a period
        (1.0, true, 2, [1], [0], 0), (2.0, true, 2, [0, 1], [], 0), (0.5, true, 2, [1], [0], 1_000),
        (1.5, true, 4, [2, 3], [0, 1], 1_500), (2.0, false, 4, [], [], 2_000), (4.0, false, 4, [], [], 0),
    ])
    func processorsAreDivided(
        _ count: Double, _ own: Bool, _ host: Int, _ server: [Int], _ generator: [Int], _ quota: Int
    ) {
        let share = ProcessorShare(
            HardwareProfile.Processors(count: count, areOwn: own, generatorApart: true),
            of: ProcessorSet(Array(0..<host)))
        #expect((share.server?.numbers ?? []) == server && (share.generator?.numbers ?? []) == generator)
        #expect((share.bandwidth?.quota ?? 0) == quota && share.isApart == !generator.isEmpty)
        let together = ProcessorShare(
            HardwareProfile.Processors(count: count, areOwn: own, generatorApart: false),
            of: ProcessorSet(Array(0..<host)))
        #expect(together.generator == nil && !together.isApart && together.server == share.server)
    }

    @Test func aServerThatNeedsMoreThanItsMachineIsRefusedWithTheNumbers() throws {
        let profile = try Self.profile("memory: 512MiB")
        let fits = try TestServers.variant(["shared_buffers": "128MB", "work_mem": "4MB"])
        try profile.checkMemory(fits, connections: 50)
        do {
            try profile.checkMemory(fits, connections: 100)
            Issue.record("taken")
        } catch {
            #expect(
                "\(error)"
                    == "p: 512 MiB of memory, but shared_buffers (128 MiB) and 100 connections with work_mem of 4 MiB each come to 528 MiB; lower these settings of variant test, or choose a larger profile"
            )
        }
    }

    // MARK: What is said

    private func enforcement(_ profile: HardwareProfile, _ system: FakeSystem, taskset: Bool = true) -> Enforcement {
        Enforcement(
            profile, dataFolder: packageRoot, host: Self.host, groups: ControlGroupHost(root: system.root), scope: nil,
            hasTaskset: taskset)
    }

    @Test func whatIsHeldAndWhatIsNotIsSaidForVersion1() throws {
        let system = try FakeSystem.version1()
        let profile = try Self.profile(
            "memory: 2GiB\nstorage: {kind: real, write-iops: 100/s}\nnetwork: {round-trip: 1ms}", cpus: "{count: 0.5}")
        let enforcement = enforcement(profile, system)
        let limits = enforcement.apply(to: "abcdefgh")
        #expect(enforcement.requested[.processors] == "0.5 processors" && enforcement.requested[.memory] == "2 GiB")
        #expect(
            limits.enforced[.processors]
                == "number 1 of 0-1, by control group (v1); 1000 µs in each 2000 µs, by control group (v1)")
        #expect(limits.enforced[.memory] == "2 GiB, page cache included, by control group (v1)")
        #expect(limits.enforced[.storage] == nil)
        let said = limits.notEnforced.joined(separator: "\n")
        #expect(said.contains("storage limits (100 writes/s): "))
        #expect(
            said.contains("a fast processor that pauses") && said.contains("opening a connection takes no network time")
        )
        #expect(limits.group?.paths.allSatisfy { $0.hasSuffix("/archivebench-abcdefgh") } == true)
        // The shell joins all three groups before it becomes the command.
        let words = limits.surroundings.prefix
        #expect(words.prefix(2) == ["/bin/sh", "-c"] && words.suffix(3) == ["/usr/bin/taskset", "-c", "1"])
        #expect(words[2].components("echo $$ > ") == 4 && words[2].hasSuffix(" && exec \"$@\""))
    }

    @Test func withoutControlGroupsAffinityIsTheLastResort() throws {
        let system = try FakeSystem(["/proc/self/mounts": ""])
        let limits = enforcement(try Self.profile(), system).apply(to: "abcdefgh")
        #expect(limits.enforced == [.processors: "number 1 of 0-1, by affinity"] && limits.group == nil)
        #expect(limits.notEnforced == ["memory 2 GiB: no control groups are mounted here"])
        #expect(limits.surroundings.prefix == ["/usr/bin/taskset", "-c", "1"])
        let bare = enforcement(try Self.profile(), system, taskset: false).apply(to: "abcdefgh")
        #expect(bare.enforced.isEmpty && bare.surroundings.prefix.isEmpty && bare.notEnforced.count == 2)
    }

    /// The limit leaves room for the data and nothing else; what lies on a disk is not said to lie in memory.
    @Test func aModelledDeviceIsSaidToBeWhereItIs() throws {
        let registry = ClusterRegistry(home: newHome())
        let system = try FakeSystem.version1()
        func limits(_ memoryFolders: [String]) throws -> AppliedLimits {
            let storage = try ModelledStorage.create(
                ModelledStorage.Plan(
                    device: StorageDevice(), cacheBytes: 64 << 20, expectedBytes: 512 << 20, seed: 1,
                    library: "/bin/true",
                    memoryFolders: memoryFolders), in: registry)
            defer { storage.remove() }
            let profile = try Self.profile("memory: 1GiB\nstorage: {kind: modelled, flush-latency: 2ms}")
            var enforcement = enforcement(profile, system)
            enforcement.model = storage.inForce
            return enforcement.apply(to: "abcdefgh")
        }
        let inMemory = try limits(["/dev/shm"])
        #expect(inMemory.enforced[.memory]?.hasPrefix("1.5 GiB, page cache included") == true)
        #expect(inMemory.enforced[.storage]?.hasPrefix("modelled: data in memory, and") == true)
        let onDisk = try limits(["/proc"])
        #expect(onDisk.enforced[.memory]?.hasPrefix("1 GiB, page cache included") == true)
        #expect(onDisk.enforced[.storage]?.hasPrefix("modelled: data on this host's disk, and") == true)
        #expect(!onDisk.notEnforced.contains { $0.contains("in memory count") })
        rmdir(registry.home)
    }

    @Test func modelledStorageAndACrowdedHostAreSaid() throws {
        let system = try FakeSystem.version2()
        let profile = try Self.profile("storage: {kind: modelled, flush-latency: 2ms}", cpus: "{count: 2}")
        let limits = enforcement(profile, system).apply(to: "abcdefgh")
        #expect(limits.generator == nil && limits.enforced[.memory] == nil)
        #expect(limits.notEnforced.contains { $0.hasPrefix("the load generator apart: the host's 2 processors leave") })
        #expect(limits.notEnforced.contains { $0.hasPrefix("modelled storage: ") })
    }
}

extension String {
    /// How many parts a separator makes.
    fileprivate func components(_ separator: String) -> Int {
        var (count, rest) = (1, self[...])
        while !rest.isEmpty {
            if rest.hasPrefix(separator) { count += 1 }
            rest = rest.dropFirst()
        }
        return count
    }
}
