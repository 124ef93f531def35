import RunRecord

/// Plans of the same statement on both sides, and what changed.
struct PlanDifference {
    /// One statement shape.
    struct Pair {
        let shape: String
        let base: PlanRecord?
        let candidate: PlanRecord?

        /// Whether both plans are built alike; `nil` when one is not known.
        var isSame: Bool? {
            guard let base, let candidate else { return nil }
            return base.fingerprint == candidate.fingerprint
        }
    }

    /// By shape, those that changed first.
    let pairs: [Pair]
    private let quantity: Quantity

    init(_ base: ComparedSide, _ candidate: ComparedSide, _ quantity: Quantity) {
        self.quantity = quantity
        let (one, other) = (Self.latest(base.plans), Self.latest(candidate.plans))
        pairs = Set(one.keys).union(other.keys).map { Pair(shape: $0, base: one[$0], candidate: other[$0]) }
            .sorted { ($0.isSame == true ? 1 : 0, $0.shape) < ($1.isSame == true ? 1 : 0, $1.shape) }
    }

    /// The plan after the last slice, or the one before the first; never a slow one, which stands for itself.
    private static func latest(_ plans: [PlanRecord]) -> [String: PlanRecord] {
        let kept = plans.filter { $0.when == .before } + plans.filter { $0.when == .after }
        return Dictionary(kept.map { ($0.shape, $0) }, uniquingKeysWith: { $1 })
    }

    /// What differs in numbers.
    var table: ReportTable {
        ReportTable(
            [
                .init("statement", .name), .init("plan", .word), .init("planning, base", .number),
                .init("candidate", .number), .init("execution, base", .number), .init("candidate", .number),
                .init("partitions planned, base", .number), .init("candidate", .number), .init("blocks, base", .number),
                .init("candidate", .number),
            ],
            pairs.map { pair in
                func each(_ value: (PlanRecord) -> String?, _ none: String) -> [ReportTable.Cell] {
                    [pair.base, pair.candidate].map { plan in
                        guard let plan else { return .unknown("no plan") }
                        return value(plan).map { .init($0) } ?? .unknown(none)
                    }
                }
                let word: ReportTable.Cell =
                    pair.isSame.map { $0 ? .init("same shape") : .init("other shape", .open) }
                    ?? .unknown("one side only")
                return [.init(pair.shape), word] + each({ $0.planningMs.map(quantity.time) }, "not told")
                    + each({ quantity.time($0.executionMs) }, "not told")
                    + each({ $0.partitionsPlanned.map(quantity.count) }, "none")
                    + each({ quantity.count($0.blocks.sharedHit + $0.blocks.sharedRead) }, "none")
            })
    }

    /// Plans of another shape, side by side as their outlines.
    var changed: [[String: Any]] {
        pairs.filter { $0.isSame == false }.compactMap { pair in
            guard let base = pair.base, let candidate = pair.candidate else { return nil }
            return [
                "shape": pair.shape, "base": Self.steps(base), "candidate": Self.steps(candidate),
                "baseNote": note(base), "candidateNote": note(candidate),
            ]
        }
    }

    private func note(_ plan: PlanRecord) -> String {
        let read = plan.blocks.sharedHit + plan.blocks.sharedRead
        return
            "\(quantity.time(plan.executionMs)), \(quantity.count(read)) blocks, \(quantity.digits(plan.rows)) rows, "
            + "shape \(plan.fingerprint.prefix(8))"
    }

    private static func steps(_ plan: PlanRecord) -> [String] {
        plan.outline.split(separator: ">").map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
