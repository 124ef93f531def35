import Report
import RunRecord
import Testing

/// Names with an accent upon each sign that means something: to Swift each is a character of its own, to readers of the
/// files it is the sign.
@Suite struct EscapingTests {
    private static let accent = "\u{301}"
    private static let hostile =
        "<\(accent)img src=x onerror=\"\(accent)alert('\(accent)1')\">\(accent)&\(accent)|\(accent)`"

    private func has(_ text: String, _ part: String) -> Bool { text.utf8.contains(part.utf8) }

    private func expectHarmless(_ markup: String) {
        #expect(!has(markup, "<\(Self.accent)") && !has(markup, "\"\(Self.accent)") && !has(markup, "'\(Self.accent)"))
        #expect(!has(markup, "onerror=\""))
        #expect(has(markup, "&lt;\(Self.accent)img src=x onerror=&quot;"))
    }

    @Test func aTrialsPageShowsThemAsText() throws {
        let record = SampleRecord.record(className: Self.hostile, setting: Self.hostile)
        let samples = SampleRecord.samples(className: Self.hostile)
        expectHarmless(try HTMLExporter().export(TrialReport(record: record, samples: samples)))
        let markdown = MarkdownExporter().export(TrialReport(record: record, samples: []))
        // A bar without its stroke would end a cell of a table.
        let bars = markdown.utf8.ranges(of: "|\(Self.accent)".utf8)
        #expect(!bars.isEmpty && bars.count == markdown.utf8.ranges(of: "\\|\(Self.accent)".utf8).count)
    }

    @Test func pagesOfComparisonsAndExperimentsShowThemAsText() throws {
        expectHarmless(try ComparisonHTML().export(SampleComparison.report(hostile: Self.hostile)))
        expectHarmless(try ExperimentHTML().export(SampleExperiment.report(hostile: Self.hostile)))
        var record = SampleComparison.record()
        record.pairs[0].metrics[0].reason = Self.hostile
        expectHarmless(ComparisonJUnit().export(ComparisonReport(record: record)))
    }

    @Test func aSpreadsheetKeepsThemInTheirField() {
        var record = SampleComparison.record()
        let accent = Self.accent
        record.pairs[0].metrics[0].reason = "=\(accent)1+1"
        record.pairs[0].metrics[1].reason = "a,\(accent) \"\(accent)b"
        let text = ComparisonCSV().export(ComparisonReport(record: record))
        #expect(has(text, ",'=\(accent)1+1\r\n"))
        #expect(has(text, ",\"a,\(accent) \"\"\(accent)b\"\r\n"))
    }
}
