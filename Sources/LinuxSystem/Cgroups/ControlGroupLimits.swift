/// A share of processor time, as the kernel meters it out: so much time in each period.
public struct CPUBandwidth: Sendable, Equatable {
    /// Microseconds of processor time a period.
    public let quota: Int
    /// Microseconds.
    public let period: Int

    /// The shortest period that the kernel takes for so many processors: both numbers are at least one millisecond, and
    /// a period is at most a second (`tg_set_cfs_bandwidth` in the kernel's sched/core.c). A short one is closer to a
    /// slow processor; a long one makes a fast processor that pauses.
    ///
    /// - Parameter processors: 0.001 or more.
    public init(processors: Double) {
        if processors >= 1 {
            period = 1_000
            quota = Int((processors * 1_000).rounded())
        } else {
            period = min(1_000_000, Int((1_000 / max(processors, 0.001)).rounded()))
            quota = 1_000
        }
    }

    /// Processors' worth of time.
    public var processors: Double { Double(quota) / Double(period) }
}

/// What a control group is to hold its processes to. `nil` limits nothing.
public struct ControlGroupLimits: Sendable, Equatable {
    /// Rates of one disk; those of reads and of writes are apart.
    public struct Storage: Sendable, Equatable {
        /// The disk that is limited.
        public var device: BlockDevice
        /// Operations a second.
        public var reads: Int?
        /// Write operations a second; `nil` for no limit.
        public var writes: Int?
        /// Bytes a second.
        public var readBytes: Int?
        /// Bytes written a second; `nil` for no limit.
        public var writtenBytes: Int?

        /// Limits of one disk; `nil` leaves a quantity free.
        public init(
            device: BlockDevice, reads: Int? = nil, writes: Int? = nil, readBytes: Int? = nil, writtenBytes: Int? = nil
        ) {
            self.device = device
            self.reads = reads
            self.writes = writes
            self.readBytes = readBytes
            self.writtenBytes = writtenBytes
        }
    }

    /// Processors that may be used; `nil` for all.
    public var processors: ProcessorSet?
    /// Share of processor time; `nil` for all of it.
    public var bandwidth: CPUBandwidth?
    /// Bytes, page cache included. Swap is not given on top.
    public var memory: Int?
    /// Of the disk; `nil` for none.
    public var storage: Storage?

    /// Limits as described; `nil` leaves a quantity free.
    public init(
        processors: ProcessorSet? = nil, bandwidth: CPUBandwidth? = nil, memory: Int? = nil, storage: Storage? = nil
    ) {
        self.processors = processors
        self.bandwidth = bandwidth
        self.memory = memory
        self.storage = storage
    }

    /// One thing to write into a file of a group.
    struct Setting: Equatable {
        let file: String
        let text: String
        /// Absent files of this kind are no failure: older kernels do without.
        var isOptional = false
    }

    /// What to write for a controller, in order.
    func settings(_ controller: ControlGroupController, _ version: ControlGroupHost.Version) -> [Setting] {
        switch (controller, version) {
        case (.cpu, .v1): bandwidth.map(Self.bandwidth1) ?? []
        case (.cpu, .v2):
            bandwidth.map { [Setting(file: "cpu.max", text: "\($0.quota) \($0.period)")] } ?? []
        case (.cpuset, _): processors.map { [Setting(file: "cpuset.cpus", text: "\($0)")] } ?? []
        case (.memory, .v1): memory.map(Self.memory1) ?? []
        case (.memory, .v2): memory.map(Self.memory2) ?? []
        case (.io, .v1): storage.map(Self.storage1) ?? []
        case (.io, .v2): storage.map(Self.storage2) ?? []
        case (.accounting, _): []
        }
    }

    private static func bandwidth1(_ share: CPUBandwidth) -> [Setting] {
        [
            Setting(file: "cpu.cfs_period_us", text: "\(share.period)"),
            Setting(file: "cpu.cfs_quota_us", text: "\(share.quota)"),
        ]
    }

    private static func memory1(_ bytes: Int) -> [Setting] {
        [
            Setting(file: "memory.limit_in_bytes", text: "\(bytes)"),
            Setting(file: "memory.memsw.limit_in_bytes", text: "\(bytes)", isOptional: true),
        ]
    }

    private static func memory2(_ bytes: Int) -> [Setting] {
        [
            Setting(file: "memory.max", text: "\(bytes)"),
            Setting(file: "memory.swap.max", text: "0", isOptional: true),
        ]
    }

    private static func storage1(_ limit: Storage) -> [Setting] {
        let parts: [(String, Int?)] = [
            ("read_iops", limit.reads), ("write_iops", limit.writes), ("read_bps", limit.readBytes),
            ("write_bps", limit.writtenBytes),
        ]
        return parts.compactMap { name, value in
            value.map { Setting(file: "blkio.throttle.\(name)_device", text: "\(limit.device.numbers) \($0)") }
        }
    }

    private static func storage2(_ limit: Storage) -> [Setting] {
        let parts: [(String, Int?)] = [
            ("riops", limit.reads), ("wiops", limit.writes), ("rbps", limit.readBytes), ("wbps", limit.writtenBytes),
        ]
        let words = parts.compactMap { name, value in value.map { "\(name)=\($0)" } }
        return words.isEmpty
            ? [] : [Setting(file: "io.max", text: "\(limit.device.numbers) \(words.joined(separator: " "))")]
    }
}
