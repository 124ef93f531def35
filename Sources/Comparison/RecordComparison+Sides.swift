import RunRecord

extension RecordComparison {
    /// Trials as sides, in the order in which they come: those of one variant on one version of the server are one.
    ///
    /// - Parameter trials: the base's first.
    /// - Returns: the sides, each named by its variant, with what tells it apart where several have that name, such as
    ///   `status-prod (schema 7)`.
    public static func sides(of trials: [RunRecord]) -> [Side] {
        var groups: [(identity: String, trials: [RunRecord])] = []
        for trial in trials {
            let identity = RecordSides.identity(trial)
            if let place = groups.firstIndex(where: { $0.identity == identity }) {
                groups[place].trials.append(trial)
            } else {
                groups.append((identity, [trial]))
            }
        }
        let names = SideNames(groups.compactMap(\.trials.first)).names
        return zip(names, groups).map { Side(name: $0, trials: $1.trials) }
    }
}

/// Names for sides, unlike each other.
private struct SideNames {
    /// One a side, in their order.
    let names: [String]

    /// Settings that a name tells, at most.
    private static let mostSettings = 2

    /// - Parameter trials: one of each side.
    init(_ trials: [RunRecord]) {
        var taken: Set<String> = []
        names = trials.map { trial in
            let alike = trials.filter { $0.variant.name == trial.variant.name }
            let apart = Self.traits(trial, among: alike)
            let name = trial.variant.name + (apart.isEmpty ? "" : " (\(apart.joined(separator: ", ")))")
            var (chosen, number) = (name, 2)
            while !taken.insert(chosen).inserted {
                chosen = "\(name)-\(number)"
                number += 1
            }
            return chosen
        }
    }

    /// In what a trial differs from others of its variant's name; nothing when it is alone.
    private static func traits(_ trial: RunRecord, among alike: [RunRecord]) -> [String] {
        let kinds: [(RunRecord) -> String] = [
            { "schema \($0.variant.schemaVersion)" }, { "driver \($0.variant.driver)" },
            { record in
                let changes = record.variant.driverChanges ?? []
                return changes.isEmpty ? "the driver as it is" : changes.prefix(2).joined(separator: ", ")
            },
            { record in
                let version = RecordSides.serverVersions(record).prefix { $0 != " " }
                return "PostgreSQL \(version.isEmpty ? "not recorded" : version)"
            },
        ]
        let told = kinds.filter { kind in Set(alike.map(kind)).count > 1 }.map { $0(trial) }
        return told + settings(trial, among: alike)
    }

    private static func settings(_ trial: RunRecord, among alike: [RunRecord]) -> [String] {
        func value(_ name: String, _ record: RunRecord) -> String {
            record.variant.settings.first { $0.name == name && $0.origin != "tool" }?.value ?? "default"
        }
        let names = Set(alike.flatMap(\.variant.settings).filter { $0.origin != "tool" }.map(\.name)).sorted()
        let differing = names.filter { name in Set(alike.map { value(name, $0) }).count > 1 }
        let told = differing.prefix(mostSettings).map { "\($0)=\(value($0, trial))" }
        let others = differing.count - told.count
        return told + (others > 0 ? ["\(others) more settings"] : [])
    }
}
