import SpecReader

extension DriverBehaviour {
    /// Reads the `driver` section of a variant.
    ///
    /// - Parameter top: the variant's top mapping. Without the section the behaviour is faithful.
    public init(variant top: SpecMap) {
        self.init()
        guard let map = top.map("driver") else { return }
        readPut(map)
        readQueries(map)
        readConnections(map)
        readPipeline(map)
        map.close()
        checkQueries(map)
        checkPipeline(map)
    }

    private mutating func readPut(_ map: SpecMap) {
        put = map.choice("put", default: .separate)
        guard let part = map.map("batch") else { return }
        batch.form = part.choice("form", default: batch.form)
        batch.most = part.integer("most", in: 2...Batch.mostRows, default: batch.most)
        batch.wait = part.duration("wait", in: 100_000...60_000_000_000, default: batch.wait)
        part.close()
        if put != .batched && map.isSound("put") {
            map.note(
                "batch", "there are no batches with put: \(put.rawValue)", remedy: "write put: batched, or leave it out"
            )
        }
    }

    private mutating func readQueries(_ map: SpecMap) {
        queries = map.choice("queries", default: .text)
        plans = map.choice("plans", default: .auto)
        lists = map.choice("lists", default: .elements)
        byHash = map.choice("by-hash", default: .node)
        hashOnly = map.choice("hash-only", default: .rows)
        results = map.choice("results", default: .text)
        hashes = map.choice("hashes", default: .hex)
        surplus = map.choice("surplus", default: .sent)
    }

    private mutating func readConnections(_ map: SpecMap) {
        if map.has("write-connections") { writeConnections = map.integer("write-connections", in: 1...1_000) }
        if map.has("read-connections") { readConnections = map.integer("read-connections", in: 1...1_000) }
        if map.has("statement-timeout") {
            // PostgreSQL counts it in milliseconds.
            let limit = map.duration("statement-timeout", in: 1_000_000...86_400_000_000_000)
            statementTimeout = limit / 1_000_000 * 1_000_000
        }
    }

    private mutating func readPipeline(_ map: SpecMap) {
        window = map.integer("window", in: 1...10_000, default: 1)
        guard let text = map.string("sync") else { return }
        switch text {
        case "statement": sync = .statement
        case "operation": sync = .operation
        default:
            guard Int(text) != nil else {
                return map.note(
                    "sync", "'\(text)' is not known", remedy: "choose statement, operation, or a number of operations")
            }
            let count = map.integer("sync", in: 1...10_000)
            sync = count == 1 ? .operation : .operations(count)
        }
    }

    /// What only prepared statements can have.
    private func checkQueries(_ map: SpecMap) {
        guard queries == .text, map.isSound("queries") else { return }
        let remedy = "write queries: prepared, or leave it out"
        if plans != .auto {
            map.note("plans", "a query that is sent as text is planned each time", remedy: remedy)
        }
        if lists == .array { map.note("lists", "a query that is sent as text has no array to bind", remedy: remedy) }
        if results == .binary {
            map.note("results", "the simple protocol of queries sent as text has text results only", remedy: remedy)
        }
    }

    private func checkPipeline(_ map: SpecMap) {
        if map.has("sync"), map.isSound("sync"), map.isSound("window"), map.isSound("put") { checkSync(map) }
        guard window > 1 else { return }
        if queries == .text && map.isSound("queries") {
            map.note(
                "window", "queries that are sent as text cannot be pipelined",
                remedy: "write queries: prepared, or window: 1")
        }
        if put == .transaction {
            map.note(
                "window", "others would come between BEGIN and COMMIT on the same connection",
                remedy: "write put: pipelined with sync: operation, which is one transaction too, or window: 1")
        }
        if put == .batched && batch.form == .copy {
            map.note("window", "COPY cannot be pipelined", remedy: "choose another form of batch, or window: 1")
        }
    }

    private func checkSync(_ map: SpecMap) {
        if window == 1 && put != .pipelined {
            map.note(
                "sync", "nothing is pipelined, so that every statement is synchronised",
                remedy: "write put: pipelined or a window above 1, or leave it out")
        } else if case .operations(let count) = sync, count > window {
            map.note(
                "sync", "\(count) operations never come together when \(window) are in flight at most",
                remedy: "use a window of \(count) or more")
        }
    }
}
