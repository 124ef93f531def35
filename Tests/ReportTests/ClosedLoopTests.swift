import Report
import RunRecord
import Testing

/// Where the time went, and what a closed loop says of itself.
@Suite struct ClosedLoopTests {
    private func closed(_ change: (inout RunRecord) -> Void = { _ in }) -> TrialReport {
        var record = SampleRecord.record()
        record.pacing = PacingDescription(clients: 8)
        record.accounting["put"]?.backlog = 0
        record.objectives[0].holds = nil
        record.objectives[0].observedMs = nil
        change(&record)
        return TrialReport(record: record, samples: SampleRecord.samples())
    }

    private func terminal(_ report: TrialReport) -> TerminalReport { TerminalReport(report, colour: false) }

    private func flat(_ text: String) -> String {
        text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
            .replacing("\u{202F}", with: " ")
    }

    private func texts(_ report: TrialReport) throws -> [String] {
        [
            terminal(report).closing(page: "p"), terminal(report).details(page: "p"),
            MarkdownExporter().export(report), try HTMLExporter().export(report),
        ].map(flat)
    }

    @Test func everyReportNamesTheLoop() throws {
        for text in try texts(closed()) {
            #expect(text.contains("Closed loop, 8 clients: 9.90 operations a second completed."), "\(text)")
            #expect(text.contains("Latency means another thing in a closed loop"))
            #expect(text.contains("Offered rate, goodput, backlog and objectives are not judged in a closed loop."))
            for word in ["offered/s", "goodput/s", "Held its objective", "No backlog", "lateness p", "w × 1"] {
                #expect(!text.contains(word), "\(word)")
            }
        }
        let page = try HTMLExporter().export(closed())
        #expect(page.contains("from the client’s turn") || page.contains("from the client&#39;s turn"))
        #expect(!page.contains("class=\"objective\"") && page.contains("w, closed loop, 8"))
        #expect(page.contains("aria-label=\"Operations achieved each second\""))
    }

    @Test func anOpenLoopDoesNotSpeakOfIt() throws {
        var record = SampleRecord.record()
        for pacing in [nil, PacingDescription()] {
            record.pacing = pacing
            for text in try texts(TrialReport(record: record, samples: SampleRecord.samples())) {
                #expect(!text.lowercased().contains("closed loop") && text.contains("Held its objective."))
                #expect(text.contains("offered/s"))
            }
        }
    }

    @Test func aSequenceThatEndedIsTold() throws {
        let report = closed { record in
            record.phases.measuredSeconds = 2
            record.events.append(
                TrialEvent(atSeconds: 3, kind: RunRecord.sequenceEndedEvent, detail: "no operation was left"))
        }
        for text in try texts(report) {
            #expect(text.contains("The sequence of operations ended before the time: 2.00 s of 3 s were measured."))
            #expect(!text.contains("interrupted"))
        }
    }

    @Test func aBrokenRuleComesWithTheNameOfTheLoop() throws {
        let report = closed { record in
            record.valid = false
            record.validity[0].holds = false
        }
        for text in try texts(report) {
            #expect(text.contains("Closed loop, 8 clients. Must not be used, because the rule failures is broken."))
        }
    }

    // MARK: Where the time went

    private func quantiles(_ mean: Double) -> LatencyQuantiles {
        LatencyQuantiles(count: 500, mean: mean, p50: mean, p90: mean, p95: mean, p99: mean, p999: nil, max: mean)
    }

    /// 2 ms: a quarter for a connection, 55 % for the first byte, 10 % for the rest; 0.2 ms are left.
    private func split() -> TrialReport {
        var record = SampleRecord.record()
        record.classes["put"]?.waitsMs = WaitTimes(
            schedule: quantiles(0), connection: quantiles(0.5), firstByte: quantiles(1.1), transfer: quantiles(0.2))
        return TrialReport(record: record, samples: SampleRecord.samples())
    }

    @Test func thePartsOfTheTimeAddUp() throws {
        let report = split()
        let line = "put, mean 2.00 ms: 25.0 % connection, 55.0 % first byte, 10.0 % transfer, 10.0 % between"
        #expect(flat(terminal(report).closing(page: "p")).contains("time went  \(line)"))
        let details = terminal(report).details(page: "p")
        let head = try #require(details.split(separator: "\n").firstIndex { $0.hasPrefix("where the time went") })
        let row = details.split(separator: "\n")[head + 2].split(separator: " ")
        #expect(row == ["put", "0", "0.500", "1.10", "0.200", "0.200", "2.00"])
        #expect(
            flat(MarkdownExporter().export(report)).contains(
                "## Where the time went (mean ms) | request class | schedule | connection | first byte | transfer | between | = response |"
            ))
        let page = try HTMLExporter().export(report)
        #expect(flat(page).contains("aria-label=\"Where the time went, shares of the mean response time: \(line)\""))
        // Nothing waited for the schedule: a mark in the legend, none in the bar.
        #expect(
            (0...4).map { part in page.matches(of: /class="part-(\d)"/).count { $0.1 == "\(part)" } } == [
                1, 2, 2, 2, 2,
            ])
    }

    @Test func recordsThatDoNotTellHaveNoParts() throws {
        let report = TrialReport(record: SampleRecord.record(), samples: [])
        #expect(!terminal(report).details(page: "p").contains("where the time went"))
        #expect(try HTMLExporter().export(report).contains("Not collected, or nothing completed."))
    }
}
