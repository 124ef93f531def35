import ArchiveDriver
import Experiment
import FoundationEssentials
import LinuxSystem
import RunRecord
import SpecReader
import TestSupport
import Testbed
import Testing
import Workload

/// Plans made from texts, on a host of sixteen processors unless said otherwise.
enum ExperimentPlans {
    static let host = HostDescription(
        processorModel: "p", processors: 16, memoryBytes: 64 << 30, kernel: "k", operatingSystem: "o", filesystem: "f")

    static func plan(
        _ text: String, processors: Int = 16, memory: Int = 64 << 30
    ) throws -> ExperimentPlan {
        try ExperimentPlan(
            SpecDocument(text: text, file: "test.yaml"), name: "test.yaml",
            host: HostCapacity(processors: ProcessorSet(Array(0..<processors)), memory: memory), find: find)
    }

    static let find: FileFinder = { name, folder in
        if name.hasPrefix("/") { return FileManager.default.fileExists(atPath: name) ? name : nil }
        let path = "\(packageRoot)/Workloads/\(folder.rawValue)/\(name).yaml"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// All problems of a text, without its place.
    static func problems(_ text: String) -> [String] {
        do {
            _ = try plan(text)
            return []
        } catch let error as SpecProblems {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }
}

@Suite struct ExperimentPlanTests {
    private func text(_ rest: String, base: String = "base: {history: 1000, partitions: 2}") -> String {
        "archivebench: experiment/1\nname: t\nsummary: s\n\(base)\nmetrics: ['response.p95:put']\n\(rest)\n"
    }

    @Test func shippedExperimentsArePlannedWithinTheirBudgets() throws {
        let folder = "\(packageRoot)/Workloads/experiments"
        let files = names(in: folder).sorted()
        #expect(
            files == [
                "hardware-ladder.yaml", "retention.yaml", "schema-by-history.yaml", "settings-screening.yaml",
                "shards.yaml", "suggestions.yaml",
            ])
        for file in files {
            let plan = try ExperimentPlans.plan(readText("\(folder)/\(file)"))
            #expect(plan.spec.name + ".yaml" == file)
            try plan.checkBudget(plan.spec.budget)
            #expect(plan.trials.count == plan.cells.count * plan.spec.repeats)
            #expect(Set(plan.trials.map(\.folder)).count == plan.trials.count)
            #expect(Set(plan.cells.map(\.name)).count == plan.cells.count)
        }
    }

    @Test func theScreeningSaysWhatItMixesUp() throws {
        let plan = try ExperimentPlans.plan(readText("\(packageRoot)/Workloads/experiments/settings-screening.yaml"))
        #expect(plan.cells.count == 12 && plan.design.resolution == 3)
        #expect(plan.design.aliases["jit"]?.count == 45)
        #expect(plan.cells.contains { $0.name == "base" })
        // Every setting of a cell reaches its server.
        for (cell, subject) in zip(plan.cells, plan.subjects) {
            for (name, value) in cell.levels {
                #expect(subject.variant.settings.filter { $0.name == name }.map(\.value) == [value])
            }
        }
    }

    @Test func everyRepeatHasEveryCellOnceInAnOrderOfItsOwn() throws {
        let spec = text("factors: [{of: rate, levels: [1, 2, 3, 4, 5, 6, 7, 8]}]\nrepeats: 4\nseed: 9")
        let plan = try ExperimentPlans.plan(spec)
        let orders = (0..<4).map { number in plan.trials.filter { $0.repetition == number }.map(\.cell) }
        #expect(orders.allSatisfy { $0.sorted() == Array(0..<8) })
        #expect(Set(orders).count > 1)
        #expect(plan.trials.map(\.repetition) == plan.trials.map(\.repetition).sorted())
        #expect(try ExperimentPlans.plan(spec).trials == plan.trials)
        let other = try ExperimentPlans.plan(spec.replacing("seed: 9", with: "seed: 10"))
        #expect(other.trials.map(\.cell) != plan.trials.map(\.cell))
    }

    @Test func levelsReachTheTrials() throws {
        let plan = try ExperimentPlans.plan(
            text(
                """
                factors:
                  - {of: schema, levels: [8, 7]}
                  - {of: history, levels: [2k, 3_000]}
                  - {of: overlay, levels: [none, x10]}
                  - {of: retention, levels: [none, 'time:86400']}
                  - {of: suggestion, suggestion: put-batched}
                  - {of: suggestion, suggestion: queries-prepared}
                  - {of: rate, levels: [1, 0.5]}
                design: one-at-a-time
                """, base: "base: {partitions: 2, time-scale: 60, phases: {measure: 5s}}"))
        #expect(
            plan.cells.map(\.name) == [
                "base", "schema-7", "history-3-000", "overlay-x10", "retention-time-86400", "put-batched",
                "queries-prepared", "rate-0.5",
            ])
        let base = plan.subjects[0]
        #expect(base.schema == 8 && plan.subjects[1].schema == 7)
        #expect(base.workload.history.rows == 2_000 && plan.subjects[2].workload.history.rows == 3_000)
        #expect(base.workload.timeScale == 60 && base.workload.phases.measure == 5_000_000_000)
        #expect(plan.subjects[3].workload.name.hasSuffix("+x10") && plan.subjects[3].overlays.map(\.name) == ["x10"])
        #expect(base.workload.clockwork.retention.isEmpty && !plan.subjects[4].workload.clockwork.retention.isEmpty)
        #expect(base.driver.isFaithful && plan.subjects[5].driver.put == .batched)
        #expect(plan.subjects[6].driver.queries == .prepared && plan.subjects[6].driver.put == .separate)
        #expect(plan.subjects[7].rateScale == 0.5)
        #expect(plan.suggestions.map(\.name) == ["put-batched", "queries-prepared"])
        #expect(plan.suggestions[0].base == "status-prod" && plan.suggestions[0].workload == "status-prod-steady")
    }

