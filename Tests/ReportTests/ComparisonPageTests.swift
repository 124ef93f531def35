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

    @Test func whatMoreBlocksWouldSettleIsToldOfEachMetric() throws {
        var record = SampleComparison.record()
        #expect(try page(record).contains("About 214 more blocks would settle it, "))
        let place = try #require(record.pairs[0].metrics.firstIndex { $0.metric == "server.cpu" })
        record.pairs[0].metrics[place].verdict = .inconclusive
        let some = try page(record)
        #expect(some.contains("About 214 more blocks would settle store.topics.data.next p90, "))
        #expect(some.contains("No sensible number of blocks would settle server CPU."))
        record.pairs[0].metrics[place].ratio = nil
        #expect(try page(record).contains("What more budget would bring for server CPU is not known."))
        record.pairs[0].metrics[place].blocksToSettle = 400
        #expect(try page(record).contains("About 304 more blocks would settle them, "))
        for index in record.pairs[0].metrics.indices { record.pairs[0].metrics[index].blocksToSettle = nil }
        record.pairs[0].metrics[place].verdict = nil
        #expect(try page(record).contains("No sensible number of blocks would settle it."))
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

    /// Carrying the rate is no leave to hide what became worse.
    @Test func whatIsWorseIsToldOfASideThatAloneKeptUp() throws {
        var record = SampleComparison.record()
        record.pairs[0].keptUp = .candidateOnly
        // As the judge leaves them: better, without a number of the side that was behind.
        for index in record.pairs[0].metrics.indices where record.pairs[0].metrics[index].metric.hasPrefix("response") {
            (record.pairs[0].metrics[index].base, record.pairs[0].metrics[index].ratio) = (nil, nil)
            record.pairs[0].metrics[index].verdict = .better
        }
        let html = try page(record)
        #expect(!html.contains("without a number,"))
        #expect(html.contains("A trade-off: it carried the offered rate") && html.contains("Also: "))
        #expect(html.contains("server CPU 4.8\u{202F}% more"))
        record.pairs[0].metrics.removeAll { $0.verdict == .worse }
        #expect(try page(record).contains(": better, it carried the offered rate"))
    }

    /// "91.7 % faster" is read as twice as fast, or as twelve times.
    @Test func farEffectsAreSaidAsTime() {
        func told(_ ratio: Double) -> String {
            var record = SampleComparison.record()
            let interval = SampleComparison.ratio(ratio, ratio - 0.01, ratio + 0.01)
            record.pairs[0].metrics = [
                SampleComparison.metric("response.p50:put", "ms", 2, interval, ratio < 1 ? .better : .worse)
            ]
            return ComparisonMarkdown().export(ComparisonReport(record: record))
        }
        #expect(told(0.083).contains("typical put 91.7\u{202F}% less time"))
        #expect(told(0.7).contains("typical put 30.0\u{202F}% faster"))
        #expect(told(2.5).contains("typical put 150.0\u{202F}% more time"))
        #expect(told(1.5).contains("typical put 50.0\u{202F}% slower"))
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

    /// What is told of a class whose slowest requests became slower.
    ///
    /// - Parameters:
    ///   - requestClass: the class.
    ///   - factors: by statement, on the candidate's time.
    ///   - classes: that both sides completed.
    /// - Returns: the report as Markdown.
    private func causes(of requestClass: String, _ factors: [String: Double], classes: [String]) -> String {
        var record = SampleComparison.record()
        record.pairs[0].metrics = [
            SampleComparison.metric(
                "response.p99:\(requestClass)", "ms", 5, SampleComparison.ratio(1.2, 1.1, 1.3), .worse)
        ]
        var account = Accounting()
        (account.scheduled, account.completed) = (1_000, 1_000)
        for side in record.sides.indices {
            record.sides[side].accounting = [:]
            for name in classes { record.sides[side].accounting[name] = account }
            record.sides[side].statements?.shapes = factors.sorted { $0.key < $1.key }.map { name, factor in
                SampleServer.row(name, calls: 1_000, plan: nil, exec: side == 0 ? 1_000 : 1_000 * factor, read: nil)
            }
        }
        return ComparisonMarkdown().export(ComparisonReport(record: record))
    }

    @Test func aClassIsExplainedByItsOwnStatements() {
        let factors: [String: Double] = ["query.by-hash": 9, "query.hashes.first": 1.5, "query.page.first": 5]
        let classes = [
            "put", "store.hashes.data", "store.hashes.presence", "store.topics.data.first", "store.topics.hashes.first",
        ]
        let topics = causes(of: "store.topics.hashes.first", factors, classes: classes)
        #expect(topics.contains("statement: query.hashes.first: 1.00\u{202F}ms → 1.50\u{202F}ms a call\n"))
        let hashes = causes(of: "store.hashes.presence", factors, classes: classes)
        #expect(
            hashes.contains(
                "statement: query.by-hash: 1.00\u{202F}ms → 9.00\u{202F}ms a call; sent for store.hashes.data, too\n"))
        #expect(causes(of: "put", factors, classes: classes).contains("statement: none of this class’s moved"))
        #expect(
            causes(of: "unheard-of", factors, classes: classes).contains(
                "statement: which ones this class sends is not known, so the chain ends here"))
    }

    /// A commit without a flush spares milliseconds, and a look-up that became faster by microseconds is not why.
    @Test func aStatementIsNotBlamedForWhatItIsATenthOf() {
        let classes = ["put", "store.hashes.presence"]
        let small = causes(of: "store.hashes.presence", ["query.by-hash": 1.1], classes: classes)
        #expect(
            small.contains(
                "a call; its mean is 100\u{202F}µs of 1.00\u{202F}ms: the rest lies in its slow calls, "))
        let large = causes(of: "store.hashes.presence", ["query.by-hash": 1.3], classes: classes)
        #expect(large.contains("1.30\u{202F}ms a call") && !large.contains("the rest lies"))
    }

    /// The query without hashes behind a hundred of them is a page to the server.
    @Test func whatOthersSendTooExplainsAClassOnlyWithoutThem() {
        let factors: [String: Double] = ["query.by-hash": 1, "query.page.first": 5]
        let alone = causes(of: "store.hashes.data", factors, classes: ["put", "store.hashes.data"])
        #expect(alone.contains("statement: query.page.first: 1.00\u{202F}ms → 5.00\u{202F}ms a call"))
        let shared = causes(
            of: "store.hashes.data", factors, classes: ["store.hashes.data", "store.topics.data.first"])
        #expect(shared.contains("statement: none of this class’s moved") && shared.contains("(query.page.first did,"))
    }

    @Test func statementsOfOneRoleAreHeldAgainstEachOther() {
        var record = SampleComparison.record()
        func row(_ name: String, _ milliseconds: Double) -> StatementRow {
            SampleServer.row(name, calls: 30_720, plan: 0, exec: milliseconds, read: nil)
        }
        // 30 719 puts were completed.
        record.sides[0].statements?.shapes = [row("messages.insert", 60_000), row("lookup.insert", 32_157)]
        record.sides[1].statements?.shapes = [row("put.one-statement", 61_438)]
        record.sides[1].plans[0].shape = "put.one-statement"
        let markdown = ComparisonMarkdown().export(ComparisonReport(record: record))
        for words in [
            "statement: put of a message: lookup.insert and messages.insert became put.one-statement: "
                + "3.00\u{202F}ms → 2.00\u{202F}ms for each operation",
            "plan: that of other statements: ", "| **put of a message, all of it** | **other statements** |",
            "| **put of a message, for each operation** | **61\u{202F}440** | **30\u{202F}720** | "
                + "**3.00\u{202F}ms** | **2.00\u{202F}ms** | **−33\u{202F}%** |",
        ] {
            #expect(markdown.contains(words), "\(words)")
        }
        for side in record.sides.indices { record.sides[side].accounting = [:] }
        let unknown = ComparisonMarkdown().export(ComparisonReport(record: record))
        #expect(unknown.contains("| **put of a message, in all** | **61\u{202F}440** | **30\u{202F}720** | **92.2"))
    }

    /// The pages of a topic, read by one index and by another.
    private func swapped(_ candidate: String = "Index Scan on messages using messages_pkey") -> ComparisonRecord {
        var record = SampleComparison.record()
        for (side, scan) in ["Index Scan on messages using messages_timestamp_idx", candidate].enumerated() {
            var leaf = PlanLine(depth: 2, what: scan)
            leaf.nodes = 720
            leaf.nodesExecuted = 3
            leaf.executions = 3
            leaf.estimatedRows = 40
            leaf.rows = 21
            leaf.blocks = 15
            record.sides[side].plans[1].lines = [
                PlanLine(depth: 0, what: "Limit"), PlanLine(depth: 1, what: "Append"), leaf,
            ]
        }
        record.sides[1].statements?.shapes[1].execMs = 9_000
        record.pairs[0].metrics.append(
            SampleComparison.metric(
                "response.p50:store.topics.data.first", "ms", 5, SampleComparison.ratio(0.7, 0.6, 0.8), .better))
        return record
    }

    @Test func plansAreHeldAgainstEachOtherLineByLine() throws {
        let (html, text) = (try page(swapped()), ComparisonMarkdown().export(ComparisonReport(record: swapped())))
        let numbers = "  (720 partitions; 3 executed; rows 21, estimated 40; blocks 15)"
        for (style, sign, index) in [("gone", "−", "messages_timestamp_idx"), ("come", "+", "messages_pkey")] {
            let line = "\(sign)     Index Scan on messages using \(index)"
            #expect(html.contains("<span class=\"\(style)\">\(line)<i>\(numbers)</i></span>"))
            #expect(text.contains("\n\(line)\(numbers)\n"))
        }
        #expect(html.components(of: "<span class=\"\">    Append<i></i></span>") == 2)
        #expect(
            text.contains(
                "plan: another shape: “Index Scan on messages using messages_timestamp_idx” became "
                    + "“Index Scan on messages using messages_pkey”"))
        #expect(html.contains("<a href=\"#plan-1-1\">"))
    }

    @Test func aPlansNamesAreTextAndStayInTheirLine() throws {
        let hostile = "Scan on <script>\n```\u{85}# x"
        let (html, text) = (
            try page(swapped(hostile)), ComparisonMarkdown().export(ComparisonReport(record: swapped(hostile)))
        )
        #expect(!html.contains("<script>") && html.contains("Scan on &lt;script&gt;"))
        #expect(text.contains("\n````\nbase, query.page.first: "))
        #expect(text.contains("\n+     Scan on <script> ``` # x  (720 partitions"))
    }

    /// A plan told without its indexes says nothing about one told with them.
    @Test func aTreeIsNotComparedWithAnOutline() throws {
        var record = swapped()
        record.sides[0].plans[1].lines = nil
        let text = ComparisonMarkdown().export(ComparisonReport(record: record))
        #expect(text.contains("plan: not comparable") && text.contains("| `query.page.first` | told otherwise |"))
        #expect(try page(record).contains("None: every statement has a plan of the same shape"))
    }

    @Test func stepsLeadToTheirPlaceOnThePage() throws {
        let html = try page(swapped())
        let links = Set(html.split(separator: "href=\"#").dropFirst().map { String($0.prefix { $0 != "\"" }) })
        #expect(links.sorted() == ["plan-1-1", "plans-1", "settings-1", "statements-1", "waits-1"])
        for link in links { #expect(html.components(of: "id=\"\(link)\"") == 1, "\(link)") }
    }

    @Test func theNoteOnCountersSaysWhatTheyAre() throws {
        var record = SampleComparison.record()
        #expect(try page(record).contains("divided by the messages that it stored; a row that does not say “for each"))
        for side in record.sides.indices { record.sides[side].accounting = [:] }
        #expect(try page(record).contains("All slices of each side together, as each row says."))
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
