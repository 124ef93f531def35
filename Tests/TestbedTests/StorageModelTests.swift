import CStorageModel
import FoundationEssentials
import Glibc
import SpecReader
import Testbed
import Testing

/// The model by itself: told the time, asked for moments. No clock has a say.
@Suite struct StorageModelTests {
    /// A segment in a file that is gone when the test ends.
    private final class Model {
        let segment: StorageSegment
        let model: OpaquePointer
        private let path = "/dev/shm/abmodel-\(UInt32.random(in: 0 ... .max))"
        var now: UInt64 = 1_000_000_000_000

        init(_ device: StorageDevice, cachePages: Int = 1_000, seed: UInt64 = 7) throws {
            segment = try StorageSegment(
                path: path, folder: "/nowhere", cache: cachePages * 8_192, device: device, seed: seed, owner: nil)
            model = segment.model
        }

        deinit { unlink(path) }

        func file(_ inode: UInt64, size: Int = 0) -> csm_file { csm_open(model, inode, UInt64(size), false) }

        /// What a call asks to wait, nanoseconds, when nothing else is under way: the next call is a minute later.
        func alone(_ call: (UInt64) -> UInt64) -> UInt64 {
            now += 60_000_000_000
            let until = call(now)
            return until > now ? until - now : 0
        }

        func flush(_ file: csm_file, at moment: UInt64) -> UInt64 {
            var (left, time) = (UInt64.max, moment)
            repeat { time = max(time, csm_flush(model, file, &left, time)) } while left > 0
            return time
        }
    }

    private func device(_ yaml: String) throws -> StorageDevice {
        let document = try SpecDocument(text: "storage:\n  \(yaml)", file: "profile.yaml")
        let map = try #require(document.top.map("storage"))
        let device = StorageDevice(map)
        map.close()
        try document.finish()
        return device
    }

    // MARK: Latencies

    @Test(arguments: [
        ("flush-latency: 2ms", 2e6, 2e6),
        ("flush-latency: {lognormal: {p50: 0.5ms, p99: 4ms}}", 0.5e6, 4e6),
        (
            "flush-latency: {quantiles: [{share: 0%, latency: 1ms}, {share: 50%, latency: 2ms}, {share: 99%, latency: 9ms}, {share: 100%, latency: 90ms}]}",
            2e6, 9e6
        ),
    ])
    func requestedDelaysFollowTheDistribution(_ yaml: String, _ p50: Double, _ p99: Double) throws {
        let model = try Model(device(yaml))
        let none = csm_file()
        let delays = (0..<20_000).map { _ in model.alone { model.flush(none, at: $0) } }.sorted()
        #expect(abs(Double(delays[10_000]) / p50 - 1) < 0.05)
        #expect(abs(Double(delays[19_800]) / p99 - 1) < 0.10)
        let seen = model.segment.statistics().flushes
        #expect(seen.operations == 20_000 && seen.calls == 20_000)
    }

    @Test func waitsAreCountedAsTheyWere() throws {
        let model = try Model(StorageDevice())
        for wait in 1...1_000 { csm_note_wait(model.model, CSM_FLUSH, UInt64(wait) * 1_000, 500_000) }
        let before = model.segment.statistics().flushes
        #expect(before.waits == 1_000 && before.waited == 500_500_000 && before.late == 500_000_000)
        #expect(abs(before.waitP50 / 1e6 - 1) < 0.02 && abs(before.waitP99 / 1.49e6 - 1) < 0.02)
        // What came later is told apart.
        for _ in 0..<10 { csm_note_wait(model.model, CSM_FLUSH, 9_000_000, 0) }
        let later = StorageStatistics.Kind(model.segment.statistics().flushes, since: before)
        #expect(later.waits == 10 && abs(later.waitP50 / 9e6 - 1) < 0.02 && later.late == 0)
    }

    @Test func aSeedDecidesEveryDelay() throws {
        func delays(_ seed: UInt64) throws -> [UInt64] {
            let model = try Model(device("flush-latency: {lognormal: {p50: 1ms, p99: 5ms}}"), seed: seed)
            return (0..<100).map { _ in model.alone { model.flush(csm_file(), at: $0) } }
        }
        #expect(try delays(1) == delays(1))
        #expect(try delays(1) != delays(2))
    }

