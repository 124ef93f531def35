import RunRecord

/// Plans of what does the same on both sides, and what changed.
struct PlanDifference {
    /// One statement shape, or all shapes of a role that the sides carry out by different statements.
    struct Pair {
        /// Of the shape, or of the role.
        let name: String
        /// Whether the sides do it by different statements.
        let isRole: Bool
        /// In the order of the shapes' names; empty without a plan.
        let base: [PlanRecord]
        let candidate: [PlanRecord]

        /// Shapes of both sides.
        var shapes: Set<String> { Set((base + candidate).map(\.shape)) }

        /// Whether both plans are built alike; `nil` when one is not known, or only one was told with its indexes.
        var isSame: Bool? {
            if isRole { return false }
            guard let one = base.first, let other = candidate.first else { return nil }
            if one.fingerprint == other.fingerprint { return true }
            return (one.lines == nil) == (other.lines == nil) ? false : nil
        }

        /// Lines of each side that the other does not have, by their places among all lines of the side; none where the
        /// trees of a side were not kept.
        var ownLines: (base: Set<Int>, candidate: Set<Int>) {
            guard isSame == false, (base + candidate).allSatisfy({ $0.lines != nil }) else { return ([], []) }
            let (before, after) = (base.flatMap { $0.lines ?? [] }, candidate.flatMap { $0.lines ?? [] })
            let found = Self.own(before.map(\.what), after.map(\.what))
            guard found.base.isEmpty && found.candidate.isEmpty else { return found }
            // The same nodes in the same order, one below another.
            return Self.own(before.map { "\($0.depth) \($0.what)" }, after.map { "\($0.depth) \($0.what)" })
        }

        private static func own(_ before: [String], _ after: [String]) -> (base: Set<Int>, candidate: Set<Int>) {
            var (base, candidate): (Set<Int>, Set<Int>) = ([], [])
            for change in after.difference(from: before) {
                switch change {
                case .remove(let offset, _, _): base.insert(offset)
                case .insert(let offset, _, _): candidate.insert(offset)
                }
            }
            return (base, candidate)
        }
    }

    /// By name, those that changed first.
    let pairs: [Pair]
    private let quantity: Quantity

    init(_ base: ComparedSide, _ candidate: ComparedSide, _ quantity: Quantity) {
        self.quantity = quantity
        let (one, other) = (Self.latest(base.plans), Self.latest(candidate.plans))
        pairs = ShapeGroup.all(Set(one.keys), Set(other.keys)).map { group -> Pair in
            Pair(
                name: group.role?.name ?? group.shapes.first ?? "", isRole: group.role != nil,
                base: group.shapes.compactMap { one[$0] }, candidate: group.shapes.compactMap { other[$0] })
        }.sorted { ($0.isSame == true ? 1 : 0, $0.name) < ($1.isSame == true ? 1 : 0, $1.name) }
    }

    /// The plan after the last slice, or the one before the first; never a slow one, which stands for itself.
    private static func latest(_ plans: [PlanRecord]) -> [String: PlanRecord] {
        let kept = plans.filter { $0.when == .before } + plans.filter { $0.when == .after }
        return Dictionary(kept.map { ($0.shape, $0) }, uniquingKeysWith: { $1 })
    }

    // MARK: Numbers

    /// What differs in numbers; behind statements that one side sends in place of the other's, all of them together.
    var table: ReportTable {
        ReportTable(
            [
                .init("statement", .name), .init("plan", .word), .init("planning, base", .number),
                .init("candidate", .number), .init("execution, base", .number), .init("candidate", .number),
                .init("partitions planned, base", .number), .init("candidate", .number), .init("blocks, base", .number),
                .init("candidate", .number),
            ],
            pairs.flatMap { pair -> [ReportTable.Row] in
                guard pair.isRole else { return [ReportTable.Row(cells: cells(pair))] }
                let parts = pair.shapes.sorted().map { shape in
                    Pair(
                        name: shape, isRole: false, base: pair.base.filter { $0.shape == shape },
                        candidate: pair.candidate.filter { $0.shape == shape })
                }
                return parts.map { ReportTable.Row(cells: cells($0)) }
                    + [ReportTable.Row(cells: cells(pair), isTotal: true)]
            })
    }

    private func cells(_ pair: Pair) -> [ReportTable.Cell] {
        func each(
            _ value: (PlanRecord) -> Double?, _ format: (Double) -> String, _ none: String
        ) -> [ReportTable.Cell] {
            [pair.base, pair.candidate].map { plans in
                guard !plans.isEmpty else { return .unknown("no plan") }
                let told = plans.compactMap { value($0) }
                return told.isEmpty ? .unknown(none) : .init(format(told.reduce(0, +)))
            }
        }
        let name = pair.isRole ? "\(pair.name), all of it" : pair.name
        return [.init(name), word(pair)]
            + each({ $0.planningMs }, { quantity.time($0) }, "not told")
            + each({ $0.executionMs }, { quantity.time($0) }, "not told")
            + each({ $0.partitionsPlanned.map { Double($0) } }, { quantity.count(Int($0)) }, "none")
            + each({ Double(Self.blocks($0)) }, { quantity.count(Int($0)) }, "none")
    }

