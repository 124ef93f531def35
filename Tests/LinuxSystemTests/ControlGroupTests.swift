import LinuxSystem
import TestSupport
import Testing

/// Control groups of both versions on made-up filesystems, and of the one this kernel has.
@Suite struct ControlGroupTests {
    private static let everything = Set(ControlGroupController.allCases)
    private static let limits = ControlGroupLimits(
        processors: ProcessorSet([1]), bandwidth: CPUBandwidth(processors: 0.5), memory: 1 << 30,
        storage: ControlGroupLimits.Storage(
            device: BlockDevice(major: 254, minor: 0, name: "vda"), reads: 100, writtenBytes: 2_000_000))

    @Test(arguments: [
        (0.05, 1_000, 20_000), (0.25, 1_000, 4_000), (0.5, 1_000, 2_000), (0.75, 1_000, 1_333), (1, 1_000, 1_000),
        (1.5, 1_500, 1_000), (12, 12_000, 1_000), (0.0001, 1_000, 1_000_000),
    ])
    func aShareHasTheShortestPeriodTheKernelTakes(_ processors: Double, _ quota: Int, _ period: Int) {
        let share = CPUBandwidth(processors: processors)
        #expect(share.quota == quota && share.period == period)
        #expect(share.quota >= 1_000 && (1_000...1_000_000).contains(share.period))
    }

