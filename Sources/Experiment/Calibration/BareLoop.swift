import CBareLoop
import Glibc
import LinuxSystem
import PostgresClient
import Testbed

/// The least that a program can do with libpq and epoll: a closed loop in C on one thread, without schedule, histograms or
/// a clock per operation. What it reaches is what libpq and the kernel allow.
package enum BareLoop {
    /// How statements go out.
    package enum Mode: Sendable, Equatable {
        /// One at a time on each connection.
        case plain
        /// `window` statements in flight on each connection all the time, with a Sync after every `syncEvery`.
        case pipelined(window: Int, syncEvery: Int)
    }

    /// What one run did, with the loop's own times: connections are open and statements prepared before it starts.
    package struct Outcome: Sendable, Equatable {
        package let transactions: Int
        package let statements: Int
        package let rows: Int
        /// Syncs that were answered.
        package let syncs: Int
        /// Nanoseconds.
        package let wall: Nanoseconds
        /// CPU of the thread, nanoseconds, and the kernel's coarse split of it.
        package let cpu: Nanoseconds
        package let userCPU: Nanoseconds
        package let systemCPU: Nanoseconds

        /// Transactions a second.
        package var throughput: Double { Double(transactions) / Double(wall) * 1e9 }
        /// Nanoseconds of CPU a transaction.
        package var cpuPerTransaction: Double { Double(cpu) / Double(transactions) }
    }

    /// Runs the loop. Blocks the calling thread, which is the one that is measured.
    ///
    /// - Parameters:
    ///   - script: its tables are there.
    ///   - parameters: how to connect.
    ///   - connections: at least 1.
    ///   - transactions: by all connections together; each is completed.
    ///   - seconds: start nothing after so long; `nil` is no limit.
    ///   - mode: how statements go out.
    ///   - seed: of the drawn integers.
    /// - Returns: what was done and what it took.
    /// - Throws: `TestbedProblem` with what libpq or the server said.
    package static func run(
        _ script: CalibrationScript, _ parameters: ConnectionParameters, connections: Int, transactions: Int,
        seconds: Double? = nil, mode: Mode = .plain, seed: UInt64
    ) throws(TestbedProblem) -> Outcome {
        let texts = script.statements.map { strdup($0.text) }
        let target = strdup(connectionString(parameters))
        defer { for text in texts + [target] { free(text) } }
        let statements = zip(script.statements, texts).map { statement, text in
            var raw = bareloop_statement()
            raw.text = UnsafePointer(text)
            raw.parameter_count = Int32(statement.parameters.count)
            withUnsafeMutableBytes(of: &raw.parameters) { bytes in
                for (index, place) in statement.parameters.enumerated() {
                    bytes.storeBytes(of: Int32(place), toByteOffset: index * 4, as: Int32.self)
                }
            }
            return raw
        }
        var plan = bareloop_plan()
        plan.conninfo = UnsafePointer(target)
        plan.connections = Int32(connections)
        plan.transactions = Int64(transactions)
        plan.seconds = seconds ?? 0
        plan.seed = seed
        if case .pipelined(let window, let syncEvery) = mode {
            plan.window = Int32(window)
            plan.sync_every = Int32(syncEvery)
        }
        var result = bareloop_result()
        let code = call(&plan, statements, script.draws, &result)
        guard code == 0 else { throw TestbedProblem("bare loop: \(message(result))") }
        return Outcome(
            transactions: Int(result.transactions), statements: Int(result.statements), rows: Int(result.rows),
            syncs: Int(result.syncs), wall: result.wall_ns, cpu: result.cpu_ns, userCPU: result.user_ns,
            systemCPU: result.system_ns)
    }

    private static func call(
        _ plan: inout bareloop_plan, _ statements: [bareloop_statement], _ draws: [ClosedRange<Int64>],
        _ result: inout bareloop_result
    ) -> Int32 {
        statements.withUnsafeBufferPointer { statements in
            draws.map(\.lowerBound).withUnsafeBufferPointer { low in
                draws.map(\.upperBound).withUnsafeBufferPointer { high in
                    plan.statements = statements.baseAddress
                    plan.statement_count = Int32(statements.count)
                    plan.draw_low = low.baseAddress
                    plan.draw_high = high.baseAddress
                    plan.draw_count = Int32(low.count)
                    return bareloop_run(&plan, &result)
                }
            }
        }
    }

    private static func message(_ result: bareloop_result) -> String {
        withUnsafeBytes(of: result.error) { bytes in
            String(decoding: bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }

    /// libpq's `keyword='value'` form, with everything said that it would otherwise look for.
    private static func connectionString(_ parameters: ConnectionParameters) -> String {
        var pairs = [
            ("host", parameters.host), ("port", String(parameters.port)), ("user", parameters.user),
            ("dbname", parameters.database), ("sslmode", parameters.sslMode), ("gssencmode", "disable"),
            ("connect_timeout", String(parameters.connectTimeout)), ("client_encoding", "UTF8"),
            ("application_name", "archivebench bare loop"), ("passfile", "/nonexistent"),
        ]
        if let password = parameters.password { pairs.append(("password", password)) }
        return pairs.map { name, value in
            "\(name)='\(value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
        }.joined(separator: " ")
    }
}
