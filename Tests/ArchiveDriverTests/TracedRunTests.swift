import ArchiveDriver
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testbed
import Testing
import Workload

/// A whole load, seen from the server: its own log of every statement, and libpq's trace of every message.
@Suite(.ownThreads) struct TracedRunTests {
    private static let settings = [
        "log_statement": "all", "log_min_duration_statement": "0", "log_line_prefix": "#%p#",
    ]

    private struct Trace {
        let log: ServerLog
        let messages: [String]
        let result: LoadResult
    }

    private func trace(schema version: Int) async throws -> Trace {
        let folder = try TemporaryFolder()
        let cluster = try await TestServers.privateCluster(Self.settings)
        do {
            let spec = try TestWorkloads.everything()
            let parameters = cluster.record.parameters()
            let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
            let connection = try Connection.open(parameters)
            try schema.install(on: connection)
            try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load { _ in true }
            let before = try readText(cluster.record.logFile).utf8.count
            let tracePath = "\(folder.path)/trace"
            let result = try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
                try ArchiveTarget(parameters, traffic: traffic, schema: schema, tracePath: tracePath)
            }
            let text = String(decoding: try readText(cluster.record.logFile).utf8.dropFirst(before), as: UTF8.self)
            let messages = Self.messages(try readText(tracePath))
            await cluster.remove()
            return Trace(log: ServerLog(text), messages: messages, result: result)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// One text a message: a statement's own line breaks stand in the trace as they are.
    private static func messages(_ trace: String) -> [String] {
        trace.split(separator: "\n").reduce(into: []) { messages, line in
            if line.hasPrefix("F\t") || line.hasPrefix("B\t") {
                messages.append(String(line))
            } else if !messages.isEmpty {
                messages[messages.count - 1] += "\n" + line
            }
        }
    }

    @Test(arguments: [7, 8]) func theServerSeesWhatAStoreNodeSends(_ version: Int) async throws {
        let trace = try await trace(schema: version)
        let statements = trace.log.statements
        #expect(trace.result.results.allSatisfy { $0.measure.identityHolds && $0.measure.failures.isEmpty })

        // Texts: exactly the documented ones, each at least once.
        let simple = Set(statements.filter { $0.step == .simple }.map { DocumentedShapes.shape(of: $0.text) })
        #expect(simple == DocumentedShapes.simple)
        let prepared = Set(statements.filter { $0.step != .simple }.map { "\($0.step.name): \($0.text)" })
        #expect(prepared == DocumentedShapes.prepared)

        checkConnections(statements)
        checkOrder(statements)
        checkMessages(trace.messages)
    }

    /// Reads and writes never share a connection; a statement is prepared once a connection; at most 25 for each of two
    /// pools of two nodes.
    private func checkConnections(_ statements: [ServerLog.Statement]) {
        let writes = statements.filter { $0.step.name.hasPrefix("Insert") }
        let (writers, readers) = (Set(writes.map(\.pid)), Set(statements.map(\.pid)).subtracting(writes.map(\.pid)))
        #expect(statements.filter { readers.contains($0.pid) }.allSatisfy { !$0.step.name.hasPrefix("Insert") })
        #expect(statements.filter { writers.contains($0.pid) }.allSatisfy { $0.step.name.hasPrefix("Insert") })
        #expect((2...50).contains(writers.count) && (2...50).contains(readers.count))
        let preparations = statements.filter(\.step.isParse).map { "\($0.pid) \($0.step.name)" }
        #expect(Set(preparations).count == preparations.count)
    }

    /// Every row is followed by its look-up row; every later page by the look-up of its cursor.
    private func checkOrder(_ statements: [ServerLog.Statement]) {
        var open: [String: Int] = [:]
        var cursors: [String: Int] = [:]
        for statement in statements {
            switch statement.step {
            case .execute("InsertRow"):
                #expect(statement.parameters.count == 8)
                #expect(statement.parameters[0] == "0" && statement.parameters[7].isEmpty)
                open[statement.parameters[1], default: 0] += 1
            case .execute("InsertRowMessagesLookup"):
                #expect(statement.parameters.count == 2)
                open[statement.parameters[0], default: 0] -= 1
                #expect(open[statement.parameters[0]] ?? -1 >= 0, "a look-up row before its row")
            case .execute("SelectMessageByHashInMessagesLookup"):
                cursors[statement.parameters[0], default: 0] += 1
            case .simple:
                guard let cursor = DocumentedShapes.cursor(of: statement.text) else { continue }
                cursors[cursor, default: 0] -= 1
                #expect(cursors[cursor] ?? -1 >= 0, "a page before the look-up of its cursor")
            default: continue
            }
        }
        #expect(open.values.allSatisfy { $0 == 0 } && !open.isEmpty)
        #expect(cursors.values.allSatisfy { $0 == 0 } && !cursors.isEmpty)
    }

    /// Parameter counts and formats as libpq sent them: no declared types, text in, text out, no transaction.
    private func checkMessages(_ messages: [String]) {
        let counts = ["InsertRow": 8, "InsertRowMessagesLookup": 2, "SelectMessageByHashInMessagesLookup": 1]
        var seen: Set<String> = []
        for message in messages {
            let fields = message.split(separator: "\t")
            guard fields.count >= 3, fields[0] == "F" else { continue }
            let words = message.split(separator: " ")
            switch fields[2].split(separator: " ").first {
            case "Bind":
                let name = words[2].filter { $0 != "\"" }
                // Number of parameter formats (0: all text), number of parameters; at the end one result format, text.
                #expect(words[3] == "0" && Int(words[4]) == counts[name])
                #expect(words.suffix(2) == ["1", "0"])
                seen.insert(name)
            case "Parse": #expect(words.last == "0", "declared parameter types")
            default: continue
            }
        }
        #expect(seen == Set(counts.keys))
        #expect(!messages.contains { $0.contains("BEGIN") || $0.contains("COMMIT") || $0.contains("Flush") })
    }
}

extension ServerLog.Statement.Step {
    var name: String {
        switch self {
        case .simple: ""
        case .parse(let name), .execute(let name): name
        }
    }

    var isParse: Bool {
        if case .parse = self { true } else { false }
    }
}
