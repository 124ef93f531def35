import FoundationEssentials
import Report
import RunRecord
import Testing

@Suite struct ExperimentReportTests {
    @Test func aHundredTrialsAreOnePage() throws {
        let report = SampleExperiment.report()
        #expect(report.record.trials.count == 120 && report.record.cells.count == 40)
        var html = ""
        let time = try ContinuousClock().measure { html = try ExperimentHTML().export(report) }
        // A tenth of a second on two busy processors without optimisation; the promise is two seconds.
        #expect(time < .seconds(2))
        // A place a cell and metric, in the page and in its tables.
        #expect(html.components(of: "class=\"n place\"") == 80)
        #expect(html.components(of: "<a href=\"./trials/") == 120)
        #expect(html.components(of: "<h2>Ranking by") == 2)
        #expect(html.utf8.count < 10_000_000)
    }

    @Test func picturesHaveAMarkAField() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report())
        // Five suggestions on four profiles and both rates, for two metrics, each field with its words.
        #expect(html.components(of: "mean of ") >= 2 * 2 * 4)
        #expect(html.contains("class=\"pareto-best\"") && html.contains("class=\"pareto-other\""))
        for picture in html.split(separator: "<svg").dropFirst() {
            #expect(picture.contains("aria-label="))
            let body = picture.prefix(upTo: picture.firstRange(of: "</svg>")?.lowerBound ?? picture.endIndex)
            for mark in ["<path", "<circle", "<rect"] {
                for piece in body.split(separator: mark).dropFirst() {
                    #expect(piece.prefix { $0 != "/" }.contains("<title>"), "\(mark)\(piece.prefix(80))")
                }
            }
        }
    }

    /// Of the four machines, the cheapest three are on the front with their fastest suggestion at the lower rate, and the
    /// dearest too, as it is the fastest of all.
    @Test func theFrontHoldsWhatNoOtherBeats() throws {
        let markdown = ExperimentMarkdown().export(SampleExperiment.report())
        let part = try #require(markdown.split(separator: "## Speed against cost").last)
        let table = part.prefix(upTo: part.firstRange(of: "## What")?.lowerBound ?? part.endIndex)
        for (cell, price) in [("2c", 24), ("4c", 48), ("8c", 96), ("16c", 192)] {
            #expect(table.contains("| `\(cell)-wal-lz4-r1` | \(price)"), "\(cell)")
        }
        #expect(table.components(separatedBy: "| `").count == 1 + 4)
    }

    @Test func aScreeningSaysWhatItMixes() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report())
        #expect(html.contains("−profile × suggestion (50.0\u{202F}%)") && html.contains("mixed, see below"))
        #expect(html.contains("rate = profile × suggestion"))
    }

    @Test func oneRepeatGivesNoInterval() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report(repeats: 1))
        #expect(html.contains("one repeat tells no chance") && html.contains("One repeat: no interval can be given"))
    }

    @Test func whatComesFromTheRecordIsEscaped() throws {
        let hostile = "javascript:alert(1)//<script>'\"&"
        let report = SampleExperiment.report(hostile: hostile)
        let html = try ExperimentHTML().export(report)
        #expect(!html.contains("<script") && !html.contains("href=\"javascript"))
        #expect(html.contains("&lt;script&gt;"))
        for word in ["http://", "https://", "<link", "<img", "url("] { #expect(!html.contains(word), "\(word)") }
    }

    @Test func everyFormatHasEveryTrial() throws {
        let report = SampleExperiment.report()
        let rows = ExperimentCSV().export(report).split(separator: "\r\n")
        // Two metrics a trial, and a row without any for the invalid one.
        #expect(rows.count == 1 + 119 * 2 + 1)
        let suite = ExperimentJUnit().export(report)
        #expect(suite.components(of: "<testcase ") == 120)
        #expect(suite.components(of: "<error ") == 1 && suite.components(of: "<failure ") == 3)
        struct Answers: Decodable {
            struct Result: Decodable { var ranking: [Place] }
            struct Place: Decodable { var cell: String }
            var results: [Result]
        }
        let answers = try JSONDecoder().decode(
            Answers.self, from: Data(try ExperimentJSON().export(report).utf8))
        #expect(answers.results.map(\.ranking.count) == [40, 40])
        #expect(answers.results[0].ranking[0].cell == "16c-wal-lz4-r1")
    }

    @Test func aServiceTimeIsNoCost() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.metrics[1] = ExperimentMetric(name: "service.p99:put", unit: "ms", lessIsBetter: true)
        record.results[1].metric = "service.p99:put"
        for trial in record.trials.indices { record.trials[trial].values["service.p99:put"] = Double(trial + 1) }
        #expect(try ExperimentHTML().export(ExperimentReport(record: record)).contains("Not drawn: no cost is known"))
        record.metrics[1].name = "wal.bytes"
        record.results[1].metric = "wal.bytes"
        #expect(
            try ExperimentHTML().export(ExperimentReport(record: record)).contains(
                "no other cell beats in both speed and cost (WAL)"))
    }

    @Test func cellsWithoutAPlaceAreOnThePage() throws {
        var record = SampleExperiment.record(repeats: 3)
        let lost = record.results[0].ranking.removeLast()
        let reason = "did not keep up with its rate in 3 of 3 repeats"
        record.results[0].unranked = [UnrankedCell(cell: lost.cell, reason: reason)]
        (record.results[0].effects[0].pairs, record.results[0].effects[0].plannedPairs) = (9, 10)
        let name = record.cells[lost.cell].name
        let report = ExperimentReport(record: record)
        let html = try ExperimentHTML().export(report)
        #expect(html.contains("<li><code>\(name)</code>") && html.contains("Without a place: \(name) (\(reason))."))
        #expect(html.contains(">9 of 10</td>") && html.contains(">all cells</td>"))
        let markdown = ExperimentMarkdown().export(report)
        #expect(markdown.contains("| none | `\(name)` |") && markdown.contains("| \(reason) |"))
        #expect(try ExperimentJSON().export(report).contains("\"reason\" : \"\(reason)\""))
        let terminal = TerminalExperiment(record, colour: false).results(folder: "/x")
        #expect(terminal.contains("no place   \(name): \(reason)") && terminal.contains("9 of 10"))
    }

    @Test func thatNobodyKeptUpIsAnAnswer() throws {
        var record = SampleExperiment.record(repeats: 1)
        for trial in record.trials.indices {
            (record.trials[trial].state, record.trials[trial].values) = (.invalid, [:])
            record.trials[trial].fellBehind = true
        }
        record.results = record.metrics.map { metric in
            ExperimentResult(
                metric: metric.name, ranking: [],
                unranked: record.cells.indices.map { UnrankedCell(cell: $0, reason: "did not keep up") }, effects: [],
                completeRepeats: 0, method: "none")
        }
        let report = ExperimentReport(record: record)
        #expect(try ExperimentHTML().export(report).contains("No answer: no cell that was run kept up with its rate."))
        for exporter in ExperimentExporters.files { #expect(try !exporter.export(report).isEmpty, "\(exporter.file)") }
        #expect(TerminalExperiment(record, colour: false).results(folder: "/x").contains("did not keep up"))
    }

    @Test func anExperimentWithoutResultsStillMakesAPage() throws {
        var record = SampleExperiment.record(repeats: 1)
        (record.results, record.trials, record.ending) = ([], [], .interrupted)
        let report = ExperimentReport(record: record)
        #expect(try ExperimentHTML().export(report).contains("No answer: no trial has brought a value"))
        for exporter in ExperimentExporters.files { #expect(try !exporter.export(report).isEmpty, "\(exporter.file)") }
    }
}

extension Substring {
    fileprivate func components(separatedBy text: String) -> [Substring] { split(separator: text) }
}