    @Test func theRecordSaysWhatItsCellsAreMadeFrom() throws {
        let spec = text(
            """
            factors:
              - {of: schema, levels: [8, 7]}
              - {of: suggestion, suggestion: synchronous-commit-off}
            design: {kind: listed, cells: [{schema: 7}, {synchronous-commit-off: on}]}
            """,
            base:
                "base: {history: 2k, partitions: 3, rate-scale: 0.1, suggestions: [connections-5], profile: network-gp3, phases: {warm-up: 2s, measure: 50s}}"
        )
        func record(_ text: String) throws -> ExperimentRecord {
            try ExperimentPlans.plan(text).record(
                id: "t", budget: nil, host: ExperimentPlans.host, toolVersion: "0", command: "c", now: 0)
        }
        let found = try record(spec)
        // None of the listed cells is the base; it is told all the same.
        let base = try #require(found.base)
        #expect(base.workload == "status-prod-steady" && base.variant == "status-prod" && base.rateScale == 0.1)
        #expect(base.historyRows == 2_000 && base.partitions == 3 && base.schemaVersion == 8)
        #expect(base.warmUpSeconds == 2 && base.measureSeconds == 50 && base.profile == "network-gp3")
        #expect(base.suggestions.count == 1 && base.suggestions.first?.hasPrefix("connections-5: ") == true)
        #expect(base.adaptations.contains { $0.hasPrefix("shared_buffers: 4GB became 1048576kB") })
        let suggestion = try #require(found.suggestions?.first)
        #expect(found.suggestions?.count == 1 && suggestion.factor == "synchronous-commit-off")
        #expect(suggestion.level == "on" && !suggestion.description.risk.isEmpty)
        #expect(suggestion.description.undo == "set back")
        // A record of an older version is told when it is gone on with.
        var old = found
        (old.base, old.suggestions) = (nil, nil)
        try ExperimentPlans.plan(spec).describe(&old)
        #expect(old.base == found.base && old.suggestions == found.suggestions)
        // What the log of a short trial is made of.
        let words = "touched for the first time since goes to the WAL as a whole page"
        #expect(!found.threats.contains { $0.contains(words) })
        let wal = spec.replacing("'response.p95:put'", with: "'response.p95:put', wal.bytes")
        #expect(try record(wal).threats.contains { $0.contains(words) })
    }

