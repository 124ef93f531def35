import LinuxSystem
import PostgresClient
import Workload

/// Reads somebody else's archive with care: read-only, sampled, slowly, and not at all under load.
///
/// The strongest lock it takes is ACCESS SHARE, on one partition at a time and for one statement.
public final class ArchiveSurveyor {
    /// Where a reading stands.
    public struct Progress: Sendable {
        /// Partitions read.
        public var done: Int
        /// Partitions to read in all.
        public var total: Int
        /// Estimate, seconds.
        public var secondsLeft: Double
    }

    private let connection: CarefulConnection
    private let manners: ReadingManners
    private var result = ArchiveSurvey()
    private var blockBytes = 8_192
    private var shardNumbers: [String: Int] = [:]
    /// Statements in a row that came to nothing.
    private var misses = 0

    /// Opens a connection; reads nothing yet.
    ///
    /// - Parameters:
    ///   - parameters: of the archive's database; a replica will do.
    ///   - manners: how it is read.
    /// - Throws: `PostgresError` when it cannot be reached.
    public init(_ parameters: ConnectionParameters, manners: ReadingManners) throws(PostgresError) {
        self.manners = manners
        connection = try CarefulConnection(parameters, manners)
    }

    /// Reads everything.
    ///
    /// - Parameter progress: told after each partition.
    /// - Returns: what was found.
    /// - Throws: ``SurveyRefusal`` for a server under load and for what is no archive; `PostgresError`.
    public func survey(progress: (Progress) -> Void = { _ in }) throws -> ArchiveSurvey {
        try readIdentity()
        try checkLoad()
        try readSchema()
        result.databaseBytes = number(try optional(SurveyQueries.databaseBytes, "the size of the database").first)
        try readPartitions()
        // Before the samples, whose statements may push others out of the server's count.
        try readStatements()
        try readSamples(progress)
        try readSettings()
        try readIndexes()
        result.cost = ArchiveSurvey.Cost(
            statements: connection.statements, timedOut: connection.timedOut, busy: connection.spent,
            elapsed: connection.elapsed)
        return result
    }

    /// A condition or an expression may name a content topic, so indexes with one stay where they are.
    private func readIndexes() throws {
        let rows = try connection.rows(SurveyQueries.indexes)
        let found = rows.compactMap { row in
            row[0].flatMap { table in row[1].map { IndexDifference.Found(table: table, definition: $0) } }
        }
        let left = rows.count - found.count
        if left > 0 {
            result.notKnown.append(
                "\(left) \(left == 1 ? "index" : "indexes") with a condition or an expression: not copied, as it may name a content topic"
            )
        }
        result.indexes = IndexDifference(found, schemaVersion: result.schemaVersion)
    }

    // MARK: Before anything is read

    private func readIdentity() throws {
        guard let row = try connection.rows(SurveyQueries.identity).first else { return }
        result.serverVersion = row[0] ?? "not known"
        result.major = (row[1].flatMap { Int($0) } ?? 0) / 10_000
        result.isReplica = row[2] == "t"
        result.dataChecksums = row[3] == "on"
        blockBytes = row[4].flatMap { Int($0) } ?? blockBytes
    }

    private static let looks = 5
    private static let betweenLooks: Nanoseconds = 200_000_000

    /// Looks a few times before anything is read.
    private func checkLoad() throws {
        var (sum, hidden) = (0.0, 0)
        for look in 0..<Self.looks {
            if look > 0 { Clock.pause(Self.betweenLooks) }
            let seen = try activity()
            sum += Double(seen.active)
            hidden = max(hidden, seen.hidden)
        }
        let active = sum / Double(Self.looks)
        result.activeSessions = hidden > 0 ? nil : active
        if hidden > 0 {
            result.notKnown.append("whether \(hidden) sessions of other roles are active: this role may not see them")
        }
        guard !manners.ignoresLoad else { return }
        if active > manners.mostActive {
            throw SurveyRefusal(
                "the server is under load: \(short(active)) sessions are active on average, more than \(short(manners.mostActive)); come back at a quieter time, raise --most-active, or say --force-load"
            )
        }
        if active + Double(hidden) > manners.mostActive {
            throw SurveyRefusal(
                "the load is not known: the role may not see what \(hidden) sessions do; grant it pg_read_all_stats, or say --force-load"
            )
        }
    }

    private func activity() throws -> (active: Int, hidden: Int) {
        let row = try connection.rows(SurveyQueries.activity).first ?? []
        return (number(row) ?? 0, number(Array(row.dropFirst())) ?? 0)
    }

    /// Sessions that are active or could be.
    private func working() throws -> Int {
        let seen = try activity()
        return seen.active + seen.hidden
    }

