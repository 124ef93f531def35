import ArchiveDriver
import Experiment
import Glibc
import PostgresClient
import RunRecord
import SpecReader
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

/// Trials with telemetry on real servers.
@Suite(.ownThreads) struct TelemetryTrialTests {
    private struct Quiet: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private func run(
        _ spec: WorkloadSpec, driver words: String = "", settings: [String: String] = [:]
    ) async throws -> (RunRecord, RecordFolder, TemporaryFolder) {
        let (place, registry) = (
            try TemporaryFolder(), ClusterRegistry(home: newHome())
        )
        let document = try SpecDocument(text: "driver: {\(words)}\n", file: "v.yaml")
        let driver = words.isEmpty ? DriverBehaviour.faithful : DriverBehaviour(variant: document.top)
        var request = TrialRequest(
            workload: spec, variant: try TestServers.variant(settings), schemaVersion: 8, driver: driver,
            usesCache: false, seed: 1, rateScale: 1, installation: try await TestServers.installation(),
            registry: registry, dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema",
            recordFolder: "\(place.path)/run", runID: "test", keepCluster: false, toolVersion: "test",
            command: "archivebench run", wallClock: { 1_767_636_000 })
        request.telemetry = true
        let outcome = try await TrialRunner(request, observer: Quiet(), control: TrialControl()).run()
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
        return (try outcome.folder.readRecord(), outcome.folder, place)
    }

