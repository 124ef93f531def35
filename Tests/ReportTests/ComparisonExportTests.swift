import FoundationEssentials
import Measurement
import Report
import RunRecord
import TestSupport
import Testing

@Suite struct ComparisonExportTests {
    @Test func theTableHasARowAMetric() throws {
        let rows = ComparisonCSV().export(SampleComparison.report()).split(separator: "\r\n")
        #expect(rows.count == 1 + 9)
        let width = rows[0].split(separator: ",", omittingEmptySubsequences: false).count
        #expect(rows.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == width })
        #expect(rows[1].contains("response.p99:put,ms,true,11.3,") && rows[1].contains(",better,"))
    }

    @Test func aSpreadsheetMeetsNoFormula() {
        var record = SampleComparison.record()
        record.pairs[0].metrics[0].reason = "=HYPERLINK(\"x\")"
        #expect(ComparisonCSV().export(ComparisonReport(record: record)).contains("\"'=HYPERLINK(\"\"x\"\")\""))
    }

    @Test func programsReadTheAnswer() throws {
        struct Answers: Decodable {
            struct Candidate: Decodable {
                var answer, sameAnswers: String
                var verdicts: [String: Int]
                var metrics: [MetricVerdict]
            }
            var valid: Bool
            var candidates: [Candidate]
        }
        let text = try ComparisonJSON().export(SampleComparison.report())
        let answers = try JSONDecoder().decode(Answers.self, from: Data(text.utf8))
        #expect(answers.valid && answers.candidates[0].sameAnswers == "not checked")
        #expect(answers.candidates[0].verdicts == ["better": 2, "worse": 1, "equivalent": 3, "inconclusive": 1])
        #expect(answers.candidates[0].metrics == SampleComparison.pair().metrics)
    }

    @Test func aBuildServerSeesWhatIsWorse() {
        var record = SampleComparison.record()
        let text = ComparisonJUnit().export(ComparisonReport(record: record))
        // May be used, keeps up, two checks, nine metrics: one is worse; one inconclusive, two without verdict and two
        // checks that were not made are skipped.
        #expect(text.contains("tests=\"13\" failures=\"1\" errors=\"0\" skipped=\"5\""))
        #expect(text.contains("<failure message=\"worse: +4.8 % [+3.6, +6.0] %\">"))
        record.valid = false
        let unusable = ComparisonJUnit().export(ComparisonReport(record: record))
        #expect(unusable.contains("failures=\"0\" errors=\"1\" skipped=\"11\""))
        record.pairs[0].metrics[0].reason = "a \u{1} <b> & \"c\""
        let hostile = ComparisonJUnit().export(ComparisonReport(record: record))
        #expect(hostile.contains("a \u{fffd} &lt;b&gt; &amp; &quot;c&quot;") && !hostile.contains("\u{1}"))
    }

    @Test func aFolderGetsAllReports() throws {
        let home = try TemporaryFolder()
        let folder = try ComparisonFolder.create(path: "\(home.path)/c", startedAt: 0, date: "a day")
        try folder.write(SampleComparison.record())
        let slices = SampleComparison.slices()
        for (slice, histograms) in zip(slices, SampleComparison.histograms(slices)) {
            try folder.append(slice, histograms: histograms.classes)
        }
        try ComparisonExporters.writeAll(folder)
        #expect(try folder.readSlices() == slices)
        let read = try folder.readHistograms(of: slices)
        #expect(read.count == slices.count)
        let direct = try ComparisonHTML().export(SampleComparison.report())
        #expect(folder.readText(.page) == direct)
        for file in [ComparisonFolder.File.page, .text, .table, .verdicts, .suite] {
            #expect(folder.readText(file)?.isEmpty == false, "\(file.rawValue)")
        }
    }
}
