import LinuxSystem
import PostgresClient
import RunRecord

/// The state of one sampling, confined to its thread.
final class SamplerRun {
    private let plan: TelemetryPlan
    private let folder: RecordFolder
    private let begun = Clock.now()
    private var sight = TelemetrySight()
    private var connection: TelemetryConnection?
    private var wasConnected = false
    private var retryAt: Nanoseconds = 0

    private var nextLook: Nanoseconds = 0
    private var nextSample: Nanoseconds = 0
    private var lastSample: Nanoseconds?
    private var lastCounters: ServerCounters?
    private var lastHost: HostCounters?
    private var looks = ActivityLooks()

    /// The measure phase's.
    private var measured = ActivityLooks()
    private var isMeasuring = false
    private var isMeasured = false
    private var atBegin: ServerCounters?
    private var statementsFrom: StatementReading?
    private var statementsTo: StatementReading?
    private var limits: Row = [:]
    private var (peakLocks, peakHolders, peakFastPath, peakWaiting) = (0, 0, 0, 0)
    private var (peakConnections, peakActive) = (0, 0)
    private var firstFailure: String?

    init(_ plan: TelemetryPlan, _ folder: RecordFolder, first: StatementReading?, gaps: [String]) {
        self.plan = plan
        self.folder = folder
        log = FileTail(path: plan.logFile)
        statementsFrom = first
        sight.gaps = gaps
    }

    // MARK: Turns

    /// Does what is due.
    ///
    /// - Parameter isLast: whether the load is over, so that there will be no later call.
    /// - Returns: when something is due next.
    func turn(isLast: Bool) -> Nanoseconds {
        let now = Clock.now()
        connect(at: now)
        let moments = plan.moments()
        if let measure = moments?.measure {
            if !isMeasuring && !isMeasured && now >= measure.lowerBound {
                beginMeasure(started: moments?.started ?? measure.lowerBound, measure)
            }
            if isMeasuring && (now >= measure.upperBound || isLast) { endMeasure(moments?.started) }
        }
        if now >= nextLook || isLast {
            nextLook = now + TelemetrySampler.lookInterval
            look(moments?.started)
        }
        if now >= nextSample || isLast {
            nextSample = now + TelemetrySampler.sampleInterval
            sample(moments?.started)
            limitSlowPlans()
        }
        if isLast, statementsFrom != nil { statementsTo = readStatements() }
        let due = min(nextLook, nextSample)
        guard let measure = moments?.measure else { return due }
        if !isMeasuring && !isMeasured { return min(due, measure.lowerBound) }
        return isMeasuring ? min(due, measure.upperBound) : due
    }

    /// What was seen, after the last turn.
    func finish() -> TelemetrySight {
        if let connection { account(connection) }
        let elapsed = Double(Clock.now() - begun) / 1e9
        sight.cost.share = elapsed > 0 ? sight.cost.querySeconds / elapsed : 0
        (sight.waits, sight.statementWaits) = (measured.waitCounts, measured.statementWaits)
        sight.activityLooks = measured.looks
        if !limits.isEmpty {
            sight.locks = LockUse(
                capacity: limits.count("locks"), peak: peakLocks, peakHolders: peakHolders,
                peakFastPath: peakFastPath, peakWaiting: peakWaiting)
            sight.connections = ConnectionUse(
                limit: limits.count("connections"), peak: peakConnections, peakActive: peakActive, poolWaitMeanMs: nil,
                poolWaitP99Ms: nil)
            sight.checkpointTimeoutSeconds = limits.number("checkpoint_seconds")
            sight.walLimitBytes = limits.count("wal_limit")
        }
        if let from = statementsFrom, let to = statementsTo, let started = plan.moments()?.started {
            sight.statements = StatementReader.difference(from: from, to: to, started: started, shape: plan.shape)
        }
        if let firstFailure { sight.gaps.append("some readings of the server: \(firstFailure)") }
        if sight.io == nil, let major = lastMajor, major < 16 {
            sight.gaps.append("reads and writes by kind of backend (pg_stat_io): PostgreSQL \(major) does not have it")
        }
        if let host = lastHost, !plan.isForeign { sight.gaps += Self.gaps(host, plan) }
        return sight
    }

    private var lastMajor: Int?

