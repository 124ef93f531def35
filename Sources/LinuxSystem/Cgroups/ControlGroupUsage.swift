/// What a control group used and how often it was held back, since it was made. `nil` is what its kernel does not tell.
public struct ControlGroupUsage: Sendable, Equatable {
    /// Processor time, nanoseconds.
    public var cpu: UInt64?
    /// Times the share of processor time was used up before its period ended, and for how long, nanoseconds.
    public var throttledPeriods: UInt64?
    /// Time that its processes were held back by the processor limit, nanoseconds.
    public var throttled: UInt64?
    /// The limit in force, bytes.
    public var memoryLimit: Int?
    /// Largest use so far, bytes, page cache included.
    public var memoryPeak: Int?
    /// Times the memory limit was met, and pages had to be taken back.
    public var memoryLimitHits: UInt64?
    /// Processes ended for want of memory.
    public var memoryKills: UInt64?
    /// Of one disk: operations and bytes.
    public var reads: UInt64?
    /// Write operations of the disk.
    public var writes: UInt64?
    /// Bytes read from the disk.
    public var readBytes: UInt64?
    /// Bytes written to the disk.
    public var writtenBytes: UInt64?
    /// The processors in force.
    public var processors: ProcessorSet?

    /// Nothing known yet.
    public init() {}
}

extension ControlGroup {
    /// Reads the group's counters.
    ///
    /// - Parameter device: whose reads and writes to look up.
    /// - Returns: what the kernel tells.
    public func usage(of device: BlockDevice? = nil) -> ControlGroupUsage {
        var usage = version == .v1 ? usage1(device) : usage2(device)
        usage.processors = number(.cpuset, version == .v1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective") {
            ProcessorSet(list: $0)
        }
        return usage
    }

    private func usage1(_ device: BlockDevice?) -> ControlGroupUsage {
        var usage = ControlGroupUsage()
        usage.cpu = number(.accounting, "cpuacct.usage") { UInt64($0) }
        usage.throttledPeriods = field(.cpu, "cpu.stat", "nr_throttled")
        usage.throttled = field(.cpu, "cpu.stat", "throttled_time")
        usage.memoryLimit = number(.memory, "memory.limit_in_bytes") { Int($0) }
        usage.memoryPeak = number(.memory, "memory.max_usage_in_bytes") { Int($0) }
        usage.memoryLimitHits = number(.memory, "memory.failcnt") { UInt64($0) }
        usage.memoryKills = field(.memory, "memory.oom_control", "oom_kill")
        guard let numbers = device?.numbers else { return usage }
        func served(_ file: String, _ kind: String) -> UInt64? {
            // A disk without traffic has no line.
            lines(.io, "blkio.throttle.\(file)").map { lines in
                lines.first { $0.hasPrefix("\(numbers) \(kind) ") }?.split(separator: " ").last.flatMap { UInt64($0) }
                    ?? 0
            }
        }
        (usage.reads, usage.writes) = (served("io_serviced", "Read"), served("io_serviced", "Write"))
        (usage.readBytes, usage.writtenBytes) = (
            served("io_service_bytes", "Read"), served("io_service_bytes", "Write")
        )
        return usage
    }

    private func usage2(_ device: BlockDevice?) -> ControlGroupUsage {
        var usage = ControlGroupUsage()
        usage.cpu = field(.accounting, "cpu.stat", "usage_usec").map { $0 * 1_000 }
        usage.throttledPeriods = field(.cpu, "cpu.stat", "nr_throttled")
        usage.throttled = field(.cpu, "cpu.stat", "throttled_usec").map { $0 * 1_000 }
        usage.memoryLimit = number(.memory, "memory.max") { Int($0) }
        usage.memoryPeak = number(.memory, "memory.peak") { Int($0) }
        usage.memoryLimitHits = field(.memory, "memory.events", "max")
        usage.memoryKills = field(.memory, "memory.events", "oom_kill")
        guard let numbers = device?.numbers, let lines = lines(.io, "io.stat") else { return usage }
        let words = lines.first { $0.hasPrefix("\(numbers) ") }?.split(separator: " ") ?? []
        func served(_ key: String) -> UInt64 {
            words.first { $0.hasPrefix("\(key)=") }.flatMap { UInt64($0.dropFirst(key.count + 1)) } ?? 0
        }
        (usage.reads, usage.writes) = (served("rios"), served("wios"))
        (usage.readBytes, usage.writtenBytes) = (served("rbytes"), served("wbytes"))
        return usage
    }

    private func lines(_ controller: ControlGroupController, _ file: String) -> [Substring]? {
        folders[controller].flatMap { Host.read("\($0)/\(file)") }?.split(separator: "\n")
    }

    private func number<Value>(
        _ controller: ControlGroupController, _ file: String, _ convert: (String) -> Value?
    ) -> Value? {
        lines(controller, file)?.first.flatMap { convert(String($0)) }
    }

    private func field(_ controller: ControlGroupController, _ file: String, _ name: String) -> UInt64? {
        lines(controller, file)?.first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last.flatMap { UInt64($0) }
    }
}
