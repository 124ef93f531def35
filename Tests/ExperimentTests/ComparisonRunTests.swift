import ArchiveDriver
import Experiment
import FoundationEssentials
import Glibc
import LinuxSystem
import Measurement
import RunRecord
import Synchronization
import TestSupport
import Testbed
import Testing
import Workload

/// Whole comparisons on two small servers, seconds long.
@Suite(.ownThreads) struct ComparisonRunTests {
    /// Remembers how far it went, and calls out at a number of blocks.
    private final class Watcher: ComparisonObserver {
        private let seen = Mutex<[ComparisonProgress]>([])
        private let block: Int
        private let callOut: @Sendable () -> Void

        init(at block: Int = -1, _ callOut: @escaping @Sendable () -> Void = {}) {
            self.block = block
            self.callOut = callOut
        }

        var all: [ComparisonProgress] { seen.withLock { $0 } }

        func report(_ progress: ComparisonProgress) {
            seen.withLock { $0.append(progress) }
            if progress.stage == "block" && progress.blocks == block { callOut() }
        }
    }

    private struct Place {
        let folder: TemporaryFolder
        let registry = ClusterRegistry(home: newHome())

        init() throws { folder = try TemporaryFolder() }

        func trial(clients: Int? = nil, settings: [String: String] = [:]) async throws -> TrialRequest {
            var trial = TrialRequest(
                workload: try TestWorkloads.everything(rows: 500), variant: try TestServers.variant(settings),
                schemaVersion: 8, usesCache: false, seed: 7, rateScale: 2, closedClients: clients,
                installation: try await TestServers.installation(), registry: registry, dataDirectory: nil,
                schemaFolder: "\(packageRoot)/sql/schema", recordFolder: "", runID: "test", keepCluster: false,
                toolVersion: "test", command: "archivebench compare", wallClock: { 1_767_636_000 })
            trial.telemetry = true
            return trial
        }

        /// Of so many blocks of one second at most.
        func request(_ trials: [TrialRequest], blocks: Int) -> ComparisonRequest {
            let names = ComparisonRequest.sideNames(trials.map(\.variant.name))
            var request = ComparisonRequest(
                sides: zip(names, trials).map { .init(name: $0, trial: $1) }, folder: "\(folder.path)/compared",
                comparisonID: "test")
            (request.sliceSeconds, request.warmUpSlices) = (1, 2)
            request.budgetSeconds = Double((blocks + 2) * trials.count) * 1.1 + 0.5
            return request
        }

        func isClean() -> Bool {
            defer { rmdir(registry.home) }
            return names(in: registry.home).isEmpty
        }
    }

    private func sides(_ slices: [SliceRecord]) -> [[SliceRecord]] {
        Dictionary(grouping: slices, by: \.block).sorted { $0.key < $1.key }.map {
            $0.value.sorted { $0.side < $1.side }
        }
    }

    /// Slices for slow effects hold an archive hour or a checkpoint's time-out, whichever is shorter.
    @Test func aLongSliceHoldsACycle() async throws {
        let place = try Place()
        let trial = try await place.trial(settings: ["checkpoint_timeout": "1min"])
        var request = place.request([trial, trial], blocks: 6)
        (request.mode, request.sliceSeconds, request.budgetSeconds) = (.long, 59, 6_000)
        let problem = #expect(throws: TestbedProblem.self) { try ComparisonPlan(request) }
        #expect(problem?.description.contains("give --slice 60s, or a larger --time-scale") == true)
        request.sliceSeconds = 60
        #expect(try ComparisonPlan(request).mostBlocks >= 6)
    }

