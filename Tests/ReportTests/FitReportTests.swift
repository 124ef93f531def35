import Report
import RunRecord
import TestSupport
import Testing

@Suite struct FitReportTests {
    private func report(_ fit: FitRecord?, _ record: RunRecord = SampleTraffic.record()) -> TrialReport {
        TrialReport(record: record, samples: SampleRecord.samples(), fit: fit)
    }

    private func page(_ fit: FitRecord?) throws -> String {
        try HTMLExporter().export(report(fit)).replacing("\u{202F}", with: " ")
    }

    private func markdown(_ fit: FitRecord?) -> String {
        MarkdownExporter().export(report(fit)).replacing("\u{202F}", with: " ")
    }

    @Test func aWorkloadThatWasNotFittedHasNoSuchPart() throws {
        for text in [try page(nil), markdown(nil)] { #expect(!text.contains("resemble its archive")) }
    }

    @Test func realAndSyntheticStandSideBySide() throws {
        for text in [try page(SampleFit.fit()), markdown(SampleFit.fit())] {
            #expect(text.contains("Does this workload resemble its archive?"))
            // Two of three lie within chance; the third is named with both numbers.
            #expect(text.contains("2 of 3 comparisons lie within what sampling alone would give."))
            #expect(text.contains("payload of a message of /waku/2/rs/16/32"))
            #expect(text.contains("1.10 % apart, by chance 0.400 %"))
            #expect(text.contains("98 765 of about 12 345 678 messages in 720 partitions over 720 h were read."))
            #expect(text.contains("The share of duplicates is not known."))
            #expect(
                text.contains("740 statements, 1 of them ended at their time-out, and 7.00 % of one processor’s time"))
            // What the archive had, what the generator makes, what this run offered: 300 + 10 + 10 arrived in a minute.
            #expect(text.contains("7.25/s") && text.contains("7.20/s") && text.contains("5.33/s"))
            #expect(text.contains("query.by-hash") && text.contains("60.0 %") && text.contains("61.0 %"))
            #expect(!text.contains("<duplicates>"))
        }
        let html = try page(SampleFit.fit())
        // A picture for each comparison, with both sides in it.
        for name in ["messages a second, by hour", "payload of a message", "store requests by statement"] {
            #expect(html.contains("aria-label=\"\(name) of "), "\(name)")
        }
        #expect(html.contains("<title>real: /waku/2/rs/16/32</title>"))
        #expect(html.contains("<title>synthetic: /waku/2/rs/16/32</title>"))
        #expect(html.contains("<title>query.by-hash, synthetic: 61.0 %</title>"))
    }

    @Test func nothingComparedIsToldInWords() throws {
        for text in [try page(SampleFit.fit(comparisons: [])), markdown(SampleFit.fit(comparisons: []))] {
            #expect(text.contains("Nothing could be compared."))
        }
    }

    /// What is written beside a run is what its report shows.
    @Test func theFitOfARunIsRead() throws {
        let folder = try TemporaryFolder()
        let run = try RecordFolder.create(path: "\(folder.path)/run")
        try run.write(SampleRecord.record())
        #expect(try TrialReport(folder: run).fit == nil)
        try run.write(SampleFit.fit().json(), to: .fit)
        let found = try TrialReport(folder: run)
        #expect(found.fit == SampleFit.fit() && found.files.contains(.fit))
        #expect(try HTMLExporter().export(found).contains("fit.json"))
    }
}
