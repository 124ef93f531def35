import Report
import RunRecord
import Testing

@Suite struct TrafficTests {
    private func page(_ record: RunRecord) throws -> String {
        try HTMLExporter().export(TrialReport(record: record, samples: SampleRecord.samples()))
    }

    private func markdown(_ record: RunRecord) -> String {
        MarkdownExporter().export(TrialReport(record: record, samples: []))
            .replacing("\u{202F}", with: " ")
    }

    private func terminal(_ record: RunRecord) -> TerminalReport {
        TerminalReport(TrialReport(record: record, samples: []), colour: false)
    }

    private func rows(_ count: Int) -> [BandwidthRow] {
        (0..<count).map {
            BandwidthRow(
                shard: "/waku/2/rs/16/\($0 % 2)", messageClass: "class-\($0)", messagesIn: 1, bytesIn: 1_000,
                messagesOut: 2, bytesOut: 2_000)
        }
    }

    @Test func aRecordWithoutTrafficHasNoSuchParts() throws {
        let record = SampleRecord.record()
        for text in [try page(record), markdown(record), terminal(record).details(page: "p")] {
            for word in ["Bandwidth", "Clients", "store node’s", "store node's", "Archive time", "traffic  "] {
                #expect(!text.contains(word), "\(word)")
            }
        }
        #expect(try !page(record).contains("class=\"notice\""))
    }

    @Test func emptyTrafficIsToldInWords() throws {
        var record = SampleRecord.record()
        record.traffic = TrafficSummary()
        let html = try page(record)
        #expect(html.contains("No message of the measure phase was recorded."))
        #expect(!html.contains("<h2>Clients") && !html.contains("<h2>Does this") && !html.contains("class=\"notice\""))
        #expect(markdown(record).contains("No message of the measure phase was recorded."))
        #expect(terminal(record).details(page: "p").contains("no message of the measure phase"))
        #expect(!terminal(record).closing(page: "p").contains("traffic"))
    }

    // MARK: Bandwidth

    @Test func bandwidthHasTotalsRatesAndOneUnitAColumn() {
        let text = markdown(SampleTraffic.record())
        for line in [
            "| message class | shard | messages in | in/s | MB in | kB/s in | messages out | out/s | MB out | kB/s out |",
            "| `chat` | `/waku/2/rs/16/32` | 300 | 5.00 | 0.600 | 10.0 | 9 000 | 150 | 18.0 | 300 |",
            "| `control` | `/waku/2/rs/16/64` | 180 | 3.00 | 0.180 | 3.00 | 900 | 15.0 | 0.900 | 15.0 |",
            "| `hashes` | `/waku/2/rs/16/32` | 0 | 0 | 0 | 0 | 5 625 | 93.8 | 0.180 | 3.00 |",
            "| **all** | **on 2 shards** | **550** | **9.17** | **2.00** | **33.3** | **16 085** | **268** | **25.0** | "
                + "**417** |",
        ] {
            #expect(text.contains(line), "\(line)")
        }
        #expect(text.contains("120 messages (21.8 % of those in) were ephemeral: they were dropped unstored."))
    }

    @Test func withoutAMeasurePhaseThereAreNoRates() {
        var record = SampleTraffic.record()
        record.phases.measuredSeconds = nil
        #expect(markdown(record).contains("| message class | shard | messages in | MB in | messages out | MB out |"))
    }

    @Test func topConsumersAreNamedInEachDirection() throws {
        let sentence =
            "Of the bytes in, community-description takes 41.0 % and chat 35.0 %; of the bytes out, chat takes 76.0 % "
            + "and community-description 19.7 %."
        #expect(markdown(SampleTraffic.record()).contains(sentence))
        #expect(try page(SampleTraffic.record()).replacing("\u{202F}", with: " ").contains(sentence))
        let oneWay = SampleTraffic.record { traffic in
            traffic.bandwidth = [BandwidthRow(shard: "/s", messageClass: "chat", messagesIn: 1, bytesIn: 10)]
        }
        #expect(markdown(oneWay).contains("Of the bytes in, chat takes all; nothing went out."))
        let small = SampleTraffic.record { traffic in
            traffic.bandwidth = [
                BandwidthRow(shard: "/s", messageClass: "a", messagesOut: 1, bytesOut: 91),
                BandwidthRow(shard: "/s", messageClass: "b", messagesOut: 1, bytesOut: 9),
            ]
        }
        #expect(markdown(small).contains("Nothing came in; of the bytes out, a takes 91.0 %."))
    }