    @Test func suggestionsAddUpUnlessTheyChangeTheSame() throws {
        let both = "factors:\n  - {of: suggestion, suggestion: put-batched}\n  - {of: suggestion, suggestion: "
        let plan = try ExperimentPlans.plan(text(both + "by-hash-bounded}"))
        let last = try #require(plan.subjects.last)
        #expect(last.driver.put == .batched && !last.driver.isFaithful && last.driver.byHash != .node)
        #expect(last.variant.name == "status-prod+put-batched+by-hash-bounded")
        #expect(
            ExperimentPlans.problems(text(both + "put-copied}")).first?.contains("both change driver.put") == true)
        #expect(ExperimentPlans.problems(text(both + "status-prod}")).first?.contains("no difference") == true)
    }

    @Test func eachRepeatHasASeedOfItsOwn() {
        let seeds = (1...20).flatMap { seed in (0..<5).map { ExperimentPlan.seed(UInt64(seed), repetition: $0) } }
        #expect(Set(seeds).count == 100 && seeds[0] == 1 && seeds[5] == 2)
    }

    /// A key of the driver that no factor took over would leave the other half of a suggestion, its script, in force.
    @Test(arguments: [
        "by-hash-bounded", "connections-5", "hash-bytea", "plans-custom", "plans-generic", "put-batched", "put-copied",
        "put-one-statement", "put-pipelined", "put-transaction", "queries-prepared", "reads-bounded",
        "statement-timeout", "surplus-dropped",
    ])
    func aFactorTakesOverAllOfASuggestedDriver(_ name: String) throws {
        let plan = try ExperimentPlans.plan(text("factors: [{of: suggestion, suggestion: \(name)}]"))
        let document = try SpecDocument(path: "\(packageRoot)/Workloads/variants/\(name).yaml")
        let suggested = DriverBehaviour(variant: document.top)
        #expect(suggested != .faithful && plan.subjects[0].driver == .faithful)
        #expect(plan.subjects[1].driver == suggested)
    }

    @Test func aSuggestionsMemorySettingsShrinkWithTheMachine() throws {
        let place = try TemporaryFolder()
        let head = "archivebench: variant/1\nsummary: s\n"
        _ = try place.write(
            head + "name: b\ndesigned-for-memory: 16GB\nscale-with-memory: [shared_buffers, work_mem]\n"
                + "settings: {shared_buffers: 4GB, work_mem: 64MB, jit: off}\n", as: "b.yaml")
        let suggestion =
            head + "name: s\nbase: b\nsuggestion: {author: a, source: s, expectation: e, risk: r}\n"
            + "scale-with-memory: [effective_cache_size, shared_buffers]\n"
        let changes = "settings: {shared_buffers: 8GB, effective_cache_size: 12GB, work_mem: 1MB}\n"
        _ = try place.write(suggestion + changes, as: "s.yaml")
        let spec = text(
            "factors: [{of: suggestion, suggestion: \(place.path)/s.yaml}]",
            base: "base: {history: 1000, variant: \(place.path)/b.yaml}")
        let plan = try ExperimentPlans.plan(spec)
        let memory = 8 * 1_000_000_000
        func fitted(_ subject: CellSubject) -> [String: String] {
            let settings = subject.variant.fitted(toMemory: memory).variant.settings
            return Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        }
        #expect(
            fitted(plan.subjects[0]) == ["shared_buffers": "2097152kB", "work_mem": "32768kB", "jit": "off"])
        // Its own list counts for what it changes: work_mem was not made for a machine any more.
        #expect(
            fitted(plan.subjects[1]) == [
                "shared_buffers": "4194304kB", "effective_cache_size": "6291456kB", "work_mem": "1MB", "jit": "off",
            ])
        // Settings for machines of different size do not shrink together.
        _ = try place.write(
            suggestion + "designed-for-memory: 32GB\nsettings: {shared_buffers: 8GB, effective_cache_size: 12GB}\n",
            as: "s.yaml")
        #expect(ExperimentPlans.problems(spec).first?.contains("write them for the same designed-for-memory") == true)
        withExtendedLifetime(place) {}
    }

    @Test func aSuggestedVersionIsNotHeldAgainstItself() throws {
        let plan = try ExperimentPlans.plan(
            text(
                "factors:\n  - {of: suggestion, suggestion: postgres-18}\n  - {of: suggestion, suggestion: jit-off}\ndesign: one-at-a-time"
            ))
        #expect(plan.subjects.map(\.suggestedMajors) == [[:], ["postgres-18": 18], [:]])
        func check(_ majors: [Int]) throws {
            try VersionCheck.check(zip(zip(plan.cells, plan.subjects), majors).map { $0.1.side($0.0.name, major: $1) })
        }
        try check([15, 18, 15])
        let error = #expect(throws: ExperimentProblem.self) { try check([18, 18, 18]) }
        #expect(
            error?.description.hasPrefix("postgres-18: suggests PostgreSQL 18, and base would run on it, too") == true)
        // A base that asks for the version, and a side against its like, are what was meant.
        func side(_ name: String, _ asked: Int?, _ suggested: [String: Int] = [:]) -> VersionCheck.Side {
            VersionCheck.Side(name: name, asked: asked, suggested: suggested, major: 18)
        }
        try VersionCheck.check([side("base", 18), side("workers", 18, ["workers": 18])])
        try VersionCheck.check([side("p", 18, ["p": 18]), side("p-2", 18, ["p": 18])])
        #expect(throws: ExperimentProblem.self) {
            try VersionCheck.check([side("base", nil), side("workers", 18, ["workers": 18])])
        }
    }

    @Test func onlyTheFirstTrialOfAHistoryLoadsIt() throws {
        let plan = try ExperimentPlans.plan(
            text(
                "factors: [{of: setting, setting: work_mem, levels: [4MB, 8MB]}]\nrepeats: 2",
                base: "base: {history: 2M}"))
        let estimates = plan.trials.map(\.estimatedSeconds)
        #expect(estimates[0] > estimates[1] + 5 && estimates[1] == estimates[3])
    }

    @Test func aPlanOverItsBudgetIsRefusedWithWhatFits() throws {
        let plan = try ExperimentPlans.plan(text("factors: [{of: rate, levels: [1, 2]}]\nrepeats: 5"))
        try plan.checkBudget(nil)
        try plan.checkBudget(UInt64(plan.seconds * 1.01) * 1_000_000_000)
        let half = #expect(throws: TestbedProblem.self) {
            try plan.checkBudget(UInt64(plan.seconds / 2) * 1_000_000_000)
        }
        #expect(half.map { "\($0)" }?.contains("what fits: repeats: 2, or --budget") == true)
        let none = #expect(throws: TestbedProblem.self) { try plan.checkBudget(100_000_000_000) }
        #expect(none.map { "\($0)" }?.contains("what fits: 1 of the 2 cells, once") == true)
    }

    @Test func machinesThatAreTooLargeAreRefusedScaledOrLeftOut() throws {
        func spec(_ choice: String) -> String {
            text(
                "factors: [{of: profile, levels: [fleet-1vcpu-2gb, fleet-2vcpu-4gb, fleet-8vcpu-16gb]}]",
                base: "base: {too-large-profiles: \(choice)}")
        }
        func plan(_ choice: String, _ processors: Int = 2) throws -> ExperimentPlan {
            try ExperimentPlans.plan(spec(choice), processors: processors, memory: 24 << 30)
        }
        #expect(throws: TestbedProblem.self) { try plan("refuse") }
        #expect(try plan("scale").subjects.map { $0.profile?.scale ?? 0 } == [1, 1, 0.25])
        let left = try plan("leave-out")
        #expect(
            left.cells.count == 2 && left.notes == ["fleet-8vcpu-16gb: left out, because this host is too small for it"]
        )
        #expect(throws: TestbedProblem.self) { try plan("leave-out", 1) }
    }

    @Test func screeningTakesTheSmallestDesignThatIsGoodEnough() throws {
        func design(_ count: Int, _ design: String) throws -> (runs: Int, ExperimentDesign) {
            let factors = (0..<count).map { "  - {of: setting, setting: s\($0), levels: [a, b]}" }
            let plan = try ExperimentPlans.plan(
                text("factors:\n\(factors.joined(separator: "\n"))\ndesign: \(design)"))
            return (plan.cells.count, plan.design)
        }
        #expect(try design(2, "screening").runs == 4)
        let three = try design(7, "screening")
        #expect(three.runs == 8 && three.1.kind == .fractional && three.1.generators.count == 4)
        #expect(three.1.generators.first == "s3 = −s0 × s1" && three.1.aliases["s0"]?.count == 3)
        #expect(try design(9, "{kind: screening, resolution: 3}").runs == 12)
        #expect(try design(7, "{kind: screening, resolution: 4}").runs == 16)
        let five = try design(5, "{kind: screening, resolution: 5}")
        #expect(five.runs == 16 && five.1.aliases.isEmpty)
        #expect(try design(15, "{kind: plackett-burman, folded: true}").runs == 32)
        let own = try design(4, "{kind: fractional, generators: ['s3 = s0 * s1 * s2']}")
        #expect(own.runs == 8 && own.1.resolution == 4 && own.1.aliases["s0"] == nil)
        #expect(own.1.aliases["s0 × s1"] == [.init(effect: "s2 × s3", share: 1)])
        #expect(throws: (any Error).self) { try design(23, "{kind: screening, resolution: 5}") }
    }
}

