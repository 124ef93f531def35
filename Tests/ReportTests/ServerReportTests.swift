import Report
import RunRecord
import Testing

/// The server's side on the page and in Markdown: sums, sentences, what is missing, what is escaped.
@Suite struct ServerReportTests {
    private let page: String
    private let text: String

    init() throws {
        page = try HTMLExporter().export(SampleServer.report())
        text = MarkdownExporter().export(SampleServer.report())
    }

    /// The same fact in both exports.
    private func bothSay(_ words: String) -> Bool { page.contains(words) && text.contains(words) }

    @Test func theConsequenceComesFirst() {
        // 800 of 1000 ms, 100 calls; planning 600 of 1000.
        #expect(
            bothSay(
                "query.page.first takes most of the server’s time: 80.0\u{202F}% of all statements, 8.00\u{202F}ms a call. Planning is 60.0\u{202F}% of all statements’ time."
            ))
        #expect(
            bothSay(
                "Busy clients were running in 40.0\u{202F}% of 100 sightings; they waited most for WALSync (IO, 60.0\u{202F}%)."
            ))
        #expect(bothSay("The disk was busy 50.0\u{202F}% of the time: 10.0 writes of 2.00\u{202F}ms a second each."))
        #expect(bothSay("1 checkpoint began in the measure phase (at this rate of WAL one is due every 5\u{202F}min)"))
        #expect(
            bothSay(
                "Slow seconds go with checkpoint: the p99 of put is 40.0\u{202F}ms in such seconds and 10.0\u{202F}ms in others."
            ))
        #expect(bothSay("The archive grew by 3.00\u{202F}MB over the trial, most of it messages (3.00\u{202F}MB)."))
        #expect(bothSay("The lock table came near its end: 90.0\u{202F}% of 1\u{202F}000 places"))
        #expect(bothSay("75.0\u{202F}% lay in shared buffers, 100\u{202F}% in the page cache at the end"))
    }

    @Test func secondsWithAnEventStandAgainstTheOthers() {
        #expect(text.contains("| checkpoint | `put` | 10 | 40.0 | 30 | 10.0 | × 4 |"))
        // On the page's time lines too.
        #expect(
            page.contains("class=\"span-0\"><title>checkpoint from 11.0\u{202F}s to 20.5\u{202F}s: time, 100 buffers"))
        #expect(text.contains("| 12.0\u{202F}s | 2 s from 12 s on | checkpoint &lt;x&gt; |"))
    }

    @Test func partsOfAStatementAddUp() {
        // 600 planning, 50 reading, 150 the rest of 200, over 100 calls; 900 of 1000 blocks were there.
        #expect(
            text.contains(
                "| `query.page.first` | 100 | 80.0\u{202F}% | 8.00 | 6.00 | 0.500 | 0 | 1.50 | 9.00 | 10.0 | 10.0 | 90.0\u{202F}% | 1.00\u{202F}kB |"
            ))
        #expect(
            page.contains(
                "query.page.first, planning: 600\u{202F}ms in all, 6.00\u{202F}ms a call, 75.0\u{202F}% of the statement"
            ))
        #expect(bothSay("The server threw out 3 statements for want of room"))
    }

    /// Planning reads blocks as well, and parallel workers read beside each other.
    @Test func readingBeyondExecutionMakesNoStatementLonger() throws {
        let report = SampleServer.report()
        var evidence = report.server
        evidence.statements?.shapes[0].blockReadMs = 500
        evidence.statements?.shapes[0].blockWriteMs = 100
        let more = TrialReport(record: report.record, samples: SampleServer.seconds, server: evidence)
        #expect(
            MarkdownExporter().export(more).contains(
                "| `query.page.first` | 100 | 80.0\u{202F}% | 8.00 | 6.00 | 5.00 | 1.00 | 0 | 9.00 |"))
        let drawn = try HTMLExporter().export(more)
        #expect(
            drawn.contains(
                "query.page.first, reading blocks: 200\u{202F}ms in all, 2.00\u{202F}ms a call, 25.0\u{202F}%"))
        #expect(drawn.contains("query.page.first 80.0\u{202F}%; messages.insert 20.0\u{202F}%"))
    }

    @Test func everyPictureHasItsWordsAndItsTable() {
        for label in [
            "The server&#39;s time by statement and part: query.page.first 80.0\u{202F}%",
            "Processors over time, busy, of all there are: server at most 0.500",
            "Disk over time, read and written a second", "WAL over time, bytes a second: WAL at most 1.00\u{202F}MB",
            "Response time by page depth, p50 and p99 of each class",
            "Response time by age of the data, p50 and p99 of each class",
        ] {
            #expect(page.contains("role=\"img\" aria-label=\"\(label)"), "\(label)")
        }
        #expect(page.contains("Numbers behind this picture, ms a call"))
    }

    @Test func aspectsAreLabelledByTheirBounds() {
        // Of fifty requests five lie beyond the p90: too few to tell it, and the p99.
        #expect(text.contains("| 2–5 | `store.topics.data` | 50 | 4.00 | too few | too few | 40.0 |"))
        #expect(text.contains("| 6+ | `store.topics.data` |") && text.contains("| < 1\u{202F}min |") == false)
        #expect(text.contains("| &lt; 1\u{202F}min | `store.topics.data` |"))
        #expect(text.contains("| ≥ 1\u{202F}d | `store.topics.data` |"))
    }

    @Test func changedPlansAreMarked() {
        #expect(bothSay("after, other shape") && text.contains("22222222"))
    }

    @Test func whatTheRecordSaysIsEscaped() {
        #expect(!page.contains("<markup>") && !page.contains("<messages.insert>") && !page.contains("<x>"))
        #expect(page.contains("A note with &lt;markup&gt;."))
    }

    /// Records of tools that did not look, and those where parts could not be read.
    @Test func whatIsMissingIsSaid() throws {
        var record = SampleRecord.record()
        let old = TrialReport(record: record, samples: SampleRecord.samples())
        let oldPage = try HTMLExporter().export(old)
        #expect(oldPage.contains("<h2>The server</h2>\n<p>Not looked at.</p>"))
        #expect(MarkdownExporter().export(old).contains("## The server\n\nNot looked at."))
        #expect(!oldPage.contains("class=\"span-"))
        record.server = ServerSummary(cost: TelemetryCost())
        let empty = TrialReport(record: record, samples: [])
        for export in [try HTMLExporter().export(empty), MarkdownExporter().export(empty)] {
            for words in [
                "Statements: not collected.", "Disk: not collected.", "Checkpoints: not collected.",
                "Growth: not collected.", "Lock table: not collected.", "Cache state: not collected.",
            ] {
                #expect(export.contains(words), "\(words)")
            }
            #expect(!export.contains(">nan") && !export.contains(" nan") && !export.contains("inf\u{202F}"))
        }
    }

    @Test func absurdNumbersDoNotTrap() throws {
        var report = SampleServer.report()
        var (record, evidence) = (report.record, report.server)
        record.server?.checkpoints[0].fromSeconds = -1e300
        record.server?.checkpoints[0].toSeconds = 1e300
        record.aspects?.byAge[0].responseMs.p99 = 0
        evidence.samples[3].atSeconds = 1e300
        evidence.samples[4].intervalSeconds = 0
        evidence.samples[5].wal?.bytes = .max
        evidence.statements?.shapes[0].calls = 0
        evidence.statements?.shapes[0].execMs = 1e300
        report = TrialReport(record: record, samples: SampleServer.seconds, server: evidence)
        #expect(try HTMLExporter().export(report).contains("The server"))
    }

    /// A checkpoint under way, times that were not tracked, a partition's disk, a lock table full of holders.
    @Test func whatIsHalfKnownIsSaid() throws {
        var report = SampleServer.report()
        var (record, evidence) = (report.record, report.server)
        record.server?.checkpoints = [CheckpointRow(fromSeconds: 11, seenUntil: 41, cause: "time")]
        record.server?.checkpointDistance?.intervalSeconds = nil
        var io = IoCounters(backend: "checkpointer", object: "relation", context: "normal")
        (io.writes, io.writtenBytes, io.syncs, io.syncMs) = (10, 81_920, 4, 8)
        record.server?.io = [io]
        record.server?.locks = LockUse(capacity: 1_000, peak: 300, peakHolders: 1_900, peakFastPath: 0, peakWaiting: 0)
        for index in evidence.samples.indices {
            evidence.samples[index].host?.disk?.flushDevice = "vda"
            evidence.samples[index].host?.disk?.flushes = 5
            evidence.samples[index].host?.disk?.flushMs = 10
        }
        report = TrialReport(record: record, samples: SampleServer.seconds, server: evidence)
        let (page, text) = (try HTMLExporter().export(report), MarkdownExporter().export(report))
        for export in [page, text] {
            for words in [
                "1 checkpoint began in the measure phase (how often one is due is not known); none was complete.",
                "95.0\u{202F}% of 2\u{202F}000 places for holders", "flushes of vda", "lock table, objects",
                "lock table, holders",
            ] {
                #expect(export.contains(words), "\(words)")
            }
        }
        #expect(page.contains("<title>checkpoint from 11.0\u{202F}s to 41.0\u{202F}s: time, not complete"))
        #expect(
            text.contains(
                "| 11.0\u{202F}s | not complete | time |" + String(repeating: " not complete |", count: 6)))
        #expect(text.contains("| 10 | 81.9\u{202F}kB | not timed |") && text.contains("| 4 | 2.00 |"))
    }
}
