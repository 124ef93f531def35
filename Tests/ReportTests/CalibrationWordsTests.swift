import Report
import RunRecord
import Testing

@Suite struct CalibrationWordsTests {
    @Test func theSentenceNamesWhatWasNotHeld() {
        func figure(_ metric: String, _ value: Double, _ bound: String, _ holds: Bool) -> CalibrationQuote.Figure {
            .init(
                name: "select-1, 8 connections: \(metric), ours / pgbench", value: value, low: value - 0.04,
                high: value + 0.04, bound: bound, holds: holds)
        }
        var quote = CalibrationQuote(
            measuredAt: "2026-01-05T10:00:00Z", toolVersion: "1", processorModel: "any", processors: 2,
            figures: [
                figure("throughput", 1.1, "at least 1.05", true), figure("cpu", 1.076, "at most 1.0", false),
                figure("lag", 9, "told only", true),
            ])
        #expect(
            CalibrationWords(quote).sentence
                == "Calibrated on this host on 2026-01-05: 1 of 2 bounds not held. "
                + "Times pgbench's: throughput 1.1 (1.06 to 1.14), CPU 1.08 (1.04 to 1.12).")
        quote.figures[1].holds = true
        #expect(CalibrationWords(quote).sentence.contains("all 2 bounds hold."))
        #expect(CalibrationWords(nil).sentence.hasPrefix("Not calibrated on this host"))
    }
}
