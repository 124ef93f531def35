import RunRecord

/// Why trials that were run apart may not be compared: one sentence for each reason.
struct RecordObstacles: Sendable {
    /// Something that must be the same in all trials.
    private struct Condition: Sendable {
        let name: String
        /// What a reader sees of it.
        let value: @Sendable (RunRecord) -> String
        /// What follows when it is not the same.
        let consequence: String
        /// Whether an imported record tells it.
        var isImported = false
    }

    /// A new one is a line here.
    private static let conditions: [Condition] = [
        Condition(
            name: "the workload",
            value: {
                let overlays = ($0.workload.overlays ?? []).map { " with \($0)" }.joined()
                return "\($0.workload.name)\(overlays) (\(short($0.workload.fileDigest)))"
            },
            consequence: "other traffic has other costs"),
        Condition(
            name: "the factor on arrival rates", value: { "\($0.workload.rateScale)" },
            consequence: "response times depend on the load"),
        Condition(
            name: "the pace", value: { $0.paceInWords },
            consequence: "response times of clients that wait for the server mean something else", isImported: true),
        Condition(
            name: "the length of warm-up and measurement",
            value: { "\(seconds($0.phases.warmUpSeconds)) and \(seconds($0.phases.measureSeconds))" },
            consequence: "an archive that ran longer is another archive"),
        Condition(
            name: "the history",
            value: {
                $0.targets.map { "\($0.history.rows) rows in \($0.history.partitions) partitions" }.joined(
                    separator: ", ")
            },
            consequence: "queries over more rows cost more"),
        Condition(
            name: "the state of the history",
            value: { $0.targets.map { state($0.history.state) }.joined(separator: ", ") },
            consequence: "an archive that nobody vacuumed or analysed has other plans and other costs"),
        Condition(name: "the processor", value: { $0.host.processorModel }, consequence: anotherMachine),
        Condition(name: "the number of processors", value: { "\($0.host.processors)" }, consequence: anotherMachine),
        Condition(
            name: "the memory", value: { "\(($0.host.memoryBytes + (1 << 29)) >> 30) GiB" }, consequence: anotherMachine
        ),
        Condition(name: "the kernel", value: { $0.host.kernel }, consequence: anotherMachine),
        Condition(name: "the file system", value: { $0.host.filesystem }, consequence: anotherMachine),
        Condition(
            name: "what the host runs on", value: { $0.host.virtualisation ?? "bare metal, or not told" },
            consequence: anotherMachine),
        Condition(name: "the disk", value: { $0.host.device ?? "none, or not told" }, consequence: anotherMachine),
        Condition(
            name: "the hardware profile",
            value: { record in
                let scale = record.profile.scale.map { " at a scale of \($0)" } ?? ""
                let asked = record.profile.requested.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                return "\(record.profile.name)\(scale)" + (asked.isEmpty ? "" : " (\(asked.joined(separator: ", ")))")
            },
            consequence: anotherMachine),
        Condition(
            name: "the tool's version",
            value: { $0.toolVersion.split(separator: ".").prefix(2).joined(separator: ".") },
            consequence: "what it measures, or how a trial begins, may have changed"),
        Condition(
            name: "the record's format", value: { "\($0.formatVersion)" },
            consequence: "the same key may mean something else"),
    ]

    private static let anotherMachine = "the difference may be the machine's"

    /// Beginnings of what a record says was done after loading, and the state that was asked for. As found, an archive
    /// is vacuumed or not as its variant's autovacuum would have it: that is no other state, but the variant.
    private static let states = [
        (begins: "as loaded", state: "fresh"), (begins: "vacuumed, everything analysed", state: "vacuumed"),
        (begins: "vacuumed and analysed as autovacuum", state: "as found"),
        (begins: "messages counted and analysed", state: "as found"),
    ]

    /// The state that a history was left in; where the archive came from is no part of it.
    private static func state(_ words: String) -> String {
        if let known = states.first(where: { words.hasPrefix($0.begins) }) { return known.state }
        if words.hasPrefix("look-up table bloated") { return String(words.prefix { $0 != ";" }) }
        return words.replacing(", copied from the cache", with: "")
    }

    /// Names of the sides with their trials, the base first.
    let sides: [(name: String, trials: [RunRecord])]

