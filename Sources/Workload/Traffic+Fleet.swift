import WakuModel

/// Which node is asked, where shards have databases of their own.
///
/// A client knows the shard of whatever it asks for: that of its topics, or that on which it heard of a message. It asks
/// the nodes of each shard for what is theirs, as Waku's clients do anyway, one pubsub topic a request (go-waku's and
/// js-waku's store queries, nwaku's recv service); a request that one node of a shared database answers is then one for
/// each shard that it is about.
extension Traffic {
    /// Cuts a request into one for each database that holds a part of the answer.
    ///
    /// - Parameter operation: just taken; its node is a place among those that share a database.
    /// - Returns: the first part; the others come next in the sequence, at the same moment.
    func divided(_ operation: Operation) -> Operation {
        guard fleet.isDivided else { return operation }
        let parts = databases(of: operation).map { database in
            var part = operation
            part.node = fleet.node(operation.node, of: database)
            return part
        }
        for part in parts.dropFirst() { plan(part) }
        return parts.first ?? operation
    }

    private func databases(of operation: Operation) -> [Int] {
        guard let index = labels[operation.label].query else { preconditionFailure("\(operation) is no query") }
        var random = contentSource(ofQuery: index, operation)
        return spec.queries[index].shape.databases(for: operation, &random, self)
    }

    /// Makes the parts of a request different requests; 0 where there is one.
    func requestPart(_ operation: Operation) -> Int { fleet.database(ofNode: operation.node) << 32 }

    /// The database that holds a message.
    ///
    /// - Parameter number: of the message.
    /// - Returns: `nil` when its arrival is forgotten.
    func database(ofMessage number: Int64) -> Int? {
        guard fleet.isDivided else { return 0 }
        return log.remembers(number) ? fleet.database(ofShard: topics.shardOfTopic[draft(number).topic]) : nil
    }

    /// By database: numbers of the history's messages in a range. All of them together where there is one database.
    ///
    /// - Parameter range: of numbers below the history's rows.
    /// - Returns: numbers in their order, for each database.
    public func historyNumbers(_ range: Range<Int64>) -> [[Int64]] {
        var numbers = [[Int64]](repeating: [], count: fleet.databases)
        for number in range { numbers[database(ofMessage: number) ?? 0].append(number) }
        return numbers
    }
}
