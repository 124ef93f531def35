import FoundationEssentials
import Report
import RunRecord
import Testing

/// An imported record says in every report what it is and what it cannot support, and no unknown stands as a number.
@Suite struct ImportedReportTests {
    /// What a source of single durations, and one of a few figures, come to.
    private func record(known: Bool = false) -> RunRecord {
        let unknown = ImportDescription.notKnown
        var record = RunRecord(
            runId: "i", toolVersion: "1", startedAt: unknown, digest: "abc", seed: 0,
            variant: VariantDescription(
                name: "before", summary: "s", schemaVersion: 0, driver: unknown, settings: [], adaptations: []),
            profile: ProfileDescription(name: unknown, requested: [:], enforced: [:], observed: [:], notEnforced: []),
            host: HostDescription(
                processorModel: unknown, processors: 0, memoryBytes: 0, kernel: unknown, operatingSystem: unknown,
                filesystem: unknown),
            workload: WorkloadDescription(
                name: "pgbench", summary: "s", fileDigest: "abc", rateScale: 1, nodes: 0, archiveEpoch: unknown,
                shards: []),
            phases: PhaseDescription(warmUpSeconds: 0, measureSeconds: 4, drainLimitSeconds: 0),
            command: "archivebench import pgbench log")
        record.ending = .completed
        record.phases.measuredSeconds = 4
        var summary = ClassSummary(
            offeredPerSecond: 9, achievedPerSecond: 9, goodputPerSecond: nil, responseMs: nil, serviceMs: nil,
            lagMs: nil,
            curve: [], rows: 0, chainsCut: 0)
        if known {
            var some = KnownLatency(count: 36)
            (some.mean, some.max) = (1.5, 77)
            some.buckets = [DurationBucket(upToMs: 5, count: 30), DurationBucket(upToMs: nil, count: 6)]
            summary.knownMs = some
        } else {
            summary.responseMs = LatencyQuantiles(
                count: 36, mean: 2, p50: 1.25, p90: 4, p95: 8, p99: 20, p999: nil, max: 31.5)
            summary.curve = (0..<100).map { CurvePoint(percentile: Double($0), responseMs: 1, serviceMs: 1) }
            record.pacing = PacingDescription(clients: 2)
            var account = Accounting()
            (account.scheduled, account.completed, account.failed, account.errors) = (37, 36, 1, ["40001": 1])
            record.accounting["put"] = account
        }
        record.classes["put"] = summary
        record.imported = ImportDescription(
            source: "pgbench transaction log", files: [.init(name: "log<1>", bytes: 12, digest: "d1")],
            importedAt: "2026-01-01T00:00:00Z", countsFromSchedule: false,
            limits: ["No intended starts: <said>.", "No request classes."], unknown: ["seed"],
            counters: [ImportedCounter(name: "retries", meaning: "tries", increase: 5, perSecond: nil)], intervals: [])
        return record
    }

    private func reports(_ record: RunRecord) throws -> (html: String, markdown: String, terminal: [String]) {
        let report = TrialReport(record: record, samples: SampleRecord.samples())
        let terminal = TerminalReport(report, colour: false)
        return (
            try HTMLExporter().export(report), MarkdownExporter().export(report),
            [terminal.closing(page: "p"), terminal.details(page: "p")]
        )
    }

    @Test(arguments: [false, true]) func everyReportSaysWhatItIs(known: Bool) throws {
        let (html, markdown, terminal) = try reports(record(known: known))
        for text in [html, markdown] + terminal {
            let plain = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(plain.contains("ArchiveBench did not run this load"))
            #expect(plain.contains("no verdict is made of it"))
            #expect(plain.contains("No request classes."))
            #expect(plain.contains("mported") || plain.contains("IMPORTED"))
            for zero in ["schema 0", "seed 0", "0 × ", "0 B memory", "VALID", "offered"] {
                #expect(!plain.contains(zero), "\(zero)")
            }
        }
    }

    @Test func limitsStandBeforeNumbers() throws {
        let (html, markdown, _) = try reports(record())
        for text in [html, markdown] {
            let limit = try #require(text.firstRange(of: "No intended starts"))
            let number = try #require(text.firstRange(of: "31.5"))
            #expect(limit.lowerBound < number.lowerBound)
        }
        #expect(html.contains("&lt;said&gt;") && !html.contains("<said>") && markdown.contains("&lt;said&gt;"))
        #expect(html.contains("log&lt;1&gt;"))
    }

    @Test func whatIsNotKnownIsWritten() throws {
        let (html, markdown, terminal) = try reports(record(known: true))
        #expect(html.contains("77.0") && markdown.contains("77.0") && terminal.allSatisfy { $0.contains("77.0") })
        for text in [html, markdown] + terminal { #expect(text.contains("not known")) }
        #expect(html.contains("no bound") && html.contains("has no distribution"))
        let row = try #require(terminal[0].split(separator: "\n").first { $0.hasPrefix("put") })
        // Failures, p50, p95, p99.
        #expect(row.ranges(of: "not known").count == 4, "\(row)")
    }

    @Test func theTerminalKeepsToItsWidth() throws {
        for known in [false, true] {
            for text in try reports(record(known: known)).terminal {
                #expect(text.split(separator: "\n").allSatisfy { $0.count <= TerminalReport.width }, "\(text)")
            }
        }
    }

    @Test func theRecordKeepsItsKindOnDisk() throws {
        let data = try JSONEncoder().encode(record(known: true))
        let read = try JSONDecoder().decode(RunRecord.self, from: data)
        #expect(read.imported == record(known: true).imported && read.doubts == ["imported"] && !read.isEvidence)
        #expect(read.classes["put"]?.knownMs?.buckets?.count == 2 && read.classes["put"]?.known?.max == 77)
        #expect(String(decoding: data, as: UTF8.self).contains("\"imported\":{"))
    }

    @Test func aTrialOfThisToolHasNoneOfIt() throws {
        let (html, markdown, terminal) = try reports(SampleRecord.record())
        for text in [html, markdown] + terminal { #expect(!text.contains("mported")) }
    }
}
