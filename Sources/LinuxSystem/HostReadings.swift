/// What disturbs a measurement from outside, as /proc tells it at one moment. What cannot be read is `nil`.
public struct HostReading: Sendable {
    /// The clocks, for jumps of one against the others.
    public var clocks: ClockReading
    /// Time of all processors, and what of it was stolen.
    public var processors: ProcessorTimes?
    /// Pages moved to and from swap.
    public var swap: SwapTraffic?
    /// Time in which tasks waited for memory.
    public var pressure: MemoryPressure?
    /// Memory there is, and what of it is free to take.
    public var memory: MemoryLevel?

    /// A reading; what is left out was not to be read.
    public init(
        clocks: ClockReading, processors: ProcessorTimes? = nil, swap: SwapTraffic? = nil,
        pressure: MemoryPressure? = nil, memory: MemoryLevel? = nil
    ) {
        self.clocks = clocks
        self.processors = processors
        self.swap = swap
        self.pressure = pressure
        self.memory = memory
    }

    /// Reads everything; a few hundred microseconds, so not on a measured thread.
    public static func now() -> HostReading {
        HostReading(
            clocks: .now(), processors: Host.read("/proc/stat").flatMap { ProcessorTimes(stat: $0) },
            swap: Host.read("/proc/vmstat").flatMap { SwapTraffic(vmstat: $0) },
            pressure: Host.read("/proc/pressure/memory").flatMap { MemoryPressure(pressure: $0) },
            memory: Host.read("/proc/meminfo").flatMap { MemoryLevel(meminfo: $0) })
    }
}

/// Time of all processors since boot, in the kernel's ticks (proc_stat(5)).
public struct ProcessorTimes: Sendable, Equatable {
    /// Everything, idle time and stolen time included. Guests' time is a part of user time and not added again.
    public var total: UInt64
    /// Wanted by this machine and given to another by the hypervisor.
    public var stolen: UInt64

    /// Clock ticks since boot, of all processors together.
    public init(total: UInt64, stolen: UInt64) {
        self.total = total
        self.stolen = stolen
    }

    /// From the text of /proc/stat; `nil` when its first line does not have the eight columns up to stolen time.
    public init?(stat text: String) {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
        let columns = line.split(separator: " ").dropFirst().map { UInt64($0) }
        guard columns.count >= 8 else { return nil }
        let known = columns.prefix(8).compactMap { $0 }
        guard known.count == 8 else { return nil }
        self.init(total: known.reduce(0, &+), stolen: known[7])
    }
}

/// Pages moved to and from swap since boot (proc_vmstat(5)).
public struct SwapTraffic: Sendable, Equatable {
    /// Read from swap.
    public var pagesIn: UInt64
    /// Written to swap.
    public var pagesOut: UInt64

    /// Pages since boot.
    public init(pagesIn: UInt64, pagesOut: UInt64) {
        self.pagesIn = pagesIn
        self.pagesOut = pagesOut
    }

    /// From the text of /proc/vmstat; `nil` when one of the two counters is missing.
    public init?(vmstat text: String) {
        guard let pagesIn = Field.number("pswpin", in: text), let pagesOut = Field.number("pswpout", in: text) else {
            return nil
        }
        self.init(pagesIn: pagesIn, pagesOut: pagesOut)
    }
}

/// Time in which some task stood still for want of memory since boot, microseconds (pressure stall information,
/// Documentation/accounting/psi.rst of the kernel).
public struct MemoryPressure: Sendable, Equatable {
    /// Some task, not all of them.
    public var someMicroseconds: UInt64

    /// Microseconds since boot.
    public init(someMicroseconds: UInt64) { self.someMicroseconds = someMicroseconds }

    /// From the text of /proc/pressure/memory; `nil` when its line "some" has no total.
    public init?(pressure text: String) {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let total = line.split(separator: " ").first(where: { $0.hasPrefix("total=") })
                .flatMap({ UInt64($0.dropFirst("total=".count)) })
        else { return nil }
        self.init(someMicroseconds: total)
    }
}

/// Memory of the host, bytes (proc_meminfo(5)).
public struct MemoryLevel: Sendable, Equatable {
    /// All that the kernel manages.
    public var total: UInt64
    /// What can be had without swapping, by the kernel's estimate.
    public var available: UInt64

    /// Bytes.
    public init(total: UInt64, available: UInt64) {
        self.total = total
        self.available = available
    }

    /// From the text of /proc/meminfo; `nil` when one of the two is missing or not in kB.
    public init?(meminfo text: String) {
        guard let total = Field.number("MemTotal:", in: text, unit: "kB"),
            let available = Field.number("MemAvailable:", in: text, unit: "kB")
        else { return nil }
        self.init(total: total &* 1_024, available: available &* 1_024)
    }
}

/// A line "name number [unit]".
private enum Field {
    static func number(_ name: String, in text: String, unit: String? = nil) -> UInt64? {
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 2, words[0] == name else { continue }
            return words.dropFirst(2).first.map(String.init) == unit ? UInt64(words[1]) : nil
        }
        return nil
    }
}