    /// In the order in which they are worth mending.
    var sentences: [String] {
        let all = sides.flatMap(\.trials)
        let imports = all.filter { $0.imported != nil }
        guard imports.isEmpty else {
            // Of an import the rest is not known, so that there is nothing to hold against each other.
            return imports.compactMap(Self.imported) + unusable(all.filter { $0.imported == nil }) + repeated(all)
                + Self.conditions.filter(\.isImported).compactMap { differs($0, in: all) }
        }
        return unusable(all) + repeated(all) + Self.conditions.compactMap { differs($0, in: all) } + sequences
            + unenforced(all) + mixedVariants + mixedServers
    }

    // MARK: Reasons

    /// What a verdict would need and an import does not have.
    private static func imported(_ record: RunRecord) -> String? {
        guard let imported = record.imported else { return nil }
        let starts = imported.countsFromSchedule ? "" : "its times do not count from intended starts, "
        return
            "\(record.runId) was imported (\(imported.source)): \(starts)what was asked, on which server, machine and settings "
            + "is not known, and no rule of validity was checked"
    }

    private func unusable(_ all: [RunRecord]) -> [String] {
        all.filter { !$0.isEvidence }.map {
            "trial \($0.runId) may not be used as evidence: \($0.doubts.joined(separator: ", "))"
        }
    }

    private func repeated(_ all: [RunRecord]) -> [String] {
        Dictionary(grouping: all, by: \.runId).filter { $0.value.count > 1 }.keys.sorted().map {
            "trial \($0) was given more than once: it is no second measurement"
        }
    }

    private func differs(_ condition: Condition, in all: [RunRecord]) -> String? {
        let byValue = Dictionary(grouping: all, by: condition.value)
        guard byValue.count > 1 else { return nil }
        let values = byValue.sorted { $0.key < $1.key }.map { value, records in "\(value) in \(Self.names(records))" }
        return "\(condition.name) differs: \(values.joined(separator: ", ")); \(condition.consequence)"
    }

    /// Trials of a side may have different seeds, if the other side has had the same ones.
    private var sequences: [String] {
        guard let base = sides.first else { return [] }
        let expected = base.trials.map(\.digest).sorted()
        return sides.dropFirst().compactMap { side in
            let found = side.trials.map(\.digest).sorted()
            let isSame = found.count == expected.count ? found == expected : Set(found) == Set(expected)
            guard !isSame else { return nil }
            let seeds = Set(side.trials.map(\.seed)) == Set(base.trials.map(\.seed))
            return "\(side.name) and \(base.name) were not offered the same operations "
                + (seeds ? "though their seeds are the same" : "(their seeds differ)")
                + "; \(Self.digests(base.trials)) against \(Self.digests(side.trials))"
        }
    }

    private func unenforced(_ all: [RunRecord]) -> [String] {
        all.filter { !$0.profile.requested.isEmpty && !$0.profile.notEnforced.isEmpty }.map {
            "the profile of trial \($0.runId) was not enforced in full: \($0.profile.notEnforced.joined(separator: "; "))"
        }
    }

    private var mixedVariants: [String] {
        sides.compactMap { side in
            let variants = Set(side.trials.map { RecordSides.identity($0.variant) })
            return variants.count > 1
                ? "the trials of \(side.name) are not all of one variant: their settings, schema or driver differ" : nil
        }
    }

    /// Trials of one side whose server was updated in between.
    private var mixedServers: [String] {
        sides.compactMap { side in
            let known = side.trials.filter { !$0.targets.isEmpty }
            let byVersion = Dictionary(grouping: known, by: RecordSides.serverVersions)
            guard byVersion.count > 1 else { return nil }
            let versions = byVersion.sorted { $0.key < $1.key }.map { "\($0) in \(Self.names($1))" }
            return "the server's version differs within \(side.name): \(versions.joined(separator: ", ")); "
                + "what differs between its trials may be the server's"
        }
    }

    // MARK: Words

    private static func names(_ records: [RunRecord]) -> String {
        records.count <= 3
            ? records.map(\.runId).joined(separator: " and ") : "\(records.count) trials, such as \(records[0].runId)"
    }

    private static func digests(_ records: [RunRecord]) -> String {
        Set(records.map { short($0.digest) }).sorted().joined(separator: ", ")
    }

    private static func short(_ digest: String) -> String { String(digest.prefix(12)) }

    private static func seconds(_ seconds: Double) -> String {
        seconds == seconds.rounded() && abs(seconds) < 1e9 ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