    @Test func manyRowsAreSummedUp() throws {
        let record = SampleTraffic.record { $0.bandwidth = rows(200) }
        let text = markdown(record)
        #expect(text.split(separator: "\n").count { $0.hasPrefix("| `class-") } == 12)
        #expect(text.contains("| 188 more | on 2 shards | 188 | 3.13 | 188 | 3.13 | 376 | 6.27 | 376 | 6.27 |"))
        let html = try page(record)
        #expect(html.contains(">188 more</td>") && html.contains("</title>190 more</text>"))
        #expect(!markdown(SampleTraffic.record { $0.bandwidth = rows(12) }).contains(" more |"))
    }

    @Test func absurdCountsDoNotTrap() throws {
        let record = SampleTraffic.record { traffic in
            traffic.timeScale = 1e300
            traffic.bandwidth = rows(2).map {
                BandwidthRow(
                    shard: $0.shard, messageClass: $0.messageClass, messagesIn: .max, bytesIn: .max, ephemeral: .max,
                    messagesOut: .max, bytesOut: .max)
            }
            traffic.sessions[0].clearSeconds = 1e300
        }
        #expect(try page(record).contains("over 10¹⁵"))
        #expect(!terminal(record).details(page: "p").isEmpty)
    }

    @Test func barsTellTheirValuesAndShareAnAxis() throws {
        let html = try page(SampleTraffic.record()).replacing("\u{202F}", with: " ")
        #expect(html.contains("<title>chat, out: 76.0 % · 19.0 MB, 317 kB/s, 9 500 messages</title>"))
        #expect(html.contains("in: 2.00 MB, 33.3 kB/s</text>") && html.contains("out: 25.0 MB, 417 kB/s</text>"))
        #expect(html.contains("aria-label=\"Share of the bytes in and out by message class\""))
    }

    // MARK: Clients