    private static func gaps(_ host: HostCounters, _ plan: TelemetryPlan) -> [String] {
        var gaps: [String] = []
        if let disk = host.disk, disk.flushes == nil {
            gaps.append(
                "flushes of the data's device: this kernel counts none, or does not tell which disk \(disk.name) is")
        }
        if host.disk == nil { gaps.append("work of the data's device: its folder lies on no block device of its own") }
        if host.cpuPressure == nil { gaps.append("pressure (/proc/pressure): this kernel keeps no account of it") }
        if plan.controlGroup != nil && host.throttling == nil {
            gaps.append("throttling: the control group has no quota")
        }
        if host.serverCPU == nil { gaps.append("processor time of the server: its processes cannot be read") }
        return gaps
    }

    // MARK: The measure phase

    private func beginMeasure(started: Nanoseconds, _ measure: Range<Nanoseconds>) {
        isMeasuring = true
        atBegin = attempt { try $0.counters() }
        sight.tuplesAtStart = tuples()
        // Last, for it may take seconds. Without a warm-up the first operations are on their way already; the reading
        // before them counts.
        if statementsFrom != nil, measure.lowerBound > started { statementsFrom = readStatements() ?? statementsFrom }
    }

    private func endMeasure(_ started: Nanoseconds?) {
        (isMeasuring, isMeasured) = (false, true)
        sight.tuplesAtEnd = tuples()
        guard let atBegin, let atEnd = attempt({ try $0.counters() }) else {
            sight.gaps.append("the server's counters of the measure phase: it could not be asked at both ends")
            return
        }
        guard let span = CounterSpan(from: atBegin, to: atEnd) else {
            sight.gaps.append("the server's counters of the measure phase: it was started anew in it")
            return
        }
        (sight.database, sight.wal, sight.writing, sight.io) = (span.database, span.wal, span.writing, span.io)
        sight.countedSeconds = span.seconds
    }

    // MARK: Looks and samples

    private func look(_ started: Nanoseconds?) {
        guard let rows = attempt({ try $0.activity() }) else { return }
        watchSlowPlans(rows)
        var one = ActivityLooks()
        one.add(rows, shape: shape)
        looks.add(one)
        (peakConnections, peakActive) = (max(peakConnections, one.connections), max(peakActive, one.active))
        if isMeasuring { measured.add(one) }
        guard let started, Clock.now() >= started else { return }
        let syncing = one.waitCounts.filter { $0.event == "WALSync" || $0.event == "WalSync" }.reduce(0) {
            $0 + $1.count
        }
        guard syncing > 0 else { return }
        let second = Int((Clock.now() - started) / 1_000_000_000)
        sight.walSyncSeconds[second, default: 0] += Double(TelemetrySampler.lookInterval) / 1e9
    }

    /// Shapes of texts that were seen before: naming one takes longer than reading it.
    private var shapes: [String: String?] = [:]

    private func shape(_ text: String) -> String? {
        if let known = shapes[text] { return known }
        // Requests without bound parameters have a new text each time.
        if shapes.count >= 500 { shapes = [:] }
        let shape = plan.shape(text)
        shapes[text] = .some(shape)
        return shape
    }

    private func sample(_ started: Nanoseconds?) {
        let host = HostCounters.now(dataFolder: plan.dataFolder, controlGroup: plan.controlGroup)
        let counters = attempt { try $0.counters() }
        let span = lastCounters.flatMap { from in counters.flatMap { CounterSpan(from: from, to: $0) } }
        // Before the start there is no moment to count from; the readings only begin the differences.
        if let started, let lastSample {
            var line = ServerSample(
                atSeconds: (Double(host.at) - Double(started)) / 1e9,
                intervalSeconds: Double(host.at - lastSample) / 1e9)
            line.activity = looks.activity
            (line.database, line.wal, line.writing, line.io) = (span?.database, span?.wal, span?.writing, span?.io)
            line.locks = attempt { try $0.locks() } ?? nil
            // Of several databases it would take as many connections each second.
            if plan.others.isEmpty { line.tuples = tuples() }
            line.host = lastHost.map { HostSample(from: $0, to: host) }
            note(line)
        }
        looks = ActivityLooks()
        (lastCounters, lastHost, lastSample) = (counters, host, host.at)
    }