    private func readSchema() throws {
        let tables = try connection.rows(SurveyQueries.tables)
        let kinds = Dictionary(tables.map { ($0[0] ?? "", $0[1] ?? "") }) { first, _ in first }
        guard kinds["messages"] == "p" else {
            throw SurveyRefusal(
                kinds["messages"] == nil
                    ? "there is no table public.messages: this database holds no archive of a store node"
                    : "the table public.messages is not partitioned: archives of schema 7 and 8 can be read")
        }
        guard let lookup = kinds["messages_lookup"] else {
            throw SurveyRefusal("there is no table public.messages_lookup: archives of schema 7 and 8 can be read")
        }
        result.schemaVersion = lookup == "p" ? 8 : 7
        let columns = Set(try connection.rows(SurveyQueries.columns).compactMap { $0[0] })
        let missing = ["timestamp", "pubsubtopic", "contenttopic", "payload", "meta"].filter { !columns.contains($0) }
        guard missing.isEmpty else {
            throw SurveyRefusal("public.messages has no column \(missing.joined(separator: ", ")): not a known schema")
        }
        if kinds["version"] != nil {
            result.statedVersion = number(try optional(SurveyQueries.version, "the archive's version number").first)
        }
    }

    // MARK: Partitions and samples

    private func readPartitions() throws {
        result.partitions = try listed().compactMap { row in
            guard let name = row[0] else { return nil }
            let pages = (row[2].flatMap { Int($0) } ?? 0) / blockBytes
            // -1 rows say that nobody ever counted.
            let (rows, counted) = (row[3].flatMap { Double($0) } ?? -1, row[4].flatMap { Double($0) } ?? 0)
            return ArchiveSurvey.Partition(
                name: name, bounds: row[1].flatMap(Self.bounds), pages: pages,
                plannerRows: rows >= 0 && counted > 0 ? rows / counted * Double(pages) : nil)
        }
        .sorted { ($0.bounds?.lowerBound ?? .max) < ($1.bounds?.lowerBound ?? .max) }
        guard !result.partitions.isEmpty else {
            throw SurveyRefusal("the archive has no partition, so nothing to read")
        }
    }

    private func listed() throws(PostgresError) -> [[String?]] {
        do throws(PostgresError) { return try connection.rows(SurveyQueries.partitions) } catch {
            guard Self.passing.contains(error.code) else { throw error }
            result.notKnown.append(
                "present sizes of partitions, for a lock on one of them: those when last analysed count")
            return try connection.rows(SurveyQueries.catalogued)
        }
    }

    /// The two numbers of `FOR VALUES FROM ('…') TO ('…')`.
    static func bounds(_ text: String) -> Range<Int64>? {
        let numbers = text.split { !$0.isNumber && $0 != "-" }.compactMap { Int64($0) }
        guard numbers.count == 2, numbers[0] < numbers[1] else { return nil }
        return numbers[0]..<numbers[1]
    }

    /// Rows of one statement, so that a wrong estimate brings no flood.
    private static let mostOfOne = 200_000
    private static let mostMisses = 3
    private static let betweenLoadLooks: Nanoseconds = 10_000_000_000

    private func readSamples(_ progress: (Progress) -> Void) throws {
        let plan = SamplePlan(result.partitions, rows: manners.sampleRows, seed: manners.seed)
        let started = Clock.now()
        var looked = started
        for (number, index) in plan.partitions.enumerated() {
            if Clock.now() - looked > Self.betweenLoadLooks {
                looked = Clock.now()
                if !manners.ignoresLoad, Double(try working()) > manners.mostActive {
                    return endEarly("load rose above \(short(manners.mostActive)) active sessions", number, plan)
                }
            }
            try readSample(index, plan)
            if misses >= Self.mostMisses {
                return endEarly("\(misses) statements in a row came to nothing", number + 1, plan)
            }
            // Where the planner's guess of rows was far too low.
            if result.rows.count > 3 * manners.sampleRows { return endEarly("the sample was full", number + 1, plan) }
            let each = Double(Clock.now() - started) / 1e9 / Double(number + 1)
            progress(
                Progress(
                    done: number + 1, total: plan.partitions.count,
                    secondsLeft: each * Double(plan.partitions.count - number - 1)))
        }
    }

    private func endEarly(_ reason: String, _ done: Int, _ plan: SamplePlan) {
        result.endedEarly = "\(reason), after \(done) of \(plan.partitions.count) partitions"
    }

    /// A statement ended at its time-out, a table that is gone, a lock that was not to be had, a replica's conflict with
    /// what it follows.
    private static let passing: Set<PostgresError.Code> = [
        .sqlState("57014"), .sqlState("42P01"), .sqlState("55P03"), .sqlState("40001"),
    ]

