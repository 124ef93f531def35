import Report
import RunRecord
import Testing

@Suite struct ComparisonPageTests {
    private static let hostile = "<script>alert('x')</script>\"&"

    private func page(_ report: ComparisonReport) throws -> String { try ComparisonHTML().export(report) }

    private func page(_ record: ComparisonRecord) throws -> String { try page(ComparisonReport(record: record)) }

    @Test func whatComesFromTheRecordIsEscaped() throws {
        let html = try page(SampleComparison.report(hostile: Self.hostile))
        #expect(!html.contains("<script") && !html.contains("alert('x')"))
        #expect(html.contains("&lt;script&gt;alert("))
        let markdown = ComparisonMarkdown().export(SampleComparison.report(hostile: Self.hostile))
        let outsideCode = markdown.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 0 }.map(\.element)
        #expect(outsideCode.allSatisfy { !$0.contains("<script") })
    }

    @Test func thePageNeedsNothingButItself() throws {
        let html = try page(SampleComparison.report())
        for word in ["http://", "https://", "<script", "<link", "<img", "@import", "url("] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.utf8.count < 2_000_000)
    }

    @Test func theAnswerComesFirstThenWhatMoved() throws {
        let html = try page(SampleComparison.report())
        let heads = [
            "class=\"label\">Answer", "How sure", "What it costs", "Same answers", "Nothing lost", "<h2>What moved",
            "by percentile</h3>", "<h2>Why", "<h2>What differs", "<h2>The servers", "<h2>Accounting",
            "<h2>What was compared", "<h2>What was enforced", "<h2>Make it again", "What could make this wrong",
        ]
        let places = try heads.map { try #require(html.firstRange(of: $0), "\($0)").lowerBound }
        #expect(places == places.sorted())
    }

    @Test func everyMarkHasItsWords() throws {
        let html = try page(SampleComparison.report())
        let pictures = html.split(separator: "<svg").dropFirst()
        // Nine effects and two axes; three classes with two pictures each; two time lines.
        #expect(pictures.count == 9 + 2 + 3 * 2 + 2)
        for picture in pictures {
            #expect(picture.contains("aria-label="))
            let body = picture.prefix(upTo: picture.firstRange(of: "</svg>")?.lowerBound ?? picture.endIndex)
            for mark in ["<path", "<circle", "<rect"] {
                for piece in body.split(separator: mark).dropFirst() {
                    #expect(piece.prefix { $0 != "/" }.contains("<title>"), "\(mark)\(piece.prefix(80))")
                }
            }
        }
    }

    @Test func verdictsAreTheFourWordsWithTheirShapes() throws {
        let html = try page(SampleComparison.report())
        for verdict in Verdict.allCases { #expect(html.contains(">\(verdict.rawValue)</td>")) }
        for mark in ["mark-better", "mark-worse", "mark-equivalent", "mark-open"] {
            #expect(html.contains("class=\"\(mark)\""))
        }
        #expect(html.contains("−18.0\u{202F}%") && html.contains("[−22.0, −14.0]\u{202F}%"))
        #expect(html.contains("7.90\u{202F}kB/message → 5.06\u{202F}kB/message"))
    }

    @Test func anUnknownIsWritten() throws {
        let html = try page(SampleComparison.report())
        #expect(html.components(of: "class=\"value missing\">not checked") == 2)
        #expect(html.contains("Not collected"))
        var record = SampleComparison.record()
        for index in record.sides.indices {
            (record.sides[index].server, record.sides[index].statements, record.sides[index].plans) = (nil, nil, [])
        }
        record.calibration = nil
        let bare = try page(record)
        for words in [
            "Not looked at.", "so the chain ends here", "false verdicts were not measured", "there are no slices",
        ] {
            #expect(bare.contains(words), "\(words)")
        }
    }

    @Test func theAnswerWeighsGainAgainstCostAndSafety() throws {
        var record = SampleComparison.record()
        #expect(try page(record).contains("A trade-off: slowest 1\u{202F}% of put 18.0\u{202F}% faster, WAL 36.0"))
        record.pairs[0].metrics.removeAll { $0.verdict == .worse }
        #expect(try page(record).contains("Adopt once checked (same answers, nothing lost): slowest 1"))
        record.pairs[0].equivalence = CheckResult(holds: true, detail: "18 420 replies compared, 0 differ.")
        record.pairs[0].safety = CheckResult(holds: true, detail: "10 crashes, nothing lost.")
        #expect(try page(record).contains(">Adopt: slowest 1"))
        record.pairs[0].safety?.holds = false
        #expect(try page(record).contains("Do not adopt: it can lose what was stored."))
        record.pairs[0].safety?.holds = true
        record.pairs[0].metrics.removeAll { $0.verdict == .better }
        #expect(try page(record).contains("No answer yet: 1 of 4 metrics inconclusive, 3 equivalent."))
        record.pairs[0].metrics.removeAll { $0.verdict == .inconclusive }
        #expect(try page(record).contains("No difference that matters: all 3 metrics are equivalent"))
        record.valid = false
        #expect(try page(record).contains("Must not be used"))
    }

    @Test func aSideThatDidNotKeepUpHasNoLatency() throws {
        var record = SampleComparison.record()
        record.pairs[0].keptUp = .baseOnly
        record.pairs[0].curves = []
        for index in record.pairs[0].metrics.indices where record.pairs[0].metrics[index].metric.hasPrefix("response") {
            record.pairs[0].metrics[index].candidate = nil
            record.pairs[0].metrics[index].ratio = nil
            record.pairs[0].metrics[index].verdict = nil
        }
        let html = try page(record)
        #expect(html.contains("Do not adopt: worse, it did not keep up"))
        #expect(html.contains("→ did not keep up</td>"))
    }

    @Test func anAAComparisonSaysSo() throws {
        var record = SampleComparison.record()
        record.rule.isAA = true
        let html = try page(record)
        #expect(html.contains("An A/A comparison: base and candidate are the same on purpose."))
        #expect(html.contains("A/A, both sides the same: 3 of 7 verdicts is false"))
    }

    @Test func theCauseIsToldStepByStep() throws {
        let markdown = ComparisonMarkdown().export(SampleComparison.report())
        let steps = [
            "statement: messages.insert: 4.13\u{202F}ms → 3.32\u{202F}ms a call", "plan: the same shape on both sides",
            "wait: waiting for WALSync in 45.0\u{202F}% of sightings with the base, 21.0\u{202F}% with the candidate",
            "setting: wal_compression: off → lz4",
        ]
        for step in steps { #expect(markdown.contains(step), "\(step)") }
        #expect(try page(SampleComparison.report()).contains("<li>Merge Append</li>"))
    }

    @Test func anEmptyRecordStillMakesAPage() throws {
        var record = SampleComparison.record()
        (record.sides, record.pairs, record.endedAt, record.valid) = ([], [], nil, false)
        #expect(try page(record).contains("No answer: the comparison has not ended."))
        for exporter in ComparisonExporters.files {
            #expect(try !exporter.export(ComparisonReport(record: record)).isEmpty, "\(exporter.file.rawValue)")
        }
    }

    @Test func severalCandidatesHaveAHeadingEach() throws {
        var record = SampleComparison.record()
        var second = SampleComparison.side("other")
        second.name = "other"
        record.sides.append(second)
        var pair = SampleComparison.pair()
        pair.candidate = "other"
        record.pairs.append(pair)
        let html = try page(record)
        #expect(html.contains("<h2>Candidates</h2>") && html.contains("class=\"candidate-head\">other</h2>"))
    }
}

extension String {
    /// How often a text occurs.
    func components(of text: String) -> Int { ranges(of: text).count }
}
