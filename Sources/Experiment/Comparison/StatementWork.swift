import RunRecord

/// What statements cost a server, from `pg_stat_statements`.
package struct StatementWork: Sendable, Equatable {
    /// Planning, milliseconds.
    package var planningMs: Double
    /// Blocks that were not in the server's own buffers.
    package var blocksRead: Double
    /// Blocks of temporary files, read and written.
    package var temporaryBlocks: Double

    /// The sum of nothing.
    package static let nothing = StatementWork(planningMs: 0, blocksRead: 0, temporaryBlocks: 0)

    package init(planningMs: Double, blocksRead: Double, temporaryBlocks: Double) {
        (self.planningMs, self.blocksRead, self.temporaryBlocks) = (planningMs, blocksRead, temporaryBlocks)
    }

    /// - Returns: this and `times` another.
    func plus(_ other: StatementWork, times: Double = 1) -> StatementWork {
        StatementWork(
            planningMs: planningMs + times * other.planningMs, blocksRead: blocksRead + times * other.blocksRead,
            temporaryBlocks: temporaryBlocks + times * other.temporaryBlocks)
    }

    /// Counters only rise, unless entries were reset or made room for others.
    fileprivate var isSound: Bool { min(planningMs, blocksRead, temporaryBlocks) >= 0 }

    /// What was done between two readings of the same counters.
    ///
    /// - Parameters:
    ///   - earlier: by the server's number of a statement.
    ///   - later: the same, later.
    ///   - shapes: by the same number; the empty name, or none, for what is none of the driver's.
    /// - Returns: by shape; `nil` for one of which a statement's counters fell or are gone, which says nothing of what was
    ///   done.
    package static func between(
        _ earlier: [String: StatementWork], _ later: [String: StatementWork], shapes: [String: String]
    ) -> [String: StatementWork?] {
        var work: [String: StatementWork?] = [:]
        for (number, counted) in later {
            let done = counted.plus(earlier[number] ?? .nothing, times: -1)
            let shape = shapes[number] ?? ""
            let known = work[shape] ?? .some(.nothing)
            work.updateValue(done.isSound ? known.map { $0.plus(done) } : nil, forKey: shape)
        }
        for number in earlier.keys where later[number] == nil {
            work.updateValue(nil, forKey: shapes[number] ?? "")
        }
        return work
    }

    /// All of it; `nil` when a shape's counters fell.
    package static func total(_ work: [String: StatementWork?]) -> StatementWork? {
        work.values.reduce(.some(.nothing)) { sum, one in sum.flatMap { sum in one.map { sum.plus($0) } } }
    }

    /// What the statements that a request class is made of cost for one of its requests.
    ///
    /// The server does not know which request a statement belongs to: where several classes are made of the same statement,
    /// as `put` and `put.duplicate` are, each gets its mean over the requests of all of them. What a class sends only
    /// now and then (``RunRecord/ClassStatements/besides``), or as one of several kinds of request
    /// (``RunRecord/ClassStatements/hasKinds``), is left to the classes that are made of it.
    ///
    /// - Parameters:
    ///   - work: of statement shapes, from ``between(_:_:)``.
    ///   - completed: requests by class, without a node's own jobs.
    /// - Returns: by class; without classes whose statements were not counted, or are not known.
    package static func ofRequests(
        _ work: [String: StatementWork?], completed: [String: Int]
    ) -> [String: StatementWork] {
        func own(_ requestClass: String) -> Set<String> {
            guard let sent = ClassStatements.of(requestClass), !sent.hasKinds else { return [] }
            return sent.own
        }
        var senders: [String: Int] = [:]
        for (requestClass, count) in completed {
            for shape in own(requestClass) { senders[shape, default: 0] += count }
        }
        return completed.filter { $0.value > 0 }.reduce(into: [:]) { result, requests in
            let own = own(requests.key)
            let counted = work.filter { own.contains($0.key) }
            guard !counted.isEmpty, counted.values.allSatisfy({ $0 != nil }) else { return }
            result[requests.key] = counted.reduce(.nothing) { sum, shape in
                guard let one = shape.value, let requests = senders[shape.key] else { return sum }
                return sum.plus(one, times: 1 / Double(requests))
            }
        }
    }
}