    /// Where the cache is used, both sides are copies of one load, however short that was.
    @Test func sidesAreCopiesOfOneHistory() async throws {
        let place = try Place()
        var trial = try await place.trial()
        trial.usesCache = true
        var request = place.request([trial, trial], blocks: 6)
        request.isAA = true
        let outcome = try await ComparisonRunner(request, observer: Watcher(), control: TrialControl()).run()
        let histories = outcome.record.sides.map(\.target.history)
        #expect(histories.allSatisfy { $0.state.hasSuffix("copied from the cache") })
        #expect(histories[0].bytes == histories[1].bytes)
        #expect(!outcome.record.threats.contains { $0.contains("loaded for itself") })
        #expect(place.registry.clusters().isEmpty)
        try FileManager.default.removeItem(atPath: place.registry.home)
    }

    @Test func equalsTakeTheSameOperationsInTurns() async throws {
        let place = try Place()
        let trial = try await place.trial()
        var request = place.request([trial, trial], blocks: 6)
        request.isAA = true
        let watcher = Watcher()
        let outcome = try await ComparisonRunner(request, observer: watcher, control: TrialControl()).run()
        #expect(place.isClean())
        let record = try outcome.folder.readRecord()
        let slices = try outcome.folder.readSlices()
        #expect(!outcome.wasInterrupted && record.endedAt != nil && record.rule.isAA)
        #expect(record.sides.map(\.name) == ["test", "test-2"])

        // Every block has each side once, in the order that the seed's coin decides.
        let blocks = sides(slices)
        #expect((1...6).contains(blocks.count) && record.rule.looks.last == 6)
        #expect(blocks.allSatisfy { $0.map(\.side) == ["test", "test-2"] })
        let orders = ComparisonBlocks.orders(blocks.count, sides: 2, seed: 7)
        for (block, order) in zip(blocks, orders) {
            #expect(block.map(\.place) == [0, 1].map { order.firstIndex(of: $0) })
        }

        // What no answer decides is offered to both alike, and by each side's clock without gaps.
        for block in blocks {
            for name in ["put", "put.duplicate", "store.data.fetch", "store.data.hundred"] {
                #expect(block[0].scheduled[name] == block[1].scheduled[name], "\(name) in block \(block[0].block)")
            }
        }
        for slice in slices {
            #expect(slice.isDrained && slice.failed.isEmpty)
            #expect(slice.scheduled == slice.completed, "slice \(slice.block) of \(slice.side)")
            #expect(slice.metrics["response.p50:put"] ?? 0 > 0 && slice.metrics["generator.cpu"] ?? 0 > 0)
            #expect(slice.metrics["wal.bytes"] ?? 0 > 100)
            // What the server counts for the statements of a class is a part of what it counts for all.
            let requests = slice.completed.filter { !$0.key.hasPrefix("maintenance.") }
            let puts = ["put", "put.duplicate"].reduce(0) { $0 + (requests[$1] ?? 0) }
            for quantity in ["planning.time", "blocks.read"] {
                let all = try #require(slice.metrics[quantity]) * Double(requests.values.reduce(0, +))
                let own = try #require(slice.metrics["\(quantity):put"])
                #expect(own >= 0 && own * Double(puts) <= all * (1 + 1e-9))
            }
        }
        // A schedule says how many puts there are in these seconds; each side began them all, warm-up told apart.
        let histograms = try outcome.folder.readHistograms(of: slices)
        #expect(histograms.count == slices.count)
        for (slice, seen) in zip(slices, histograms) {
            #expect(seen.classes.mapValues(\.count) == slice.completed)
        }
        for side in record.sides {
            let counted = slices.filter { $0.side == side.name }.reduce(0) { $0 + ($1.scheduled["put"] ?? 0) }
            #expect(side.accounting["put"]?.scheduled == counted)
            #expect(side.accounting.values.allSatisfy { $0.identityHolds })
            #expect(!side.variant.settings.isEmpty && !side.target.sizes.isEmpty && side.server != nil)
        }
        let findings = Dictionary(uniqueKeysWithValues: record.validity.map { ($0.rule, $0.holds) })
        #expect(findings["accounting-identity"] == true && findings["same-operations"] == true)
        #expect(findings["failures"] == true)
        #expect(watcher.all.last?.stage == "finishing" && watcher.all.contains { $0.blocks == 1 && $0.mostBlocks == 6 })
    }

