import CStorageModel
import Glibc
import LinuxSystem

/// The memory by which a modelled device is shared: one file, mapped by us and by every process of the server.
///
/// `@unchecked Sendable`, because both properties are constants, and whatever reads or writes the memory behind the pointer
/// takes the lock that lies in it (`csm_lock`, robust and shared between processes); only `init` and `deinit` do not, when
/// nobody else has the pointer. Two threads that set ``isActive`` and a device at the same time may undo each other's
/// wish, not more.
package final class StorageSegment: @unchecked Sendable {
    private let segment: OpaquePointer
    private let bytes: Int

    /// Bytes of a segment for a page cache of so many bytes.
    static func bytes(forCache cache: Int) -> Int { csm_segment_bytes(pages(cache), filePlaces) }

    /// Files of a server that the model follows at a time: a year of hourly partitions has some fifty thousand.
    private static let filePlaces: UInt64 = 65_536

    private static func pages(_ bytes: Int) -> UInt64 { UInt64(max(1, bytes / Int(CSM_PAGE))) }

    /// Makes the file and the segment in it.
    ///
    /// - Parameters:
    ///   - path: of the new file.
    ///   - folder: what is modelled: files below it. Absolute, without links.
    ///   - cache: bytes of the page cache; also the most it can be changed to.
    ///   - device: what it is at first.
    ///   - seed: of the delays.
    ///   - owner: who may use it besides us; `nil` for our own account.
    /// - Throws: ``SystemError``.
    package init(
        path: String, folder: String, cache: Int, device: StorageDevice, seed: UInt64, owner: UserAccount?
    ) throws(SystemError) {
        bytes = Self.bytes(forCache: cache)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        // Allocated, not only promised: a page that cannot be had later would end the server with a signal.
        let code = posix_fallocate(descriptor, 0, bytes)
        errno = code
        guard code == 0 else { throw SystemError("allocate \(path)") }
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != UnsafeMutableRawPointer(bitPattern: -1) else { throw SystemError("mmap \(path)") }
        segment = OpaquePointer(memory)
        csm_make(segment, Self.pages(cache), Self.filePlaces, folder)
        if let owner { try Ownership.give(path, to: owner) }
        set(device, cache: cache, seed: seed, active: true)
    }

    deinit { munmap(UnsafeMutableRawPointer(segment), bytes) }

    // MARK: Parameters

    func set(_ device: StorageDevice, cache: Int, seed: UInt64, active: Bool) {
        for (kind, latency) in [
            (CSM_READ, device.readLatency), (CSM_WRITE, device.writeLatency), (CSM_FLUSH, device.flushLatency),
        ] {
            csm_set_latency(segment, kind, Self.table(latency))
        }
        var parameters = csm_parameters()
        parameters.active = active ? 1 : 0
        parameters.queue_depth = UInt32(device.queueDepth)
        parameters.flush_operations = device.flushOperations
        parameters.read_ahead_pages = Self.readAheadPages
        parameters.sequential_share = device.sequentialShare
        parameters.iops = device.iops ?? 0
        parameters.read_iops = device.readIOPS ?? 0
        parameters.write_iops = device.writeIOPS ?? 0
        parameters.bandwidth = Double(device.bandwidth ?? 0)
        parameters.read_bandwidth = Double(device.readBandwidth ?? 0)
        parameters.write_bandwidth = Double(device.writeBandwidth ?? 0)
        parameters.operation_bytes = UInt64(device.operationBytes)
        parameters.burst = device.burst
        parameters.capacity = UInt64(device.capacity ?? 0)
        parameters.cache_pages = Self.pages(cache)
        parameters.dirty_limit = max(1, UInt64(Double(parameters.cache_pages) * device.dirtyLimit))
        parameters.dirty_background = parameters.dirty_limit / 2
        parameters.dirty_expiry = Self.dirtyExpiry
        parameters.spin = Self.spin
        parameters.seed = seed
        csm_set_parameters(segment, &parameters)
    }

    /// Linux reads 128 kB ahead (`read_ahead_kb`) and writes back what is 30 s old (`vm.dirty_expire_centisecs`).
    private static let readAheadPages: UInt32 = 16
    private static let dirtyExpiry: Nanoseconds = 30_000_000_000
    /// The last stretch of a wait, which is spun: about what a sleeping thread takes to be back on a processor.
    private static let spin: Nanoseconds = 30_000

    /// Whether anything waits. What is inactive still follows what is in the page cache.
    var isActive: Bool {
        get { csm_get_parameters(segment).active == 1 }
        set {
            var parameters = csm_get_parameters(segment)
            parameters.active = newValue ? 1 : 0
            csm_set_parameters(segment, &parameters)
        }
    }

    /// Lets go of all pages but dirty ones, which the device does not have yet.
    package func emptyCache() { csm_empty_cache(segment) }

    func setUsed(_ bytes: Int) { csm_set_used(segment, UInt64(bytes)) }

    /// A latency's quantiles at equal steps. The ends are those of the outermost half step, so a lognormal has a largest
    /// value: what one operation in eight thousand exceeds.
    private static func table(_ latency: DeviceLatency) -> [UInt64] {
        let parts = Int(CSM_QUANTILES)
        return (0...parts).map { part in
            let share = min(max(Double(part), 0.5), Double(parts) - 0.5) / Double(parts)
            return UInt64(min(max(latency.quantile(share), 0), 60e9).rounded())
        }
    }

    // MARK: What came of it

    package func statistics() -> StorageStatistics {
        let now = csm_get_statistics(segment)
        return StorageStatistics(
            reads: .init(now.read, waits(CSM_READ)), writes: .init(now.write, waits(CSM_WRITE)),
            flushes: .init(now.flush, waits(CSM_FLUSH)), hits: now.hits, misses: now.misses,
            cachedPages: now.pages, dirtyPages: now.dirty, evictedPages: now.evicted, throttledWrites: now.throttled,
            usedBytes: now.used, refusals: now.refused, unmodelled: now.unmodelled, untracked: now.untracked,
            recoveries: now.recoveries)
    }

    private func waits(_ kind: csm_kind) -> WaitCounts {
        var counts = [UInt64](repeating: 0, count: Int(CSM_HISTOGRAM))
        csm_get_histogram(segment, kind, &counts)
        return WaitCounts(counts: counts)
    }

    /// The model itself, for tests that drive it without a server.
    package var model: OpaquePointer { segment }
}
