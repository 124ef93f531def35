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

    @Test func absurdNumbersDoNotTrap() throws {
        var record = SampleRecord.record()
        record.events = [TrialEvent(atSeconds: 1e300, kind: "k", detail: "d")]
        record.classes["put"]?.curve = [CurvePoint(percentile: 100, responseMs: 1e300, serviceMs: 0)]
        record.objectives[0].limitMs = 0
        let samples = [SecondSample(second: .max, phase: "measure", classes: [:])]
        #expect(try page(record, samples).contains("No second was recorded"))
    }
}
