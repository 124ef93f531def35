import LinuxSystem
import RunRecord

extension HostSample {
    /// What host, server and generator did between two readings.
    init(from: HostCounters, to: HostCounters) {
        self.init()
        let seconds = max(1e-9, Double(to.at - from.at) / 1e9)
        if let before = from.processors, let now = to.processors, now.total > before.total {
            let total = Double(now.total - before.total)
            func share(_ part: (ProcessorUse) -> UInt64) -> Double {
                Double(part(now) - min(part(before), part(now))) / total
            }
            let waiting = share(\.waitingForIo)
            (waitingForIoShare, stolenShare) = (waiting, share(\.stolen))
            busyShare = max(0, 1 - share(\.idle) - waiting)
        }
        runQueue = to.processors?.runnable
        (memoryAvailableBytes, dirtyBytes, writebackBytes) = (to.memoryAvailable, to.dirty, to.writeback)
        serverCpuSeconds = Self.difference(from.serverCPU, to.serverCPU)
        generatorCpuSeconds = Self.difference(from.ownCPU, to.ownCPU)
        if let before = from.disk, let now = to.disk { disk = DiskCounters(from: before, to: now, seconds: seconds) }
        pressure = PressureShares(from: from, to: to, seconds: seconds)
        if let before = from.throttling, let now = to.throttling {
            throttling = Throttling(
                periods: now.periods - before.periods,
                throttledMs: Double(now.microseconds - before.microseconds) / 1_000)
        }
    }

    /// `nil` when one is missing, or the server was started anew in between.
    private static func difference(_ from: Double?, _ to: Double?) -> Double? {
        guard let from, let to, to >= from else { return nil }
        return to - from
    }
}

extension DiskCounters {
    init(from: DiskWork, to: DiskWork, seconds: Double) {
        self.init(device: to.name)
        (reads, readBytes) = (to.reads - from.reads, to.readBytes - from.readBytes)
        readMs = to.readMilliseconds - from.readMilliseconds
        (writes, writtenBytes) = (to.writes - from.writes, to.writtenBytes - from.writtenBytes)
        writeMs = to.writeMilliseconds - from.writeMilliseconds
        flushDevice = to.flushName
        if let before = from.flushes, let now = to.flushes { flushes = now - before }
        if let before = from.flushMilliseconds, let now = to.flushMilliseconds { flushMs = now - before }
        busyShare = min(1, Double(to.busyMilliseconds - from.busyMilliseconds) / 1_000 / seconds)
        queueDepth = Double(to.weightedMilliseconds - from.weightedMilliseconds) / 1_000 / seconds
    }
}

extension PressureShares {
    /// `nil` where the kernel keeps no account of pressure.
    init?(from: HostCounters, to: HostCounters, seconds: Double) {
        guard to.cpuPressure != nil || to.ioPressure != nil || to.memoryPressure != nil else { return nil }
        self.init()
        func share(_ from: UInt64?, _ to: UInt64?) -> Double? {
            guard let from, let to, to >= from else { return nil }
            return min(1, Double(to - from) / 1e6 / seconds)
        }
        cpuSome = share(from.cpuPressure?.some, to.cpuPressure?.some)
        ioSome = share(from.ioPressure?.some, to.ioPressure?.some)
        ioFull = share(from.ioPressure?.full, to.ioPressure?.full)
        memorySome = share(from.memoryPressure?.some, to.memoryPressure?.some)
        memoryFull = share(from.memoryPressure?.full, to.memoryPressure?.full)
    }
}
