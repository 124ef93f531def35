import LinuxSystem

/// What a machine gave to a probe within a few tenths of a second for each part.
public struct ProbeReading: Codable, Sendable, Equatable {
    /// Processors' worth of time that threads got which all wanted a whole one.
    public var processors: Double
    /// Steps of an integer generator (SplitMix64) in a second of one thread's own processor time.
    public var coreSpeed: Double
    /// Bytes copied a second by one thread.
    public var memoryBandwidth: Double
    /// Time to write 8 KiB over existing data and flush it, nanoseconds.
    public var flushP50: UInt64
    /// The same, 99 of 100.
    public var flushP99: UInt64
    /// How many were timed.
    public var flushes: Int
    /// Bytes a second that reach the device by flushes, written in blocks of 256 KiB; with the writes into the page cache
    /// where those take the longer.
    public var sequentialWrite: Double
    /// Bytes a second, read in blocks of 256 KiB.
    public var sequentialRead: Double
    /// Operations a second of 8 KiB at random places, by several threads.
    public var randomReads: Double
    /// The same of writing; written ones are not flushed one by one.
    public var randomWrites: Double
    /// Whether reads passed by the page cache. Else the rates of reading are the memory's.
    public var isDirect: Bool

    package init(
        processors: Double, coreSpeed: Double, memoryBandwidth: Double, flushP50: UInt64, flushP99: UInt64,
        flushes: Int, sequentialWrite: Double, sequentialRead: Double, randomReads: Double, randomWrites: Double,
        isDirect: Bool
    ) {
        self.processors = processors
        self.coreSpeed = coreSpeed
        self.memoryBandwidth = memoryBandwidth
        self.flushP50 = flushP50
        self.flushP99 = flushP99
        self.flushes = flushes
        self.sequentialWrite = sequentialWrite
        self.sequentialRead = sequentialRead
        self.randomReads = randomReads
        self.randomWrites = randomWrites
        self.isDirect = isDirect
    }
}

/// Measures one machine, as the process that calls it sees it.
public enum MachineProbe {
    /// Nanoseconds that each part may take.
    static let part: Nanoseconds = 250_000_000
    /// Threads of the random operations: enough for a disk on a network to show its rate.
    static let threads = 16

    /// Runs all parts, one after the other.
    ///
    /// - Parameter directory: an existing folder on the disk to probe; a file is made in it and removed.
    /// - Returns: what was measured.
    /// - Throws: `SystemError`.
    public static func run(in directory: String) async throws -> ProbeReading {
        let path = "\(directory)/archivebench-probe-\(ProcessTable.current.pid)"
        defer { StorageProbe.remove(path) }
        let speed = try await WorkerThread.run { ProcessorProbe.coreSpeed() }
        let bandwidth = try await WorkerThread.run { ProcessorProbe.memoryBandwidth() }
        let processors = try await sum(Host.processors) { ProcessorProbe.spin() }
        let serial = try await WorkerThread.run { Result { try StorageProbe.serial(path) } }.get()
        let blocks = serial.bytes / StorageProbe.smallBlock
        let reads = try await sum(threads) { try StorageProbe.random(path, blocks, seed: $0, writes: false) }
        let writes = try await sum(threads) { try StorageProbe.random(path, blocks, seed: $0, writes: true) }
        return ProbeReading(
            processors: processors, coreSpeed: speed, memoryBandwidth: bandwidth, flushP50: serial.flushes.middle,
            flushP99: serial.flushes.high, flushes: serial.flushes.count, sequentialWrite: serial.write,
            sequentialRead: serial.read, randomReads: reads, randomWrites: writes, isDirect: serial.isDirect)
    }

    private static func sum(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Double
    ) async throws -> Double {
        try await withThrowingTaskGroup(of: Double.self) { group in
            for index in 0..<max(1, count) {
                group.addTask { try await WorkerThread.run { Result { try body(index) } }.get() }
            }
            return try await group.reduce(0, +)
        }
    }

    private static func sum(_ count: Int, _ body: @escaping @Sendable () -> Double) async throws -> Double {
        try await sum(count) { _ in body() }
    }
}
