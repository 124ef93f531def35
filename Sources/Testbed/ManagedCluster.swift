import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import Subprocess
import SystemPackage

/// A throwaway PostgreSQL server of our own: private folder, Unix socket only, no TCP, an unprivileged user.
///
/// ```
/// let cluster = try await ManagedCluster.create(plan, in: registry)
/// try await cluster.start()
/// …
/// await cluster.remove()
/// ```
/// It ends with its owner in every way of ending: by ``remove()`` in order, by ``ClusterRegistry/removeAll(of:)`` in a
/// hurry, and by ``ClusterRegistry/sweep()`` at the next start when the owner was killed.
public actor ManagedCluster {
    /// What a cluster is made from.
    public struct Plan: Sendable {
        /// The server's programs.
        public var installation: PostgresInstallation
        /// Settings, and how the server is made.
        public var variant: Variant
        /// Where the data goes; `nil` puts it beside the record.
        public var dataDirectory: String?
        /// What it is made for, said in its record.
        public var purpose: String
        /// Wall clock for the record, ISO 8601.
        public var createdAt: String
        /// What to start from; `nil` makes an empty server with `initdb`.
        public var dataset: (cache: DatasetCache, entry: DatasetEntry)?
        /// What the server's processes run in.
        public var surroundings: ServerSurroundings
        /// The profile it is held to; `nil` leaves it the whole host.
        public var enforcement: Enforcement?
        /// Names of the archive's databases where it has several; empty for the one.
        public var databases: [String] = []

        /// As described; nothing is made yet.
        public init(
            installation: PostgresInstallation, variant: Variant, dataDirectory: String?, purpose: String,
            createdAt: String, dataset: (cache: DatasetCache, entry: DatasetEntry)? = nil,
            surroundings: ServerSurroundings = .host, enforcement: Enforcement? = nil
        ) {
            self.installation = installation
            self.variant = variant
            self.dataDirectory = dataDirectory
            self.purpose = purpose
            self.createdAt = createdAt
            self.dataset = dataset
            self.surroundings = surroundings
            self.enforcement = enforcement
        }
    }

    /// How a server is asked to end.
    public enum Shutdown: Sendable {
        /// Disconnects everybody, writes a checkpoint (SIGINT).
        case fast
        /// Ends without a checkpoint; the next start recovers (SIGQUIT).
        case immediate
        /// `kill -9` of the postmaster: what a crash of it looks like.
        case crash

        var signal: Int32 {
            switch self {
            case .fast: SIGINT
            case .immediate: SIGQUIT
            case .crash: SIGKILL
            }
        }
    }

    /// What is known of it on disk.
    public nonisolated let record: ClusterRecord
    /// The variant's settings with their places, for messages.
    var settings: [Variant.Setting]
    /// What the server is started with: the record's, until settings were changed.
    var arguments: [String]
    private let registry: ClusterRegistry
    /// The account the server runs as; `nil` for our own.
    let user: UserAccount?
    private let surroundings: ServerSurroundings
    /// The profile in force; `nil` without one.
    public nonisolated let limits: AppliedLimits?
    private var server: Task<Void, Never>?
    private var process: ProcessIdentity?

    private init(
        record: ClusterRecord, variant: Variant?, registry: ClusterRegistry, user: UserAccount?,
        surroundings: ServerSurroundings = .host, limits: AppliedLimits? = nil
    ) {
        self.record = record
        self.settings = variant?.settings ?? []
        self.arguments = record.arguments
        self.registry = registry
        self.user = user
        self.surroundings = limits.map { $0.surroundings.around(surroundings) } ?? surroundings
        self.limits = limits
    }

    /// Makes the folders and runs `initdb`, or copies the plan's dataset. Nothing is left behind when it throws.
    ///
    /// - Throws: ``TestbedProblem``; `CancellationError` while a dataset is copied.
    public static func create(_ plan: Plan, in registry: ClusterRegistry) async throws -> ManagedCluster {
        try registry.prepare()
        let user = try serverUser()
        var plan = plan
        plan.installation = try await ProgramCopies(registry: registry).reachable(plan.installation, by: user)
        let id = newIdentifier()
        let folder = "\(registry.home)/\(id)"
        let holder = plan.dataDirectory.map { "\($0)/archivebench-\(id)" }
        let record = ClusterRecord(
            id: id, owner: ProcessTable.current, kept: false, createdAt: plan.createdAt,
            serverVersion: plan.installation.version, folder: folder, dataFolder: "\(holder ?? folder)/data",
            binaries: plan.installation.folder,
            arguments: serverArguments(
                plan.variant, id: id, dataFolder: "\(holder ?? folder)/data", socketFolder: "\(folder)/s"),
            purpose: plan.purpose, controlGroups: plan.enforcement?.group(of: id)?.paths,
            databases: plan.databases.isEmpty ? nil : plan.databases)
        do {
            var limits: AppliedLimits?
            try registry.whileOpen {
                try Ownership.makeFolder(folder, mode: 0o755, owner: nil)
                try record.write()
                limits = plan.enforcement?.apply(to: id)
                try Ownership.makeFolder(record.socketFolder, mode: 0o700, owner: user)
                if let holder { try makeHolder(holder) }
                try Ownership.makeFolder(record.dataFolder, mode: 0o700, owner: user)
            }
            try checkReach(record, user)
            let cluster = ManagedCluster(
                record: record, variant: plan.variant, registry: registry, user: user, surroundings: plan.surroundings,
                limits: limits)
            try await cluster.initialise(plan)
            return cluster
        } catch {
            registry.remove(record)
            if error is CancellationError { throw error }
            throw error as? TestbedProblem ?? TestbedProblem("\(error); choose another disk with --data-dir")
        }
    }

    /// Takes over a kept cluster, to start it within what it ran in before.
    ///
    /// - Parameters:
    ///   - record: of the kept cluster.
    ///   - registry: where it is known.
    /// - Returns: the cluster, not started.
    /// - Throws: ``TestbedProblem`` when its data, its limits or its modelled storage are gone, as after a restart of the
    ///   machine, or no account can run its server.
    public static func adopt(_ record: ClusterRecord, in registry: ClusterRegistry) throws -> ManagedCluster {
        if let gap = record.gap {
            throw TestbedProblem(
                "\(record.id): \(gap), so it cannot run as it did; remove it with 'archivebench clean \(record.id)' and make it anew with 'archivebench up'"
            )
        }
        return ManagedCluster(
            record: record, variant: nil, registry: registry, user: try serverUser(),
            surroundings: record.surroundings ?? .host)
    }

    /// Starts the server and waits until it takes connections.
    ///
    /// - Parameter limit: nanoseconds to wait; recovery after a crash may take long.
    /// - Throws: ``TestbedProblem`` with the server's own reason, tied to the variant's line where it names a setting.
    public func start(limit: Nanoseconds = 120_000_000_000) async throws {
        let before = logLength()
        if record.controlGroups?.isEmpty == false { PageCache.forget(record.dataFolder) }
        let process = try await launch()
        self.process = process
        let deadline = Clock.now() + limit
        while true {
            if !process.isAlive { throw TestbedProblem(startFailure(logSince: before), log: logEnd(since: before)) }
            if (try? Connection.open(record.parameters(database: "postgres"), limit: 2_000_000_000)) != nil { return }
            if Clock.now() > deadline {
                await stop(.immediate)
                throw TestbedProblem(
                    "the server did not take connections in time; its log: \(lastLine(since: before))",
                    log: logEnd(since: before))
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Makes the archive's empty database, or databases.
    public func createDatabase() throws {
        let connection = try Connection.open(record.parameters(database: "postgres"))
        for name in record.archives { try connection.run("CREATE DATABASE \(name)") }
    }

    /// Runs a script with the installation's own `psql`.
    ///
    /// - Parameters:
    ///   - script: path of a file that our own user can read.
    ///   - database: an existing one.
    /// - Throws: ``TestbedProblem`` with psql's first complaint.
    public func psql(script: String, database: String) async throws {
        let path = "\(record.binaries)/psql"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestbedProblem("\(path): missing; install PostgreSQL's client programs beside the server's")
        }
        let result = try await run(
            .path(FilePath(path)),
            arguments: [
                "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", record.socketFolder, "-U", ClusterRecord.user, "-f", script,
                database,
            ],
            environment: Self.environment, platformOptions: Self.ownSession, output: .discarded,
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw TestbedProblem("psql: \(result.standardError.split(separator: "\n").first ?? "failed")")
        }
    }

    /// Makes another empty database beside the archive's.
    public func createDatabase(named name: String) throws {
        let connection = try Connection.open(record.parameters(database: "postgres"))
        try connection.run("CREATE DATABASE \(name)")
    }

    /// Drops such a database.
    public func dropDatabase(named name: String) throws {
        let connection = try Connection.open(record.parameters(database: "postgres"))
        try connection.run("DROP DATABASE IF EXISTS \(name)")
    }

    /// Ends the server and waits for it; the data stays.
    public func stop(_ shutdown: Shutdown = .fast) async {
        guard let process else { return }
        for (signal, seconds) in [(shutdown.signal, 60), (SIGQUIT, 10), (SIGKILL, 60)] {
            process.send(signal: signal)
            if await Self.ends(process, withinSeconds: seconds) { break }
        }
        await server?.value
        // A killed postmaster leaves backends that notice within moments.
        for rest in record.processes { _ = rest.waitForEnd(limit: 10_000_000_000) }
        self.process = nil
        server = nil
    }

    private static func ends(_ process: ProcessIdentity, withinSeconds seconds: Int) async -> Bool {
        let deadline = Clock.now() + Nanoseconds(seconds) * 1_000_000_000
        while process.isAlive {
            if Clock.now() > deadline { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    /// Ends the server with a checkpoint and starts it again.
    public func restart() async throws {
        await stop(.fast)
        try await start()
    }

    /// Whether the postmaster runs.
    public var isRunning: Bool { process?.isAlive ?? false }

    /// Ends the server of an adopted cluster, which another process of the tool started.
    ///
    /// - Returns: `false` when it would not end.
    public static func stop(_ record: ClusterRecord) -> Bool {
        let processes = record.processes
        for process in processes { process.send(signal: SIGINT) }
        return processes.allSatisfy { $0.waitForEnd(limit: 60_000_000_000) }
    }

    /// The postmaster.
    public var postmaster: ProcessIdentity? { process }

    /// Lets the running cluster outlive its owner.
    ///
    /// - Returns: its record, with which it can be found again.
    public func keep() throws -> ClusterRecord {
        var kept = record
        kept.surroundings = surroundings
        kept.kept = true
        kept.arguments = arguments
        try kept.write()
        return kept
    }

    /// Ends the server and removes all that was made for it.
    public func remove() async {
        let segments = SharedMemory.mapped(by: record.processes)
        await stop(.immediate)
        if registry.remove(record) { SharedMemory.remove(segments) }
    }

    // MARK: Making

    private func initialise(_ plan: Plan) async throws {
        if let dataset = plan.dataset { return try await fill(from: dataset, plan) }
        var arguments = [
            "-D", record.dataFolder, "-U", ClusterRecord.user, "--locale=C", "--encoding=UTF8", "--auth=trust",
            "--no-sync", "--no-instructions",
        ]
        // PostgreSQL 18 turned checksums on by default and brought the option to turn them off.
        if plan.variant.dataChecksums {
            arguments.append("--data-checksums")
        } else if plan.installation.major >= 18 {
            arguments.append("--no-data-checksums")
        }
        let command = Self.split((limits?.making.prefix ?? []) + words("initdb", arguments))
        try registry.whileOpen {}
        let result = try await run(
            command.program, arguments: command.arguments, environment: Self.environment, workingDirectory: "/",
            platformOptions: Self.ownSession, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            let words = result.standardError.split(separator: "\n").first {
                $0.contains("error") || $0.contains("FATAL")
            }
            throw TestbedProblem("initdb failed: \(words.map(String.init) ?? "no reason given")")
        }
    }

    /// Starts the postmaster in a session of its own, so that a terminal's Ctrl-C reaches us and not it.
    private func launch() async throws -> ProcessIdentity {
        let log: FileDescriptor
        do {
            log = try FileDescriptor.open(
                FilePath(record.logFile), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
        } catch {
            throw TestbedProblem("\(record.logFile): cannot be written")
        }
        let (command, environment) = (serverCommand(), surroundings.environment(over: Self.variables))
        let started = AsyncStream<Int32?>.makeStream()
        server = Task.detached {
            defer { try? log.close() }
            _ = try? await run(
                command.program, arguments: command.arguments, environment: environment, workingDirectory: "/",
                platformOptions: Self.ownSession, input: .none,
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: false)
            ) { execution in
                started.continuation.yield(execution.processIdentifier.value)
            }
            started.continuation.yield(nil)
        }
        var pid: Int32?
        for await value in started.stream {
            pid = value
            break
        }
        guard let pid, let identity = ProcessIdentity(pid: pid) else {
            throw TestbedProblem(startFailure(logSince: 0))
        }
        return identity
    }

    private static func serverArguments(
        _ variant: Variant, id: String, dataFolder: String, socketFolder: String
    ) -> [String] {
        let own = [
            "listen_addresses=", "unix_socket_directories=\(socketFolder)", "unix_socket_permissions=0700",
            "port=5432", "cluster_name=archivebench-\(id)", "logging_collector=off", "log_destination=stderr",
            "log_line_prefix=%m [%p] ", "timezone=UTC", "log_timezone=UTC",
        ]
        return ["-D", dataFolder] + (own + variant.settings.map { "\($0.name)=\($0.value)" }).flatMap { ["-c", $0] }
    }

    /// The command that runs one of the server's programs as the server's user.
    ///
    /// `setpriv` changes the user and becomes the program, with the same process number. The subprocess library can
    /// change users itself, but does so between fork and exec of a program with threads, where glibc's `setgroups`
    /// waits for ever for a thread that is not there.
    func command(_ program: String, _ arguments: [String]) -> (program: Executable, arguments: Arguments) {
        Self.split(words(program, arguments))
    }

    /// The postmaster's command, within its surroundings.
    private func serverCommand() -> (program: Executable, arguments: Arguments) {
        Self.split(surroundings.prefix + words("postgres", arguments))
    }

    private func words(_ program: String, _ arguments: [String]) -> [String] {
        let path = "\(record.binaries)/\(program)"
        guard let user else { return [path] + arguments }
        let change = ["--reuid=\(user.uid)", "--regid=\(user.gid)", "--clear-groups", "--", path]
        return ["/usr/bin/setpriv"] + change + arguments
    }

    private static func split(_ words: [String]) -> (program: Executable, arguments: Arguments) {
        (.path(FilePath(words[0])), Arguments(Array(words.dropFirst())))
    }

    /// Away from the terminal, whose Ctrl-C is for us.
    static var ownSession: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        return options
    }

    /// Nothing of the caller's surroundings reaches the server.
    static let environment: Environment = ServerSurroundings.host.environment(over: variables)

    private static let variables = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"]

    // MARK: Checking

    /// PostgreSQL refuses to run as root; another account then stands in.
    static func serverUser() throws -> UserAccount? {
        guard UserAccount.effective.isRoot else { return nil }
        guard let user = UserAccount.named("postgres") ?? UserAccount.named("nobody") else {
            throw TestbedProblem(
                "no unprivileged account to run PostgreSQL as; add a user 'postgres', or do not run as root")
        }
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") else {
            throw TestbedProblem("/usr/bin/setpriv: missing; run 'apt-get install util-linux', or do not run as root")
        }
        return user
    }

    private static func makeHolder(_ holder: String) throws {
        do {
            try Ownership.makeFolder(holder, mode: 0o755, owner: nil)
        } catch {
            throw TestbedProblem("\(error); choose an existing, writable folder with --data-dir")
        }
    }

    private static func checkReach(_ record: ClusterRecord, _ user: UserAccount?) throws {
        guard let user, let obstacle = Ownership.obstacle(on: String(record.dataFolder.dropLast("/data".count))) else {
            return
        }
        throw TestbedProblem(
            "\(obstacle): the server's user '\(user.name)' may not pass through it; choose another --data-dir, or open the folder to others"
        )
    }

    /// Letters and digits that are not mistaken for each other.
    private static let identifierLetters = Array("abcdefghijkmnpqrstuvwxyz23456789")

    static func newIdentifier() -> String {
        String((0..<8).map { _ in identifierLetters[Int.random(in: 0..<identifierLetters.count)] })
    }

    /// Whether a text is of the form of a cluster's name.
    static func isIdentifier(_ text: String) -> Bool {
        text.count == 8 && text.allSatisfy { identifierLetters.contains($0) }
    }

    // MARK: The server's log

    func logLength() -> Int { (Host.read(record.logFile) ?? "").utf8.count }

    private func lastLine(since offset: Int) -> String {
        let text = String(decoding: Array((Host.read(record.logFile) ?? "").utf8.dropFirst(offset)), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let telling = lines.first { $0.contains("FATAL:") || $0.contains("PANIC:") } ?? lines.last
        return telling.map { line in
            line.range(of: ":  ").map { String(line[$0.upperBound...]) } ?? String(line)
        } ?? "empty"
    }

    /// The server's reason; with the place in the variant when it names one of its settings.
    private func startFailure(logSince offset: Int) -> String {
        let reason = lastLine(since: offset)
        for setting in settings where reason.contains("\"\(setting.name)\"") {
            return
                "\(setting.file):\(setting.place.line):\(setting.place.column): the server refuses \(setting.name) = '\(setting.value)': \(reason); correct the value or leave the setting out"
        }
        return "the server did not start: \(reason)"
    }
}

extension Substring {
    /// The first place of another text.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}
