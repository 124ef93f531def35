import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Processors, disks and what else tells machines apart.
@Suite struct MachineTests {
    @Test(arguments: [
        ("0", [0], "0"), ("0-3,8", [0, 1, 2, 3, 8], "0-3,8"), ("2,1,0\n", [0, 1, 2], "0-2"), ("", [], ""),
        ("4-4,6", [4, 6], "4,6"),
    ])
    func processorListsAreReadAndWritten(_ text: String, _ numbers: [Int], _ again: String) {
        let set = ProcessorSet(list: text)
        #expect(set?.numbers == numbers && set?.description == again)
    }

    @Test(arguments: ["a", "3-1", "1-", "-1", "1-2-3"]) func otherTextsAreNoProcessorList(_ text: String) {
        #expect(ProcessorSet(list: text) == nil)
    }

    @Test func thisProcessMayUseSomeProcessors() {
        #expect(ProcessorSet.allowed.count == WorkerThread.usableProcessors)
        #expect(ProcessorSet.allowed.count <= Host.processors)
    }

    @Test func aPartitionsLimitsGoToItsDisk() throws {
        let system = try FakeSystem([
            "/sys/dev/block/8:1/partition": "1\n", "/sys/dev/block/8:1/dev": "8:1\n", "/sys/dev/block/dev": "8:0\n",
            "/sys/dev/block/uevent": "MAJOR=8\nDEVNAME=sda\n", "/sys/dev/block/queue/rotational": "0\n",
            "/sys/dev/block/259:0/dev": "259:0\n", "/sys/dev/block/259:0/uevent": "DEVNAME=nvme0n1\n",
        ])
        let disk = BlockDevice.disk(major: 8, minor: 1, root: system.root)
        #expect(disk == BlockDevice(major: 8, minor: 0, name: "sda", rotates: false))
        #expect(BlockDevice.disk(major: 259, minor: 0, root: system.root)?.numbers == "259:0")
        // Filesystems without a disk of their own have numbers that begin with 0.
        #expect(BlockDevice.disk(major: 0, minor: 42, root: system.root) == nil)
        #expect(BlockDevice.holding("/proc") == nil)
    }

    @Test func whatAMachineRunsOnIsTold() throws {
        let cloud = try FakeSystem([
            "/proc/cpuinfo": "processor: 0\nflags\t\t: fpu hypervisor lm\n", "/sys/class/dmi/id/sys_vendor": "QEMU\n",
            "/sys/class/dmi/id/product_name": "Standard PC\n", "/.dockerenv": "",
            "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance\n",
        ])
        let facts = MachineFacts(path: "/", root: cloud.root)
        #expect(facts.virtualisation == "virtual machine (QEMU Standard PC), container")
        #expect(facts.governor == "performance")
        let metal = MachineFacts(path: "/", root: try FakeSystem(["/proc/cpuinfo": "flags : fpu lm\n"]).root)
        #expect(metal.virtualisation == "bare metal" && metal.governor == nil)
    }

    @Test func aScopeOfSystemdGetsTheLimitsThatItsManagerMayHold() throws {
        let user = UserAccount(name: "someone", uid: 1_000, gid: 1_000)
        let limits = ControlGroupLimits(
            processors: ProcessorSet([2, 3]), bandwidth: CPUBandwidth(processors: 1.5), memory: 2_000_000,
            storage: ControlGroupLimits.Storage(
                device: BlockDevice(major: 8, minor: 0, name: "sda"), writes: 50, readBytes: 4_000_000))
        #expect(UserScope(of: user, root: try FakeSystem([:]).root) == nil)
        let system = try FakeSystem([
            "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers": "cpu memory pids\n",
            "/run/user/1000/systemd/private": "", "/usr/bin/systemd-run": "",
        ])
        chmod("\(system.root)/usr/bin/systemd-run", 0o755)
        let scope = try #require(UserScope(of: user, root: system.root))
        #expect(scope.controllers == [.cpu, .memory] && scope.variables == ["XDG_RUNTIME_DIR": "/run/user/1000"])
        let head = ["/usr/bin/systemd-run", "--user", "--scope", "--quiet", "--collect", "--unit=u"]
        let share = ["-p", "CPUQuota=150.0%", "-p", "CPUQuotaPeriodSec=1000us"]
        let memory = ["-p", "MemoryMax=2000000", "-p", "MemorySwapMax=0"]
        #expect(scope.words(unit: "u", limits: limits) == head + share + memory + ["--"])
        try system.write(
            "cpuset cpu io memory\n",
            to: "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers")
        let disk = ["-p", "IOWriteIOPSMax=/dev/sda 50", "-p", "IOReadBandwidthMax=/dev/sda 4000000"]
        #expect(
            UserScope(of: user, root: system.root)?.words(unit: "u", limits: limits)
                == head + share + ["-p", "AllowedCPUs=2-3"] + memory + disk + ["--"])
        #expect(UserScope(of: UserAccount(name: "root", uid: 0, gid: 0), root: system.root) == nil)
    }
}
