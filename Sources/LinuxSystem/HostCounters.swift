/// Where the processors' time went since boot, all processors together, in the kernel's ticks (proc_stat(5)).
public struct ProcessorUse: Sendable, Equatable {
    /// Ticks of all kinds together.
    public var total: UInt64
    /// Ticks with nothing to do and nothing waited for.
    public var idle: UInt64
    /// Idle, with I/O under way.
    public var waitingForIo: UInt64
    /// Ticks in which another guest had the processor.
    public var stolen: UInt64
    /// Processes running or ready to run now.
    public var runnable: Int

    /// From the text of /proc/stat; `nil` when a line or a column is missing.
    public init?(stat text: String) {
        var columns: [UInt64] = []
        var runnable: Int?
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "cpu" { columns = words.dropFirst().prefix(8).compactMap { UInt64($0) } }
            if words.first == "procs_running", words.count == 2 { runnable = Int(words[1]) }
        }
        guard columns.count == 8, let runnable else { return nil }
        total = columns.reduce(0, &+)
        idle = columns[3]
        waitingForIo = columns[4]
        stolen = columns[7]
        self.runnable = runnable
    }
}

/// A block device's work since boot (Documentation/admin-guide/iostats.rst of the kernel). Flushes are "not tracked for
/// partitions": those of the whole disk stand in their place.
public struct DiskWork: Sendable, Equatable {
    /// Bytes of a sector, whatever the device's own are.
    static let sector = 512

    /// Such as `vda`.
    public var name: String
    /// Read operations since the start of the machine.
    public var reads: Int
    /// Bytes read.
    public var readBytes: Int
    /// Time of all reads together, milliseconds.
    public var readMilliseconds: Int
    /// Write operations.
    public var writes: Int
    /// Bytes written.
    public var writtenBytes: Int
    /// Time of all writes together, milliseconds.
    public var writeMilliseconds: Int
    /// Time in which something was under way.
    public var busyMilliseconds: Int
    /// Sum over all requests of the time they were under way.
    public var weightedMilliseconds: Int
    /// The disk that ``flushes`` were counted for, when the device is a partition of it; `nil` otherwise.
    public var flushName: String?
    /// `nil` before Linux 5.5, and where it is not known which disk the device is a part of.
    public var flushes: Int?
    /// Time of all flushes together, milliseconds; `nil` as for ``flushes``.
    public var flushMilliseconds: Int?

    /// A device and, if that is only a part of a disk, the disk's flushes.
    ///
    /// - Parameters:
    ///   - text: of /proc/diskstats.
    ///   - major: of the device's number.
    ///   - minor: of the device's number.
    ///   - disk: the whole disk that the device is or is a part of; `nil` when it is not known.
    public init?(diskstats text: String, major: Int, minor: Int, of disk: BlockDevice?) {
        self.init(diskstats: text, major: major, minor: minor)
        if let disk, disk.major == major && disk.minor == minor { return }
        let whole = disk.flatMap { DiskWork(diskstats: text, major: $0.major, minor: $0.minor) }
        (flushName, flushes, flushMilliseconds) = (whole?.name, whole?.flushes, whole?.flushMilliseconds)
    }

    /// From the text of /proc/diskstats; `nil` when the device is not in it.
    ///
    /// - Parameters:
    ///   - text: of the file.
    ///   - major: of the device's number.
    ///   - minor: of the device's number.
    public init?(diskstats text: String, major: Int, minor: Int) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 14, Int(words[0]) == major, Int(words[1]) == minor else { continue }
            let numbers = words.dropFirst(3).compactMap { Int($0) }
            guard numbers.count >= 11 else { return nil }
            name = String(words[2])
            (reads, readBytes, readMilliseconds) = (numbers[0], numbers[2] * Self.sector, numbers[3])
            (writes, writtenBytes, writeMilliseconds) = (numbers[4], numbers[6] * Self.sector, numbers[7])
            (busyMilliseconds, weightedMilliseconds) = (numbers[9], numbers[10])
            if numbers.count >= 17 { (flushes, flushMilliseconds) = (numbers[15], numbers[16]) }
            return
        }
        return nil
    }
}

/// Time in which tasks stood still for want of one thing, microseconds since boot (pressure stall information).
public struct PressureTimes: Sendable, Equatable {
    /// Time in which some task waited, microseconds.
    public var some: UInt64
    /// Time in which all tasks did; `nil` where the kernel does not tell.
    public var full: UInt64?