    @Test func version1LimitsAreWrittenWhereTheyBelong() throws {
        let system = try FakeSystem.version1()
        let host = ControlGroupHost(root: system.root)
        let base = "\(system.root)/sys/fs/cgroup"
        #expect(host.version == .v1)
        #expect(host.parents[.cpu] == "\(base)/cpu,cpuacct" && host.parents[.accounting] == host.parents[.cpu])
        // The own group where it is to be seen, the top where it is not.
        #expect(host.parents[.memory] == "\(base)/memory/outer" && host.parents[.cpuset] == "\(base)/cpuset")
        #expect(host.obstacles == [.io: "controller blkio is not mounted"])

        var group = try #require(ControlGroup(name: "g", on: host, controllers: Self.everything))
        #expect(group.paths == ["\(base)/cpu,cpuacct/g", "\(base)/cpuset/g", "\(base)/memory/outer/g"])
        #expect(group.make(Self.limits).isEmpty)
        let written = [
            "cpu,cpuacct/g/cpu.cfs_period_us": "2000", "cpu,cpuacct/g/cpu.cfs_quota_us": "1000",
            "cpuset/g/cpuset.cpus": "1", "cpuset/g/cpuset.mems": "0\n",
            "memory/outer/g/memory.limit_in_bytes": "1073741824",
        ]
        for (file, text) in written { #expect(system.read("/sys/fs/cgroup/\(file)") == text, "\(file)") }
        #expect(system.read("/sys/fs/cgroup/memory/outer/g/memory.memsw.limit_in_bytes") == nil)
        #expect(group.memberFiles.count == 3)

        // What is not empty is no control group's folder, and stays.
        #expect(!ControlGroup.remove(group.paths))
        for path in group.paths { system.empty(String(path.dropFirst(system.root.count))) }
        #expect(ControlGroup.remove(group.paths) && ControlGroup.remove(group.paths))
        #expect(names(in: "\(base)/memory/outer") == ["tasks"])
    }

    @Test func version2LimitsAreWrittenWhereTheyBelong() throws {
        let system = try FakeSystem.version2()
        let host = ControlGroupHost(root: system.root)
        let base = "\(system.root)/sys/fs/cgroup"
        #expect(host.version == .v2 && host.obstacles.isEmpty)
        #expect(Set(host.parents.values) == [base])
        var group = try #require(ControlGroup(name: "g", on: host, controllers: Self.everything))
        #expect(group.paths == ["\(base)/g"] && group.memberFiles == ["\(base)/g/cgroup.procs"])
        #expect(group.make(Self.limits).isEmpty)
        // Here the last word replaces the file's text; the kernel adds it.
        #expect(system.read("/sys/fs/cgroup/cgroup.subtree_control") == "+memory")
        let written = [
            "cpu.max": "1000 2000", "cpuset.cpus": "1", "memory.max": "1073741824",
            "io.max": "254:0 riops=100 wbps=2000000",
        ]
        for (file, text) in written { #expect(system.read("/sys/fs/cgroup/g/\(file)") == text, "\(file)") }
    }

    @Test func aContainersTopWithProcessesHandsNothingDown() throws {
        let system = try FakeSystem.version2()
        try system.write("domain\n", to: "/sys/fs/cgroup/cgroup.type")
        try system.write("", to: "/sys/fs/cgroup/cgroup.subtree_control")
        try system.write("0::/\n", to: "/proc/self/cgroup")
        let host = ControlGroupHost(root: system.root)
        #expect(host.version == .v2 && host.parents.isEmpty)
        #expect(host.obstacles[.memory] == "no group here may hand down controller memory")
        #expect(ControlGroup(name: "g", on: host, controllers: Self.everything) == nil)
    }

    @Test func aDelegatedGroupIsTakenWhereItOffersMost() throws {
        let system = try FakeSystem.version2()
        for (name, text) in [
            ("controllers", "cpuset cpu io memory pids"), ("subtree_control", "cpuset cpu io memory"), ("procs", ""),
            ("type", "domain"),
        ] {
            try system.write(text, to: "/sys/fs/cgroup/user.slice/cgroup.\(name)")
        }
        let host = ControlGroupHost(root: system.root)
        #expect(Set(host.parents.values) == ["\(system.root)/sys/fs/cgroup/user.slice"])
    }

    @Test func theGroupOfAProcessIsFound() throws {
        let system = try FakeSystem.version2()
        try system.write("0::/user.slice/session-1.scope\n", to: "/proc/5/cgroup")
        try system.write("4096\n", to: "/sys/fs/cgroup/user.slice/session-1.scope/memory.max")
        #expect(ControlGroup(ofProcess: 5, root: system.root)?.usage().memoryLimit == 4_096)
        #expect(ControlGroup(ofProcess: 6, root: system.root) == nil)
    }

    @Test func withoutControlGroupsEveryControllerHasAReason() throws {
        let host = ControlGroupHost(root: try FakeSystem(["/proc/self/mounts": "tmpfs /tmp tmpfs rw 0 0\n"]).root)
        #expect(host.version == nil && host.parents.isEmpty)
        #expect(Set(host.obstacles.keys) == Self.everything)
    }

    @Test func usageIsReadAsVersion1HasIt() throws {
        let system = try FakeSystem.version1()
        let group = try #require(
            ControlGroup(name: "g", on: ControlGroupHost(root: system.root), controllers: Self.everything))
        let files = [
            "cpu,cpuacct/g/cpuacct.usage": "123456789\n",
            "cpu,cpuacct/g/cpu.stat": "nr_periods 10\nnr_throttled 4\nthrottled_time 5000\n",
            "memory/outer/g/memory.limit_in_bytes": "1073741824\n", "memory/outer/g/memory.max_usage_in_bytes": "77\n",
            "memory/outer/g/memory.failcnt": "3\n",
            "memory/outer/g/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "cpuset/g/cpuset.effective_cpus": "1\n",
        ]
        for (file, text) in files { try system.write(text, to: "/sys/fs/cgroup/\(file)") }
        let usage = group.usage(of: BlockDevice(major: 254, minor: 0, name: "vda"))
        #expect(usage.cpu == 123_456_789 && usage.throttledPeriods == 4 && usage.throttled == 5_000)
        #expect(usage.memoryLimit == 1 << 30 && usage.memoryPeak == 77)
        #expect(usage.memoryLimitHits == 3 && usage.memoryKills == 2)
        #expect(usage.processors == ProcessorSet([1]) && usage.reads == nil)
    }

    @Test func usageIsReadAsVersion2HasIt() throws {
        let system = try FakeSystem.version2()
        let group = try #require(
            ControlGroup(name: "g", on: ControlGroupHost(root: system.root), controllers: Self.everything))
        let files = [
            "cpu.stat": "usage_usec 42\nnr_periods 9\nnr_throttled 1\nthrottled_usec 7\n", "memory.max": "max\n",
            "memory.peak": "99\n", "memory.events": "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n",
            "io.stat": "8:0 rbytes=1 wbytes=1 rios=1 wios=1\n254:0 rbytes=10 wbytes=20 rios=3 wios=4 dbytes=0\n",
            "cpuset.cpus.effective": "0-1\n",
        ]
        for (file, text) in files { try system.write(text, to: "/sys/fs/cgroup/g/\(file)") }
        let usage = group.usage(of: BlockDevice(major: 254, minor: 0, name: "vda"))
        #expect(usage.cpu == 42_000 && usage.throttled == 7_000 && usage.throttledPeriods == 1)
        #expect(usage.memoryLimit == nil && usage.memoryPeak == 99)
        #expect(usage.memoryLimitHits == 5 && usage.memoryKills == 1)
        #expect(usage.reads == 3 && usage.writes == 4 && usage.readBytes == 10 && usage.writtenBytes == 20)
        #expect(usage.processors?.count == 2)
        let silent = group.usage(of: BlockDevice(major: 9, minor: 9, name: "none"))
        #expect(silent.reads == 0 && silent.writtenBytes == 0)
    }

