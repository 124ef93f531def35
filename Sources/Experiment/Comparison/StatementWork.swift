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
    ///   - earlier: by statement shape; the empty name has what is none of the driver's.
    ///   - later: the same, later.
    /// - Returns: `nil` for a shape whose counters fell, which says nothing of what was done.
    package static func between(
        _ earlier: [String: StatementWork], _ later: [String: StatementWork]
    ) -> [String: StatementWork?] {
        later.reduce(into: [:]) { result, shape in
            let work = shape.value.plus(earlier[shape.key] ?? .nothing, times: -1)
            result.updateValue(work.isSound ? work : nil, forKey: shape.key)
        }
    }

    /// All of it; `nil` when a shape's counters fell.
    package static func total(_ work: [String: StatementWork?]) -> StatementWork? {
        work.values.reduce(.some(.nothing)) { sum, one in sum.flatMap { sum in one.map { sum.plus($0) } } }
    }

    /// What the statements that a request class is made of cost for one of its requests.
    ///
    /// The server does not know which request a statement belongs to: where several classes are made of the same statement,
    /// as `put` and `put.duplicate` are, each gets its mean over the requests of all of them. What a class sends only
    /// now and then (``RunRecord/ClassStatements/besides``) is left to the class that is made of it.
    ///
    /// - Parameters:
    ///   - work: of statement shapes, from ``between(_:_:)``.
    ///   - completed: requests by class, without a node's own jobs.
    /// - Returns: by class; without classes whose statements were not counted, or are not known.
    package static func ofRequests(
        _ work: [String: StatementWork?], completed: [String: Int]
    ) -> [String: StatementWork] {
        var senders: [String: Int] = [:]
        for (requestClass, count) in completed {
            for shape in ClassStatements.of(requestClass)?.own ?? [] { senders[shape, default: 0] += count }
        }
        return completed.filter { $0.value > 0 }.reduce(into: [:]) { result, requests in
            let own = ClassStatements.of(requests.key)?.own ?? []
            let counted = work.filter { own.contains($0.key) }
            guard !counted.isEmpty, counted.values.allSatisfy({ $0 != nil }) else { return }
            result[requests.key] = counted.reduce(.nothing) { sum, shape in
                guard let one = shape.value, let requests = senders[shape.key] else { return sum }
                return sum.plus(one, times: 1 / Double(requests))
            }
        }
    }
}