    /// In a closed loop the slices of a side follow each other without a gap in its sequence.
    @Test func clientsWithoutPauseAreComparedByThroughput() async throws {
        let place = try Place()
        let trial = try await place.trial(clients: 2)
        let request = place.request([trial, trial], blocks: 6)
        let outcome = try await ComparisonRunner(request, observer: Watcher(), control: TrialControl()).run()
        #expect(place.isClean())
        let (record, slices) = (outcome.record, try outcome.folder.readSlices())
        #expect(record.rule.primary == ["throughput"] && record.rule.clients == 2 && !record.rule.isOpenLoop)
        for slice in slices {
            let completed = Double(slice.completed.filter { !$0.key.hasPrefix("maintenance") }.values.reduce(0, +))
            let throughput = try #require(slice.metrics["throughput"])
            // Busy for the slice and its drain, at most.
            #expect(
                throughput >= 0.99 * completed / (slice.seconds + slice.drainSeconds) && throughput < completed * 1.5)
        }
        #expect(record.sides.allSatisfy { $0.accounting.values.allSatisfy(\.identityHolds) })
    }

    /// Ended by a person: the blocks that were run are kept, and are no evidence.
    @Test func anEndedComparisonKeepsItsBlocks() async throws {
        let place = try Place()
        let control = TrialControl()
        let trial = try await place.trial()
        let request = place.request([trial, trial], blocks: 60)
        let watcher = Watcher(at: 2) { control.stop() }
        let outcome = try await ComparisonRunner(request, observer: watcher, control: control).run()
        #expect(place.isClean() && outcome.wasInterrupted && !outcome.record.valid)
        #expect(sides(try outcome.folder.readSlices()).filter { $0.count == 2 }.count == 2)
        #expect(outcome.record.validity.first { $0.rule == "ran-to-plan" }?.holds == false)
    }

    /// A script that fails leaves nothing, neither servers nor a folder.
    @Test func aSideThatCannotBePreparedLeavesNothing() async throws {
        let place = try Place()
        let trial = try await place.trial()
        var request = place.request([trial, trial], blocks: 6)
        request.sides[1].trial.variant.patch = Variant.Patch(
            apply: SQLScript(name: "wrong", file: "wrong.sql", text: "DROP TABLE nowhere;"), undo: nil)
        await #expect(throws: SideFailure.self) {
            try await ComparisonRunner(request, observer: Watcher(), control: TrialControl()).run()
        }
        #expect(place.isClean() && !FileManager.default.fileExists(atPath: request.folder))
    }

    /// A candidate whose server does not start is named, with what its server said before it was removed.
    @Test func aServerThatDoesNotStartIsNamed() async throws {
        let place = try Place()
        let (good, bad) = (try await place.trial(), try await place.trial(settings: ["wal_level": "nonsense"]))
        let request = place.request([good, bad], blocks: 6)
        let problem = await #expect(throws: SideFailure.self) {
            try await ComparisonRunner(request, observer: Watcher(), control: TrialControl()).run()
        }
        let words = try #require(problem).description
        #expect(words.hasPrefix("test-2: ") && words.contains("wal_level"), "\(words)")
        #expect(problem?.side == "test-2" && problem?.reason.contains("\n") == false)
        #expect(words.contains("; the server's log ends with:\n  "), "\(words)")
        #expect(place.isClean() && !FileManager.default.fileExists(atPath: request.folder))
    }

    /// The archive's size is that of all its databases.
    @Test func growthIsToldOfADatabaseForEachShard() async throws {
        let place = try Place()
        var trial = try await place.trial()
        trial.workload.writers.databases = .perShard
        // An archive hour is as long as a slice.
        trial.workload.timeScale = 1_800
        var request = place.request([trial, trial], blocks: 6)
        (request.mode, request.sliceSeconds, request.budgetSeconds) = (.long, 2, 40)
        let control = TrialControl()
        let watcher = Watcher(at: 1) { control.stop() }
        let outcome = try await ComparisonRunner(request, observer: watcher, control: control).run()
        #expect(place.isClean() && outcome.wasInterrupted)
        let slices = try outcome.folder.readSlices()
        #expect(slices.count >= 2 && slices.allSatisfy { $0.metrics["disk.bytes"] ?? -1 >= 0 }, "\(slices)")
    }

    /// A server that dies within a comparison is told of, with the blocks before.
    @Test func aLostServerEndsTheComparison() async throws {
        let place = try Place()
        let trial = try await place.trial()
        var request = place.request([trial, trial], blocks: 60)
        request.sides[1].trial.variant.patch = Variant.Patch(
            apply: SQLScript(name: "mark", file: "mark.sql", text: "CREATE TABLE mark ();"), undo: nil)
        let registry = place.registry
        let killer: @Sendable () -> Void = {
            for cluster in registry.clusters() where cluster.purpose.hasSuffix("test-2") {
                for process in cluster.processes { kill(process.pid, SIGQUIT) }
            }
        }
        let outcome = try await ComparisonRunner(
            request, observer: Watcher(at: 1, killer), control: TrialControl()
        ).run()
        #expect(place.isClean() && !outcome.record.valid)
        let finding = try #require(outcome.record.validity.first { $0.rule == "ran-to-plan" })
        #expect(!finding.holds && finding.observed.contains("test-2: the database server ended"))
        #expect(outcome.record.sides[0].applied.allSatisfy { !$0.contains("mark.sql") })
        #expect(outcome.record.sides[1].applied.contains { $0.contains("mark.sql") })
    }
}

