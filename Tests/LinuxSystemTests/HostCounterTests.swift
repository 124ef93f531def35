import LinuxSystem
import Testing

@Suite struct HostCounterTests {
    @Test func processorsAreRead() throws {
        let use = try #require(
            ProcessorUse(stat: "cpu  10 1 20 300 40 5 6 7 8 9\ncpu0 1 2 3\nctxt 5\nprocs_running 3\nprocs_blocked 1\n"))
        #expect(use.total == 389)
        #expect((use.idle, use.waitingForIo, use.stolen, use.runnable) == (300, 40, 7, 3))
        #expect(ProcessorUse(stat: "cpu  10 1 20\nprocs_running 3\n") == nil)
        #expect(ProcessorUse(stat: "cpu  10 1 20 300 40 5 6 7\n") == nil)
    }

    @Test func disksOfOldAndNewKernelsAreRead() throws {
        let text = """
               8       0 sda 100 1 2048 30 200 2 4096 60 0 70 90
             254       0 vda 100 1 2048 30 200 2 4096 60 0 70 90 0 0 0 0 11 12
            """
        let old = try #require(DiskWork(diskstats: text, major: 8, minor: 0))
        #expect((old.name, old.reads, old.readBytes, old.readMilliseconds) == ("sda", 100, 2_048 * 512, 30))
        #expect((old.writes, old.writtenBytes, old.writeMilliseconds) == (200, 4_096 * 512, 60))
        #expect((old.busyMilliseconds, old.weightedMilliseconds) == (70, 90))
        #expect(old.flushes == nil)
        let new = try #require(DiskWork(diskstats: text, major: 254, minor: 0))
        #expect((new.flushes, new.flushMilliseconds) == (11, 12))
        #expect(DiskWork(diskstats: text, major: 8, minor: 1) == nil)
    }

    /// The kernel counts no flushes for partitions; those of the disk are taken, under its name.
    @Test func flushesOfAPartitionAreThoseOfItsDisk() throws {
        let text = """
             254       0 vda 100 1 2048 30 200 2 4096 60 0 70 90 0 0 0 0 11 12
             254       1 vda1 90 1 2048 30 190 2 4096 60 0 70 90 0 0 0 0 0 0
            """
        let disk = BlockDevice(major: 254, minor: 0, name: "vda")
        let part = try #require(DiskWork(diskstats: text, major: 254, minor: 1, of: disk))
        #expect((part.name, part.writes) == ("vda1", 190))
        #expect((part.flushName, part.flushes, part.flushMilliseconds) == ("vda", 11, 12))
        let whole = try #require(DiskWork(diskstats: text, major: 254, minor: 0, of: disk))
        #expect((whole.flushName, whole.flushes) == (nil, 11))
        let unknown = try #require(DiskWork(diskstats: text, major: 254, minor: 1, of: nil))
        #expect((unknown.flushName, unknown.flushes, unknown.flushMilliseconds) == (nil, nil, nil))
        #expect(DiskWork(diskstats: text, major: 8, minor: 1, of: disk) == nil)
    }

    @Test func pressureAndThrottlingAreRead() {
        let both = PressureTimes(pressure: "some avg10=0 avg60=0 avg300=0 total=12\nfull avg10=0 total=3\n")
        #expect((both?.some, both?.full) == (12, 3))
        #expect(PressureTimes(pressure: "some avg10=0 total=12\n")?.full == nil)
        #expect(PressureTimes(pressure: "") == nil)
        let second = ThrottleCount(cpuStat: "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 900\n")
        #expect((second?.periods, second?.microseconds) == (4, 900))
        let first = ThrottleCount(cpuStat: "nr_periods 10\nnr_throttled 4\nthrottled_time 900000\n")
        #expect((first?.periods, first?.microseconds) == (4, 900))
        #expect(ThrottleCount(cpuStat: "usage_usec 5\n") == nil)
    }

    @Test func aProcessMayHaveAnyName() throws {
        let times = try #require(
            ProcessTable.Times(stat: "42 (a ) b) S 7 42 42 0 -1 4 1 2 3 4 100 20 30 5 20 0 1 0 999 0 0"))
        #expect((times.parent, times.own, times.ended) == (7, 120, 35))
    }

    @Test func ownProcessIsSeen() throws {
        let counters = HostCounters.now(dataFolder: "/nonexistent", controlGroup: nil)
        #expect(try #require(counters.ownCPU) > 0)
        #expect(try #require(counters.processors).runnable >= 1)
        #expect(try #require(counters.memoryAvailable) > 0)
        #expect(counters.serverCPU == nil)
        #expect(counters.disk == nil)
    }

    @Test func filesInThePageCacheAreCounted() throws {
        // The test's own program is being executed from it.
        let found = try #require(Host.residentBytes(of: "/proc/self/exe"))
        #expect(found.resident > 0 && found.resident <= found.all)
        #expect(Host.residentBytes(of: "/nonexistent") == nil)
    }

    @Test func memoryThatProcessesShareCountsOnce() throws {
        let text =
            "55d0-7ffd ---p 00000000 00:00 0    [rollup]\nRss:     4096 kB\nPss:     1024 kB\nPss_Dirty:   900 kB\n"
        #expect(ProcessTable.proportionalSize(rollup: text) == 1_048_576)
        #expect(ProcessTable.proportionalSize(rollup: "Rss: 5 kB\n") == nil)
        // A process that nobody started.
        #expect(ProcessTable.memoryOfFamily(of: Int32.max) == nil)
        let own = try #require(ProcessTable.memoryOfFamily(of: ProcessTable.current.pid))
        #expect(own > 1 << 20)
    }
}
