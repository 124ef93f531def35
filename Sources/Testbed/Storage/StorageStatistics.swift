import CStorageModel

/// What a modelled device and its page cache did so far.
public struct StorageStatistics: Codable, Sendable, Equatable {
    /// One kind of operation.
    public struct Kind: Codable, Sendable, Equatable {
        /// Calls of the server, and their bytes.
        public let calls: UInt64
        /// Bytes of those calls.
        public let bytes: UInt64
        /// Operations of the device, and their bytes.
        public let operations: UInt64
        /// Bytes of those operations.
        public let deviceBytes: UInt64
        /// Operations that began where the one before ended.
        public let sequential: UInt64
        /// Calls that had to wait.
        public let waits: UInt64
        /// What the model asked them to wait, nanoseconds summed.
        public let waited: UInt64
        /// By how much they waited longer than asked, nanoseconds summed.
        public let late: UInt64
        /// How long the calls waited that had to, as it was and not as it was meant.
        let waitTimes: WaitCounts

        /// How long calls waited that had to, by the clock, nanoseconds; 0 when none had to.
        public var waitP50: Double { waitTimes.quantile(0.5) }
        /// The same, 99 of 100.
        public var waitP99: Double { waitTimes.quantile(0.99) }

        init(_ counts: csm_counts, _ waitTimes: WaitCounts) {
            calls = counts.calls
            bytes = counts.bytes
            operations = counts.operations
            deviceBytes = counts.device_bytes
            sequential = counts.sequential
            waits = counts.waits
            waited = counts.wait
            late = counts.late
            self.waitTimes = waitTimes
        }

        /// What came since an earlier look.
        ///
        /// - Parameters:
        ///   - now: of the same device.
        ///   - earlier: not later than that.
        public init(_ now: Kind, since earlier: Kind) {
            calls = now.calls - earlier.calls
            bytes = now.bytes - earlier.bytes
            operations = now.operations - earlier.operations
            deviceBytes = now.deviceBytes - earlier.deviceBytes
            sequential = now.sequential - earlier.sequential
            waits = now.waits - earlier.waits
            waited = now.waited - earlier.waited
            late = now.late - earlier.late
            waitTimes = WaitCounts(counts: zip(now.waitTimes.counts, earlier.waitTimes.counts).map { $0 - $1 })
        }
    }

    /// Reads.
    public let reads: Kind
    /// Writes.
    public let writes: Kind
    /// Flushes.
    public let flushes: Kind
    /// Pages of 8 kB read that the page cache had, or had not.
    public let hits: UInt64
    /// Pages of 8 kB read that it had not.
    public let misses: UInt64
    /// Pages in the page cache now, and those of them not yet written back.
    public let cachedPages: UInt64
    /// Of those, not yet written back.
    public let dirtyPages: UInt64
    /// Pages that made room for others.
    public let evictedPages: UInt64
    /// Writes that waited because too much was dirty.
    public let throttledWrites: UInt64
    /// Bytes that the device holds.
    public let usedBytes: UInt64
    /// Calls that found it full.
    public let refusals: UInt64
    /// Calls that went past the model, such as the mapping of a file.
    public let unmodelled: UInt64
    /// Files opened that had no place in the model's table: they had the device but no page cache.
    public let untracked: UInt64
    /// Times that a process was killed inside the model, which emptied the page cache.
    public let recoveries: UInt64

    /// Share of the pages read that the page cache had; `nil` when none was read.
    public var hitShare: Double? { hits + misses == 0 ? nil : Double(hits) / Double(hits + misses) }
}

/// How often each wait was seen.
struct WaitCounts: Codable, Equatable {
    /// By place of the model's histogram.
    let counts: [UInt64]

    /// The wait that a share of them did not exceed, nanoseconds, to 0.8 %.
    func quantile(_ share: Double) -> Double {
        let total = counts.reduce(0, +)
        guard total > 0 else { return 0 }
        let wanted = UInt64((share * Double(total)).rounded(.up))
        var sum: UInt64 = 0
        for (place, count) in counts.enumerated() {
            sum += count
            if sum >= max(1, wanted) { return csm_histogram_value(UInt32(place)) }
        }
        return 0
    }
}
