import Report
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        (0.0, "0 ms"), (0.0004, "0.400 µs"), (0.0512, "51.2 µs"), (0.9994, "999 µs"), (0.9996, "1.00 ms"),
        (1.234, "1.23 ms"),
        (59.86, "59.9 ms"), (999.4, "999 ms"), (999.6, "1.00 s"), (60_000, "60.0 s"), (119_900, "120 s"),
        (120_000, "2.00 min"),
    ])
    func times(_ milliseconds: Double, _ text: String) {
        #expect(Quantity.plain.time(milliseconds) == text)
    }

    @Test(arguments: [(10.0, "10 ms"), (1_000, "1 s"), (0.1, "100 µs"), (2.5, "2.5 ms"), (400, "400 ms")])
    func limitsAreRound(_ milliseconds: Double, _ text: String) {
        #expect(Quantity.plain.limit(milliseconds) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1_000, "1.00 kB"), (999_600, "1.00 MB"), (707_173_735, "707 MB"),
        (250_000_000_000, "250 GB"),
    ])
    func sizes(_ bytes: Int, _ text: String) {
        #expect(Quantity.plain.bytes(bytes) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1 000"), (-1_234_567, "-1 234 567")])
    func counts(_ number: Int, _ text: String) {
        #expect(Quantity.plain.count(number) == text)
    }

    @Test(arguments: [
        (0.0, "0"), (0.012345, "0.0123"), (9.994, "9.99"), (9.996, "10.0"), (99.94, "99.9"), (99.96, "100"),
        (-1.5, "-1.50"), (12_345.6, "12 346"),
    ])
    func threeDigits(_ value: Double, _ text: String) {
        #expect(Quantity.plain.digits(value) == text)
    }

    @Test(arguments: [(1.0, "1"), (0.25, "0.25"), (10, "10"), (1.5, "1.5"), (100, "100"), (0, "0"), (1_200, "1 200")])
    func factorsAreRound(_ value: Double, _ text: String) {
        #expect(Quantity.plain.factor(value) == text)
    }

    @Test func ratesSharesAndMoments() {
        #expect(Quantity.plain.rate(12.34) == "12.3/s")
        #expect(Quantity.plain.percent(0.0123) == "1.23 %")
        #expect(Quantity.plain.moment(61.26) == "61.3 s")
        #expect(Quantity.plain.moment(1e20) == "over 10¹⁵ s")
    }

    @Test func unknownIsWritten() {
        #expect(Quantity.plain.digits(.nan) == "not collected")
        #expect(Quantity.plain.rate(nil) == "not collected")
        #expect(Quantity.plain.percent(nil) == "not collected")
        #expect(Quantity.plain.bytes(-1) == "not collected")

        #expect(Quantity.plain.time(nil) == "not collected")
        #expect(Quantity.plain.bytes(nil) == "not collected")
        #expect(Quantity.plain.time(.nan) == "not collected")
        #expect(Quantity.page.time(1.5) == "1.50\u{202F}ms")
        #expect(Quantity.plain.milliseconds(0.001) == "0.001")
    }
}
