import Glibc

/// What the probes would see of a modelled device on a host that adds nothing: worked out from the profile's numbers alone,
/// and not by the model that the probes look at.
public struct DeviceForecast: Sendable {
    /// One quantity of a probe.
    public struct Quantity: Sendable, Equatable {
        /// In the unit of the reading.
        public let value: Double
        /// What one operation takes whoever asks for it, nanoseconds: a host adds its own to each.
        public let operationTime: Double
        /// Standard error of one reading, which sees so many of the device's latencies and not all; a share of the value.
        public let error: Double
    }

    /// Median of 8 KiB written over existing data and flushed, nanoseconds.
    public let flush: Quantity
    /// Bytes a second, written in a row and flushed; `nil` without a limit on bytes.
    public let sequentialWrite: Quantity?
    /// Bytes a second, read in a row; `nil` without a limit on bytes.
    public let sequentialRead: Quantity?
    /// Reads a second at random places; `nil` for a device that sets no bound.
    public let randomReads: Quantity?
    /// The same of writes.
    public let randomWrites: Quantity?

    /// Works them out.
    ///
    /// - Parameter device: as a profile describes it.
    public init(_ device: StorageDevice) {
        let (read, write) = (Side(reading: device), Side(writing: device))
        flush = Self.flush(device, write)
        sequentialWrite = Self.sequentialWrite(device, write)
        sequentialRead = Self.sequentialRead(device, read)
        randomReads = Self.random(device, read)
        randomWrites = Self.random(device, write)
    }

    // MARK: One kind of operation

    /// Latencies and limits of reads or of writes.
    private struct Side {
        let latencies: Latencies
        /// Nanoseconds that the limits give to one operation, and to one byte; 0 without a limit.
        let operation: Double
        let byte: Double

        init(reading device: StorageDevice) {
            self.init(device, device.readLatency, device.readIOPS, device.readBandwidth)
        }

        init(writing device: StorageDevice) {
            self.init(device, device.writeLatency, device.writeIOPS, device.writeBandwidth)
        }

        private init(_ device: StorageDevice, _ latency: DeviceLatency, _ operations: Double?, _ bytes: Int?) {
            latencies = Latencies(latency)
            // What was kept for a burst lasts as long as a probe.
            let isKept = device.burst >= MachineProbe.part
            func time(_ rates: [Double?]) -> Double { isKept ? 0 : rates.compactMap { $0 }.min().map { 1e9 / $0 } ?? 0 }
            operation = time([device.iops, operations])
            byte = time([device.bandwidth, bytes].map { $0.map { Double($0) } })
        }

        /// What the limits give to an operation of so many bytes, nanoseconds.
        func limit(_ bytes: Int, _ device: StorageDevice) -> Double {
            let count = (bytes + device.operationBytes - 1) / device.operationBytes
            return max(Double(count) * operation, Double(bytes) * byte)
        }
    }

    /// A latency by its quantiles at equal steps.
    private struct Latencies {
        static let count = 256
        let quantiles: [Double]

        init(_ latency: DeviceLatency) {
            quantiles = (0..<Self.count).map { latency.quantile((Double($0) + 0.5) / Double(Self.count)) }
        }

        init(quantiles: [Double]) { self.quantiles = quantiles }

        /// None shorter than a limit lets it be, after taking a share of each.
        func atLeast(_ limit: Double, share: Double = 1) -> Latencies {
            Latencies(quantiles: quantiles.map { max(limit, $0 * share) })
        }

        var mean: Double { quantiles.reduce(0, +) / Double(quantiles.count) }

        var variance: Double {
            let mean = mean
            return quantiles.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(quantiles.count)
        }
    }

    /// A rate of pieces that take a time each, one after the other while a part of the probe lasts.
    private static func serial(_ size: Int, time: Double, variance: Double, operations: Int = 1) -> Quantity? {
        guard time > 0 else { return nil }
        let pieces = max(1, Double(MachineProbe.part) / time)
        return Quantity(
            value: Double(size) * 1e9 / time, operationTime: time / Double(operations),
            error: variance.squareRoot() / time / pieces.squareRoot())
    }

    // MARK: The probes

    /// The write goes to the page cache; the flush writes it, behind the one before, and then flushes. Both count as
    /// operations.
    private static func flush(_ device: StorageDevice, _ side: Side) -> Quantity {
        let writes = side.latencies.atLeast(
            side.limit(StorageProbe.smallBlock, device), share: device.sequentialShare)
        let least = (1 + device.flushOperations) * side.operation
        let flushes = Latencies(device.flushLatency).quantiles
        let times = writes.quantiles.flatMap { write in flushes.map { max(least, write + $0) } }.sorted()
        func quantile(_ share: Double) -> Double {
            times[min(times.count - 1, max(0, Int(share * Double(times.count))))]
        }
        let (mean, median) = (times.reduce(0, +) / Double(times.count), quantile(0.5))
        // The median of n values lies between the quantiles at 0.5 ± 0.5 / √n with the certainty of one standard error.
        let half = mean > 0 ? 0.5 / max(1, Double(MachineProbe.part) / mean).squareRoot() : 0
        let error = median > 0 ? (quantile(0.5 + half) - quantile(0.5 - half)) / 2 / median : 0
        return Quantity(value: median, operationTime: median, error: error)
    }

    /// Blocks are flushed several at a time; a flush writes so many bytes at once, waits for them, and goes on.
    private static func sequentialWrite(_ device: StorageDevice, _ side: Side) -> Quantity? {
        guard side.byte > 0 else { return nil }
        let bytes = StorageProbe.flushEvery * StorageProbe.largeBlock
        let steps = (bytes + stepBytes - 1) / stepBytes
        let operations = max(1, stepBytes / device.operationBytes)
        let rounds = Double((operations + device.queueDepth - 1) / device.queueDepth)
        let step = side.latencies.atLeast(side.limit(stepBytes, device), share: device.sequentialShare * rounds)
        let flush = Latencies(device.flushLatency)
        return serial(
            bytes, time: Double(steps) * step.mean + flush.mean,
            variance: Double(steps) * step.variance + flush.variance, operations: steps + 1)
    }

    /// The model's `CSM_BATCH` pages.
    private static let stepBytes = 64 * 8_192

    private static func sequentialRead(_ device: StorageDevice, _ side: Side) -> Quantity? {
        guard side.byte > 0 else { return nil }
        let read = side.latencies.atLeast(side.limit(StorageProbe.largeBlock, device), share: device.sequentialShare)
        return serial(StorageProbe.largeBlock, time: read.mean, variance: read.variance)
    }

    /// Several threads keep as many operations under way; the device serves some of them at once.
    private static func random(_ device: StorageDevice, _ side: Side) -> Quantity? {
        let served = Double(min(MachineProbe.threads, device.queueDepth))
        let (limit, latency) = (side.limit(StorageProbe.smallBlock, device), side.latencies.mean / served)
        let time = max(limit, latency)
        guard time > 0 else { return nil }
        let seen = max(1, Double(StorageProbe.counting) / time)
        let scatter = side.latencies.variance.squareRoot() / served / time / seen.squareRoot()
        return Quantity(
            value: 1e9 / time, operationTime: time * Double(MachineProbe.threads),
            error: latency > limit ? scatter : 0)
    }
}