/// Wrong files: one line a problem, all at once.
@Suite struct WrongExperimentTests {
    @Test func allProblemsOfAFileAreToldAtOnce() {
        let found = ExperimentPlans.problems(
            """
            archivebench: experiment/2
            name: a/b
            sumary: s
            base: {workload: nowhere, schema: 9, too-large-profiles: shrink, histroy: 5}
            factors:
              - {of: schema, levels: [7, 7]}
              - {of: weather, levels: [a, b]}
              - {of: profile, levels: [none, nowhere]}
              - {of: rate, levels: [1, fast]}
              - {of: history, levels: [much]}
              - {of: suggestion, suggestion: nothing, levels: [a]}
              - {levels: [1, 2]}
            design: {kind: listed, cells: []}
            repeats: 0
            budget: 5
            metrics: ['response.p98:put', 'response.p95']
            margin: 300%
            seed: -1
            color: red
            """)
        for expected in [
            "1:15: archivebench: 'experiment/2' is not an experiment", "name: 'a/b' cannot be a name",
            "unknown key 'sumary'; did you mean 'summary'?", "base.workload: there is no 'nowhere'",
            "base.schema: 9 is out of range", "base.schema: is varied by the factor 'schema'",
            "base.too-large-profiles: 'shrink' is not known", "unknown key 'base.histroy'; did you mean 'history'?",
            "factors[0].levels: '7' is given twice", "factors[1].of: 'weather' is not known",
            "factors[2].levels: there is no 'nowhere'", "factors[3].levels: 'fast' is not a factor",
            "factors[4].levels: 'much' is not a history",
            "factors[5].suggestion: there is no 'nothing'", "factors[5].levels: a suggestion is off or on",
            "'factors[6].of' is missing", "design.cells: is empty", "repeats: 0 is out of range",
            "budget: '5' has no unit", "metrics: 'response.p98:put' is not known",
            "metrics: 'response.p95' is not known",
            "margin: '300%' is not a share", "seed: -1 is out of range", "unknown key 'color'",
        ] {
            #expect(found.contains { $0.contains(expected) }, "\(expected) of \(found.joined(separator: "\n"))")
        }
        #expect(found.allSatisfy { $0.hasPrefix("test.yaml:") && !$0.contains("\n") })
    }

