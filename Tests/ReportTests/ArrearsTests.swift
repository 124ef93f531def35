import Report
import RunRecord
import Testing

/// What a trial that did not keep up says first.
@Suite struct ArrearsTests {
    /// 400 of 1 000 operations due in 3 s were not started; 450 were completed in time.
    private func record(_ change: (inout Accounting) -> Void = { _ in }) -> RunRecord {
        var record = SampleRecord.record()
        var account = Accounting()
        (account.scheduled, account.completed, account.abandoned, account.backlog) = (1_000, 900, 100, 400)
        change(&account)
        record.accounting["put"] = account
        record.classes["put"]?.achievedPerSecond = 150
        record.validity = [
            ValidityFinding(
                rule: "kept-up", holds: false, observed: "400 of 1000", threshold: "at most 1 %", reason: "why")
        ]
        record.valid = false
        return record
    }

    private func terminal(_ record: RunRecord) -> String {
        TerminalReport(TrialReport(record: record, samples: []), colour: false).closing(page: "p")
    }

    private let label = "Did not keep up: these times grow with the length of the trial"

    @Test func theBacklogComesFirst() throws {
        let words = "Did not keep up: 400 of 1 000 operations (40.0 %, 1.20 s of the offered load) were not started"
        let text = terminal(record()).split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
        #expect(text.hasPrefix("INVALID  \(words) when the measure phase ended."))
        #expect(text.contains("never finished 100, completed by the end of the measure phase 450 (45.0 %)."))
        #expect(text.contains("Must not be used, because the rule kept-up is broken."))
        // The label stands right before the first latency.
        #expect(
            try #require(text.firstRange(of: label)).upperBound < #require(text.firstRange(of: "p50 ms")).lowerBound)
        let report = TrialReport(record: record(), samples: SampleRecord.samples())
        let markdown = MarkdownExporter().export(report)
        #expect(markdown.hasPrefix("# w: Did not keep up: 400 of"))
        #expect(
            try #require(markdown.firstRange(of: label)).upperBound
                < #require(markdown.firstRange(of: "| p50 |")).lowerBound)
        let page = try HTMLExporter().export(report)
        #expect(page.contains("<div class=\"value worse\">Did not keep up: 400 of"))
        #expect(page.matches(of: /Did not keep up: these times grow/).count == 5)
    }

    @Test func whatWasNeverFinishedLeadsWhereItIsMore() {
        let text = terminal(record { $0.backlog = 20 })
        #expect(
            text.hasPrefix("INVALID  Did not keep up: 100 of 1 000 operations (10.0 %, 300 ms of the offered load)"))
        #expect(text.split(separator: "\n").prefix(2).joined().contains("were never"))
    }

    @Test func aRateThatWasNotAchievedLeadsWithoutABacklog() {
        var slow = record { ($0.backlog, $0.abandoned, $0.completed) = (0, 0, 1_000) }
        slow.validity[0].rule = "achieved"
        #expect(terminal(slow).hasPrefix("INVALID  Did not keep up: 450 of 1 000 operations (45.0 %) were completed"))
    }

    @Test func aTrialThatKeptUpSaysNothingOfIt() throws {
        let kept = SampleRecord.record()
        #expect(kept.arrears?.isFallingBehind == false)
        #expect(!terminal(kept).contains("keep up"))
        #expect(try !HTMLExporter().export(TrialReport(record: kept, samples: [])).contains("keep up"))
        // Another broken rule leads with itself.
        var other = record()
        other.validity[0].rule = "failures"
        #expect(terminal(other).hasPrefix("INVALID  Must not be used, because the rule failures is broken."))
    }

    @Test func onlyAValidFinishedTrialIsEvidence() {
        var record = SampleRecord.record()
        #expect(record.isEvidence && record.doubts == [])
        record.ending = .interrupted
        #expect(!record.isEvidence && record.doubts == ["interrupted"])
        record.ending = .completed
        record.valid = false
        #expect(!record.isEvidence && record.doubts == ["recorded as not valid"])
        record.validity[0].holds = false
        #expect(!record.isEvidence && record.doubts == [record.validity[0].rule])
        record.validity = []
        #expect(!record.isEvidence && record.doubts == ["no rule checked"])
    }

    @Test func aLongerWarmUpIsToldWithItsReason() {
        var record = SampleRecord.record()
        record.phases.warmUpSeconds = 10
        record.phases.warmedUpSeconds = 13
        record.phases.warmUpReason = "p50 of put fell by 40 % in the last 8 s"
        let text = MarkdownExporter().export(TrialReport(record: record, samples: []))
        #expect(text.contains("longer than the 10\u{202F}s planned (p50 of put fell by 40 % in the last 8 s)"))
        #expect(record.phases.measureStartSeconds == 13)
    }
}
