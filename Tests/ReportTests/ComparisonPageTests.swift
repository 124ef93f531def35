import Measurement
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

    /// The table of both servers, as Markdown has it.
    private func servers(_ change: (inout ComparedSide) -> Void) -> String {
        var record = SampleComparison.record()
        for side in record.sides.indices { change(&record.sides[side]) }
        let text = ComparisonMarkdown().export(ComparisonReport(record: record))
        let rest = text.firstRange(of: "### The servers, side by side").map { text[$0.upperBound...] } ?? ""
        return String(rest.firstRange(of: "###").map { rest[..<$0.lowerBound] } ?? rest)
    }

    @Test func countersOfServersAreForEachMessage() {
        // 242 and 155 MB for 30 719 messages each; the candidate then does twice as many for as much.
        #expect(servers { _ in }.contains("| WAL for each message | 7.88\u{202F}kB | 5.05\u{202F}kB | −36"))
        let twice = servers { side in
            if side.name == SampleComparison.candidate { side.accounting["put"]?.completed *= 2 }
        }
        #expect(twice.contains("| WAL for each message | 7.88\u{202F}kB | 2.52\u{202F}kB | −68"))
        let reading = servers { $0.accounting = ["store.hashes": $0.accounting["put"] ?? Accounting()] }
        #expect(reading.contains("| WAL for each operation | 7.88\u{202F}kB |"))
        #expect(servers { $0.accounting = [:] }.contains("| WAL, all slices | 242\u{202F}MB |"))
        #expect(servers { $0.memoryBytes = 5_000_000 }.contains("| memory of the server after the last slice | 5.00"))
    }

    @Test func aTimeThatIsNotTrackedIsNoTime() {
        func io(_ times: [Double?]) -> String {
            servers { side in
                side.server?.io = times.map { time in
                    var row = IoCounters(backend: "client backend", object: "relation", context: "normal")
                    (row.reads, row.readMs) = (10, time)
                    return row
                }
            }
        }
        #expect(io([nil, nil]).contains("mean read") == false)
        #expect(io([20, nil]).contains("| mean read | 2.00\u{202F}ms | 2.00\u{202F}ms | 0\u{202F}% |"))
    }

    @Test func blocksThatAreLeftOutAreNotInTheTimeLine() throws {
        // So many that three are drawn as one; the second is slow and does not count, nor do the last three.
        let slices = (0..<480).flatMap { block in
            [SampleComparison.base, SampleComparison.candidate].enumerated().map { place, side in
                var slice = SliceRecord(
                    block: block, place: place, side: side, atSeconds: Double(2 * block + place), seconds: 1)
                if block == 1 || block >= 477 { slice.excluded = "a checkpoint of one side only" }
                return slice
            }
        }
        let histograms = slices.map { slice in
            var histogram = LatencyHistogram(.interval)
            for _ in 0..<30 { histogram.record(slice.excluded == nil ? 2_000_000 : 900_000_000) }
            return ComparisonFolder.SliceHistograms(
                block: slice.block, place: slice.place, side: slice.side, classes: ["put": histogram])
        }
        let html = try page(
            ComparisonReport(record: SampleComparison.record(), slices: slices, histograms: histograms))
        func row(_ label: String) -> [Substring] {
            let rest = html.firstRange(of: ">\(label)<").map { html[$0.upperBound...] } ?? ""
            let row = rest.firstRange(of: "</tr>").map { rest[..<$0.lowerBound] } ?? rest
            return row.split(separator: "<td").dropFirst().map { $0.drop { $0 != ">" } }
        }
        let (first, second, last) = (row("blocks 0–2"), row("blocks 3–5"), row("blocks 477–479"))
        #expect(first.count == 4 && first[1...2] == second[1...2])
        #expect(first.last?.contains("without 1 of 3: a checkpoint of one side only") == true)
        #expect(second.last?.contains(">yes<") == true)
        #expect(last.last?.contains("no: a checkpoint of one side only") == true && last[1] != first[1])
    }
}

extension String {
    /// How often a text occurs.
    func components(of text: String) -> Int { ranges(of: text).count }
}
