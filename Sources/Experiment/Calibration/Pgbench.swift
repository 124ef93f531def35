import FoundationEssentials
import LinuxSystem
import PostgresClient
import Statistics
import Testbed

/// PostgreSQL's own load generator, from the folder of the server's programs, against a managed cluster.
package struct Pgbench: Sendable {
    /// How much it does.
    package enum Amount: Sendable, Equatable {
        /// As fast as it goes: so many transactions on each connection. Connections do not finish together: the last ones
        /// run with less and less beside them, which costs a short run a good part of its throughput.
        case transactions(perClient: Int)
        /// As fast as it goes, for so many seconds, of which connecting is a part.
        case duration(seconds: Int)
        /// Due at this rate for so many seconds, with a log of each transaction's lag.
        case rate(perSecond: Double, seconds: Int)
    }

    /// One run of it.
    package struct Outcome: Sendable {
        package let report: PgbenchReport
        /// CPU of the whole process, nanoseconds: connecting and preparing are in it.
        package let userCPU: Nanoseconds
        package let systemCPU: Nanoseconds
        /// Bytes; `nil` for a run too short to look at.
        package let peakMemory: Int?
        /// Microseconds from scheduled to actual start, one a transaction; empty without a rate.
        package let lags: [Double]

        /// User and system time, nanoseconds.
        package var cpu: Nanoseconds { userCPU + systemCPU }

        /// Nanoseconds of CPU a transaction, without what is spent on start, connecting and preparing.
        ///
        /// That part is known from runs of one transaction a client: (C − C₁) / (n − clients), where such a run took C₁
        /// and did as many transactions as there are clients.
        ///
        /// - Parameters:
        ///   - startUp: C₁, from ``Pgbench/startUp(_:clients:runs:control:)``.
        ///   - clients: connections of both.
        /// - Returns: `nil` when the run was too short to tell the two apart.
        package func cpuPerTransaction(startUp: StartUp, clients: Int) -> Double? {
            let (rest, count) = (Double(cpu) - startUp.cpu, report.transactions - clients)
            return rest > 0 && count > 0 ? rest / Double(count) : nil
        }
    }

    /// What a run spends before its first transaction.
    package struct StartUp: Sendable, Equatable {
        /// CPU of start, connecting, preparing and one transaction a client, nanoseconds.
        package let cpu: Double
        /// Seconds until all are connected.
        package let seconds: Double
    }

    private let program: String
    private let parameters: ConnectionParameters
    private let folder: String

    /// - Parameters:
    ///   - installation: has `pgbench` beside the server.
    ///   - parameters: a Unix socket and a database in which the scripts' tables are.
    ///   - folder: an existing one for scripts and logs; ours to write in.
    /// - Throws: `TestbedProblem` when there is no pgbench.
    package init(
        _ installation: PostgresInstallation, _ parameters: ConnectionParameters, folder: String
    ) throws(TestbedProblem) {
        program = "\(installation.folder)/pgbench"
        self.parameters = parameters
        self.folder = folder
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw TestbedProblem("\(program): missing; install PostgreSQL's client programs beside the server's")
        }
    }

    /// Runs a script with `-M prepared` on one thread, and waits for its end.
    ///
    /// - Parameters:
    ///   - text: pgbench's script.
    ///   - clients: connections.
    ///   - amount: how much.
    ///   - seed: of its random numbers.
    ///   - control: ends it early.
    /// - Returns: its report, with what the process used.
    /// - Throws: `TestbedProblem` with its complaint when it did not complete; ``TrialInterrupted``.
    package func run(
        _ text: String, clients: Int, _ amount: Amount, seed: UInt64, control: TrialControl
    ) async throws -> Outcome {
        let place = "\(folder)/pgbench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: place) }
        try Data(text.utf8).write(to: URL(filePath: "\(place)/script.sql"))
        let arguments = arguments(place, clients, amount, seed)
        let program = program
        let ended = try await WorkerThread.run {
            Result { () throws(SystemError) -> ChildProcess in
                try ChildProcess.run(program, arguments, environment: ["LC_ALL=C", "TZ=UTC"]) { control.isStopping }
            }
        }.get()
        if control.isStopping { throw TrialInterrupted() }
        guard ended.status == 0 else {
            let lines = ended.errors.split(separator: "\n")
            throw TestbedProblem("pgbench: \(lines.first ?? "ended with status \(ended.status)")")
        }
        return Outcome(
            report: try PgbenchReport(output: ended.output), userCPU: ended.userCPU, systemCPU: ended.systemCPU,
            peakMemory: ended.peakMemory, lags: try lags(in: place, amount))
    }

    /// What start, connecting, preparing and one transaction a client take: the medians of some runs of just that.
    ///
    /// - Parameters:
    ///   - text: pgbench's script.
    ///   - clients: connections.
    ///   - runs: how many.
    ///   - control: ends it early.
    /// - Returns: both are above 0.
    /// - Throws: as ``run(_:clients:_:seed:control:)``.
    package func startUp(_ text: String, clients: Int, runs: Int, control: TrialControl) async throws -> StartUp {
        var spent: [Double] = []
        var connecting: [Double] = []
        for number in 0..<runs {
            let outcome = try await run(
                text, clients: clients, .transactions(perClient: 1), seed: UInt64(number), control: control)
            spent.append(Double(outcome.cpu))
            connecting.append(outcome.report.connectionTime / 1_000)
        }
        return StartUp(cpu: Sample.median(spent), seconds: Sample.median(connecting))
    }

    private func arguments(_ place: String, _ clients: Int, _ amount: Amount, _ seed: UInt64) -> [String] {
        let common = [
            "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "-M", "prepared", "-n", "-c",
            String(clients), "-j", "1", "--random-seed=\(seed % 1_000_000_000)", "-f", "\(place)/script.sql",
        ]
        let own =
            switch amount {
            case .transactions(let count): ["-t", String(count)]
            case .duration(let seconds): ["-T", String(seconds)]
            case .rate(let perSecond, let seconds):
                ["-T", String(seconds), "--rate=\(perSecond)", "-l", "--log-prefix=\(place)/log"]
            }
        return common + own + [parameters.database]
    }

    private func lags(in place: String, _ amount: Amount) throws -> [Double] {
        guard case .rate = amount else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: place).filter { $0.hasPrefix("log.") }
        return try names.flatMap { name in
            try PgbenchReport.lags(log: Host.read("\(place)/\(name)") ?? "")
        }
    }
}