    @Test func anOperationThatFollowsTheLastOneIsCheaper() throws {
        let model = try Model(device("{read-latency: 10ms, sequential: 5%}"), cachePages: 1)
        let file = model.file(1, size: 1 << 30)
        func read(_ page: UInt64) -> UInt64 {
            model.alone { csm_read(model.model, file, page * 8_192, 8_192, Int32(CSM_DIRECT), $0) }
        }
        #expect(
            [read(5), read(6), read(7), read(9), read(8)] == [10_000_000, 500_000, 500_000, 10_000_000, 10_000_000])
    }

    // MARK: Limits

    /// Many operations at one moment: how long until the last is done.
    private func burst(_ yaml: String, count: Int, bytes: Int) throws -> Double {
        let model = try Model(device(yaml))
        let file = model.file(1, size: 1 << 30)
        let begun = model.now
        let ends = (0..<count).map { place in
            csm_read(model.model, file, UInt64(place * 2 * bytes), UInt64(bytes), Int32(CSM_DIRECT), begun)
        }
        return Double((ends.max() ?? 0) - begun) / 1e9
    }

    @Test func operationsBytesAndQueueAreLimited() throws {
        #expect(abs(try burst("read-iops: 500/s", count: 1_001, bytes: 8_192) - 2) < 0.01)
        #expect(abs(try burst("iops: 500/s", count: 1_001, bytes: 8_192) - 2) < 0.01)
        // 512 KiB count as two operations of 256 KiB.
        #expect(abs(try burst("iops: 500/s", count: 501, bytes: 512 << 10) - 2) < 0.01)
        #expect(abs(try burst("bandwidth: 8192kB/s", count: 2_000, bytes: 8_192) - 2) < 0.01)
        #expect(abs(try burst("{read-latency: 1ms, queue-depth: 4}", count: 400, bytes: 8_192) - 0.1) < 0.001)
        #expect(abs(try burst("{read-latency: 1ms, queue-depth: 1}", count: 400, bytes: 8_192) - 0.4) < 0.001)
        // Limits of writes leave reads alone; unused operations are kept for the burst.
        #expect(try burst("write-iops: 1/s", count: 1_000, bytes: 8_192) == 0)
        #expect(abs(try burst("{iops: 100/s, burst: 1s}", count: 301, bytes: 8_192) - 2) < 0.02)
    }

    /// What a flush takes of the limits, it takes when it is asked for: not when its writes are done.
    @Test func aFlushBehindItsWritesHoldsNobodyUp() throws {
        let model = try Model(device("{iops: 2000/s, write-latency: 3ms, flush-latency: 1ms, read-latency: 1ms}"))
        let (file, other) = (model.file(1), model.file(2, size: 1 << 30))
        model.now += 60_000_000_000
        let begun = model.now
        #expect(csm_write(model.model, file, 0, 8_192, 0, begun) == 0)
        #expect(model.flush(file, at: begun) - begun == 4_000_000)
        func read(after wait: UInt64, page: UInt64) -> UInt64 {
            csm_read(model.model, other, page * 8_192, 8_192, Int32(CSM_DIRECT), begun + wait) - begun
        }
        // Write and flush took the first millisecond of the limit; what follows has the rest.
        #expect(read(after: 200_000, page: 9) == 2_000_000)
        #expect(read(after: 2_000_000, page: 5) == 3_000_000)
        // One after the other on a device that serves one operation at a time.
        let single = try Model(device("{write-latency: 3ms, flush-latency: 1ms, read-latency: 1ms, queue-depth: 1}"))
        let (one, two) = (single.file(1), single.file(2, size: 1 << 30))
        #expect(csm_write(single.model, one, 0, 8_192, 0, single.now) == 0)
        #expect(single.flush(one, at: single.now) - single.now == 4_000_000)
        #expect(csm_read(single.model, two, 0, 8_192, Int32(CSM_DIRECT), single.now) - single.now == 5_000_000)
    }

    /// Every commit of one page counts as two operations; idle time between them is not made up for.
    @Test func commitsKeepToTheLimitAndLoseNothingOfIt() throws {
        let model = try Model(device("{iops: 1000/s, write-latency: 1.5ms, flush-latency: 0.1ms}"))
        let file = model.file(1)
        var now = model.now
        for number in 0..<500 {
            _ = csm_write(model.model, file, UInt64(number) * 8_192, 8_192, 0, now)
            now = model.flush(file, at: now)
        }
        #expect(abs(Double(now - model.now) / 1e9 - 1) < 0.01)
    }

    @Test func roomThatWasNotUsedIsGivenBack() throws {
        let model = try Model(StorageDevice())
        let file = model.file(1)
        #expect(csm_reserve(model.model, file, 100_000))
        csm_give_back(model.model, file, 100_000, 5_000)
        #expect(model.segment.statistics().usedBytes == 8_192)
        // Somebody else's growth stays.
        #expect(csm_reserve(model.model, file, 100_000) && csm_reserve(model.model, file, 200_000))
        csm_give_back(model.model, file, 100_000, 5_000)
        #expect(model.segment.statistics().usedBytes == 200_704)
    }

    @Test func aFullDeviceHasNoRoomUntilSomethingGoes() throws {
        let model = try Model(device("capacity: 64MB"))
        let (first, second) = (model.file(1), model.file(2))
        #expect(csm_reserve(model.model, first, 40_000_000))
        #expect(!csm_reserve(model.model, second, 40_000_000))
        #expect(csm_reserve(model.model, second, 20_000_000))
        // What is there already can be written again.
        #expect(csm_reserve(model.model, first, 40_000_000))
        csm_remove(model.model, 1, 40_000_000)
        #expect(csm_reserve(model.model, second, 40_000_000))
        csm_resize(model.model, second, 0)
        let seen = model.segment.statistics()
        #expect(seen.usedBytes == 0 && seen.refusals == 1)
    }

    // MARK: Page cache

    /// Half of the reads go to a tenth of the pages, the others anywhere.
    private func reads(_ count: Int, pages: Int) -> [Int] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in
            Bool.random(using: &random)
                ? Int.random(in: 0..<pages / 10, using: &random) : Int.random(in: 0..<pages, using: &random)
        }
    }

    /// Hit share of the least-recently-used rule, from the definition: how many other pages were used since.
    private func lruHits(_ reads: [Int], pages: Int, cache: Int) -> Int {
        var lastUse = [Int](repeating: -1, count: pages)
        var order: Set<Int> = []
        var queue: [(page: Int, time: Int)] = []
        var (head, hits) = (0, 0)
        for (time, page) in reads.enumerated() {
            if order.contains(page) { hits += 1 }
            order.insert(page)
            lastUse[page] = time
            queue.append((page, time))
            while order.count > cache {
                let (oldest, used) = queue[head]
                head += 1
                if lastUse[oldest] == used { order.remove(oldest) }
            }
        }
        return hits
    }

    @Test func aWorkingSetOfTwiceTheCacheHitsAsLRUPredicts() throws {
        let (pages, cache) = (4_000, 2_000)
        let model = try Model(StorageDevice(), cachePages: cache)
        let file = model.file(1, size: pages * 8_192)
        let wanted = reads(100_000, pages: pages)
        for page in wanted {
            _ = model.alone { csm_read(model.model, file, UInt64(page) * 8_192, 8_192, 0, $0) }
        }
        let seen = model.segment.statistics()
        #expect(seen.hits + seen.misses == 100_000)
        let predicted = Double(lruHits(wanted, pages: pages, cache: cache)) / 100_000
        #expect(abs(try #require(seen.hitShare) - predicted) < 0.05)
        #expect(predicted > 0.5 && predicted < 0.9)
    }

    @Test func aReadCostsOnlyWhenItMisses() throws {
        let model = try Model(device("read-latency: 3ms"))
        let file = model.file(1, size: 1 << 30)
        func read(_ page: UInt64) -> UInt64 { model.alone { csm_read(model.model, file, page * 8_192, 8_192, 0, $0) } }
        #expect([read(70), read(70), read(71)] == [3_000_000, 0, 3_000_000])
        // Reading on in order brings 16 pages at a time.
        #expect((72..<88).map { read($0) } == Array(repeating: 0, count: 15) + [3_000_000])
    }

    @Test func anEmptiedCacheKeepsOnlyWhatTheDeviceDoesNotHave() throws {
        let model = try Model(device("read-latency: 3ms"))
        let file = model.file(1, size: 1 << 30)
        func read(_ page: UInt64) -> UInt64 { model.alone { csm_read(model.model, file, page * 8_192, 8_192, 0, $0) } }
        for page: UInt64 in [70, 90, 110] { #expect(read(page) == 3_000_000) }
        _ = csm_write(model.model, file, 130 * 8_192, 8_192, 0, model.now)
        model.segment.emptyCache()
        #expect(model.segment.statistics().cachedPages == 1 && model.segment.statistics().dirtyPages == 1)
        #expect([read(70), read(90), read(110), read(130)] == [3_000_000, 3_000_000, 3_000_000, 0])
        _ = model.flush(file, at: model.now)
        model.segment.emptyCache()
        #expect(model.segment.statistics().cachedPages == 0)
        #expect([read(130), read(130)] == [3_000_000, 0])
    }

    @Test func whatIsWrittenIsFreeUntilItIsFlushed() throws {
        let model = try Model(device("{write-latency: 1ms, flush-latency: 2ms, queue-depth: 1, operation-size: 64KiB}"))
        let file = model.file(1)
        for page in 0..<32 {
            #expect(model.alone { csm_write(model.model, file, UInt64(page * 8_192), 8_192, 0, $0) } == 0)
            model.now -= 60_000_000_000
        }
        // 32 neighbours make four operations of 64 KiB, one after the other, and the flush.
        let begun = model.now
        #expect(model.flush(file, at: begun) - begun == 4_000_000 + 2_000_000)
        let seen = model.segment.statistics()
        #expect(seen.writes.calls == 32 && seen.writes.operations == 4 && seen.writes.deviceBytes == 32 * 8_192)
        #expect(seen.flushes.calls == 1 && seen.dirtyPages == 0 && seen.cachedPages == 32)
        #expect(model.alone { model.flush(file, at: $0) - 2_000_000 } == 0)
    }

    @Test func aWriterBeyondTheDirtyLimitWaits() throws {
        let model = try Model(device("{write-iops: 1000/s, operation-size: 8KiB, dirty-limit: 20%}"), cachePages: 1_000)
        let file = model.file(1)
        var waited: UInt64 = 0
        // 1000 pages at one moment; 200 may be dirty, and the device takes 1000 a second.
        for page in 0..<1_000 {
            waited = max(waited, csm_write(model.model, file, UInt64(page * 2 * 8_192), 8_192, 0, model.now))
        }
        let seen = model.segment.statistics()
        #expect(seen.dirtyPages <= 200 && seen.throttledWrites > 0)
        #expect(waited - model.now > 700_000_000)
    }

    @Test func syncAndDirectWritesReachTheDevice() throws {
        let model = try Model(device("{write-latency: 1ms, flush-latency: 2ms}"))
        let file = model.file(1)
        func write(_ flags: Int) -> UInt64 { model.alone { csm_write(model.model, file, 0, 8_192, Int32(flags), $0) } }
        #expect([write(0), write(Int(CSM_DIRECT)), write(Int(CSM_SYNC))] == [0, 1_000_000, 3_000_000])
        #expect(write(Int(CSM_SYNC | CSM_DIRECT)) == 3_000_000)
        let seen = model.segment.statistics()
        // The first one went to the page cache and was written back when it was old.
        #expect(seen.flushes.calls == 2 && seen.writes.operations == 4)
    }

    @Test func writeBackGoesOnInTheBackground() throws {
        let model = try Model(device("{write-iops: 1000/s, operation-size: 8KiB, dirty-limit: 50%}"), cachePages: 1_000)
        let file = model.file(1)
        for page in 0..<400 { _ = csm_write(model.model, file, UInt64(page * 2 * 8_192), 8_192, 0, model.now) }
        let before = model.segment.statistics().dirtyPages
        // Half of the limit begins it; ten seconds are enough for all that is too much, thirty for all there is.
        for second in 1...10 { _ = csm_read(model.model, file, 0, 1, 0, model.now + UInt64(second) * 1_000_000_000) }
        #expect(before > 250 && model.segment.statistics().dirtyPages <= 250)
        for second in 11...60 { _ = csm_read(model.model, file, 0, 1, 0, model.now + UInt64(second) * 1_000_000_000) }
        #expect(model.segment.statistics().dirtyPages == 0)
    }

    // MARK: Descriptions

    @Test(arguments: [
        ("iops: 0/s", "out of range"), ("bandwidth: 125MB", "'125MB' is not a bandwidth"),
        ("flush-latency: {lognormal: {p50: 2ms, p99: 1ms}}", "p99: is less than p50"),
        ("flush-latency: {constant: 1ms, lognormal: {p50: 1ms, p99: 2ms}}", "says too much"),
        ("flush-latency: {normal: 1ms}", "unknown key 'storage.flush-latency.normal'"),
        ("read-latency: {quantiles: [{share: 50%, latency: 2ms}, {share: 40%, latency: 3ms}]}", "does not rise"),
        ("dirty-limit: 0%", "is nothing"), ("flush: 2ms", "unknown key 'storage.flush'"),
    ])
    func aWrongDeviceIsTold(_ yaml: String, _ message: String) throws {
        #expect {
            try device(yaml)
        } throws: { error in
            "\(error)".contains(message) && "\(error)".hasPrefix("profile.yaml:2:")
        }
    }
}