/// What is worked out before anything is begun.
@Suite struct ComparisonPlanTests {
    private func request(slice: Int = 2, budget: Double = 600, sides: Int = 2) async throws -> ComparisonRequest {
        let trial = TrialRequest(
            workload: try TestWorkloads.everything(), variant: try TestServers.variant(), schemaVersion: 8, seed: 1,
            rateScale: 1, installation: try await TestServers.installation(), registry: TestServers.registry,
            dataDirectory: nil, schemaFolder: "", recordFolder: "", runID: "", keepCluster: false, toolVersion: "",
            command: "", wallClock: { 0 })
        let names = ComparisonRequest.sideNames(Array(repeating: "a", count: sides))
        var request = ComparisonRequest(
            sides: names.map { .init(name: $0, trial: trial) }, folder: "/nowhere", comparisonID: "x")
        (request.sliceSeconds, request.budgetSeconds) = (slice, budget)
        return request
    }

    /// 600 s hold 142 rounds of two slices of 2 s with 0.1 s between; three of them warm up.
    @Test func theBudgetDecidesTheBlocks() async throws {
        let plan = try ComparisonPlan(await request())
        #expect(plan.mostBlocks == 139 && plan.looks.count == 8 && plan.looks.last == 139)
        #expect(plan.looks == plan.looks.sorted() && (plan.looks.first ?? 0) >= 6)
        let three = try ComparisonPlan(await request(sides: 3))
        #expect(three.mostBlocks == 92)
        let few = try ComparisonPlan(await request(slice: 20, budget: 370))
        #expect(few.looks == [6])
        let small = try await request(budget: 20)
        let error = #expect(throws: TestbedProblem.self) { try ComparisonPlan(small) }
        let words = try #require(error).description
        #expect(words.contains("give --budget"))
    }

    /// Blocks that do not count are run again while there is time: no load may end before.
    @Test func theLoadLastsForAllBlocksThatTheBudgetHolds() async throws {
        let plan = try ComparisonPlan(await request())
        #expect(plan.mostBegun == 150 && plan.phases.measure == 151 * 2_000_000_000)
        let few = try ComparisonPlan(await request(slice: 20, budget: 370))
        #expect(few.mostBlocks == 6 && few.mostBegun == 9 && few.phases.measure == 10 * 20_000_000_000)
    }