    private func note(_ line: ServerSample) {
        if let locks = line.locks {
            peakLocks = max(peakLocks, locks.inTable)
            peakHolders = max(peakHolders, locks.holders ?? 0)
            peakFastPath = max(peakFastPath, locks.fastPath)
            peakWaiting = max(peakWaiting, locks.waiting)
        }
        sight.cost.samples += 1
        do { try folder.append([line], to: .serverSamples) } catch { sight.failure = sight.failure ?? error }
    }

    /// Rows of all the archive's databases, each of which alone knows its own.
    private func tuples() -> TupleLevel? {
        guard var sum = attempt({ try $0.tuples() }) ?? nil else { return nil }
        for database in plan.others {
            let level: TupleLevel?? = attempt { reader in
                let own = try TelemetryConnection(database)
                defer { account(own) }
                return try ServerReader(own, databases: reader.databases).tuples()
            }
            guard let level = level ?? nil else { return nil }
            sum.live += level.live
            sum.dead += level.dead
        }
        return sum
    }

    // MARK: Slow plans

    private enum SlowPlans { case notYet, logged, ended }

    private var slowPlans = SlowPlans.notYet
    private var loggedPlans = 0
    private var log: FileTail

    /// Turns the logging of slow plans on when a slow statement is seen.
    private func watchSlowPlans(_ rows: [Row]) {
        guard plan.logsSlowPlans, slowPlans == .notYet, plan.libraries.contains(TelemetrySettings.slowPlans),
            rows.contains(where: { $0.count("slow") > 0 })
        else { return }
        slowPlans = .logged
        for statement in TelemetrySettings.slowPlansOn { attempt { try $0.connection.run(statement) } }
        sight.gaps.append(
            "plans of slow statements before the first that was seen: their logging, which costs every statement, is turned on by it"
        )
    }

    /// Turns it off when it has logged enough.
    private func limitSlowPlans() {
        guard slowPlans == .logged else { return }
        loggedPlans += log.count(of: " ms  plan:")
        guard loggedPlans > TelemetrySettings.mostSlowPlans else { return }
        slowPlans = .ended
        sight.slowPlansEnded = true
        for statement in TelemetrySettings.slowPlansOff { attempt { try $0.connection.run(statement) } }
    }

    // MARK: The connection

    private func connect(at now: Nanoseconds) {
        guard connection == nil, now >= retryAt else { return }
        do throws(PostgresError) {
            let opened = try TelemetryConnection(plan.archive)
            if limits.isEmpty { limits = try opened.rows(ServerQueries(major: opened.major).limits).first ?? [:] }
            lastMajor = opened.major
            if wasConnected { sight.cost.reconnects += 1 }
            wasConnected = true
            connection = opened
        } catch {
            retryAt = now + TelemetrySampler.retryInterval
            if !wasConnected { firstFailure = firstFailure ?? "\(error)" }
        }
    }

    /// Reads something; `nil` when that failed. The connection is given up then, and opened again later: after a time-out
    /// of ours an answer may still come.
    @discardableResult
    private func attempt<Value>(_ read: (ServerReader) throws -> Value) -> Value? {
        guard let connection else { return nil }
        do {
            return try read(ServerReader(connection, databases: plan.databases))
        } catch {
            sight.cost.failures += 1
            let isLoss = (error as? PostgresError)?.isConnectionFailure ?? false
            if !isLoss { firstFailure = firstFailure ?? "\(error)" }
            account(connection)
            self.connection = nil
            lastCounters = nil
            retryAt = Clock.now() + TelemetrySampler.retryInterval
            return nil
        }
    }

    private func readStatements() -> StatementReading? {
        do throws(PostgresError) {
            let own = try TelemetryConnection(plan.maintenance, limit: StatementReader.limit)
            defer { account(own) }
            return try StatementReader(connection: own, databases: plan.databases).read()
        } catch {
            sight.cost.failures += 1
            firstFailure = firstFailure ?? "\(error)"
            return nil
        }
    }

    /// Adds what a connection cost that will not be used any more.
    private func account(_ connection: TelemetryConnection) {
        sight.cost.queries += connection.queries
        sight.cost.querySeconds += Double(connection.spent) / 1e9
        sight.cost.longestQueryMs = max(sight.cost.longestQueryMs, Double(connection.longest) / 1e6)
    }
}