    @Test func sessionsHaveCountsAndWaits() {
        let text = markdown(SampleTraffic.record())
        for line in [
            "| `reconnect` | history-sync | 3 000 | 3 000 | 0 | 0 | 45 000 | 5 400 | 12.0 % | **5 250** | 2 600 | 410 000 |",
            "| clients | session p50 | session p95 | first page p50 | first page p95 | first 20 messages p50 | "
                + "all served after |",
            "| `reconnect` | 21.3 | 68.0 | 0.950 | 12.4 | 1.23 | 74.0 |",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func unknownWaitsAreWords() {
        let record = SampleTraffic.record { traffic in
            var idle = SessionSummary(name: "idle", kind: "k")
            idle.started = 1
            idle.unfinished = 1
            traffic.sessions.append(idle)
        }
        let text = markdown(record)
        let gaps = "none finished | none finished | no page | no page | none got so many | not all served"
        #expect(text.contains("| `idle` | \(gaps) |"))
        #expect(text.contains("| no request |"))
    }

    @Test(
        arguments: [
            (3_000, 3_000, 0, 0, 74.02, "All 3 000 clients of reconnect were served 74.0 s after the first came back."),
            (3_000, 2_588, 0, 412, nil, "412 of 3 000 clients of reconnect were still under way when the trial ended."),
            (
                3_000, 2_500, 88, 412, nil,
                "412 of 3 000 clients of reconnect were still under way when the trial ended; 88 gave up."
            ),
            (10, 8, 2, 0, 5, "8 of 10 clients of reconnect were served 5.00 s after the first came back; 2 gave up."),
            (10, 0, 10, 0, 5, "All 10 clients of reconnect gave up."),
            (1, 1, 0, 0, nil, "The one client of reconnect was served."),
            (1, 0, 1, 0, nil, "The one client of reconnect gave up."),
            (10, 10, 0, 0, nil, "All 10 clients of reconnect were served."),
            (0, 0, 0, 0, nil, "No client of reconnect came."),
        ] as [(Int, Int, Int, Int, Double?, String)])
    func oneSentenceTellsHowAHerdFared(
        _ started: Int, _ finished: Int, _ gaveUp: Int, _ unfinished: Int, _ clear: Double?, _ sentence: String
    ) throws {
        let record = SampleTraffic.record { traffic in
            traffic.sessions[0].started = started
            traffic.sessions[0].finished = finished
            traffic.sessions[0].gaveUp = gaveUp
            traffic.sessions[0].unfinished = unfinished
            traffic.sessions[0].clearSeconds = clear
        }
        #expect(markdown(record).contains("- \(sentence) Retries are 12.0 % of their 45 000 requests."))
        #expect(try page(record).replacing("\u{202F}", with: " ").contains("<li>\(sentence)"))
        #expect(unwrapped(terminal(record).closing(page: "p")).contains(sentence))
    }

    private func unwrapped(_ text: String) -> String { text.split { " \n".contains($0) }.joined(separator: " ") }

    // MARK: Self-checks and archive time

    @Test func selfChecksStandBesidePublicFigures() throws {
        let text = markdown(SampleTraffic.record())
        #expect(text.contains("| heap and TOAST per archive hour | 71.3 MiB/h | 64 to 85 (month averages), 92 to 143"))
        #expect(text.contains("| store requests | 1 086/min | below 1 100 | M, November 2023 |"))
        #expect(text.contains("| content topics in use | – this trial cannot tell | not public | A |"))
        #expect(try page(SampleTraffic.record()).contains("<td class=\"n missing\">– this trial cannot tell</td>"))
        let terminal = unwrapped(terminal(SampleTraffic.record()).details(page: "p"))
        #expect(terminal.contains("store requests: 1 086/min; public: below 1 100 (M, November 2023)"))
    }

    @Test func aTimeScaleIsToldNearTheTop() throws {
        let html = try page(SampleTraffic.record())
        let note = try #require(html.firstRange(of: "Archive time ran 60 times faster than the wall clock."))
        let cards = try #require(html.firstRange(of: "class=\"cards"))
        #expect(note.lowerBound < cards.lowerBound && html.contains("<li>Partitions change each minute.</li>"))
        #expect(markdown(SampleTraffic.record()).contains("wall clock.**\n\n- Partitions change each minute.\n"))
        #expect(terminal(SampleTraffic.record()).closing(page: "p").contains("time       Archive time ran 60 times"))
        let slow = SampleTraffic.record { $0.timeScale = 0.5 }
        #expect(try page(slow).contains("Archive time ran at 0.5 times the speed of the wall clock."))
    }

    @Test func distortionsAreShownAtProductionSpeedToo() throws {
        let record = SampleTraffic.record { $0.timeScale = 1 }
        for text in [try page(record), markdown(record)] {
            #expect(text.contains("This trial differs from production by design.") && !text.contains("Archive time"))
            #expect(text.contains("Caches stay warm."))
        }
        let plain = SampleTraffic.record { traffic in
            traffic.timeScale = 1
            traffic.distortions = []
        }
        #expect(try !page(plain).contains("class=\"notice\""))
    }

    // MARK: What a record may bring

    @Test func namesAreEscapedAndShortened() throws {
        let hostile = "<script>`|*\"&"
        let record = SampleTraffic.record { traffic in
            traffic.bandwidth[0].messageClass = hostile
            traffic.bandwidth[1].shard = hostile
            traffic.selfChecks[0].name = hostile
            traffic.selfChecks[0].unit = hostile
            traffic.sessions[0].name = hostile
            traffic.sessions[0].kind = hostile
            traffic.distortions = [hostile]
            traffic.bandwidth[2].messageClass = String(repeating: "long", count: 60)
        }
        let html = try page(record)
        #expect(!html.contains("<script") && html.contains("&lt;script&gt;"))
        let text = markdown(record)
        #expect(text.contains("| `<script>'\\|*\"&` |"))
        #expect(text.contains("| &lt;script&gt;\\`\\|\\*\"&amp; |"))
        for block in text.split(separator: "\n\n") where block.hasPrefix("| ") {
            let bars = block.split(separator: "\n").map { line in
                line.replacing("\\|", with: "").count { $0 == "|" }
            }
            #expect(Set(bars).count == 1, "\(block.prefix(80))")
        }
        #expect(text.contains("`longlonglonglonglon…longlonglonglonglong`"))
    }

    @Test func terminalLinesFit() {
        let record = SampleTraffic.record { traffic in
            traffic.bandwidth += rows(200)
            traffic.bandwidth[0].messagesOut = 1_234_567_890
            traffic.bandwidth[0].messageClass = String(repeating: "long", count: 60)
            traffic.sessions += (0..<40).map { SessionSummary(name: "entry-\($0)", kind: "k") }
            traffic.distortions = [String(repeating: "word ", count: 60)]
        }
        let report = terminal(record)
        for text in [report.closing(page: "p"), report.details(page: "p")] {
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("command") }
            #expect(lines.allSatisfy { $0.count <= TerminalReport.width })
            #expect(lines.last == "report  p")
        }
        #expect(report.closing(page: "p").contains("38 more entries"))
        #expect(report.closing(page: "p").split(separator: "\n").count < 40)
        #expect(report.details(page: "p").contains("29 more entries are in run.json."))
    }
}
