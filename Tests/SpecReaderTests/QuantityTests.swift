import SpecReader
import Testing

@Suite struct QuantityTests {
    @Test(
        arguments: [
            ("7ns", 7), ("200us", 200_000), ("200µs", 200_000), ("50ms", 50_000_000), ("10s", 10_000_000_000),
            ("1.5min", 90_000_000_000), ("24h", 86_400_000_000_000), ("31d", 2_678_400_000_000_000),
            ("10 s", 10_000_000_000), ("10m", 600_000_000_000), ("1.5 m", 90_000_000_000),
        ] as [(String, UInt64)])
    func durations(_ text: String, _ nanoseconds: UInt64) throws {
        #expect(try QuantityParser.duration(text).get() == nanoseconds)
    }

    @Test(arguments: ["10", "s", "-1s", "10 sec", "", "1e400s", "nan s", "10S", "10M", "m", "10 um"])
    func wrongDurations(_ text: String) {
        #expect(throws: QuantityError.self) { try QuantityParser.duration(text).get() }
    }

    @Test(arguments: [("340B", 340), ("2kB", 2_000), ("768KiB", 786_432), ("250GB", 250_000_000_000), ("0B", 0)])
    func sizes(_ text: String, _ bytes: Int) throws {
        #expect(try QuantityParser.bytes(text).get() == bytes)
    }

    @Test(arguments: ["340", "1KB", "-1B", "B"])
    func wrongSizes(_ text: String) {
        #expect(throws: QuantityError.self) { try QuantityParser.bytes(text).get() }
    }

    @Test(arguments: [("10/s", 10.0), ("1200/min", 20.0), ("3600/h", 1.0), ("86400/d", 1.0)])
    func rates(_ text: String, _ perSecond: Double) throws {
        #expect(abs(try QuantityParser.rate(text).get() - perSecond) < 1e-12)
    }

    @Test(arguments: [("45%", 0.45), ("0.45", 0.45), ("0", 0.0), ("100%", 1.0)])
    func shares(_ text: String, _ share: Double) throws {
        #expect(try QuantityParser.share(text).get() == share)
    }

    @Test(arguments: ["101%", "1.01", "-1%", "half"])
    func wrongShares(_ text: String) {
        #expect(throws: QuantityError.self) { try QuantityParser.share(text).get() }
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-01-05T18:00:00Z", 1_767_636_000), ("2024-02-29T23:59:59Z", 1_709_251_199),
        ("2000-03-01T00:00:00Z", 951_868_800),
    ])
    func instants(_ text: String, _ seconds: Int) throws {
        #expect(try QuantityParser.instant(text).get() == seconds)
    }

    @Test(arguments: [
        "2026-01-05", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-05T24:00:00Z", "2026-01-05 18:00:00Z",
    ])
    func wrongInstants(_ text: String) {
        #expect(throws: QuantityError.self) { try QuantityParser.instant(text).get() }
    }
}
