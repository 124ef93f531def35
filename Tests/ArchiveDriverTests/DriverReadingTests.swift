import ArchiveDriver
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// The `driver` section of a variant file.
@Suite struct DriverReadingTests {
    private static func problems(_ section: String) -> String {
        do {
            let document = try SpecDocument(
                text: "archivebench: variant/1\nname: n\nsummary: s\ndriver:\n\(section)\n", file: "v.yaml")
            _ = try Variant(document: document) { _ = DriverBehaviour(variant: $0) }
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func nothingSaidIsFaithful() throws {
        let behaviour = DriverBehaviour(
            variant: try SpecDocument(text: "name: n\n", file: "v.yaml").top)
        #expect(behaviour == .faithful && behaviour.isFaithful)
        #expect(behaviour.name == "faithful" && behaviour.changes.isEmpty)
        #expect(try Behaviours.read("put: separate, queries: text, window: 1") == .faithful)
    }

    @Test func everyKeyIsRead() throws {
        let behaviour = try Behaviours.read(
            """
            put: batched, batch: {form: unnest, most: 64, wait: 10ms}, queries: prepared, plans: generic, lists: array, \
            by-hash: bounded-first, hash-only: hashes, results: binary, hashes: bytea, surplus: dropped, \
            write-connections: 4, read-connections: 6, statement-timeout: 1500ms, window: 16, sync: 8
            """)
        var expected = DriverBehaviour()
        expected.put = .batched
        expected.batch = .init(form: .unnest, most: 64, wait: 10_000_000)
        expected.queries = .prepared
        expected.plans = .generic
        expected.lists = .array
        expected.byHash = .boundedFirst
        expected.hashOnly = .hashes
        expected.results = .binary
        expected.hashes = .bytea
        expected.surplus = .dropped
        expected.writeConnections = 4
        expected.readConnections = 6
        expected.statementTimeout = 1_500_000_000
        expected.window = 16
        expected.sync = .operations(8)
        #expect(behaviour == expected)
        #expect(
            behaviour.name == """
                put batched (unnest, 64 rows, 10 ms), queries prepared (generic), lists as arrays, \
                by-hash bounded-first, hash-only hashes, binary results, hashes as bytea, no surplus query, \
                4 write connections, 6 read connections, statement timeout 1500 ms, window 16, sync 8 operations
                """)
        #expect(behaviour.plan(.write, connections: 25).greetings == ["SET statement_timeout = 1500"])
        #expect(
            behaviour.plan(.read, connections: 25).greetings
                == ["SET statement_timeout = 1500", "SET plan_cache_mode = force_generic_plan"])
        #expect(
            try Behaviours.read("put: one-statement, queries: prepared").name == "put one-statement, queries prepared")
        #expect(try Behaviours.read("put: pipelined, sync: statement").name == "put pipelined, sync each statement")
        #expect(try Behaviours.read("window: 2, queries: prepared, sync: 1").sync == .operation)
    }

    @Test(arguments: [
        (
            "  put: both", "5:8",
            "driver.put: 'both' is not known; choose one of separate, transaction, pipelined, one-statement, batched"
        ),
        (
            "  batch: {most: 10}", "5:10",
            "driver.batch: there are no batches with put: separate; write put: batched, or leave it out"
        ),
        ("  put: batched\n  batch: {most: 1}", "6:17", "driver.batch.most: 1 is out of range; use 2 to 8192"),
        ("  put: batched\n  batch: {wait: 5}", "6:17", "driver.batch.wait: '5' has no unit"),
        ("  put: batched\n  batch: {size: 5}", "6:11", "unknown key 'driver.batch.size'"),
        (
            "  plans: generic", "5:10",
            "driver.plans: a query that is sent as text is planned each time; write queries: prepared, or leave it out"
        ),
        (
            "  lists: array", "5:10",
            "driver.lists: a query that is sent as text has no array to bind; write queries: prepared"
        ),
        (
            "  results: binary", "5:12",
            "driver.results: the simple protocol of queries sent as text has text results only; write queries: prepared"
        ),
        (
            "  window: 4", "5:11",
            "driver.window: queries that are sent as text cannot be pipelined; write queries: prepared, or window: 1"
        ),
        ("  window: 0", "5:11", "driver.window: 0 is out of range; use 1 to 10000"),
        (
            "  queries: prepared\n  window: 4\n  put: transaction", "6:11",
            "driver.window: others would come between BEGIN and COMMIT on the same connection; write put: pipelined"
        ),
        (
            "  queries: prepared\n  window: 4\n  put: batched\n  batch: {form: copy}", "6:11",
            "driver.window: COPY cannot be pipelined; choose another form of batch"
        ),
        (
            "  sync: operation", "5:9",
            "driver.sync: nothing is pipelined, so that every statement is synchronised; write put: pipelined or a window above 1"
        ),
        (
            "  queries: prepared\n  window: 4\n  sync: 5", "7:9",
            "driver.sync: 5 operations never come together when 4 are in flight at most; use a window of 5 or more"
        ),
        (
            "  queries: prepared\n  window: 4\n  sync: often", "7:9",
            "driver.sync: 'often' is not known; choose statement, operation, or a number of operations"
        ),
        ("  statement-timeout: 100us", "5:22", "driver.statement-timeout: 100us is out of range; use 1ms to 1d"),
        ("  write-connections: 0", "5:22", "driver.write-connections: 0 is out of range; use 1 to 1000"),
        ("  by-hash: fast", "5:12", "driver.by-hash: 'fast' is not known; choose one of node, bounded, bounded-first"),
        ("  hashes: text", "5:11", "driver.hashes: 'text' is not known; choose one of hex, bytea"),
        ("  surplus: never", "5:12", "driver.surplus: 'never' is not known; choose one of sent, dropped"),
        ("  hash_only: rows", "5:3", "unknown key 'driver.hash_only'; did you mean 'hash-only'?"),
        ("  - put", "5:3", "driver: expected a mapping; write 'key: value' lines below it"),
    ])
    func aWrongSectionIsToldWithPlaceAndRemedy(_ section: String, _ place: String, _ words: String) {
        let told = Self.problems(section)
        #expect(told.hasPrefix("v.yaml:\(place): \(words)"), "\(told)")
        #expect(told.split(separator: "\n").count == 1, "\(told)")
    }

    @Test func poolsAreAsTheBehaviourHasThem() throws {
        func plan(_ words: String, _ pool: PoolKind) throws -> [Int?] {
            let plan = try Behaviours.read(words).plan(pool, connections: 25)
            return [plan.limit, plan.window, plan.syncEvery]
        }
        #expect(try plan("put: separate", .write) == [25, 1, nil])
        #expect(try plan("put: pipelined, write-connections: 3", .write) == [3, 1, 1])
        #expect(try plan("put: pipelined, write-connections: 3", .read) == [25, 1, nil])
        #expect(try plan("queries: prepared, window: 8, sync: 4, read-connections: 2", .read) == [2, 8, 4])
        // Both statements of a put count.
        #expect(try plan("queries: prepared, window: 8, put: pipelined, sync: statement", .write) == [25, 16, 1])
    }

    @Test func allMistakesAreToldAtOnce() {
        let told = Self.problems("  plans: custom\n  results: binary\n  window: 3\nschema: 6")
        #expect(
            told.split(separator: "\n").map { $0.prefix(9) } == ["v.yaml:5:", "v.yaml:6:", "v.yaml:7:", "v.yaml:8:"])
    }

    @Test func theReferenceNamesEveryKeyAndItsExampleIsRight() throws {
        let reference = try readText("\(packageRoot)/Workloads/README.md")
        let source = try readText("\(packageRoot)/Sources/ArchiveDriver/Driver/DriverBehaviour+Reading.swift")
        let getter = /\.(?:choice|integer|duration|string|map)\("([a-z-]+)"/
        let keys = Set(source.matches(of: getter).map { String($0.1) })
        #expect(keys.count == 19)
        for key in keys { #expect(reference.contains("\n| `\(key)` |"), "\(key)") }
        let example = try #require(
            reference.split(separator: "```").first { $0.hasPrefix("\narchivebench: variant/1") })
        var behaviour = DriverBehaviour.faithful
        // Its base lies beside it.
        _ = try Variant(
            document: SpecDocument(text: String(example), file: "\(packageRoot)/Workloads/variants/example.yaml")
        ) { behaviour = DriverBehaviour(variant: $0) }
        #expect(
            behaviour.name
                == "put batched (unnest, 100 rows, 20 ms), queries prepared (generic), lists as arrays")
    }

    @Test func shippedVariantsAreReadAndDifferFromTheFleetInTheDriverAlone() throws {
        let folder = "\(packageRoot)/Workloads/variants"
        let fleet = try Variant(path: "\(folder)/status-prod.yaml")
        var names: Set<String> = []
        for file in TestSupport.names(in: folder) {
            var behaviour = DriverBehaviour.faithful
            let variant = try Variant(path: "\(folder)/\(file)") { behaviour = DriverBehaviour(variant: $0) }
            if behaviour.isFaithful { continue }
            #expect(!behaviour.changes.isEmpty, "\(file)")
            #expect("\(variant.name).yaml" == file)
            #expect(
                variant.settings.map { "\($0.name)=\($0.value)" } == fleet.settings.map { "\($0.name)=\($0.value)" })
            #expect(variant.schemaVersion == 8 && variant.scaleWithMemory == fleet.scaleWithMemory)
            #expect(variant.text.contains("# The base, status-prod.yaml:"))
            // Driver and tables change together.
            #expect((behaviour.hashes == .bytea) == (variant.patch?.apply.name == "hash-bytea"), "\(file)")
            names.insert(behaviour.name)
        }
        #expect(names.count == 16)
    }
}
