import Report
import RunRecord
import Testing

@Suite struct TerminalTests {
    private func terminal(_ record: RunRecord) -> TerminalReport {
        TerminalReport(TrialReport(record: record, samples: []), colour: false)
    }

    @Test func linesFitEvenWithLargeCounts() {
        var record = SampleRecord.record()
        for name in ["store.topics.hashes.first.one.very.long.name", "store.topics.hashes.first.two.very.long.name"] {
            record.classes[name] = record.classes["put"]
            var account = Accounting()
            account.scheduled = 123_456_789
            account.failed = 12_345_678
            account.backlog = 1_234_567_890
            record.accounting[name] = account
        }
        record.validity[0].observed = String(repeating: "word ", count: 80)
        record.endingDetail = String(repeating: "x", count: 300)
        for text in [terminal(record).closing(page: "p"), terminal(record).details(page: "p")] {
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("command") }
            #expect(lines.allSatisfy { $0.count <= TerminalReport.width })
            #expect(lines.last == "report  p")
        }
    }

    @Test func noEscapeSequenceComesOutOfARecord() {
        var record = SampleRecord.record(className: "put\u{1B}[2J\nVALID", setting: "\u{1B}]0;title\u{07}")
        record.endingDetail = "\u{1B}[31m"
        record.command = "archivebench\u{1B}[2J"
        record.ending = .interrupted
        #expect(!terminal(record).details(page: "p").contains { $0 == "\u{1B}" || $0 == "\u{07}" })
    }

    @Test func detailsTellWhatTheClosingTableLeavesOut() {
        let text = terminal(SampleRecord.record()).details(page: "p")
        for word in [
            "held       p95 of put", "holds      failures", "57P01 × 2", "shared_buffers=4GB",
            "not enforced: all of it",
            "adapted", "= completed",
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }
}

/// A driver that is not a store node's is named wherever the variant is.
@Suite struct DriverWordsTests {
    @Test func theDriverAndItsChangesAreTold() throws {
        var record = SampleRecord.record()
        record.variant.driver = "put one-statement"
        record.variant.driverChanges = ["put: InsertBoth in place of two", "queries: <others>"]
        let report = TrialReport(record: record, samples: [])
        let terminal = TerminalReport(report, colour: false).details(page: "p")
        #expect(terminal.contains("driver     put one-statement") && terminal.contains("changed    put: InsertBoth"))
        let markdown = MarkdownExporter().export(report)
        #expect(markdown.contains("driver put one-statement") && markdown.contains("driver changes"))
        let page = try HTMLExporter().export(report)
        #expect(page.contains("queries: &lt;others&gt;"))
    }
}

@Suite struct MarkdownTests {
    @Test func markupOfARecordStaysText() {
        var record = SampleRecord.record(className: "a`|*b", setting: "[x](y) *z* \\|")
        record.command = "echo ```"
        let text = MarkdownExporter().export(TrialReport(record: record, samples: []))
        #expect(text.contains("`a'\\|*b`"))
        #expect(text.contains("\\[x\\](y) \\*z\\* \\\\\\|"))
        #expect(text.contains("````\necho ```\n````"))
    }
}
