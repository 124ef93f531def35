import Comparison
import RunRecord
import Testing

@Suite struct RecordComparisonTests {
    /// A valid trial of a made-up machine.
    private func trial(
        _ name: String, at minute: Int, p50: Double, variant: String = "base",
        change: (inout RunRecord) -> Void = { _ in }
    ) -> RunRecord {
        var host = HostDescription(
            processorModel: "Model", processors: 2, memoryBytes: 8 << 30, kernel: "6.1", operatingSystem: "Debian",
            filesystem: "ext4")
        host.device = "vda"
        var record = RunRecord(
            runId: name, toolVersion: "1.2.0", startedAt: "2026-01-01T00:\(minute + 10):00Z", digest: "d1", seed: 1,
            variant: VariantDescription(
                name: variant, summary: "", schemaVersion: 7, driver: "faithful", settings: [], adaptations: []),
            profile: ProfileDescription(
                name: "host", requested: [:], enforced: [:], observed: [:], notEnforced: ["all"]),
            host: host,
            workload: WorkloadDescription(
                name: "steady", summary: "", fileDigest: "abc", rateScale: 1, nodes: 1, archiveEpoch: "", shards: []),
            phases: PhaseDescription(warmUpSeconds: 15, measureSeconds: 60, drainLimitSeconds: 30), command: "run")
        record.ending = .completed
        record.valid = true
        record.validity = [ValidityFinding(rule: "kept-up", holds: true, observed: "", threshold: "", reason: "")]
        let quantiles = LatencyQuantiles(
            count: 1_000, mean: p50, p50: p50, p90: p50 * 2, p95: p50 * 3, p99: p50 * 5, p999: nil, max: p50 * 9)
        record.classes["put"] = ClassSummary(
            offeredPerSecond: 20, achievedPerSecond: 20, goodputPerSecond: nil, responseMs: quantiles, serviceMs: nil,
            lagMs: nil, curve: [], rows: 0, chainsCut: 0)
        record.accounting["put"] = Accounting()
        record.accounting["put"]?.scheduled = 1_000
        record.accounting["put"]?.completed = 1_000
        change(&record)
        return record
    }

    private func trials(_ values: [Double], _ name: String, from minute: Int, step: Int = 2) -> [RunRecord] {
        values.enumerated().map { trial("\(name)\($0)", at: minute + $0 * step, p50: $1, variant: name) }
    }

    private func compare(_ base: [RunRecord], _ other: [RunRecord]) -> ComparisonRecord {
        RecordComparison([.init(name: "base", trials: base), .init(name: "other", trials: other)])
            .record(comparisonId: "c", toolVersion: "1.2.0", startedAt: "2026-01-02T00:00:00Z", command: "compare")
    }

    private func median(_ record: ComparisonRecord) throws -> MetricVerdict {
        try #require(record.pairs.first?.metrics.first { $0.metric == "response.p50:put" })
    }

    // MARK: Verdicts

