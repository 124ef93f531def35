import Report
import RunRecord
import TestSupport
import Testing

@Suite struct ReportTests {
    private func page(_ record: RunRecord, _ samples: [SecondSample] = SampleRecord.samples()) throws -> String {
        try HTMLExporter().export(TrialReport(record: record, samples: samples))
    }

    @Test func whatComesFromTheRecordIsEscaped() throws {
        let hostile = "<script>alert('x')</script>\"&"
        let record = SampleRecord.record(className: hostile, setting: hostile)
        let html = try page(record, SampleRecord.samples(className: hostile))
        #expect(!html.contains("<script"))
        #expect(html.contains("&lt;script&gt;alert("))
        let markdown = MarkdownExporter().export(TrialReport(record: record, samples: []))
        let outsideCode = markdown.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 0 }.map(\.element)
        #expect(outsideCode.allSatisfy { !$0.contains("<script") })
    }

    @Test func databasesOfShardsAreNamedBesideTheNodes() {
        var record = SampleRecord.record()
        func markdown() -> String { MarkdownExporter().export(TrialReport(record: record, samples: [])) }
        #expect(markdown().contains(", each offering every message |"))
        record.workload.databases = 3
        #expect(
            markdown().contains(" on 3 databases, one for each shard; each offering every message of its shard"))
    }

    @Test func thePageNeedsNothingButItself() throws {
        let html = try page(SampleRecord.record())
        for word in ["http://", "https://", "<script", "<link", "<img", "@import", "url("] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.contains("prefers-color-scheme: dark") && html.contains("@media print"))
        #expect(html.contains("max-width: 720px") && html.utf8.count < 2_000_000)
    }

    @Test func everyPictureHasWordsForItsMarks() throws {
        let html = try page(SampleTraffic.record())
        let pictures = html.split(separator: "<svg").dropFirst()
        #expect(pictures.count == 4)
        for picture in pictures {
            #expect(picture.contains("aria-label="))
            let body = picture.prefix(upTo: picture.firstRange(of: "</svg>")?.lowerBound ?? picture.endIndex)
            for mark in ["<path", "<circle", "<rect"] {
                for piece in body.split(separator: mark).dropFirst() {
                    #expect(piece.prefix { $0 != "/" }.contains("<title>"), "\(mark)\(piece.prefix(80))")
                }
            }
        }
        #expect(html.contains("objective 10\u{202F}ms") && html.contains("connection.lost: gone"))
    }

    @Test func accountingIsShownBacklogFirst() throws {
        let html = try page(SampleRecord.record())
        #expect(html.contains("57P01 × 2, connection-lost × 4"))
        let row = try #require(html.split(separator: "Accounting of the measure phase").last)
        let cells = [
            ("name", "put"), ("n worse", "4"), ("n", "510"), ("n", "500"), ("n worse", "6"), ("n worse", "4"),
            ("word", "holds"),
        ]
        #expect(row.contains(cells.map { "<td class=\"\($0.0)\">\($0.1)</td>" }.joined()))
    }

    @Test func theAnswerFollowsValidityThenObjectives() throws {
        var record = SampleRecord.record()
        #expect(try page(record).contains("Held its objective."))
        record.objectives[0].holds = false
        record.objectives[0].observedMs = 25
        #expect(try page(record).contains("Did not hold: put took 25.0\u{202F}ms, 2.50 times its limit."))
        record.valid = false
        record.validity[0].holds = false
        #expect(try page(record).contains("Must not be used, because the rule failures is broken."))
        #expect(try page(record).contains("failures: 6 of 510, allowed: at most 2 %. Why."))
        record.ending = .serverLost
        record.endingDetail = "the database server ended during the trial"
        #expect(try page(record).contains("<p class=\"warning\" role=\"alert\">The database server went away"))
        #expect(try page(record).contains("The database server ended during the trial."))
        record.ending = .running
        #expect(try page(record).contains("because the trial has not ended"))
        record = SampleRecord.record()
        record.objectives = []
        #expect(try page(record).contains("no objectives stated"))
    }

    @Test func anEmptyRecordStillMakesAPage() throws {
        var record = SampleRecord.record()
        record.classes = [:]
        record.accounting = [:]
        record.objectives = []
        record.events = []
        record.phases.measuredSeconds = nil
        let html = try page(record, [])
        #expect(html.contains("Nothing completed") && html.contains("No second was recorded"))
        #expect(html.contains("history was not loaded") && html.contains("Nothing was scheduled"))
        #expect(
            TerminalReport(TrialReport(record: record, samples: []), colour: false).closing(page: "p").contains(
                "No operation"))
    }

    @Test func terminalLinesFit() {
        var record = SampleRecord.record(className: "store.topics.hashes.first.with.a.very.long.name")
        record.classes["put"] = record.classes.values.first
        record.accounting["put"] = record.accounting.values.first
        let report = TerminalReport(TrialReport(record: record, samples: []), colour: false)
        let lines = report.closing(page: "p").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= TerminalReport.width })
        #expect(lines.first?.hasPrefix("VALID") == true)
        #expect(lines.last == "report  p")
        #expect(lines.contains { $0.hasSuffix(" <") })
        #expect(!report.details(page: "p").contains("\u{1B}"))
        record.valid = false
        let coloured = TerminalReport(TrialReport(record: record, samples: []), colour: true).closing(page: "p")
        #expect(coloured.hasPrefix("\u{1B}[1;31mINVALID\u{1B}[0m"))
    }

    @Test func markdownTablesAreWhole() {
        let text = MarkdownExporter().export(TrialReport(record: SampleRecord.record(setting: "a|b\nc"), samples: []))
        for block in text.split(separator: "\n\n") where block.contains("| --- |") {
            let widths = block.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
                line.replacing("\\|", with: "").count { $0 == "|" }
            }
            #expect(Set(widths).count == 1)
        }
        #expect(text.contains("a\\|b c"))
    }

    @Test func bothFilesAreWrittenBesideTheRecord() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        try folder.write(SampleRecord.record())
        try folder.append(SampleRecord.samples(), to: .samples)
        try Exporters.writeAll(folder)
        #expect(try readText(folder.path(of: .page)).hasPrefix("<!doctype html>"))
        #expect(try readText(folder.path(of: .text)).hasPrefix("# w: Held its objective."))
    }
}
