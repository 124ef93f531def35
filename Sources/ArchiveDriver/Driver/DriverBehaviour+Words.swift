/// What a behaviour is called, and what it changes, for people and records.
extension DriverBehaviour {
    /// `faithful`, or the differences from it, such as `put one-statement, queries prepared (generic)`.
    public var name: String {
        var parts: [String] = []
        switch put {
        case .separate: break
        case .batched:
            parts.append("put batched (\(batch.form.rawValue), \(batch.most) rows, \(Self.milliseconds(batch.wait)))")
        default: parts.append("put \(put.rawValue)")
        }
        if queries == .prepared {
            parts.append("queries prepared" + (plans == .auto ? "" : " (\(plans.rawValue))"))
        }
        if lists == .array { parts.append("lists as arrays") }
        if byHash != .node { parts.append("by-hash \(byHash.rawValue)") }
        if hashOnly == .hashes { parts.append("hash-only hashes") }
        if results == .binary { parts.append("binary results") }
        if hashes == .bytea { parts.append("hashes as bytea") }
        if surplus == .dropped { parts.append("no surplus query") }
        if let writeConnections { parts.append("\(writeConnections) write connections") }
        if let readConnections { parts.append("\(readConnections) read connections") }
        if let statementTimeout { parts.append("statement timeout \(Self.milliseconds(statementTimeout))") }
        if window > 1 { parts.append("window \(window)") }
        if window > 1 || put == .pipelined { parts.append("sync \(syncWords)") }
        return parts.isEmpty ? "faithful" : parts.joined(separator: ", ")
    }

    /// Which statements are not the node's, one sentence each; empty for ``faithful``.
    ///
    /// Prepared statements stand in it by the beginning of their names.
    public var changes: [String] {
        putChanges + queryChanges + hashChanges + connectionChanges
    }

    private var putChanges: [String] {
        switch put {
        case .separate: []
        case .transaction:
            ["put: Begin, InsertRow, InsertRowMessagesLookup and Commit on one connection; Rollback after a failure"]
        case .pipelined:
            [
                sync == .statement
                    ? "put: InsertRowMessagesLookup is sent without waiting for InsertRow, each its own transaction; it is executed even when InsertRow fails"
                    : "put: InsertRowMessagesLookup is sent without waiting for InsertRow, both in one transaction"
            ]
        case .oneStatement:
            ["put: InsertBoth in place of InsertRow and InsertRowMessagesLookup: one statement, one transaction"]
        case .batched: [batchChange]
        }
    }

    private var batchChange: String {
        let bound =
            "up to \(batch.most) messages, the first waiting at most \(Self.milliseconds(batch.wait)); ordered by hash; they fail together"
        return switch batch.form {
        case .multiRow:
            "put: InsertRows of 1, 2, 4, … rows into both tables at once in place of InsertRow and InsertRowMessagesLookup: \(bound), and those of an earlier statement of the batch stay"
        case .unnest:
            "put: InsertArrays into both tables at once in place of InsertRow and InsertRowMessagesLookup: \(bound)"
        case .copy:
            "put: Begin, COPY into a temporary table, InsertStaged into both tables at once, Commit in place of InsertRow and InsertRowMessagesLookup; Rollback after a failure: \(bound)"
        }
    }

    private var queryChanges: [String] {
        var changes: [String] = []
        if queries == .prepared {
            let list = lists == .array ? "lists as one array" : "another one for every length of a list"
            changes.append(
                "queries: Page and PageByHash prepared once a connection and shape, values bound, \(list); the request's identifier is not sent; what the node's own prepared selects refuse or cannot match is answered"
            )
        }
        switch byHash {
        case .node: break
        case .bounded: changes.append("by-hash: \(by("PageByHashBounded")) bounds timestamps on both sides")
        case .boundedFirst:
            changes.append(
                "by-hash: \(by("BoundsOfHashes")) looks timestamps up, then \(by("PageBetween")) reads between the earliest and the latest; nothing when none is known"
            )
        }
        if hashOnly == .hashes {
            changes.append("hash-only: a request by hashes alone reads hashes only when no data is wanted")
        }
        if results == .binary { changes.append("results: numbers come in binary format from prepared queries") }
        return changes
    }

    private var hashChanges: [String] {
        var changes: [String] = []
        if hashes == .bytea {
            changes.append(
                "hashes: 32 bytes of BYTEA instead of 64 digits in every statement, written as digits behind \\x; the tables have to be so"
            )
        }
        if surplus == .dropped {
            changes.append(
                "surplus: a request of 100, 200, … hashes ends with the last of them; the query without hashes behind it is not sent"
            )
        }
        return changes
    }

    private func by(_ name: String) -> String { queries == .prepared ? name : "a text" }

    private var connectionChanges: [String] {
        var changes: [String] = []
        let writeFirst = greetings(.write)
        if !writeFirst.isEmpty { changes.append("write connections begin with: \(writeFirst.joined(separator: "; "))") }
        let readFirst = greetings(.read)
        if !readFirst.isEmpty { changes.append("read connections begin with: \(readFirst.joined(separator: "; "))") }
        if let writeConnections { changes.append("write connections: at most \(writeConnections) a node") }
        if let readConnections { changes.append("read connections: at most \(readConnections) a node") }
        if window > 1 {
            changes.append("pipeline: \(window) operations at once on a connection, a sync after \(syncWords)")
            if case .operations = sync {
                changes.append(
                    "sync: operations between two syncs share one transaction, fail together, and may deadlock with those of another node"
                )
            }
        }
        return changes
    }

    private var syncWords: String {
        switch sync {
        case .statement: "each statement"
        case .operation: "each operation"
        case .operations(let count): "\(count) operations"
        }
    }

    private static func milliseconds(_ time: UInt64) -> String {
        time % 1_000_000 == 0 ? "\(time / 1_000_000) ms" : "\(time / 1_000) us"
    }

    /// What every new connection of a pool is told before its first statement.
    package func greetings(_ pool: PoolKind) -> [String] {
        var statements: [String] = []
        if let statementTimeout { statements.append("SET statement_timeout = \(statementTimeout / 1_000_000)") }
        if pool == .read && plans != .auto {
            statements.append("SET plan_cache_mode = force_\(plans.rawValue)_plan")
        }
        if pool == .write && put == .batched && batch.form == .copy { statements.append(PutStatements.staging(hashes)) }
        return statements
    }
}
