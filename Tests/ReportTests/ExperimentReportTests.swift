import Comparison
import FoundationEssentials
import Report
import RunRecord
import TestSupport
import Testing

@Suite struct ExperimentReportTests {
    @Test func aHundredTrialsAreOnePage() throws {
        let report = SampleExperiment.report()
        #expect(report.record.trials.count == 120 && report.record.cells.count == 40)
        var html = ""
        let time = try ContinuousClock().measure { html = try ExperimentHTML().export(report) }
        // A tenth of a second on two busy processors without optimisation; the promise is two seconds.
        #expect(time < .seconds(2))
        // A place a cell and metric, in the page and in its tables.
        #expect(html.components(of: "class=\"n place\"") == 80)
        #expect(html.components(of: "<a href=\"./trials/") == 120)
        #expect(html.components(of: "<h2>Ranking by") == 2)
        #expect(html.utf8.count < 10_000_000)
    }

    @Test func picturesHaveAMarkAField() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report())
        // Five suggestions on four profiles and both rates, for two metrics, each field with its words.
        #expect(html.components(of: "mean of ") >= 2 * 2 * 4)
        #expect(html.contains("class=\"pareto-best\"") && html.contains("class=\"pareto-other\""))
        for picture in html.split(separator: "<svg").dropFirst() {
            #expect(picture.contains("aria-label="))
            let body = picture.prefix(upTo: picture.firstRange(of: "</svg>")?.lowerBound ?? picture.endIndex)
            for mark in ["<path", "<circle", "<rect"] {
                for piece in body.split(separator: mark).dropFirst() {
                    #expect(piece.prefix { $0 != "/" }.contains("<title>"), "\(mark)\(piece.prefix(80))")
                }
            }
        }
    }

    /// Of the four machines, the cheapest three are on the front with their fastest suggestion at the lower rate, and the
    /// dearest too, as it is the fastest of all.
    @Test func theFrontHoldsWhatNoOtherBeats() throws {
        let markdown = ExperimentMarkdown().export(SampleExperiment.report())
        let part = try #require(markdown.split(separator: "## Speed against cost").last)
        let table = part.prefix(upTo: part.firstRange(of: "## What")?.lowerBound ?? part.endIndex)
        for (cell, price) in [("2c", 24), ("4c", 48), ("8c", 96), ("16c", 192)] {
            #expect(table.contains("| `\(cell)-wal-lz4-r1` | \(price)"), "\(cell)")
        }
        #expect(table.components(separatedBy: "| `").count == 1 + 4)
    }

    @Test func aScreeningSaysWhatItMixes() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report())
        #expect(html.contains("−profile × suggestion (50.0\u{202F}%)") && html.contains("mixed, see below"))
        #expect(html.contains("rate = profile × suggestion"))
    }

    @Test func oneRepeatGivesNoInterval() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report(repeats: 1))
        #expect(html.contains("one repeat tells no chance") && html.contains("One repeat: no interval can be given"))
    }

    @Test func whatComesFromTheRecordIsEscaped() throws {
        let hostile = "javascript:alert(1)//<script>'\"&"
        let report = SampleExperiment.report(hostile: hostile)
        let html = try ExperimentHTML().export(report)
        #expect(!html.contains("<script") && !html.contains("href=\"javascript"))
        #expect(html.contains("&lt;script&gt;"))
        for word in ["http://", "https://", "<link", "<img", "url("] { #expect(!html.contains(word), "\(word)") }
    }

    @Test func everyFormatHasEveryTrial() throws {
        let report = SampleExperiment.report()
        let rows = ExperimentCSV().export(report).split(separator: "\r\n")
        // Two metrics a trial, and a row without any for the invalid one.
        #expect(rows.count == 1 + 119 * 2 + 1)
        let suite = ExperimentJUnit().export(report)
        #expect(suite.components(of: "<testcase ") == 120)
        #expect(suite.components(of: "<error ") == 1 && suite.components(of: "<failure ") == 3)
        struct Answers: Decodable {
            struct Result: Decodable { var ranking: [Place] }
            struct Place: Decodable { var cell: String }
            var results: [Result]
        }
        let answers = try JSONDecoder().decode(
            Answers.self, from: Data(try ExperimentJSON().export(report).utf8))
        #expect(answers.results.map(\.ranking.count) == [40, 40])
        #expect(answers.results[0].ranking[0].cell == "16c-wal-lz4-r1")
    }

    @Test func aServiceTimeIsNoCost() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.metrics[1] = ExperimentMetric(name: "service.p99:put", unit: "ms", lessIsBetter: true)
        record.results[1].metric = "service.p99:put"
        for trial in record.trials.indices { record.trials[trial].values["service.p99:put"] = Double(trial + 1) }
        #expect(try ExperimentHTML().export(ExperimentReport(record: record)).contains("Not drawn: no cost is known"))
        record.metrics[1].name = "wal.bytes"
        record.results[1].metric = "wal.bytes"
        #expect(
            try ExperimentHTML().export(ExperimentReport(record: record)).contains(
                "no other cell beats in both speed and cost (WAL)"))
    }

    @Test func cellsWithoutAPlaceAreOnThePage() throws {
        var record = SampleExperiment.record(repeats: 3)
        let lost = record.results[0].ranking.removeLast()
        let reason = "did not keep up with its rate in 3 of 3 repeats"
        record.results[0].unranked = [UnrankedCell(cell: lost.cell, reason: reason)]
        (record.results[0].effects[0].pairs, record.results[0].effects[0].plannedPairs) = (9, 10)
        let name = record.cells[lost.cell].name
        let report = ExperimentReport(record: record)
        let html = try ExperimentHTML().export(report)
        #expect(html.contains("<li><code>\(name)</code>") && html.contains("Without a place: \(name) (\(reason))."))
        #expect(html.contains(">9 of 10</td>") && html.contains(">all cells</td>"))
        let markdown = ExperimentMarkdown().export(report)
        #expect(markdown.contains("| none | `\(name)` |") && markdown.contains("| \(reason) |"))
        #expect(try ExperimentJSON().export(report).contains("\"reason\" : \"\(reason)\""))
        let terminal = TerminalExperiment(record, colour: false).results(folder: "/x")
        #expect(terminal.contains("no place   \(name): \(reason)") && terminal.contains("9 of 10"))
    }

    @Test func thatNobodyKeptUpIsAnAnswer() throws {
        var record = SampleExperiment.record(repeats: 1)
        for trial in record.trials.indices {
            (record.trials[trial].state, record.trials[trial].values) = (.invalid, [:])
            record.trials[trial].fellBehind = true
        }
        record.results = record.metrics.map { metric in
            ExperimentResult(
                metric: metric.name, ranking: [],
                unranked: record.cells.indices.map { UnrankedCell(cell: $0, reason: "did not keep up") }, effects: [],
                completeRepeats: 0, method: "none")
        }
        let report = ExperimentReport(record: record)
        #expect(try ExperimentHTML().export(report).contains("No answer: no cell that was run kept up with its rate."))
        for exporter in ExperimentExporters.files { #expect(try !exporter.export(report).isEmpty, "\(exporter.file)") }
        #expect(TerminalExperiment(record, colour: false).results(folder: "/x").contains("did not keep up"))
    }

    @Test func aHundredTrialsAreReadFromTheirFolders() throws {
        let home = try TemporaryFolder()
        let record = SampleExperiment.record(repeats: 3)
        let folder = try ExperimentFolder.create(path: "\(home.path)/e", record, spec: "the specification")
        for trial in record.trials {
            var run = SampleRecord.record()
            run.profile.requested = ["price": "\(24 << (trial.cell / 10)) USD a month (invented)"]
            try RecordFolder.create(path: folder.folder(of: trial).path).write(run)
        }
        let time = try ContinuousClock().measure { try ExperimentExporters.writeAll(folder) }
        print("\(record.trials.count) trials of an experiment with their records: pages in \(time)")
        for exporter in ExperimentExporters.files {
            #expect(try !readText("\(folder.path)/\(exporter.file)").isEmpty, "\(exporter.file)")
        }
        let html = try readText("\(folder.path)/report.html")
        let links = html.split(separator: "<a href=\"./").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(links.count == 120)
        #expect(links.sorted() == record.trials.map { "\($0.folder)/report.html" }.sorted())
        // What a machine costs stands in the trials' own records alone.
        #expect(html.contains("no other cell beats in both speed and cost (price)"))
        #expect(html.utf8.count < 10_000_000)
        withExtendedLifetime(home) {}
    }

    // MARK: What it stands on

    private func base() -> ExperimentBase {
        ExperimentBase(
            workload: "steady", workloadSummary: "a <day> of it", overlays: ["x10"], rateScale: 0.1,
            historyRows: 200_000, partitions: 720, warmUpSeconds: 30, measureSeconds: 50, drainLimitSeconds: 30,
            variant: "prod",
            variantSummary: "as it runs", schemaVersion: 8, suggestions: ["connections-5: five for writing"],
            profile: "gp3", profileSummary: "2 processors, 4 GB",
            adaptations: ["shared_buffers: 4GB became 1048576kB"])
    }

    @Test func thePageSaysWhatItsCellsAreMadeFrom() throws {
        var record = SampleExperiment.record(repeats: 3)
        let load = ExperimentLoad(
            offeredPerSecond: 12, achievedPerSecond: 11.9, backlog: 0, completed: ["put": 31])
        for trial in record.trials.indices where trial != 7 { record.trials[trial].load = load }
        record.trials[0].load?.completed = ["put": 29]
        record.base = base()
        let report = ExperimentReport(record: record)
        let (html, markdown) = (try ExperimentHTML().export(report), ExperimentMarkdown().export(report))
        for text in [html, markdown].map({ $0.replacing("\u{202F}", with: " ") }) {
            for words in [
                "a &lt;day&gt; of it", "× 0.1 of the workload as written", "200 000 rows in 720 hourly partitions",
                "warm-up 30 s, measured 50 s", "connections-5: five for writing", "gp3: 2 processors, 4 GB",
                "fitted to this host", "4GB became 1048576kB",
                "offered 12.0/s, achieved 11.9/s in 3 trials of the base",
                "A trial carried its rate when no backlog was left",
                "All cells start from steady × 0.1, prod with connections-5, schema 8",
            ] {
                #expect(text.contains(words), "\(words)")
            }
        }
        // Fewest requests of the class in a trial: of the base's, and of all.
        #expect(html.contains("n ≥ 29 a trial, too few for it") && html.contains("n ≥ 31 a trial, too few"))
        #expect(markdown.contains("fewest requests in a trial"))
        let terminal = TerminalExperiment(record, colour: false).results(folder: "/x")
        #expect(terminal.contains("less is better; n is 29 in a trial at least"))
        #expect(terminal.contains("base       steady × 0.1, prod with connections-5"))
        #expect(terminal.split(separator: "\n").allSatisfy { $0.count <= 100 })
        record.base = nil
        let old = try ExperimentHTML().export(ExperimentReport(record: record))
        #expect(old.contains("Not kept by the version that began it, or too large for the host: experiment.yaml"))
    }

    @Test func theLoadOfATrialIsThatOfItsClasses() throws {
        let load = try #require(ExperimentLoad(SampleRecord.record()))
        #expect(load.offeredPerSecond == 10 && load.achievedPerSecond == 9.9 && load.backlog == 4)
        #expect(load.completed == ["put": 500])
        var empty = SampleRecord.record()
        empty.classes = [:]
        #expect(ExperimentLoad(empty) == nil)
    }

    @Test func aSuggestionStandsWithItsRisk() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.suggestions = [
            ExperimentSuggestion(
                factor: "suggestion", level: "wal-lz4", name: "wal-lz4",
                description: SuggestionDescription(
                    base: "b", author: "somebody", source: "a talk", expectation: "less WAL",
                    risk: "more processor <time>", changes: ["wal_compression: off → lz4"], undo: nil))
        ]
        let report = ExperimentReport(record: record)
        for text in [try ExperimentHTML().export(report), ExperimentMarkdown().export(report)] {
            for words in [
                "somebody", "a talk", "less WAL", "wal_compression: off → lz4", "not reversible",
                "Risk of wal-lz4: More processor &lt;time&gt;. Same answers, nothing lost: not checked.",
                "More processor &lt;time&gt;. Undone by: not reversible. Same answers, nothing lost: not checked.",
            ] {
                #expect(text.contains(words), "\(words)")
            }
        }
        let none = ExperimentMarkdown().export(SampleExperiment.report())
        #expect(!none.contains("## The suggestions") && !none.contains("how it is undone"))
    }

    // MARK: How far it may be believed

    @Test func theBestOfManyIsSureAfterTheCorrectionOnly() throws {
        var record = SampleExperiment.record(repeats: 3)
        func headline() throws -> String {
            let html = try ExperimentHTML().export(ExperimentReport(record: record))
            let rest = try #require(html.split(separator: "<title>").dropFirst().first)
            return String(rest.prefix { $0 != "<" })
        }
        // A record of a version that corrected nothing, then one whose best does not pass, then one whose best does.
        #expect(try headline().hasSuffix(", but the best of 40 cells may look so by chance."))
        record.results[0].ranking[0].probability = 0.2
        #expect(try headline().hasSuffix(", but the best of 40 cells may look so by chance."))
        record.results[0].ranking[0].probability = 0.001
        #expect(try headline().hasSuffix("%."))
        #expect(try !headline().contains("chance"))
        record.results[0].ranking[0].ratioHigh = 1.02
        #expect(try headline().hasSuffix(", so it may be chance."))
    }

    @Test func whatTheLeaderPaysIsInTheAnswer() throws {
        var record = SampleExperiment.record(repeats: 3)
        let best = record.results[0].ranking[0].cell
        record.results[0].ranking[0].probability = 0.001
        let place = try #require(record.results[1].ranking.firstIndex { $0.cell == best })
        func told(_ probability: Double) -> String {
            (record.results[1].ranking[place].ratio, record.results[1].ranking[place].ratioLow) = (1.5, 1.4)
            record.results[1].ranking[place].ratioHigh = 1.6
            record.results[1].ranking[place].probability = probability
            record.metrics[1].lessIsBetter = true
            return ExperimentMarkdown().export(ExperimentReport(record: record))
        }
        let name = record.cells[best].name
        let sure = told(0.001)
        #expect(sure.contains("Besides, \(name) gains nothing else and pays with ") && sure.contains(" 50\u{202F}% "))
        #expect(sure.contains("Objectives: missed in 3 of "))
        let row = try #require(sure.split(separator: "## Every cell in every metric").last).split(separator: "\n")
            .first { $0.hasPrefix("| `\(name)`") }
        #expect(row?.contains("| **+50\u{202F}%** |") == true, "\(row ?? "no row")")
        let open = told(0.2)
        #expect(open.contains("and pays with nothing else") && open.contains("(+50\u{202F}%)"))
        #expect(open.contains("no, p 0.2000") && open.contains("told apart from the base"))
    }

    /// Two cells with 0 share the first place, and nothing is said of them that needs a ratio.
    @Test func cellsWithZeroShareTheirPlace() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.results[0].zeros = record.results[0].ranking.prefix(2).map(\.cell)
        for place in 0..<2 {
            let cell = record.results[0].ranking[place].cell
            record.results[0].ranking[place] = RankedCell(cell: cell, value: 0, count: 3)
        }
        let report = ExperimentReport(record: record)
        let markdown = ExperimentMarkdown().export(report)
        for place in 0..<2 {
            let name = record.cells[record.results[0].ranking[place].cell].name
            let row = try #require(markdown.split(separator: "\n").first { $0.contains("| `\(name)` |") })
            #expect(row.hasPrefix("| 1 |") && row.contains("| 0 among them | a value of 0 has no ratio |"), "\(row)")
            #expect(!row.contains("one repeat"))
        }
        #expect(markdown.contains("not held against the base: a value of 0 has no ratio."))
        for exporter in ExperimentExporters.files { #expect(try !exporter.export(report).isEmpty) }
        #expect(TerminalExperiment(record, colour: false).results(folder: "/x").contains("0 among them"))
    }

    @Test func whatLimitsTheConclusionsComesFromTheTrials() throws {
        var record = SampleExperiment.record(repeats: 3)
        let quiet = ExperimentMarkdown().export(ExperimentReport(record: record))
        #expect(!quiet.contains("begun anew") && !quiet.contains("Of the WAL"))
        record.trials[3].attempts = 2
        record.trials[4].attempts = 2
        record.trials[4].setAside = ["steal"]
        for trial in record.trials.indices {
            record.trials[trial].values["wal.bytes"] = 16_384
            record.trials[trial].values["wal.full-page-images"] = record.trials[trial].cell == 2 ? 1 : 0
        }
        let told = ExperimentMarkdown().export(ExperimentReport(record: record))
        #expect(told.contains("is not known: \(record.trials[3].folder)."))
        #expect(told.contains("\(record.cells[2].name) up to 50.0\u{202F}%; hardly any elsewhere."))
        for trial in record.trials.indices { record.trials[trial].values["wal.full-page-images"]? *= 3 }
        let most = ExperimentMarkdown().export(ExperimentReport(record: record))
        #expect(most.contains("\(record.cells[2].name) perhaps all; hardly any elsewhere."))
        for trial in record.trials.indices { record.trials[trial].values["wal.full-page-images"]? *= 0.001 }
        #expect(!ExperimentMarkdown().export(ExperimentReport(record: record)).contains("Of the WAL"))
    }

    @Test func aBaseThatLeadsByChanceSaysSo() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.results[0].ranking = (0..<3).compactMap { cell in record.results[0].ranking.first { $0.cell == cell } }
        func told(_ first: Double, _ second: Double) throws -> String {
            for (place, probability) in [(1, first), (2, second)] {
                record.results[0].ranking[place].byLeader = CellContrast(
                    ratio: 1.1, low: 0.9, high: 1.3, probability: probability)
            }
            return try ExperimentHTML().export(ExperimentReport(record: record)).replacing("\u{202F}", with: " ")
        }
        let chance = try told(0.4, 0.9)
        #expect(
            chance.contains(
                "The base leads: put p99 of 20.0 ms, which may be chance: no other cell is told apart from it."))
        #expect(chance.contains("Not told apart from the leader: 2c-none-r2, 2c-wal-lz4-r1."))
        #expect(try told(0.001, 0.9).contains("20.0 ms; of 2 other cells 1 cannot be told apart from it."))
        let sure = try told(0.001, 0.002)
        #expect(sure.contains("The base leads: put p99 of 20.0 ms."))
        #expect(sure.contains("Every other cell is told apart from the leader."))
        let markdown = ExperimentMarkdown().export(ExperimentReport(record: record))
        #expect(markdown.contains("| yes, p 0.0010 |") && markdown.contains("| the leader |"))
    }

    @Test func repeatsThatAreTheSameHaveNoInterval() throws {
        var record = SampleExperiment.record(repeats: 3)
        for place in record.results[0].ranking.indices {
            let ranked = record.results[0].ranking[place]
            (record.results[0].ranking[place].low, record.results[0].ranking[place].high) = (ranked.value, ranked.value)
            guard ranked.ratioLow != nil else { continue }
            record.results[0].ranking[place].ratioLow = ranked.ratio
            record.results[0].ranking[place].ratioHigh = ranked.ratio
        }
        record.results[0].effects[0].low = record.results[0].effects[0].ratio
        record.results[0].effects[0].high = record.results[0].effects[0].ratio
        record.results = [record.results[0]]
        let report = ExperimentReport(record: record)
        let texts = [
            try ExperimentHTML().export(report), ExperimentMarkdown().export(report),
            TerminalExperiment(record, colour: false).results(folder: "/x"),
        ]
        for text in texts { #expect(text.contains("same in every repeat")) }
        #expect(!texts[0].contains("[−75.0, −75.0]") && !texts[2].contains("[5.04 ms, 5.04 ms]"))
    }

    // MARK: Pictures

    /// A record with a part of its cells.
    private func keeping(_ record: ExperimentRecord, _ isKept: (ExperimentCell) -> Bool) -> ExperimentReport {
        let kept = record.cells.indices.filter { isKept(record.cells[$0]) }
        var smaller = record
        smaller.cells = kept.map { record.cells[$0] }
        smaller.trials = record.trials.compactMap { trial -> ExperimentTrial? in
            guard let place = kept.firstIndex(of: trial.cell) else { return nil }
            var moved = trial
            moved.cell = place
            return moved
        }
        for index in record.results.indices {
            smaller.results[index].ranking = record.results[index].ranking.compactMap { ranked -> RankedCell? in
                guard let place = kept.firstIndex(of: ranked.cell) else { return nil }
                var moved = ranked
                moved.cell = place
                return moved
            }
        }
        return ExperimentReport(record: smaller)
    }

    @Test func factorsThatWereNotVariedTogetherHaveNoHeatMap() throws {
        let full = SampleExperiment.record(repeats: 3)
        func changes(_ cell: ExperimentCell) -> Int {
            full.factors.count { factor in cell.levels[factor.name] != factor.levels.first }
        }
        func isTall(_ cell: ExperimentCell, _ suggestion: String, _ rate: String) -> Bool {
            cell.levels == ["profile": "16 vCPU", "suggestion": suggestion, "rate": rate]
        }
        let words = "No heat map and no interaction"
        // The base and each level by itself; then also all factors together, which is a corner of no square.
        for report in [
            keeping(full) { changes($0) <= 1 },
            keeping(full) { changes($0) <= 1 || isTall($0, "no-redundant-indexes", "× 2") },
        ] {
            let html = try ExperimentHTML().export(report)
            #expect(html.contains(words) && !html.contains("class=\"heat-"))
            #expect(ExperimentMarkdown().export(report).contains(words))
        }
        // Without a value of the base the others are held against the first that there is.
        let emptied = try full.factors.map { factor in
            var baseless = full
            baseless.results[0].ranking.removeAll { full.cells[$0.cell].levels[factor.name] == factor.levels.first }
            return try ExperimentHTML().export(ExperimentReport(record: baseless))
        }.filter { $0.contains("class=\"heat-none") }
        #expect(!emptied.isEmpty && emptied.allSatisfy { $0.contains("class=\"heat-0") })
        // Two factors together with the third as it was: those four cells, and none of the others, tell.
        let square = keeping(full) { changes($0) <= 1 || isTall($0, "wal-lz4", "× 1") }
        let html = try ExperimentHTML().export(square)
        #expect(html.contains("Cells that differ in nothing else") && html.contains("class=\"heat-"))
        #expect(ExperimentMarkdown().export(square).contains("Cells that differ in nothing else"))
        #expect(try ExperimentHTML().export(SampleExperiment.report()).contains("Means over whatever else was varied"))
    }

    @Test func planningIsNoCostAndEachCostHasItsFront() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.metrics[1] = ExperimentMetric(name: "planning.time", unit: "ms/plan", lessIsBetter: true)
        record.results[1].metric = "planning.time"
        #expect(try ExperimentHTML().export(ExperimentReport(record: record)).contains("Not drawn: no cost is known"))
        for (name, unit) in [("wal.bytes", "B/message"), ("wal.records", "records/message"), ("disk.bytes", "B")] {
            record.metrics.append(ExperimentMetric(name: name, unit: unit, lessIsBetter: true))
            var result = record.results[1]
            result.metric = name
            record.results.append(result)
        }
        let report = ExperimentReport(record: record)
        let html = try ExperimentHTML().export(report)
        for cost in ["WAL", "disk space"] { #expect(html.contains("both speed and cost (\(cost))"), "\(cost)") }
        #expect(html.components(of: "both speed and cost (") == 2)
        let markdown = ExperimentMarkdown().export(report)
        #expect(markdown.contains("Cost: WAL.") && markdown.contains("Cost: disk space."))
    }

    @Test func marksOfAnAxisFitBesideIt() throws {
        var record = SampleExperiment.record(repeats: 3)
        record.metrics[0].unit = "ms/plan"
        for place in record.results[0].ranking.indices { record.results[0].ranking[place].value *= 40 }
        let html = try ExperimentHTML().export(ExperimentReport(record: record))
        let marks = html.matches(of: /<text x="([0-9.]+)" y="[0-9.]+" class="axis" text-anchor="end">([^<]*)<\/text>/)
        #expect(marks.contains { $0.2.contains("/plan") })
        for mark in marks {
            // As wide as the pictures reckon with.
            #expect((Double(mark.1) ?? 0) >= Double(mark.2.count) * 6.9, "\(mark.2)")
        }
    }

    @Test func whatIsFoldedAwayIsPrinted() throws {
        let html = try ExperimentHTML().export(SampleExperiment.report())
        let paper = try #require(html.split(separator: "@media print").dropFirst().first)
        #expect(paper.contains("details::details-content { content-visibility: visible; block-size: auto; }"))
        #expect(html.contains("<details") && !html.contains("<script"))
    }

    @Test func anExperimentWithoutResultsStillMakesAPage() throws {
        var record = SampleExperiment.record(repeats: 1)
        (record.results, record.trials, record.ending) = ([], [], .interrupted)
        let report = ExperimentReport(record: record)
        #expect(try ExperimentHTML().export(report).contains("No answer: no trial has brought a value"))
        for exporter in ExperimentExporters.files { #expect(try !exporter.export(report).isEmpty, "\(exporter.file)") }
    }
}

extension Substring {
    fileprivate func components(separatedBy text: String) -> [Substring] { split(separator: text) }
}
