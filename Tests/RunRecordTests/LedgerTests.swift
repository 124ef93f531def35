import FoundationEssentials
import RunRecord
import TestSupport
import Testing

@Suite struct LedgerTests {
    private func side(_ name: String, suggestion: SuggestionDescription? = nil, bytes: Int) -> ComparedSide {
        ComparedSide(
            name: name,
            variant: VariantDescription(
                name: name, summary: "s", schemaVersion: 8, driver: "faithful", settings: [], adaptations: []),
            target: TargetDescription(
                kind: "managed", serverVersion: "15.1", schemaVersion: 8,
                history: HistoryDescription(rows: 1, bytes: 1, partitions: 1, loadSeconds: 1, state: "s"),
                binaries: "15", dataChecksums: false, sizes: [SizeRow(name: "messages", bytes: bytes)]),
            suggestion: suggestion)
    }

    private func record(_ id: String = "c1", isAA: Bool = false, verdict: Verdict? = .better) -> ComparisonRecord {
        let suggestion = SuggestionDescription(
            base: "b", author: "a", source: "here", expectation: "e", risk: "r", changes: ["jit: on → off"],
            undo: "set back")
        var record = ComparisonRecord(
            comparisonId: id, toolVersion: "0", startedAt: "2026-01-01T00:00:00Z", command: "archivebench compare",
            seed: 1, digest: "abc",
            workload: WorkloadDescription(
                name: "w", summary: "s", fileDigest: "f", rateScale: 1, nodes: 2, archiveEpoch: "e", shards: []),
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1 << 30, kernel: "k", operatingSystem: "o",
                filesystem: "ext4"),
            profile: nil,
            rule: ComparisonRule(
                margin: 0.03, confidence: 0.95, mode: .short, isOpenLoop: true, clients: nil, sliceSeconds: 1,
                looks: [8], budgetSeconds: 60, leastPerSlice: 50, primary: [], isAA: isAA),
            sides: [side("b", bytes: 100), side("n", suggestion: suggestion, bytes: 90), side("plain", bytes: 1)])
        let ratio = RatioInterval(value: 1.125, low: 1.0625, high: 1.25, blocks: 8, deviation: 0.1, autocorrelation: 0)
        record.pairs = ["n", "plain"].map { name in
            ComparedPair(
                candidate: name,
                metrics: [
                    MetricVerdict(
                        metric: "throughput:put", unit: "1/s", lessIsBetter: false, base: 8, candidate: 9, ratio: ratio,
                        verdict: verdict, reason: "beyond the margin"),
                    MetricVerdict(
                        metric: "memory", unit: "B", lessIsBetter: true, base: 5, candidate: 6, ratio: nil,
                        verdict: nil, reason: "carries none"),
                ], curves: [], blocks: 8, excluded: [:], stopped: "budget", keptUp: .both)
        }
        record.endedAt = "2026-01-01T00:01:00Z"
        record.valid = true
        return record
    }

    private static let golden =
        #"{"base":"b","blocks":8,"comparisonId":"c1","costs":["#
        + #"{"name":"memory","unit":"B"},{"base":100,"candidate":90,"name":"size","unit":"B"},"#
        + #"{"name":"disk","unit":"B/message"},{"name":"wal","unit":"B/message"}],"#
        + #""description":{"author":"a","base":"b","changes":["jit: on → off"],"expectation":"e","risk":"r","source":"here","undo":"set back"},"#
        + #""digest":"abc","effects":["#
        + #"{"high":1.25,"lessIsBetter":false,"low":1.0625,"metric":"throughput:put","ratio":1.125,"reason":"beyond the margin","unit":"1/s","verdict":"better"},"#
        + #"{"lessIsBetter":true,"metric":"memory","reason":"carries none","unit":"B"}],"#
        + #""endedAt":"2026-01-01T00:01:00Z","formatVersion":1,"#
        + #""host":"p, 2 processors, 1024 MiB, k, ext4, virtualisation unknown","keptUp":"both","margin":0.03,"#
        + #""suggestion":"n","valid":true,"workload":"w"}"# + "\n"

    /// What could not be put in force was tried, too.
    @Test func aFailureKeepsARow() throws {
        let place = try TemporaryFolder()
        let ledger = SuggestionLedger(folder: place.path)
        let tried = record()
        let description = try #require(tried.sides[1].suggestion)
        try ledger.add(tried)
        try ledger.add(
            LedgerRow(
                failed: "n", description, base: "b", workload: "w", host: tried.host, comparisonId: "c2",
                endedAt: "2026-01-02T00:00:00Z", margin: 0.03, reason: "FATAL: no room"))
        let rows = try ledger.rows()
        #expect(rows.map(\.outcome) == ["better", "failed"] && rows.map(\.comparisonId) == ["c1", "c2"])
        #expect(rows[1].failure == "FATAL: no room" && !rows[1].valid && rows[1].effects.isEmpty)
        #expect(rows[0].failure == nil && rows[0].host == rows[1].host)
    }

    @Test func eachSuggestionOfAComparisonKeepsARow() throws {
        let home = try TemporaryFolder()
        let ledger = SuggestionLedger(folder: home.path)
        #expect(try ledger.rows().isEmpty)
        #expect(try ledger.add(record()).count == 1)
        #expect(try readText(ledger.path) == Self.golden)
        let rows = try ledger.rows()
        #expect(rows == LedgerRow.rows(record()) && rows[0].outcome == "better")
        #expect(rows[0].equivalence == nil && rows[0].safety == nil && rows[0].interactions == nil)
        // Of equals there is nothing to learn about a suggestion.
        #expect(try ledger.add(record("c2", isAA: true)).isEmpty)
        #expect(try ledger.rows().count == 1)
    }

    @Test func costsAreForEachMessage() {
        var record = record()
        // The candidate did twice as much: sums would call it twice as dear.
        for (side, messages) in [(0, 1_000), (1, 2_000)] {
            var puts = Accounting()
            (puts.scheduled, puts.completed) = (messages + 1, messages)
            record.sides[side].accounting = ["put": puts, "put.retry": Accounting(), "store.hashes": puts]
            var server = ServerSummary(cost: TelemetryCost())
            server.wal = WalCounters()
            server.wal?.bytes = 500 * messages
            server.relations = [
                RelationGrowth(name: "a", kind: .table, relations: 1, startBytes: 7, endBytes: 7 + 40 * messages),
                RelationGrowth(name: "b", kind: .index, relations: 1, startBytes: 9, endBytes: 9 - 10 * messages),
            ]
            record.sides[side].server = server
            record.sides[side].memoryBytes = 1 << 20
        }
        let costs = LedgerRow.rows(record)[0].costs
        #expect(costs.map(\.name) == ["memory", "size", "disk", "wal"])
        #expect(costs.map(\.base) == [1_048_576, 100, 30, 500] && costs.map(\.candidate) == [1_048_576, 90, 30, 500])
        #expect(costs.map(\.unit) == ["B", "B", "B/message", "B/message"])
        // Without messages there is no cost of one.
        record.sides[1].accounting = [:]
        #expect(LedgerRow.rows(record)[0].costs.map(\.candidate) == [1_048_576, 90, nil, nil])
    }

    @Test func theLaterOfTwoRowsOfOneComparisonCounts() throws {
        let home = try TemporaryFolder()
        let ledger = SuggestionLedger(folder: home.path)
        try ledger.add(record("c1"))
        try ledger.add(record("c2", verdict: .worse))
        try ledger.add(record("c1"), interactions: ["n": ["half of it with index-drop-hash"]])
        let rows = try ledger.rows()
        #expect(rows.map(\.comparisonId).sorted() == ["c1", "c2"])
        let first = try #require(rows.first { $0.comparisonId == "c1" })
        #expect(first.interactions == ["half of it with index-drop-hash"])
    }

    private static func experiment() -> ExperimentRecord {
        var record = ExperimentRecord(
            experimentId: "e1", name: "e", summary: "s", toolVersion: "0", startedAt: "", command: "",
            inputs: [ExperimentInput(kind: "spec", name: "e.yaml", digest: "12ab")], seed: 1, repeats: 3, margin: 0.03,
            budgetSeconds: nil, estimatedSeconds: 1,
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1, kernel: "k", operatingSystem: "o", filesystem: "f"),
            factors: [
                ExperimentFactor(name: "n", kind: "suggestion", levels: ["off", "on"]),
                ExperimentFactor(name: "rate", kind: "rate", levels: ["1", "2"]),
            ], design: ExperimentDesign(kind: .full, summary: "s"),
            metrics: [ExperimentMetric(name: "response.p95:put", unit: "ms", lessIsBetter: true)], cells: [], trials: []
        )
        record.results = [
            ExperimentResult(
                metric: "response.p95:put", ranking: [],
                effects: [
                    FactorEffect(
                        effect: "n", from: "off", to: "on", ratio: 0.8, low: 0.7, high: 0.9, pairs: 2, plannedPairs: 2),
                    FactorEffect(effect: "rate", from: "1", to: "2", ratio: 2, low: nil, high: nil),
                    FactorEffect(effect: "n × rate", from: "", to: "", ratio: 1.0625, low: 1.01, high: 1.12),
                    FactorEffect(effect: "rate × other", from: "", to: "", ratio: 3, low: nil, high: nil),
                ], completeRepeats: 3, method: "m")
        ]
        record.endedAt = "2026-02-01T00:00:00Z"
        return record
    }

    @Test func suggestionsOfAnExperimentKeepARow() throws {
        let home = try TemporaryFolder()
        let ledger = SuggestionLedger(folder: home.path)
        try ledger.add(record())
        let description = SuggestionDescription(
            base: "b", author: "a", source: "here", expectation: "e", risk: "r", changes: [], undo: nil)
        func tried(_ factor: String) -> TriedSuggestion {
            TriedSuggestion(factor: factor, name: "long-\(factor)", base: "b", workload: "w", description: description)
        }
        // One whose effect was not estimated has nothing to tell.
        #expect(try ledger.add(Self.experiment(), [tried("n"), tried("m")]).count == 1)
        let rows = try ledger.rows()
        #expect(rows.map(\.suggestion) == ["n", "long-n"])
        let row = try #require(rows.last)
        #expect(row.comparisonId == "e1" && row.blocks == 3 && row.outcome == "no verdict" && row.digest == "12ab")
        #expect(row.effects.map(\.ratio) == [0.8] && row.effects[0].reason.contains("2 pairs of cells in 3 repeats"))
        #expect(
            row.interactions == ["response.p95:put: with rate its ratio is × 1.063 [1.01, 1.12] of that without"])
        var apart = Self.experiment()
        apart.results[0].effects.removeLast(2)
        #expect(LedgerRow.rows(apart, [tried("n")])[0].interactions == nil)
    }

    @Test func outcomesSayTheWorst() {
        func outcome(_ change: (inout LedgerRow) -> Void) -> String {
            var row = LedgerRow.rows(record())[0]
            change(&row)
            return row.outcome
        }
        #expect(outcome { $0.valid = false } == "invalid")
        #expect(outcome { $0.keptUp = .baseOnly } == "did not keep up")
        #expect(outcome { $0.keptUp = .neither } == "neither side kept up")
        #expect(outcome { $0.effects[1].verdict = .worse } == "better and worse")
        #expect(outcome { $0.effects[0].verdict = .equivalent } == "equivalent")
        #expect(
            outcome {
                $0.effects[0].verdict = .equivalent
                $0.effects[1].verdict = .inconclusive
            } == "inconclusive")
        #expect(outcome { $0.effects[0].verdict = nil } == "no verdict")
    }

    @Test func aTornLineIsLeftOutAndADamagedOneTold() throws {
        let home = try TemporaryFolder()
        let ledger = SuggestionLedger(folder: home.path)
        _ = try home.write(Self.golden + Self.golden.prefix(50), as: "ledger.jsonl")
        #expect(try ledger.rows().count == 1)
        try ledger.add(record("c2"))
        #expect(try ledger.rows().count == 2)
        for (line, words) in [
            ("{}\n", "ledger.jsonl:2: is no row of the ledger; take the line out"),
            (#"{"formatVersion":2}"# + "\n", "ledger.jsonl:2: format 2, this version reads 1"),
            (#"{"formatVersion":1}"# + "\n", "ledger.jsonl:2: is damaged"),
        ] {
            _ = try home.write(Self.golden + line, as: "ledger.jsonl")
            do {
                _ = try ledger.rows()
                Issue.record("accepted")
            } catch let error as SuggestionLedger.Problem {
                #expect(error.description.contains(words), "\(error)")
            }
        }
        #expect(throws: SuggestionLedger.Problem.self) {
            try SuggestionLedger(folder: "\(home.path)/gone").add(record())
        }
    }
}