    @Test(arguments: [
        ("", "'factors' is missing"),
        ("factors: [{of: rate, levels: [1, 2]}, {of: rate, levels: [3, 4]}]", "another factor varies the rate already"),
        ("factors: [{of: rate, levels: [1, 2]}, {of: schema, name: rate, levels: [7, 8]}]", "'rate' is given twice"),
        ("factors: [{of: rate, levels: [1, 2, 3]}]\ndesign: screening", "screening has two levels, 'rate' has 3"),
        (
            "factors: [{of: rate, levels: [1, 2]}]\ndesign: {kind: listed, cells: [{rate: 1}, {}]}",
            "is the same as a cell before"
        ),
        (
            "factors: [{of: rate, levels: [1, 2]}]\ndesign: {kind: listed, cells: [{rate: 3}, {}]}",
            "'3' is none of its levels"
        ),
        (
            "factors: [{of: rate, levels: [1, 2]}]\ndesign: {kind: listed, cells: [{rat: 1}, {rate: 2}]}",
            "did you mean 'rate'?"
        ),
        (
            "factors: [{of: rate, levels: [1, 2]}]\ndesign: {kind: fractional, generators: ['rate = a * b']}",
            "there is no factor 'a'"
        ),
        ("factors: [{of: rate, levels: [1, 2]}]\ndesign: fractional", "has no generators"),
        (
            "factors: [{of: rate, levels: [1, 2]}]\ndesign: {kind: full, resolution: 3}",
            "unknown key 'design.resolution'"
        ),
        (
            "factors: [{of: workload, levels: [status-prod-steady, twn-rln-cap]}]\nobjectives: [{classes: nothing, quantile: 50%, limit: 1s}]",
            "has no requests 'nothing'"
        ),
    ]) func oneMistakeIsOneClearLine(_ rest: String, _ expected: String) {
        let found = ExperimentPlans.problems(
            "archivebench: experiment/1\nname: t\nsummary: s\nmetrics: ['response.p95:put']\n\(rest)\n")
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
    }

    @Test func aMetricThatNoRequestHasIsToldWithWhatThereIs() {
        let found = ExperimentPlans.problems(
            "archivebench: experiment/1\nname: t\nsummary: s\nmetrics: ['response.p95:store.nothing']\nfactors: [{of: rate, levels: [1, 2]}]\n"
        )
        #expect(found.count == 1 && found[0].contains("has no requests 'store.nothing'; it has maintenance."))
    }
}
