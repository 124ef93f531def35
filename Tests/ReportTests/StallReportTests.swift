import Report
import RunRecord
import Testing

@Suite struct StallReportTests {
    private func stalls(_ count: Int) -> [Stall] {
        (0..<count).map { number in
            Stall(
                atSeconds: Double(number * 10), seconds: Double(number + 1), classes: ["put"],
                detail: "\(number + 1) s from \(number * 10) s on, put completed nothing")
        }
    }

    /// Page, Markdown and terminal.
    private func texts(_ stalls: [Stall]?) throws -> [String] {
        var record = SampleRecord.record()
        record.stalls = stalls
        let report = TrialReport(record: record, samples: [])
        return [
            try HTMLExporter().export(report), MarkdownExporter().export(report),
            TerminalReport(report, colour: false).closing(page: "p"),
        ]
    }

    @Test(arguments: [nil, []] as [[Stall]?]) func withoutStallsNothingIsSaid(_ none: [Stall]?) throws {
        for text in try texts(none) { #expect(!text.contains("tall:") && !text.contains("stalls,")) }
    }

    @Test func eachOfAFewIsNamedWhereTheReportBegins() throws {
        for text in try texts(stalls(2)) {
            let first = try #require(text.firstRange(of: "Stall: 1 s from 0 s on, put completed nothing."))
            let second = try #require(text.firstRange(of: "Stall: 2 s from 10 s on, put completed nothing."))
            let table = try #require(text.firstRange(of: text.contains("## ") ? "## Objectives" : "equest class"))
            #expect(first.lowerBound < second.lowerBound && second.upperBound < table.lowerBound)
        }
    }

    @Test func ofManyTheLongestAreNamed() throws {
        for text in try texts(stalls(7)) {
            let plain = text.replacing("\u{202F}", with: " ")
            #expect(plain.contains("7 stalls, 28 s together; the longest:"))
            #expect(plain.contains("7 s from 60 s on") && plain.contains("5 s from 40 s on"))
            #expect(!plain.contains("4 s from 30 s on"))
        }
    }
}