    private func word(_ pair: Pair) -> ReportTable.Cell {
        if pair.isRole { return .init("other statements", .open) }
        if pair.base.isEmpty || pair.candidate.isEmpty { return .unknown("one side only") }
        guard let isSame = pair.isSame else { return .unknown("told otherwise") }
        return isSame ? .init("same shape") : .init("other shape", .open)
    }

    private static func blocks(_ plan: PlanRecord) -> Int { plan.blocks.sharedHit + plan.blocks.sharedRead }

    // MARK: Trees

    /// Plans of another shape, or of other statements, side by side.
    func changed(_ anchors: PairAnchors) -> [[String: Any]] { trees(anchors) { $0.isSame == false } }

    /// The others whose trees were kept.
    func unchanged(_ anchors: PairAnchors) -> [[String: Any]] {
        trees(anchors) { pair in
            pair.isSame != false && (pair.base + pair.candidate).contains { $0.lines != nil }
        }
    }

    /// Fields of the template `tree`.
    private func trees(_ anchors: PairAnchors, _ isMeant: (Pair) -> Bool) -> [[String: Any]] {
        pairs.enumerated().filter { isMeant($0.element) }.map { place, pair -> [String: Any] in
            let own = pair.ownLines
            return [
                "anchor": anchors.plan(place), "shape": pair.name,
                "base": tree(pair.base, own.base, "− ", "gone"),
                "candidate": tree(pair.candidate, own.candidate, "+ ", "come"),
            ]
        }
    }

    private func tree(_ plans: [PlanRecord], _ own: Set<Int>, _ sign: String, _ style: String) -> [[String: Any]] {
        var first = 0
        return plans.map { plan -> [String: Any] in
            let lines = plan.lines ?? []
            defer { first += lines.count }
            return [
                "statement": plan.shape, "note": note(plan), "hasLines": plan.lines != nil, "steps": Self.steps(plan),
                "lines": lines.enumerated().map { place, line -> [String: String] in
                    let isOwn = own.contains(first + place)
                    return [
                        "style": isOwn ? style : "", "text": (isOwn ? sign : "  ") + Self.indented(line),
                        "numbers": numbers(line),
                    ]
                },
            ]
        }
    }

    private static func indented(_ line: PlanLine) -> String {
        String(repeating: "  ", count: min(max(0, line.depth), 40)) + line.what
    }

    /// Both sides of a pair as plain lines, each a line of text whatever is in it.
    func text(of pair: Pair) -> String {
        let own = pair.ownLines
        let lines = text(pair.base, own.base, "base", "− ") + text(pair.candidate, own.candidate, "candidate", "+ ")
        return lines.map { line in line.rewritten { $0.isLineBreak || $0.isControl ? " " : nil } }
            .joined(separator: "\n")
    }

    private func text(_ plans: [PlanRecord], _ own: Set<Int>, _ side: String, _ sign: String) -> [String] {
        var first = 0
        return plans.flatMap { plan -> [String] in
            let lines = plan.lines ?? Self.steps(plan).enumerated().map { PlanLine(depth: $0.offset, what: $0.element) }
            defer { first += lines.count }
            return ["\(side), \(plan.shape): \(note(plan))"]
                + lines.enumerated().map { place, line in
                    (own.contains(first + place) ? sign : "  ") + Self.indented(line) + numbers(line)
                }
        }
    }

    /// What is known of a line besides, behind it; empty for nothing.
    private func numbers(_ line: PlanLine) -> String {
        var parts: [String] = []
        if line.nodes > 1 { parts.append("\(quantity.count(line.nodes)) partitions") }
        if let executed = line.nodesExecuted {
            if executed == 0 { parts.append("never executed") }
            if line.nodes > 1, executed > 0 { parts.append("\(quantity.count(executed)) executed") }
            if let executions = line.executions, executions > Double(max(1, executed)) {
                parts.append("in \(quantity.factor(executions)) executions")
            }
        }
        if let pruned = line.pruned { parts.append("\(quantity.count(pruned)) partitions left out at its start") }
        let estimate = line.estimatedRows.map { "estimated \(quantity.factor($0))" }
        if let rows = line.rows {
            parts.append("rows \(quantity.factor(rows))" + (estimate.map { ", \($0)" } ?? ""))
        } else if let estimate {
            parts.append("rows \(estimate)")
        }
        if let blocks = line.blocks { parts.append("blocks \(quantity.count(blocks))") }
        return parts.isEmpty ? "" : "  (\(parts.joined(separator: "; ")))"
    }

    private func note(_ plan: PlanRecord) -> String {
        "\(quantity.time(plan.executionMs)), \(quantity.count(Self.blocks(plan))) blocks, "
            + "\(quantity.digits(plan.rows)) rows, shape \(plan.fingerprint.prefix(8))"
    }

    private static func steps(_ plan: PlanRecord) -> [String] {
        plan.outline.split(separator: ">").map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
