import CStorageModel
import Glibc
import SpecReader
import TestSupport
import Testbed
import Testing

/// What probes are expected to see of a device, against numbers worked out elsewhere and against the model itself.
@Suite struct DeviceForecastTests {
    private func device(_ yaml: String) throws -> StorageDevice {
        let document = try SpecDocument(text: "storage:\n  \(yaml)", file: "profile.yaml")
        let map = try #require(document.top.map("storage"))
        let device = StorageDevice(map)
        map.close()
        try document.finish()
        return device
    }

    private static func shipped() throws -> [(name: String, device: StorageDevice)] {
        let folder = "\(packageRoot)/Workloads/hardware"
        return try names(in: folder).sorted().compactMap { file in
            let profile = try HardwareProfile(path: "\(folder)/\(file)")
            guard case .modelled(let device) = profile.storage else { return nil }
            return (profile.name, device)
        }
    }

    /// Medians of the sum of the two lognormals by numerical integration of the density of one over the distribution of the
    /// other (in Python, with the standard library's normal distribution), the write no shorter than its share of the limit.
    @Test(arguments: [
        ("network-gp3", 1.9421), ("network-pd-balanced", 1.7485), ("network-io2", 0.7757), ("network-essd", 0.5528),
        ("spinning-disk", 8.5863),
    ])
    func aFlushIsTheWriteAndTheFlush(_ name: String, _ milliseconds: Double) throws {
        let found = try #require(try Self.shipped().first { $0.name == name })
        let flush = DeviceForecast(found.device).flush
        #expect(abs(flush.value / 1e6 / milliseconds - 1) < 0.01, "\(flush.value)")
        #expect(flush.error > 0.01 && flush.error < 0.15)
    }

    @Test func limitsAndLatenciesBoundTheRates() throws {
        let fast = DeviceForecast(try device("flush-latency: 2ms"))
        #expect(fast.flush.value == 2e6 && fast.flush.error == 0)
        #expect(fast.randomReads == nil && fast.randomWrites == nil && fast.sequentialRead == nil)
        let limited = DeviceForecast(try device("{iops: 500/s, write-iops: 200/s, bandwidth: 8192kB/s}"))
        #expect(abs(try #require(limited.randomReads).value - 500) < 1e-6)
        #expect(abs(try #require(limited.randomWrites).value - 200) < 1e-6)
        #expect(abs(try #require(limited.sequentialRead).value - 8_192_000) < 1)
        // A write and a flush, 200 operations a second.
        #expect(abs(limited.flush.value - 10e6) < 1)
        // 16 threads on 4 places.
        let deep = DeviceForecast(try device("{read-latency: 2ms, queue-depth: 4}"))
        #expect(abs(try #require(deep.randomReads).value - 2_000) < 1e-6)
        let kept = DeviceForecast(try device("{iops: 500/s, burst: 1h}"))
        #expect(kept.randomReads == nil && kept.flush.value == 0)
    }

    /// The model with nobody else, told the time: commits one after the other, as the probe makes them.
    @Test func theModelDoesWhatIsForecast() throws {
        for (name, device) in try Self.shipped() {
            let path = "/dev/shm/abforecast-\(UInt32.random(in: 0 ... .max))"
            let segment = try StorageSegment(
                path: path, folder: "/nowhere", cache: 64 << 20, device: device, seed: 3, owner: nil)
            unlink(path)
            let file = csm_open(segment.model, 1, 64 << 20, false)
            var (now, times): (UInt64, [UInt64]) = (1_000_000_000_000, [])
            for number in 0..<4_000 {
                let begun = now
                _ = csm_write(segment.model, file, UInt64(number) * 8_192, 8_192, 0, now)
                var left = UInt64.max
                repeat { now = max(now, csm_flush(segment.model, file, &left, now)) } while left > 0
                times.append(now - begun)
            }
            let seen = Double(times.sorted()[times.count / 2])
            let expected = DeviceForecast(device).flush.value
            #expect(abs(seen / expected - 1) < 0.04, "\(name): \(seen) instead of \(expected)")
        }
    }
}
