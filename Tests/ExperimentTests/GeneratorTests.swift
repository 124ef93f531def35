import Experiment
import FoundationEssentials
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// The generators that ours is held against, on a real server: what they say they did is what the server saw.
///
/// Where transactions are counted the server is the test's own: a session that is idle while others change catalogs is
/// told to catch up, which it does in a transaction that the server counts.
@Suite(.ownThreads) struct GeneratorTests {
    private static func database(
        _ script: CalibrationScript, on cluster: ManagedCluster? = nil
    ) async throws -> ConnectionParameters {
        let parameters: ConnectionParameters
        if let cluster {
            let name = "test\(UInt32.random(in: 0 ... .max))"
            try Connection.open(cluster.record.parameters(database: "postgres")).run("CREATE DATABASE \(name)")
            parameters = cluster.record.parameters(database: name)
        } else {
            parameters = try await TestServers.database()
        }
        let connection = try Connection.open(parameters)
        for statement in script.setUp { try connection.run(statement) }
        return parameters
    }

    /// Transactions that the server committed in a database, once all its sessions have ended and told of them.
    private static func commits(_ parameters: ConnectionParameters) throws -> Int {
        var elsewhere = parameters
        elsewhere.database = "postgres"
        let connection = try Connection.open(elsewhere)
        let name = parameters.database
        while try connection.value("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '\(name)'") != "0" {
            Clock.pause(10_000_000)
        }
        return Int(
            try connection.value("SELECT xact_commit FROM pg_stat_database WHERE datname = '\(name)'") ?? "") ?? -1
    }

    /// A server that nobody else uses.
    private static func alone(_ body: (ManagedCluster) async throws -> Void) async throws {
        let cluster = try await TestServers.privateCluster()
        do { try await body(cluster) } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    @Test func theBareLoopDoesWhatItSays() async throws {
        try await Self.alone { cluster in
            for script in CalibrationScript.all { try await Self.checkBareLoop(script, cluster) }
        }
    }

    private static func checkBareLoop(_ script: CalibrationScript, _ cluster: ManagedCluster) async throws {
        let parameters = try await database(script, on: cluster)
        // Differences of two runs: connecting and preparing commit something too.
        let start = try commits(parameters)
        let few = try BareLoop.run(script, parameters, connections: 3, transactions: 30, seed: 2)
        let afterFew = try commits(parameters)
        let many = try BareLoop.run(script, parameters, connections: 3, transactions: 330, seed: 3)
        let afterMany = try commits(parameters)
        #expect((few.transactions, many.transactions) == (30, 330))
        #expect(many.statements == 330 * script.statements.count)
        #expect(many.rows == 330 * script.rowsPerTransaction)
        #expect(afterMany - afterFew - (afterFew - start) == 300 * script.statements.count, "\(script.name)")
        // No value comes twice, also with seeds that are neighbours: nothing was in conflict and left out.
        if let table = script.growing { #expect(try TestServers.count(parameters, table) == 360) }
        #expect(many.wall > 0 && many.cpu > 0)
    }

    @Test func thePipelinedLoopDoesToo() async throws {
        try await Self.alone { cluster in
            for (window, syncEvery) in [(20, 10), (7, 3), (5, 1)] {
                try await Self.checkPipelinedLoop(window, syncEvery, cluster)
            }
        }
    }

    private static func checkPipelinedLoop(
        _ window: Int, _ syncEvery: Int, _ cluster: ManagedCluster
    ) async throws {
        let script = CalibrationScript.put
        let parameters = try await database(script, on: cluster)
        let mode = BareLoop.Mode.pipelined(window: window, syncEvery: syncEvery)
        let start = try commits(parameters)
        let few = try BareLoop.run(script, parameters, connections: 4, transactions: 40, mode: mode, seed: 1)
        let afterFew = try commits(parameters)
        let many = try BareLoop.run(script, parameters, connections: 4, transactions: 541, mode: mode, seed: 2)
        let afterMany = try commits(parameters)
        #expect(many.transactions == 541 && many.statements == 1_082)
        #expect(try TestServers.count(parameters, "calibration.messages") == 581)
        #expect(try TestServers.count(parameters, "calibration.messages_lookup") == 581)
        // A Sync ends an implicit transaction.
        #expect(afterMany - afterFew - (afterFew - start) == many.syncs - few.syncs, "\(window), \(syncEvery)")
        #expect(many.syncs >= 1_082 / syncEvery)
    }

    @Test func theBareLoopEndsInTime() async throws {
        let parameters = try await Self.database(.selectOne)
        let outcome = try BareLoop.run(
            .selectOne, parameters, connections: 2, transactions: .max, seconds: 0.2, seed: 1)
        #expect(outcome.transactions > 0 && outcome.transactions == outcome.rows)
        #expect(outcome.wall >= 200_000_000)
    }

    @Test func theBareLoopTellsWhatWentWrong() async throws {
        let parameters = try await TestServers.database()
        #expect(throws: TestbedProblem.self) {
            try BareLoop.run(.point, parameters, connections: 1, transactions: 1, seed: 1)
        }
        var nowhere = parameters
        nowhere.database = "no_such_database"
        #expect(throws: TestbedProblem.self) {
            try BareLoop.run(.selectOne, nowhere, connections: 1, transactions: 1, seed: 1)
        }
    }

    @Test func pgbenchDoesWhatItSays() async throws {
        let parameters = try await Self.database(.put)
        let folder = try TemporaryFolder()
        let (control, script) = (TrialControl(), CalibrationScript.put)
        let pgbench = try Pgbench(try await TestServers.installation(), parameters, folder: folder.path)
        let closed = try await pgbench.run(
            script.pgbenchText, clients: 2, .transactions(perClient: 50), seed: 5, control: control)
        #expect(closed.report.transactions == 100 && closed.report.due == 100)
        #expect(closed.cpu > 0 && closed.lags.isEmpty)
        #expect(try TestServers.count(parameters, "calibration.messages") == 100)
        let pipelined = try await pgbench.run(
            script.pipelinedPgbenchText(depth: 10), clients: 2, .transactions(perClient: 5), seed: 6, control: control)
        #expect(pipelined.report.transactions == 10)
        #expect(try TestServers.count(parameters, "calibration.messages_lookup") == 200)
        let open = try await pgbench.run(
            script.pgbenchText, clients: 2, .rate(perSecond: 100, seconds: 1), seed: 7, control: control)
        #expect(open.report.transactions > 0 && open.lags.count == open.report.transactions)
        #expect(open.report.meanLag != nil)
        #expect(open.peakMemory ?? 0 > 1 << 20)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func pgbenchTellsWhatWentWrong() async throws {
        let parameters = try await TestServers.database()
        let folder = try TemporaryFolder()
        let pgbench = try Pgbench(try await TestServers.installation(), parameters, folder: folder.path)
        await #expect(throws: TestbedProblem.self) {
            try await pgbench.run(
                "SELECT 1/0;\n", clients: 1, .transactions(perClient: 1), seed: 1, control: TrialControl())
        }
        let stopped = TrialControl()
        stopped.stop()
        await #expect(throws: TrialInterrupted.self) {
            try await pgbench.run(
                "SELECT pg_sleep(60);\n", clients: 1, .transactions(perClient: 1), seed: 1, control: stopped)
        }
    }
}