    @Test func neighboursInTimeAreComparedAsPairs() throws {
        let base = trials([10, 12, 9, 11, 10, 13], "base", from: 0)
        let other = trials([13, 15.8, 11.6, 14.5, 12.9, 17], "other", from: 1)
        let record = compare(base, other)
        #expect(
            record.valid && record.rule.mode == .offline
                && record.rule.primary == ["response.p50:put", "response.p95:put"])
        let verdict = try median(record)
        #expect(verdict.verdict == .worse && verdict.reason.contains("6 pairs of trials"), "\(verdict)")
        #expect(abs((verdict.ratio?.value ?? 0) - 1.3) < 0.02 && verdict.base == 65.0 / 6)
    }

    @Test func sidesRunOneAfterTheOtherAreComparedByWelch() throws {
        let record = compare(
            trials([10, 10.2, 9.9, 10.1], "base", from: 0, step: 1),
            trials([13, 13.2, 12.8], "other", from: 10, step: 1))
        let verdict = try median(record)
        #expect(verdict.verdict == .worse && verdict.reason.contains("Welch"), "\(verdict)")
        #expect(record.threats.contains { $0.contains("alternately") })
    }

    @Test(arguments: [1, 2]) func fewTrialsHaveNoIntervalAndNoVerdict(count: Int) throws {
        let record = compare(
            trials([10, 10], "base", from: 0).dropLast(2 - count),
            trials([20, 20], "other", from: 1).dropLast(2 - count))
        let verdict = try median(record)
        #expect(
            verdict.verdict == .inconclusive && verdict.ratio == nil && verdict.base == 10 && verdict.candidate == 20)
        #expect(
            verdict.reason.contains(
                count == 1 ? "one trial a side says nothing about its own spread" : "2 trials a side"))
    }

    @Test func noDifferenceIsNoDifference() throws {
        let record = compare(
            trials([10, 10.01, 9.99, 10, 10.02], "base", from: 0),
            trials([10.01, 10, 10, 9.99, 10.01], "other", from: 1))
        #expect(try median(record).verdict == .equivalent)
        #expect(!record.rule.isAA)
    }

    // MARK: Obstacles

    private func obstacles(_ change: (inout RunRecord) -> Void) -> [String] {
        RecordComparison([
            .init(name: "base", trials: [trial("a", at: 0, p50: 1)]),
            .init(name: "other", trials: [trial("b", at: 1, p50: 1, change: change)]),
        ]).obstacles
    }

    @Test func sameConditionsHaveNone() { #expect(obstacles { $0.variant.name = "another" }.isEmpty) }

    @Test func eachDifferentConditionIsOneSentence() {
        let changes: [(String, (inout RunRecord) -> Void)] = [
            ("not offered the same operations (their seeds differ)", { ($0.digest, $0.seed) = ("d2", 2) }),
            ("though their seeds are the same", { $0.digest = "d2" }),
            ("the workload differs", { $0.workload.fileDigest = "def" }),
            ("the factor on arrival rates differs", { $0.workload.rateScale = 2 }),
            ("the pace differs", { $0.pacing = PacingDescription(clients: 4) }),
            ("the length of warm-up and measurement differs", { $0.phases.measureSeconds = 30 }),
            ("the processor differs", { $0.host.processorModel = "Other" }),
            ("the number of processors differs: 2 in a, 4 in b", { $0.host.processors = 4 }),
            ("the memory differs", { $0.host.memoryBytes = 16 << 30 }),
            ("the kernel differs", { $0.host.kernel = "6.2" }),
            ("the disk differs", { $0.host.device = "sda" }),
            ("the hardware profile differs", { $0.profile.name = "small" }),
            ("the tool's version differs: 1.2 in a, 2.0 in b", { $0.toolVersion = "2.0.0" }),
            ("the tool's version differs: 1.1 in b, 1.2 in a", { $0.toolVersion = "1.1.0+0123456789ab" }),
            ("may not be used as evidence: kept-up", { $0.validity[0].holds = false }),
            ("may not be used as evidence: interrupted", { $0.ending = .interrupted }),
            ("was given more than once", { $0.runId = "a" }),
            (
                "the profile of trial b was not enforced in full: no cgroups",
                {
                    $0.profile = ProfileDescription(
                        name: "host", requested: ["cpu": "1"], enforced: [:], observed: [:], notEnforced: ["no cgroups"]
                    )
                }
            ),
        ]
        for (expected, change) in changes {
            let found = obstacles(change)
            #expect(found.contains { $0.contains(expected) }, "\(expected): \(found)")
        }
    }

    @Test func mixedVariantsOfOneSideAreNoticed() {
        let mixed = [trial("a", at: 0, p50: 1), trial("b", at: 2, p50: 1, variant: "changed")]
        let found = RecordComparison([
            .init(name: "base", trials: mixed), .init(name: "other", trials: trials([1, 1], "other", from: 5)),
        ]).obstacles
        #expect(found == ["the trials of base are not all of one variant: their settings, schema or driver differ"])
    }

    private func target(
        _ version: String = "15.18", state: String = "vacuumed, everything analysed, checkpoint"
    ) -> TargetDescription {
        TargetDescription(
            kind: "managed", serverVersion: version, schemaVersion: 7,
            history: HistoryDescription(rows: 1, bytes: 1, partitions: 1, loadSeconds: 1, state: state),
            binaries: version, dataChecksums: false, sizes: [])
    }

    @Test func aServerUpdatedBetweenTheTrialsOfASideIsNoticed() {
        let base = [
            trial("a", at: 0, p50: 1) { $0.targets = [target("15.17")] },
            trial("b", at: 2, p50: 1) { $0.targets = [target("15.18")] },
        ]
        let other = [trial("c", at: 1, p50: 1, variant: "other") { $0.targets = [target("15.18")] }]
        let found = RecordComparison([.init(name: "base", trials: base), .init(name: "other", trials: other)]).obstacles
        #expect(
            found == [
                "the server's version differs within base: 15.17 in a, 15.18 in b; what differs between its trials may be the server's"
            ])
    }

    @Test func historiesInOtherStatesAreNotCompared() {
        func found(_ first: String, _ second: String) -> [String] {
            RecordComparison([
                .init(name: "base", trials: [trial("a", at: 0, p50: 1) { $0.targets = [target(state: first)] }]),
                .init(
                    name: "other",
                    trials: [trial("b", at: 1, p50: 1, variant: "other") { $0.targets = [target(state: second)] }]),
            ]).obstacles
        }
        let (fresh, vacuumed) = (
            "as loaded: never vacuumed, never analysed, checkpoint", "vacuumed, everything analysed, checkpoint"
        )
        #expect(found(vacuumed, vacuumed + ", copied from the cache").isEmpty)
        let differing = found(vacuumed, fresh)
        #expect(differing.count == 1)
        #expect(differing.first?.hasPrefix("the state of the history differs: fresh in b, vacuumed in a; ") == true)
        func bloated(_ passes: Int) -> String {
            "look-up table bloated by \(passes) retention passes of 1000 rows each, never vacuumed; messages counted"
        }
        #expect(found(bloated(24), bloated(24) + ", copied from the cache").isEmpty)
        #expect(found(bloated(24), bloated(48)).count == 1)
        // What autovacuum would have done is the variant's, not another state.
        #expect(
            found(
                "vacuumed and analysed as autovacuum would have, messages counted and analysed, checkpoint",
                "messages counted and analysed, messages_lookup never analysed, nothing vacuumed, as autovacuum is off"
            ).isEmpty)
    }

    // MARK: Sides

    private func sides(_ trials: [RunRecord]) -> [String] {
        RecordComparison.sides(of: trials).map { "\($0.name): \($0.trials.map(\.runId).joined(separator: " "))" }
    }

    @Test func trialsOfOneVariantAndServerAreOneSide() {
        let first = trial("a", at: 0, p50: 1)
        let last = trial("z", at: 3, p50: 1)
        #expect(sides([first, trial("b", at: 1, p50: 1, variant: "other"), last]) == ["base: a z", "other: b"])
        let schema = trial("b", at: 1, p50: 1) { $0.variant.schemaVersion = 8 }
        #expect(sides([first, schema, last]) == ["base (schema 7): a z", "base (schema 8): b"])
        let setting = trial("b", at: 1, p50: 1) {
            $0.variant.settings = [
                SettingRow(name: "work_mem", value: "64MB", defaultValue: "4MB", origin: "variant", meaning: ""),
                SettingRow(name: "log_lock_waits", value: "on", defaultValue: "off", origin: "tool", meaning: ""),
            ]
        }
        #expect(sides([first, setting]) == ["base (work_mem=default): a", "base (work_mem=64MB): b"])
        let servers = ["15.18 (Debian 15.18-0+deb12u1)", "17.2"].map { version in
            trial("on \(version.prefix(2))", at: 1, p50: 1) { $0.targets = [target(version)] }
        }
        #expect(sides(servers) == ["base (PostgreSQL 15.18): on 15", "base (PostgreSQL 17.2): on 17"])
        let driver = trial("b", at: 1, p50: 1) { $0.variant.driverChanges = ["put: otherwise"] }
        #expect(sides([first, driver]) == ["base (the driver as it is): a", "base (put: otherwise): b"])
    }

    @Test func schemasAreComparedThoughTheVariantIsOne() throws {
        let base = trials([10, 12, 9, 11, 10, 13], "base", from: 0)
        var other = trials([13, 15.8, 11.6, 14.5, 12.9, 17], "base", from: 1)
        for index in other.indices {
            other[index].variant.schemaVersion = 8
            other[index].runId += "-8"
        }
        let record = RecordComparison(RecordComparison.sides(of: base + other))
            .record(comparisonId: "c", toolVersion: "1.2.0", startedAt: "2026-01-02T00:00:00Z", command: "compare")
        #expect(record.valid && !record.rule.isAA && record.pairs.map(\.candidate) == ["base (schema 8)"])
        #expect(try median(record).verdict == .worse)
    }

    @Test func withAnObstacleThereAreValuesAndNoVerdict() throws {
        let base = trials([10, 12, 9], "base", from: 0)
        var other = trials([20, 24, 18], "other", from: 1)
        other[0].host.kernel = "6.2"
        let record = compare(base, other)
        let verdict = try median(record)
        #expect(verdict.verdict == nil && verdict.ratio == nil && verdict.base != nil && !record.valid)
        #expect(record.validity.contains { !$0.holds && $0.observed.hasPrefix("the kernel differs") })
    }

    // MARK: Imports

    private func imported(_ record: inout RunRecord, fromSchedule: Bool = false) {
        record.valid = false
        record.validity = []
        record.imported = ImportDescription(
            source: "pgbench transaction log", files: [], importedAt: "", countsFromSchedule: fromSchedule,
            limits: ["No intended starts."], unknown: [], counters: [], intervals: [])
    }

    @Test func importsAreSetSideBySideWithoutAVerdict() throws {
        let base = (0..<4).map { trial("b\($0)", at: $0, p50: 10, variant: "base") { imported(&$0) } }
        let other = (0..<4).map { trial("o\($0)", at: 10 + $0, p50: 20, variant: "other") { imported(&$0) } }
        let record = compare(base, other)
        let verdict = try median(record)
        #expect(!record.valid && verdict.verdict == nil && verdict.base == 10 && verdict.candidate == 20)
        #expect(verdict.reason.contains("may not be compared"))
        #expect(record.validity.count == 8 && record.validity.allSatisfy { !$0.holds })
        #expect(
            record.validity[0].observed.contains(
                "b0 was imported (pgbench transaction log): its times do not count from"))
        #expect(record.sides.allSatisfy { $0.imported == "pgbench transaction log" })
        #expect(record.threats.filter { $0.contains("No intended starts.") }.count == 2)
    }

    @Test func aTrialAndAnImportAreNoPair() throws {
        let import_ = trial("i", at: 1, p50: 20, variant: "other") { imported(&$0, fromSchedule: true) }
        let record = compare([trial("b", at: 0, p50: 10)], [import_])
        #expect(record.validity.count == 1 && record.validity[0].observed.hasPrefix("i was imported"))
        #expect(!record.validity[0].observed.contains("intended starts"))
        #expect(try median(record).verdict == nil)
    }

    @Test func pacesOfImportsAreToldApart() {
        let base = trial("b", at: 0, p50: 10) {
            imported(&$0)
            $0.pacing = PacingDescription(clients: 4)
        }
        let other = trial("o", at: 1, p50: 10, variant: "other") { imported(&$0) }
        let record = compare([base], [other])
        #expect(
            record.validity.last?.observed.contains("the pace differs: 4 clients without pause in b, not known in o")
                == true)
    }

    @Test func whatIsKnownOfAnImportIsCompared() throws {
        let sides = [("base", 2.0), ("other", 3.0)].map { name, mean in
            trial(name, at: 0, p50: 1, variant: name) {
                imported(&$0)
                $0.classes["put"]?.responseMs = nil
                var known = KnownLatency(count: 50)
                known.mean = mean
                $0.classes["put"]?.knownMs = known
            }
        }
        let metrics = try #require(compare([sides[0]], [sides[1]]).pairs.first).metrics
        let mean = try #require(metrics.first { $0.metric == "response.mean:put" })
        #expect(mean.base == 2 && mean.candidate == 3 && mean.verdict == nil)
        #expect(metrics.first { $0.metric == "response.p99:put" } == nil)
    }
}