    // MARK: This kernel

    private static let here = ControlGroupHost()

    @Test(
        .enabled(
            if: here.parents[.memory] != nil && here.parents[.cpu] != nil,
            "this host lets the tests make no control group for memory and processor time"))
    func theKernelHoldsAGroupToItsLimits() throws {
        var group = try #require(
            ControlGroup(
                name: "archivebench-test\(UInt32.random(in: 0 ... .max))", on: Self.here, controllers: Self.everything))
        defer { ControlGroup.remove(group.paths) }
        let memory = 64 << 20
        let failures = group.make(
            ControlGroupLimits(
                processors: ProcessorSet(ProcessorSet.allowed.numbers.suffix(1)),
                bandwidth: CPUBandwidth(processors: 0.25), memory: memory))
        #expect(failures.isEmpty)
        let before = group.usage()
        #expect(before.memoryLimit == memory)
        // Works beyond its share, then asks for more memory than there is.
        let joining = group.memberFiles.map { "echo $$ > \($0)" }.joined(separator: " && ")
        let ended = try ChildProcess.run(
            "/bin/sh",
            [
                "-c",
                "\(joining) && cat /proc/self/cgroup && i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 200000000 /dev/zero | tail",
            ])
        #expect(ended.output.contains("/archivebench-test"))
        let after = group.usage()
        #expect((after.throttledPeriods ?? 0) > 0 && (after.cpu ?? 0) > (before.cpu ?? 0))
        #expect((after.memoryKills ?? 0) >= 1 && (after.memoryPeak ?? memory) <= memory)
        #expect(after.processors?.count == 1)
    }

    @Test(.enabled(if: !here.parents.isEmpty, "this host lets the tests make no control group"))
    func aGroupIsRemovedWithWhatStillRunsInIt() throws {
        var group = try #require(
            ControlGroup(
                name: "archivebench-test\(UInt32.random(in: 0 ... .max))", on: Self.here, controllers: Self.everything))
        #expect(group.make(ControlGroupLimits()).isEmpty)
        let joining = group.memberFiles.map { "echo $$ > \($0)" }.joined(separator: " && ")
        let ended = try ChildProcess.run(
            "/bin/sh", ["-c", "/bin/sh -c '\(joining) && exec sleep 600' > /dev/null 2>&1 & echo $!; sleep 1"])
        let sleeper = try #require(Int32(ended.output.filter(\.isNumber)).flatMap { ProcessIdentity(pid: $0) })
        #expect(ControlGroup.remove(group.paths))
        #expect(sleeper.waitForEnd(limit: 10_000_000_000))
    }
}
