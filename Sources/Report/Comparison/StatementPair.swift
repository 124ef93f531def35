import RunRecord

/// Statement shapes that are held against each other: one by itself, or all those of a role that the sides carry out by
/// different ones.
struct ShapeGroup {
    /// `nil` for a shape by itself.
    let role: StatementRole?
    /// Of both sides, in the order of their names.
    let shapes: [String]

    /// Groups in no order; each shape is in one of them.
    ///
    /// - Parameters:
    ///   - base: shapes of the base.
    ///   - candidate: those of the candidate.
    /// - Returns: a role is a group where both sides have shapes of it, and not the same ones.
    static func all(_ base: Set<String>, _ candidate: Set<String>) -> [ShapeGroup] {
        let roles = Dictionary(grouping: base.union(candidate)) { StatementRole.of($0) }
        return roles.flatMap { role, shapes -> [ShapeGroup] in
            let (before, after) = (base.intersection(shapes), candidate.intersection(shapes))
            // A transaction that was rolled back once is no other way of doing it.
            func working(_ shapes: Set<String>) -> Set<String> { shapes.filter { !$0.hasPrefix("transaction.") } }
            guard working(before) != working(after), !before.isEmpty, !after.isEmpty else {
                return shapes.map { ShapeGroup(role: nil, shapes: [$0]) }
            }
            return [ShapeGroup(role: role, shapes: shapes.sorted())]
        }
    }
}

/// Statements of one side that do the same, added up.
struct StatementSum {
    /// Names of the shapes, in their order.
    let names: [String]
    let calls: Int
    /// Planning and execution of all calls, milliseconds.
    let totalMs: Double
    /// Of all calls; `nil` where planning is not tracked.
    let planMs: Double?
    let walBytes: Int
    /// What the sums are shared among: calls, or operations.
    let among: Int

    init(_ rows: [StatementRow], among: Int?) {
        let planned = rows.compactMap(\.planMs)
        names = rows.map(\.name).sorted()
        calls = rows.reduce(0) { $0 + $1.calls }
        totalMs = rows.reduce(0) { $0 + $1.totalMs }
        planMs = planned.isEmpty ? nil : planned.reduce(0, +)
        walBytes = rows.reduce(0) { $0 + $1.walBytes }
        self.among = among ?? rows.reduce(0) { $0 + $1.calls }
    }

    /// Planning and execution of one, milliseconds.
    var meanMs: Double? { mean(totalMs) }

    /// A sum's share of one; `nil` without any.
    func mean(_ sum: Double?) -> Double? { among > 0 ? sum.map { $0 / Double(among) } : nil }
}

/// A statement shape on both sides, or all shapes of a role together.
struct StatementPair {
    /// What a figure is of.
    enum Each: String {
        case call = "a call"
        case operation = "for each operation"
        /// Where operations are not known of both sides.
        case sum = "in all"
    }

    /// Of the shape, or of the role.
    let name: String
    /// `nil` where the side did not call it.
    let base: StatementSum?
    let candidate: StatementSum?
    let each: Each

    /// Time of one, candidate by base; `nil` when one side has none.
    var ratio: Double? {
        guard let one = base?.meanMs, let other = candidate?.meanMs, one > 0 else { return nil }
        return other / one
    }

    /// Shapes of both sides.
    var shapes: Set<String> { Set((base?.names ?? []) + (candidate?.names ?? [])) }

    /// Time of all calls on the side that took longer, milliseconds.
    var most: Double { max(base?.totalMs ?? 0, candidate?.totalMs ?? 0) }

    /// The shape; of a role its shapes on both sides, too.
    var words: String {
        guard each != .call, let base, let candidate else { return name }
        return "\(name): \(base.names.joined(separator: " and ")) became \(candidate.names.joined(separator: " and "))"
    }
}

/// Statements of both sides that can be held against each other only together, or one by itself.
struct StatementGroup {
    /// All shapes together; `nil` for a shape by itself.
    let sum: StatementPair?
    /// The one with the most time first.
    let shapes: [StatementPair]

    /// What has a ratio: the sum, or the shape that stands by itself.
    var units: [StatementPair] { sum.map { [$0] } ?? shapes }

    private var most: Double { units.map(\.most).max() ?? 0 }
    private var name: String { units.first?.name ?? "" }

    /// Statements of both sides, the group with the most time first; empty where a side's statements are not known.
    static func all(_ base: ComparedSide, _ candidate: ComparedSide) -> [StatementGroup] {
        guard let before = byName(base), let after = byName(candidate) else { return [] }
        return ShapeGroup.all(Set(before.keys), Set(after.keys)).map { group -> StatementGroup in
            let shapes = group.shapes.map { name in
                StatementPair(
                    name: name, base: before[name].map { StatementSum([$0], among: nil) },
                    candidate: after[name].map { StatementSum([$0], among: nil) }, each: .call)
            }
            return StatementGroup(
                sum: group.role.map { role in
                    Self.sum(
                        role, (base, group.shapes.compactMap { before[$0] }),
                        (candidate, group.shapes.compactMap { after[$0] }))
                }, shapes: shapes.sorted { ($1.most, $0.name) < ($0.most, $1.name) })
        }.sorted { ($1.most, $0.name) < ($0.most, $1.name) }
    }

    private static func sum(
        _ role: StatementRole, _ base: (side: ComparedSide, rows: [StatementRow]),
        _ candidate: (side: ComparedSide, rows: [StatementRow])
    ) -> StatementPair {
        let (one, other) = (operations(role, base.side), operations(role, candidate.side))
        let isShared = one != nil && other != nil
        return StatementPair(
            name: role.name, base: StatementSum(base.rows, among: isShared ? one : 1),
            candidate: StatementSum(candidate.rows, among: isShared ? other : 1), each: isShared ? .operation : .sum)
    }

    private static func byName(_ side: ComparedSide) -> [String: StatementRow]? {
        side.statements.map { Dictionary($0.shapes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }
    }

    /// Operations of the classes that are made of a role's statements; `nil` for none.
    private static func operations(_ role: StatementRole, _ side: ComparedSide) -> Int? {
        let counted = side.accounting.filter { ClassStatements.of($0.key)?.own.isDisjoint(with: role.shapes) == false }
        let sum = counted.reduce(0) { $0 + $1.value.completed }
        return sum > 0 ? sum : nil
    }
}