    private func readSample(_ index: Int, _ plan: SamplePlan) throws {
        let found: [[String?]]
        do throws(PostgresError) { found = try sample(index, plan) } catch {
            // Other partitions will do.
            guard Self.passing.contains(error.code) else { throw error }
            misses += 1
            return result.notKnown.append("the rows of partition \(result.partitions[index].name): \(error.message)")
        }
        misses = 0
        var blocks: Set<Int> = []
        for row in found {
            guard let block = row[0].flatMap({ Int($0) }), let message = message(row, index) else { continue }
            blocks.insert(block)
            result.rows.append(message)
        }
        let isFull = found.count >= Self.mostOfOne
        result.partitions[index].sample = ArchiveSurvey.Sample(
            rows: found.count, blocks: blocks.count,
            drawn: isFull ? 0 : plan.percent / 100 * Double(result.partitions[index].pages),
            isWhole: plan.percent == 100 && !isFull)
    }

    /// By the partition's own name, or by the archive's where a role may read that one alone.
    private func sample(_ index: Int, _ plan: SamplePlan) throws(PostgresError) -> [[String?]] {
        let partition = result.partitions[index]
        let salt = manners.salt.utf8.map { String($0, radix: 16) }.joined()
        func sql(_ table: String, within bounds: Range<Int64>? = nil) -> String {
            SurveyQueries.sample(
                table, within: bounds, percent: plan.percent,
                seed: UInt32(truncatingIfNeeded: manners.seed &+ UInt64(index)), salt: salt, most: Self.mostOfOne)
        }
        do throws(PostgresError) { return try connection.rows(sql(partition.name)) } catch {
            guard error.code == .sqlState("42501"), let bounds = partition.bounds else { throw error }
            return try connection.rows(sql("public.messages", within: bounds))
        }
    }

    private func message(_ row: [String?], _ partition: Int) -> ArchiveSurvey.Row? {
        guard let time = row[1].flatMap({ Int64($0) }), let shard = row[2],
            let topic = row[3].flatMap({ UInt64($0, radix: 16) })
        else { return nil }
        return ArchiveSurvey.Row(
            partition: partition, timestamp: time, shard: number(ofShard: shard), topic: topic,
            topicBytes: row[4].flatMap { Int($0) } ?? 0, bytes: row[5].flatMap { Int($0) } ?? 0,
            metaBytes: row[6].flatMap { Int($0) } ?? 0)
    }

    private func number(ofShard text: String) -> Int {
        if let known = shardNumbers[text] { return known }
        shardNumbers[text] = result.shards.count
        result.shards.append(text)
        return result.shards.count - 1
    }

    // MARK: Statements and settings

    private static let hiddenText = "<insufficient privilege>"

    private func readStatements() throws {
        let what = "the mix of requests and the share of duplicates"
        guard let home = try connection.rows(SurveyQueries.statementsHome).first?.first ?? nil else {
            return result.notKnown.append("\(what): this database has no pg_stat_statements")
        }
        let rows = try optional(SurveyQueries.statements(in: home), what)
        guard !rows.isEmpty else { return }
        let info = try optional(SurveyQueries.statementsInfo(in: home), "since when statements are counted").first
        func calls(_ row: [String?]) -> Int { row[1].flatMap { Int($0) } ?? 0 }
        result.statements = StatementCounts(
            statements: rows.filter { $0[0] != Self.hiddenText }.map {
                .init(text: $0[0] ?? "", calls: calls($0), rows: $0[2].flatMap { Int($0) } ?? 0)
            },
            seconds: info?.first.flatMap { $0 }.flatMap { Double($0) },
            forgotten: info?.last.flatMap { $0 }.flatMap { Int($0) } ?? 0,
            hiddenCalls: rows.filter { $0[0] == Self.hiddenText }.reduce(0) { $0 + calls($1) })
    }

    private func readSettings() throws {
        for row in try connection.rows(SurveyQueries.settings) {
            guard let name = row[0], let category = row[1], let type = row[2], let value = row[3] else { continue }
            // Texts name files, addresses and people; none is needed, and none can leak.
            let isOurs =
                type != "string" && !SurveyQueries.localSettings.contains(name)
                && SurveyQueries.variantCategories.contains { category.hasPrefix($0) }
            if isOurs {
                result.settings.append(.init(name: name, value: value))
            } else {
                result.otherSettings.append(name)
            }
        }
    }

    // MARK: Small things

    /// Rows of a statement that may be refused: then they are not known, and that is noted.
    private func optional(_ sql: String, _ what: String) throws(PostgresError) -> [[String?]] {
        do throws(PostgresError) { return try connection.rows(sql) } catch {
            guard case .sqlState(let state) = error.code, !error.isConnectionFailure else { throw error }
            result.notKnown.append("\(what): \(error.message) (\(state))")
            return []
        }
    }

    private func number(_ row: [String?]?) -> Int? { row?.first.flatMap { $0 }.flatMap { Int($0) } }

    private func short(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\((value * 10).rounded() / 10)"
    }
}