    /// From the text of a file below /proc/pressure; `nil` when its line "some" has no total.
    public init?(pressure text: String) {
        func total(_ name: String) -> UInt64? {
            text.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ")
                .first { $0.hasPrefix("total=") }.flatMap { UInt64($0.dropFirst("total=".count)) }
        }
        guard let some = total("some") else { return nil }
        self.some = some
        full = total("full")
    }
}

/// How often a control group was held back by its quota.
public struct ThrottleCount: Sendable, Equatable {
    /// Periods in which the group was held back.
    public var periods: Int
    /// Time that it was held back, microseconds.
    public var microseconds: Int

    /// From the text of `cpu.stat` of either version (v2 counts microseconds, v1 nanoseconds); `nil` without a quota.
    public init?(cpuStat text: String) {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { values[words[0]] = Int(words[1]) }
        }
        guard let periods = values["nr_throttled"],
            let time = values["throttled_usec"] ?? values["throttled_time"].map({ $0 / 1_000 })
        else { return nil }
        self.periods = periods
        microseconds = time
    }
}

/// What host, server and generator have used since they were started, read at one moment. What cannot be read is `nil`.
public struct HostCounters: Sendable {
    /// When they were read, monotonic clock.
    public var at: Nanoseconds
    /// Of all processors together; `nil` when unreadable, as for the rest.
    public var processors: ProcessorUse?
    /// Of the device below the data directory.
    public var disk: DiskWork?
    /// Memory that can be had without swapping, bytes.
    public var memoryAvailable: Int?
    /// Page cache not yet written back, bytes.
    public var dirty: Int?
    /// Page cache being written back, bytes.
    public var writeback: Int?
    /// Time that tasks waited for a processor.
    public var cpuPressure: PressureTimes?
    /// Time that tasks waited for input or output.
    public var ioPressure: PressureTimes?
    /// Time that tasks waited for memory.
    public var memoryPressure: PressureTimes?
    /// How the server's control group was held back.
    public var throttling: ThrottleCount?
    /// Seconds of the server's processes, ended ones included.
    public var serverCPU: Double?
    /// Seconds of this process.
    public var ownCPU: Double?

    /// Reads everything; about a millisecond, so not on a measured thread.
    ///
    /// - Parameters:
    ///   - dataFolder: of the server; its device is looked at, and its `postmaster.pid`.
    ///   - controlGroup: folder of the server's control group that holds `cpu.stat`; `nil` when it has none of its own.
    /// - Returns: the reading.
    public static func now(dataFolder: String, controlGroup: String?) -> HostCounters {
        let memory = Host.read("/proc/meminfo") ?? ""
        func pressure(_ name: String) -> PressureTimes? {
            Host.read("/proc/pressure/\(name)").flatMap { PressureTimes(pressure: $0) }
        }
        var counters = HostCounters(at: Clock.now())
        counters.processors = Host.read("/proc/stat").flatMap { ProcessorUse(stat: $0) }
        if let device = Host.device(of: dataFolder) {
            counters.disk = Host.read("/proc/diskstats").flatMap {
                DiskWork(
                    diskstats: $0, major: device.major, minor: device.minor,
                    of: BlockDevice.disk(major: device.major, minor: device.minor, root: ""))
            }
        }
        counters.memoryAvailable = MemoryField.bytes("MemAvailable:", in: memory)
        counters.dirty = MemoryField.bytes("Dirty:", in: memory)
        counters.writeback = MemoryField.bytes("Writeback:", in: memory)
        (counters.cpuPressure, counters.ioPressure) = (pressure("cpu"), pressure("io"))
        counters.memoryPressure = pressure("memory")
        counters.throttling = controlGroup.flatMap { Host.read("\($0)/cpu.stat") }.flatMap {
            ThrottleCount(cpuStat: $0)
        }
        counters.serverCPU = Host.read("\(dataFolder)/postmaster.pid").flatMap { text in
            text.split(separator: "\n").first.flatMap { Int32($0) }
        }.flatMap { ProcessTable.cpuOfFamily(of: $0) }
        counters.ownCPU = ProcessTable.cpu(of: ProcessTable.current.pid)
        return counters
    }
}

/// A line of /proc/meminfo, which counts in kB.
enum MemoryField {
    static func bytes(_ name: String, in text: String) -> Int? {
        text.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { line in
            line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
    }
}