    /// The server counts what the load generator counts.
    @Test func statementsAreThoseOfTheAccounting() async throws {
        let (record, folder, place) = try await run(try TestWorkloads.everything(warmUp: "0s"))
        let statements = try #require(try folder.readStatements())
        let calls = Dictionary(uniqueKeysWithValues: statements.shapes.map { ($0.name, $0.calls) })
        let puts = ["put", "put.duplicate"].compactMap { record.accounting[$0] }.reduce(0) { $0 + $1.completed }
        #expect(puts > 0 && record.accounting.values.allSatisfy { $0.failed == 0 && $0.abandoned == 0 })
        #expect(calls["messages.insert"] == puts)
        #expect(calls["lookup.insert"] == puts)
        let row = try #require(statements.shapes.first { $0.name == "messages.insert" })
        #expect(row.rows == record.accounting["put"]?.completed)
        #expect(row.walBytes > 0 && row.blocks.sharedHit > 0 && row.execMs > 0)
        #expect(statements.others.isEmpty, "\(statements.others.map(\.text))")
        #expect(statements.tracksPlanning && statements.tracksBlockTimes && statements.forgottenEntries == 0)

        let server = try #require(record.server)
        #expect(server.cost.samples >= 3 && server.cost.failures == 0)
        #expect(server.database?.commits ?? 0 > puts)
        #expect(server.wal?.bytes ?? 0 > 0)
        #expect(server.database?.blockReadMs != nil && server.wal?.syncMs != nil)
        #expect(try #require(server.countedSeconds) > 0 && server.checkpointDistance?.intervalSeconds != nil)
        #expect(server.relations.contains { $0.name == "messages" && $0.kind == .table && $0.growthBytes > 0 })
        #expect((0...1).contains(try #require(server.toastShare)))
        #expect(server.cacheAtEnd?.sharedBuffersShare ?? 0 > 0)
        #expect(server.notes.contains { $0.contains("shorter than") })
        #expect(
            record.validity.filter { ["checkpoint-distance", "dead-tuples"].contains($0.rule) }.map(\.holds) == [
                true, true,
            ])
        #expect(server.connections?.limit == 300 && server.connections?.poolWaitMeanMs != nil)
        #expect(try folder.readServerSamples().count == server.cost.samples)
        try checkPlans(folder)
        withExtendedLifetime(place) {}
    }

    private func checkPlans(_ folder: RecordFolder) throws {
        let plans = try folder.readPlans()
        for when in [PlanRecord.Moment.before, .after] {
            #expect(
                Set(plans.filter { $0.when == when }.map(\.shape)).isSuperset(of: [
                    "messages.insert", "lookup.insert", "query.by-hash", "query.page.first", "query.page.next",
                ]))
        }
        #expect(plans.allSatisfy { $0.fingerprint.count == 16 && $0.executionMs > 0 })
        #expect(plans.allSatisfy { $0.lines?.first?.depth == 0 && $0.lines?.first?.nodes == 1 })
        #expect(plans.filter { $0.when != .slow }.allSatisfy { ($0.planningMs ?? 0) > 0 })
        #expect(plans.contains { ($0.partitionsPlanned ?? 0) >= 2 })
    }

    /// Nothing that a driver sends is a stranger to the statistics, its clockwork and new partitions included.
    @Test(arguments: [
        "", "put: one-statement, queries: prepared, plans: generic",
        "put: batched, batch: {form: copy, most: 50, wait: 20ms}, by-hash: bounded-first",
        "put: batched, batch: {form: multi-row, most: 7, wait: 1ms}, queries: prepared, lists: array, statement-timeout: 30s",
    ])
    func everyStatementIsRecognised(_ words: String) async throws {
        var spec = try TestWorkloads.everything(warmUp: "0s", measure: "4s")
        spec.clockwork = .standard
        spec.timeScale = 1_800
        let (record, folder, place) = try await run(spec, driver: words)
        let statements = try #require(try folder.readStatements())
        #expect(statements.others.isEmpty, "\(statements.others.map(\.text))")
        let shapes = Set(statements.shapes.map(\.name))
        #expect(shapes.isSuperset(of: ["partition.create", "partition.attach", "catalog.partitions"]), "\(shapes)")
        let spans = try #require(record.server).maintenance
        #expect(spans.contains { $0.what.contains("partition.create") && $0.toSeconds > $0.fromSeconds })
        withExtendedLifetime(place) {}
    }

    /// A driver whose hashes the tables do not have would store what nobody finds again.
    @Test func hashesThatTheTablesDoNotHaveAreRefused() async throws {
        let spec = try TestWorkloads.everything(rows: 20, warmUp: "0s", measure: "2s")
        let problem = await #expect(throws: TestbedProblem.self) { _ = try await run(spec, driver: "hashes: bytea") }
        #expect(problem?.description.contains("messageHash is text, and a driver with hashes: bytea") == true)
    }

    /// Costs are by message: what a second node puts again is none.
    @Test func logIsToldByTheMessage() async throws {
        let (record, _, place) = try await run(try TestWorkloads.everything(rows: 200, warmUp: "0s", measure: "2s"))
        let names = ["wal.bytes", "wal.records", "wal.full-page-images"]
        let metrics = try names.map { try #require(ExperimentMetrics.find($0)) }
        let values = ExperimentMetrics.values(of: record, metrics)
        let (wal, puts) = (try #require(record.server?.wal), try #require(record.accounting["put"]).completed)
        #expect(puts > 0 && record.accounting["put.duplicate"]?.completed ?? 0 > 0)
        #expect(values["wal.bytes"] == Double(wal.bytes) / Double(puts))
        #expect(values["wal.records"] == Double(wal.records) / Double(puts))
        #expect(metrics.map(\.unit) == ["B/message", "records/message", "images/message"])
        withExtendedLifetime(place) {}
    }

    /// A variant's own libraries and settings stay.
    @Test func aVariantsOwnSettingsStay() async throws {
        let spec = try TestWorkloads.everything(rows: 200, warmUp: "0s", measure: "2s")
        let (record, folder, place) = try await run(
            spec,
            settings: [
                "shared_preload_libraries": "auto_explain", "track_io_timing": "off",
                "pg_stat_statements.track_planning": "off",
            ])
        let statements = try #require(try folder.readStatements())
        #expect(!statements.tracksPlanning && !statements.tracksBlockTimes)
        #expect(statements.shapes.allSatisfy { $0.planMs == nil && $0.blockReadMs == nil })
        let loaded = record.variant.settings.first { $0.name == "shared_preload_libraries" }?.value
        #expect(loaded == "auto_explain,pg_stat_statements")
        withExtendedLifetime(place) {}
    }
}

/// What reports believe that a request class sends, against what the driver's own machines send. No server.
@Suite struct ClassStatementTests {
    /// Behaviours that between them send every statement of a store request.
    private static var behaviours: [DriverBehaviour] {
        var all: [DriverBehaviour] = []
        for queries in DriverBehaviour.Queries.allCases {
            for byHash in DriverBehaviour.ByHash.allCases {
                for hashOnly in DriverBehaviour.HashOnly.allCases {
                    var behaviour = DriverBehaviour.faithful
                    (behaviour.queries, behaviour.byHash, behaviour.hashOnly) = (queries, byHash, hashOnly)
                    all.append(behaviour)
                }
            }
        }
        return all
    }

    private static let hash = MessageHash(words: (1, 2, 3, 4))

    private static func name(_ text: String) -> String { StatementShapes.name(of: text) ?? "unknown: \(text)" }

    /// Shapes that a behaviour sends for a request whose cursor is found.
    private func shapes(of query: StoreQuery, _ behaviour: DriverBehaviour) -> Set<String> {
        let (book, buffer) = (StatementBook(behaviour), TextBuffer())
        var machine = RequestMachine(query, book)
        var seen: Set<String> = []
        while case .send(let step) = machine.step() {
            if case .prepared(let statement) = step.form {
                seen.insert(Self.name(String(cString: book.text(statement))))
            } else {
                machine.writeText(into: buffer)
                seen.insert(Self.name(String(cString: buffer.cString())))
            }
            machine.noteSent()
            machine.assumeCursor(at: 7)
            machine.finishStatement()
        }
        #expect(machine.step() == .finished)
        return seen
    }

    private func shapes(of queries: [StoreQuery]) -> Set<String> {
        var seen: Set<String> = []
        for query in queries {
            for behaviour in Self.behaviours { seen.formUnion(shapes(of: query, behaviour)) }
        }
        return seen
    }

    /// Requests of a class as they are, and those that only some of them are.
    private static func requests(_ requestClass: String) throws -> (usual: [StoreQuery], others: [StoreQuery]) {
        let (shard, topic) = (try PubsubTopic("/waku/2/rs/16/32"), try ContentTopic("/waku/1/0x0a0b0c0d/rfc26"))
        func page(_ includeData: Bool, cursor: MessageHash? = nil) -> StoreQuery {
            StoreQuery(
                includeData: includeData, pubsubTopic: shard, contentTopics: [topic], startTime: 5, endTime: 9,
                cursor: cursor)
        }
        func time(_ includeData: Bool, cursor: MessageHash? = nil) -> StoreQuery {
            StoreQuery(includeData: includeData, startTime: 5, endTime: 9, cursor: cursor)
        }
        func hashes(_ includeData: Bool, _ count: UInt64, cursor: MessageHash? = nil) -> StoreQuery {
            let hashes = (0..<count).map { MessageHash(words: ($0, 1, 1, 1)) }
            return StoreQuery(includeData: includeData, hashes: hashes, cursor: cursor)
        }
        switch requestClass {
        case "store.topics.data.first": return ([page(true)], [])
        case "store.topics.data.next": return ([page(true, cursor: hash)], [])
        case "store.topics.hashes.first": return ([page(false)], [])
        case "store.topics.hashes.next": return ([page(false, cursor: hash)], [])
        case "store.hashes.data": return ([hashes(true, 50)], [hashes(true, 100), hashes(true, 50, cursor: hash)])
        case "store.hashes.presence": return ([hashes(false, 5)], [hashes(false, 100), hashes(false, 5, cursor: hash)])
        case "store.sync": return ([hashes(true, 1)], [])
        case "store.time-range":
            return ([time(true), time(false), time(true, cursor: hash), time(false, cursor: hash)], [])
        default:
            Issue.record("no requests of \(requestClass)")
            return ([], [])
        }
    }

    @Test func requestsSendTheStatementsOfTheirClass() throws {
        for sent in ClassStatements.all where sent.requestClass.hasPrefix("store.") {
            let (usual, others) = try Self.requests(sent.requestClass)
            let seen = shapes(of: usual)
            #expect(seen.isSubset(of: sent.own), "\(sent.requestClass): \(seen)")
            // What lies between two times is asked for only where a server knew one of the hashes.
            let unseen = sent.own.subtracting(seen)
            #expect(unseen.isSubset(of: ["query.by-hash-between"]), "\(sent.requestClass): \(unseen)")
            let besides = shapes(of: others).subtracting(sent.own)
            #expect(besides == sent.besides, "\(sent.requestClass): \(besides)")
        }
    }

    @Test func putsSendTheStatementsOfTheirClass() throws {
        var seen: Set<String> = []
        for put in DriverBehaviour.Put.allCases where put != .batched {
            var behaviour = DriverBehaviour.faithful
            behaviour.put = put
            let book = StatementBook(behaviour)
            var machine = RequestMachine.put(book)
            while case .send(let step) = machine.step() {
                guard case .prepared(let statement) = step.form else { break }
                seen.insert(Self.name(String(cString: book.text(statement))))
                machine.noteSent()
                machine.finishStatement()
            }
            #expect(machine.step() == .finished)
        }
        for form in DriverBehaviour.Batch.Form.allCases {
            var behaviour = DriverBehaviour.faithful
            (behaviour.put, behaviour.batch.form) = (.batched, form)
            seen.formUnion(try batch(behaviour))
        }
        #expect(seen == StatementRole.put.shapes.subtracting(["transaction.rollback"]))
        #expect(ClassStatements.of("put")?.own == StatementRole.put.shapes)
        #expect(ClassStatements.of("put.duplicate")?.own == StatementRole.put.shapes)
    }

    private func batch(_ behaviour: DriverBehaviour) throws -> Set<String> {
        let (book, buffer) = (StatementBook(behaviour), TextBuffer())
        let batch = PutBatch(book)
        let message = Message(payload: [1], contentTopic: try ContentTopic("/a/1/b/c"), timestamp: 1)
        _ = batch.add(0, try PubsubTopic("/waku/2/rs/16/32"), message, now: 0)
        batch.close()
        var seen: Set<String> = []
        while case .send(let step) = batch.step() {
            if case .prepared(let statement) = step.form {
                seen.insert(Self.name(String(cString: book.text(statement))))
            } else {
                batch.writeText(into: buffer)
                seen.insert(Self.name(String(cString: buffer.cString())))
            }
            batch.noteSent()
            batch.finishStatement()
        }
        return seen
    }

    /// Each statement of each job is answered with nothing, or with what leads further.
    @Test func jobsSendTheStatementsOfTheirClass() throws {
        var clockwork = ClockworkSpec.standard
        clockwork.setRetention([.time(seconds: 3_600), .size(bytes: 1), .capacity(messages: 1)])
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        for kind in ClockworkSpec.JobKind.allCases {
            let sent = try #require(ClassStatements.of("maintenance.\(kind.rawValue)"))
            for answer in [[], [["messages_3600_7200"]], [["t"]], [["900"]]] as [[[String?]]] {
                let job = MaintenanceJob(kind, clockwork, schema, now: 900_000_000_000_000)
                var statements = 0
                while let step = job.next, statements < 50 {
                    let shape = Self.name(step.text)
                    #expect(sent.own.contains(shape), "\(kind.rawValue): \(shape)")
                    job.take(.rows(answer, affected: 0))
                    statements += 1
                }
            }
        }
    }

    @Test func everyClassOfAWorkloadAndEveryShapeIsKnown() throws {
        for spec in [try TestWorkloads.everything(), try TestWorkloads.shipped("sync-and-resume")] {
            for label in RequestLabel.all(of: spec) {
                #expect(ClassStatements.of(label.requestClass) != nil, "\(label.requestClass)")
            }
        }
        let shapes = Set(StatementShapes.names)
        #expect(StatementRole.put.shapes.union(StatementRole.byHash.shapes).isSubset(of: shapes))
        for sent in ClassStatements.all {
            #expect(sent.own.union(sent.besides).isSubset(of: shapes), "\(sent.requestClass)")
        }
    }
}
