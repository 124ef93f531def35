import LinuxSystem
import TestSupport
import Testing

/// Texts as kernels write them, and as they do not.
@Suite struct HostReadingTests {
    @Test func processorTimesAreTheFirstLinesFirstEightColumns() {
        let text = """
            cpu  1314310 2806 281721 3182588 14068 0 2560 1116 500 7
            cpu0 654000 1400 140000 1591000 7000 0 1280 558 250 3
            intr 100 0 0
            """
        // Guests' time, the last two columns, is in user and nice time already.
        #expect(ProcessorTimes(stat: text) == ProcessorTimes(total: 4_799_169, stolen: 1_116))
        #expect(ProcessorTimes(stat: "cpu 1 2 3 4 5 6 7 8\n") == ProcessorTimes(total: 36, stolen: 8))
    }

    @Test(arguments: [
        "", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3 4 5 6 7", "cpu  1 2 3 4 5 6 7 x", "cpu  1 2 3 4 5 6 7 -8",
    ])
    func otherTextsTellNoProcessorTimes(_ text: String) {
        #expect(ProcessorTimes(stat: text) == nil)
    }

    @Test func swapTrafficIsFoundByName() {
        let text = "nr_free_pages 1000\npswpin 12\npswpout 34\npswpin_other 9\n"
        #expect(SwapTraffic(vmstat: text) == SwapTraffic(pagesIn: 12, pagesOut: 34))
        #expect(SwapTraffic(vmstat: "pswpin 12\n") == nil)
        #expect(SwapTraffic(vmstat: "pswpin 12\npswpout many\n") == nil)
        #expect(SwapTraffic(vmstat: "") == nil)
    }

    @Test func pressureIsTheTotalOfTheLineSome() {
        let text = """
            some avg10=0.00 avg60=0.12 avg300=0.00 total=25611958
            full avg10=0.00 avg60=0.00 avg300=0.00 total=1265470
            """
        #expect(MemoryPressure(pressure: text) == MemoryPressure(someMicroseconds: 25_611_958))
        #expect(MemoryPressure(pressure: "full avg10=0.00 total=5") == nil)
        #expect(MemoryPressure(pressure: "some avg10=0.00") == nil)
        #expect(MemoryPressure(pressure: "") == nil)
    }

    @Test func memoryIsInBytes() {
        let text = "MemTotal:       16307992 kB\nMemFree:         1000 kB\nMemAvailable:   12000000 kB\n"
        #expect(MemoryLevel(meminfo: text) == MemoryLevel(total: 16_699_383_808, available: 12_288_000_000))
        #expect(MemoryLevel(meminfo: "MemTotal: 1 kB\n") == nil)
        #expect(MemoryLevel(meminfo: "MemTotal: 1 kB\nMemAvailable: 1 MB\n") == nil)
        #expect(MemoryLevel(meminfo: "MemTotal: 1 kB\nMemAvailable: 1\n") == nil)
    }

    /// This host is a Linux, so its clocks and processors can be read, and they go on.
    @Test func thisHostIsRead() throws {
        let (first, second) = (HostReading.now(), HostReading.now())
        let (from, to) = (try #require(first.processors), try #require(second.processors))
        #expect(to.total >= from.total && from.total > 0 && from.stolen < from.total)
        #expect(second.clocks.monotonic > first.clocks.monotonic)
        // After 2020, and no year passed between the two.
        #expect(first.clocks.wallDistance > 0 && first.clocks.suspended > -1_000_000)
        #expect(try #require(first.memory).available > 0)
    }
}