    @Test func whatTheLoadGeneratorCostsIsAControlForEqualSidesOnly() async throws {
        var request = try await request()
        #expect(request.drivenOtherwise.isEmpty)
        request.sides[1].trial.driver.put = .pipelined
        #expect(request.drivenOtherwise == ["a-2"])
        request.sides[1].trial.driver = .faithful
        request.sides[1].trial.schemaVersion = 7
        #expect(request.drivenOtherwise == ["a-2"])
        request.sides[1].trial.schemaVersion = 8
        request.sides[1].trial.workload.writers.databases = .perShard
        #expect(request.drivenOtherwise == ["a-2"])
    }

    @Test func historiesThatAreNoCopiesOfOneLoadAreTold() async throws {
        var request = try await request()
        #expect(request.unlikeHistories.isEmpty)
        request.sides[1].trial.variant = try TestServers.variant(["work_mem": "8MB"])
        #expect(request.unlikeHistories.isEmpty)
        request.sides[1].trial.variant = try TestServers.variant(["autovacuum": "on"])
        request.sides[1].trial.schemaVersion = 7
        let told = request.unlikeHistories
        #expect(told.count == 1 && told.first?.hasPrefix("a-2: its history is a load of its own") == true, "\(told)")
        #expect(told.first?.contains("(schema, settings)") == true, "\(told)")
    }

    @Test func namesOfSidesAreUnique() {
        #expect(ComparisonRequest.sideNames(["a", "b", "a", "a-2", "a"]) == ["a", "b", "a-2", "a-2-2", "a-3"])
    }

    /// A coin that always fell on one side would let the host's drift pass for a difference.
    @Test func theCoinIsFairAndOfTheSeed() {
        let orders = ComparisonBlocks.orders(1_000, sides: 2, seed: 3)
        #expect(orders == ComparisonBlocks.orders(1_000, sides: 2, seed: 3))
        #expect(orders != ComparisonBlocks.orders(1_000, sides: 2, seed: 4))
        #expect((430...570).contains(orders.count { $0 == [0, 1] }) && orders.allSatisfy { Set($0) == [0, 1] })
        let three = ComparisonBlocks.orders(600, sides: 3, seed: 3)
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            #expect((60...140).contains(three.count { $0 == order }))
        }
    }

    /// Only what the host did may leave a block out.
    @Test func blocksAreLeftOutByTheHostAlone() {
        func span(stolen: Double?, asleep: UInt64 = 0) -> HostSpan {
            HostSpan(
                seconds: 4, stolenShare: stolen, swappedPages: nil, memoryStall: nil, leastAvailable: nil, wallSteps: 0,
                suspended: asleep)
        }
        #expect(
            ComparisonBlocks.excluded(span(stolen: 0.04)) == nil && ComparisonBlocks.excluded(span(stolen: nil)) == nil)
        #expect(ComparisonBlocks.excluded(span(stolen: 0.06)) != nil)
        #expect(ComparisonBlocks.excluded(span(stolen: 0, asleep: 1_000_000_000)) == "the host was asleep")
    }

    /// A quantile needs operations beyond it; a node's own jobs carry no verdict.
    @Test func metricsWithVerdictsHaveEnoughOperations() async throws {
        var request = try await request()
        let counts = ["put": 600.0, "store.a": 120, "store.b": 49, "maintenance.count": 900]
        #expect(
            ComparisonPlan.primary(counts, request) == [
                "response.p50:put", "response.p50:store.a", "response.p95:put", "response.p95:store.a",
                "response.p99:put",
            ])
        request.sides[0].trial.closedClients = 4
        request.metrics = ["server.cpu"]
        #expect(ComparisonPlan.primary(counts, request) == ["throughput", "server.cpu"])
    }
}
