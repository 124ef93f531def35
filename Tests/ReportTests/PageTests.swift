import Report
import RunRecord
import Testing

@Suite struct PageTests {
    private func page(_ record: RunRecord, _ samples: [SecondSample] = SampleRecord.samples()) throws -> String {
        try HTMLExporter().export(TrialReport(record: record, samples: samples))
    }

    private func position(of word: String, in text: String) throws -> String.Index {
        try #require(text.firstRange(of: word), "\(word)").lowerBound
    }

    @Test func backlogStandsInFrontWhenThereIsAny() throws {
        var record = SampleRecord.record()
        let html = try page(record)
        #expect(
            try position(of: "class=\"label\">Backlog", in: html) < position(of: "class=\"label\">How sure", in: html))
        record.accounting["put"]?.backlog = 0
        let calm = try page(record)
        #expect(!calm.contains("class=\"label\">Backlog"))
        #expect(calm.contains("No backlog."))
    }

    @Test func partsComeInTheirOrder() throws {
        let html = try page(SampleRecord.record())
        let heads = [
            "Answer", "<h2>Objectives", "<h2>Request classes", "<h2>Response time by percentile", "<h2>Over time",
            "<h2>Accounting", "<h2>What ran", "<h2>What was enforced", "<h2>Make it again",
        ]
        let places = try heads.map { try position(of: $0, in: html) }
        #expect(places == places.sorted())
    }

    @Test func unknownIsWrittenInWords() throws {
        var record = SampleRecord.record()
        record.classes["put"]?.responseMs = nil
        record.generator = GeneratorCost()
        let html = try page(record)
        #expect(html.contains("none done") && html.contains("not collected") && html.contains("no objective"))
        #expect(!html.contains("–</td>"))
        record.classes = [:]
        let terminal = TerminalReport(TrialReport(record: record, samples: []), colour: false).closing(page: "p")
        #expect(terminal.contains("unknown"))
    }

    @Test func aBrokenIdentityIsShown() throws {
        var record = SampleRecord.record()
        record.accounting["put"]?.completed = 499
        #expect(try page(record).contains("<td class=\"word worse\">broken</td>"))
    }

    @Test func eventsAndObjectivesAreNamedInThePictures() throws {
        let html = try page(SampleRecord.record())
        #expect(html.contains("</title>connection.lost</text>"))
        #expect(html.contains("</title>objective 10\u{202F}ms</text>"))
    }

    @Test func aLongTrialStaysSmall() throws {
        let samples = (0..<20_000).map { second in
            SecondSample(
                second: second, phase: "measure",
                classes: ["put": ClassSecond(scheduled: 10, completed: 9, failed: 0, p50Ms: 1, p99Ms: 5, maxMs: 6)])
        }
        let html = try page(SampleRecord.record(), samples)
        #expect(html.utf8.count < 1_000_000)
        #expect(html.contains("Each point stands for 120\u{202F}s"))
        #expect(html.contains("<td class=\"n\">0–119</td>") && html.contains("<td class=\"n\">19920–20039</td>"))
    }

    @Test func aQuantileThatFewLieBeyondIsNotTold() throws {
        var record = SampleRecord.record()
        func markdown() -> String {
            MarkdownExporter().export(TrialReport(record: record, samples: [])).replacing("\u{202F}", with: " ")
        }
        // Response time from p50 to p99.9, its maximum, service and lag; the last two are of 500 operations throughout.
        for (count, cells) in [
            (3, "too few | too few | too few | too few | too few | 31.5"),
            (500, "1.25 | 4.00 | 8.00 | too few | too few | 31.5"),
            (1_000, "1.25 | 4.00 | 8.00 | 20.0 | too few | 31.5"),
        ] {
            record.classes["put"]?.responseMs?.count = count
            #expect(markdown().contains("| \(cells) | too few | too few |"), "\(count)")
        }
        // The table behind the picture goes by the same rule: of three operations not even the median.
        record.classes["put"]?.responseMs?.count = 3
        let numbers = try #require(page(record).split(separator: "Numbers behind this picture, ms").last)
        let row = numbers.prefix(upTo: numbers.firstRange(of: "</table>")?.lowerBound ?? numbers.endIndex)
        #expect(row.contains("too few") && !row.contains("<td class=\"n\">6.00</td>"))
        let terminal = TerminalReport(TrialReport(record: record, samples: []), colour: false).closing(page: "p")
        #expect(terminal.contains("too few"))
        // An objective that was judged by few says so.
        #expect(!markdown().contains("may be chance"))
        record.objectives[0].operations = 3
        #expect(markdown().contains("| 8.00 ms\\* |") && markdown().contains("what was observed may be chance"))
        #expect(try page(record).contains("what was observed may be chance"))
    }

    @Test func howASuggestionWasPutInForceIsTold() throws {
        var record = SampleRecord.record()
        let words = "How the suggestion was put in force"
        #expect(try !page(record).contains(words))
        record.variant.applied = ["index-query.sql: 3 statements", "after the patch: <vacuumed>"]
        let markdown = MarkdownExporter().export(TrialReport(record: record, samples: []))
        for text in [try page(record), markdown] {
            #expect(text.contains(words) && text.contains("index-query.sql: 3 statements"))
            #expect(text.contains("after the patch: &lt;vacuumed&gt;"))
        }
    }

    @Test func aPageSaysWhichFolderItBelongsTo() throws {
        let html = try page(SampleRecord.record())
        #expect(html.contains("This page belongs to the folder of the run"))
        #expect(!html.contains("beside this page"))
    }

    @Test func absurdNumbersDoNotTrap() throws {
        var record = SampleRecord.record()
        record.events = [TrialEvent(atSeconds: 1e300, kind: "k", detail: "d")]
        record.classes["put"]?.curve = [CurvePoint(percentile: 100, responseMs: 1e300, serviceMs: 0)]
        record.objectives[0].limitMs = 0
        let samples = [SecondSample(second: .max, phase: "measure", classes: [:])]
        #expect(try page(record, samples).contains("No second was recorded"))
    }
}
