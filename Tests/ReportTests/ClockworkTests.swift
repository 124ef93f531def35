import Report
import RunRecord
import Testing

@Suite struct ClockworkTests {
    private func page(_ record: RunRecord, _ samples: [SecondSample] = SampleRecord.samples()) throws -> String {
        try HTMLExporter().export(TrialReport(record: record, samples: samples))
    }

    private func position(of word: String, in text: some StringProtocol) throws -> String.Index {
        try #require(text.firstRange(of: word), "\(word)").lowerBound
    }

    /// A record with a class of puts, one of requests and one of maintenance, the last by far the slowest.
    private func record() -> RunRecord {
        var record = SampleRecord.record()
        for name in ["maintenance.retention", "store.topics.data.first"] {
            record.classes[name] = record.classes["put"]
            record.accounting[name] = record.accounting["put"]
        }
        record.classes["maintenance.retention"]?.responseMs?.p99 = 60_000
        return record
    }

    @Test func maintenanceStandsBehindTheRequests() throws {
        let html = try page(record())
        for part in ["<h2>Request classes", "<h2>Accounting"] {
            let table = try #require(html.firstRange(of: part)).lowerBound
            let text = html[table...]
            let names = ["put", "store.topics.data.first", "maintenance.retention"]
            let places = try names.map { try position(of: "<td class=\"name\">\($0)", in: text) }
            #expect(places == places.sorted())
        }
        #expect(html.contains("<td class=\"name\">maintenance.retention</td>"), "it is never the slowest request")
    }

    @Test func maintenanceHasAnAxisOfItsOwn() throws {
        let samples = (0..<4).map { second in
            SecondSample(
                second: second, phase: "measure",
                classes: ["put": 5.0, "maintenance.retention": 60_000].mapValues {
                    ClassSecond(scheduled: 1, completed: 1, failed: 0, p50Ms: $0, p99Ms: $0, maxMs: $0)
                })
        }
        let html = try page(record(), samples)
        let pictures = html.split(separator: "<svg").dropFirst().map { $0.split(separator: "</svg>")[0] }
        let curves = try #require(pictures.first { $0.contains("Response time by percentile") })
        #expect(!curves.contains("maintenance"))
        let put = try #require(pictures.first { $0.contains("p50 and p99 of put") })
        let own = try #require(pictures.first { $0.contains("p50 and p99 of maintenance.retention") })
        #expect(!put.contains("60.0\u{202F}s") && own.contains("60.0\u{202F}s"))
        #expect(html.contains("on an axis of its own"))
        #expect(try !page(SampleRecord.record()).contains("on an axis of its own"))
    }

    private func busy(_ kinds: [String], count: Int) -> (RunRecord, [SecondSample]) {
        var record = SampleRecord.record()
        record.events = (0..<count).map {
            TrialEvent(atSeconds: Double($0), kind: kinds[$0 % kinds.count], detail: "detail \($0)")
        }
        record.events.append(TrialEvent(atSeconds: 100.5, kind: "connection.lost", detail: "gone"))
        let samples = (0..<count).map {
            SecondSample(
                second: $0, phase: "measure",
                classes: ["put": ClassSecond(scheduled: 1, completed: 1, failed: 0, p50Ms: 1, p99Ms: 2, maxMs: 2)])
        }
        return (record, samples)
    }

    @Test func muchClockworkDoesNotDrownThePicture() throws {
        let (record, samples) = busy(
            ["partition.created", "lookup.deleted", "analyze.messages", "retention"], count: 200)
        let html = try page(record, samples)
        let picture = try #require(html.split(separator: "<svg").first { $0.contains("Operations offered") })
        #expect((10...70).contains(picture.split(separator: "class=\"clockwork\"").count - 1))
        #expect(picture.split(separator: "class=\"event\"").count - 1 == 1, "only the lost connection has a full line")
        for kind in ["partition.created", "lookup.deleted", "analyze.messages", "retention"] {
            #expect(picture.contains("</title>\(kind) × 50</text>"), "\(kind)")
        }
        #expect(picture.contains("</title>connection.lost</text>"))
        #expect(picture.contains("analyze.messages, lookup.deleted, partition.created</title>"))
        let text = MarkdownExporter().export(TrialReport(record: record, samples: []))
            .replacing("\u{202F}", with: " ")
        #expect(text.contains("| 0.0 s | `partition.created` | 50 times until 196.0 s; the first: detail 0 |"))
        #expect(!text.contains("detail 4 |"))
    }

    @Test func aFewMarksAreFullLinesWithTheirNames() throws {
        let (record, samples) = busy(["partition.dropped"], count: 2)
        let html = try page(record, samples)
        let picture = try #require(html.split(separator: "<svg").first { $0.contains("Operations offered") })
        #expect(!picture.contains("class=\"clockwork\""))
        #expect(picture.contains("partition.dropped at 0.0\u{202F}s: detail 0</title>"))
        #expect(picture.contains("</title>partition.dropped</text>"))
    }
}
