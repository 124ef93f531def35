import SpecReader

/// What takes several parts of a workload file to see.
extension WorkloadSpec {
    /// 2000-01-01T00:00:00Z: the longest history then still begins after 1970.
    private static let earliestEpoch = 946_684_800

    /// Notes each name that was taken before, at its second place.
    static func checkDistinct(_ names: [String], _ entries: [SpecMap]) {
        var seen: Set<String> = []
        for (name, entry) in zip(names, entries) where !name.isEmpty && !seen.insert(name).inserted {
            entry.note("name", "two entries are named '\(name)'", remedy: "give each its own name")
        }
    }

    /// Checks the archive's clock against the calendar.
    func checkTime(_ top: SpecMap) {
        guard top.isSound("archive-epoch") else { return }
        if archiveEpoch < Self.earliestEpoch {
            top.note("archive-epoch", "is before 2000", remedy: "use a later time; partitions are named by seconds")
        } else if archiveEpoch % 3_600 != 0 {
            top.note(
                "archive-epoch", "is not on a full hour", remedy: "partitions are hourly; use a time like 18:00:00Z")
        } else if top.isSound("time-scale"), !endsWithinCalendar {
            top.note(
                "time-scale", "\(timeScale) takes the archive beyond the year 2250",
                remedy: "use a smaller factor or shorter phases")
        }
    }

    /// Whether the trial's last moment is one that nanoseconds since 1970 can name, with room for what comes after.
    public var endsWithinCalendar: Bool {
        let seconds = Double(phases.longest) / 1e9 + Double(phases.drainLimit) / 1e9
        return Double(archiveEpoch) + seconds * Double(timeScale) < 8_836_000_000
    }

    /// Notes objectives that no request can meet or miss.
    func checkObjectives(_ entries: [SpecMap]) {
        let known = Set(RequestLabel.all(of: self).map(\.requestClass))
        for (objective, entry) in zip(objectives, entries)
        where entry.isSound("classes") && !known.contains(where: objective.matches) {
            entry.note(
                "classes", "no request of this workload is of class '\(objective.classes)'",
                remedy: "choose among \(known.sorted().joined(separator: ", ")), or end a beginning with '*'")
        }
    }

    /// Protection is a shard's, and so the same for all topics on it.
    func checkProtection(_ entries: [SpecMap]) {
        let known = zip(topics, entries).filter { $0.1.isSound("shard") && $0.1.isSound("auto-sharding") }
        for (topic, entry) in known where !topic.isProtected && entry.isSound("protected") {
            let shards = topic.possibleShards
            let other = known.first { $0.0.isProtected && !$0.0.possibleShards.isDisjoint(with: shards) }
            if let other {
                entry.note(
                    entry.has("protected") ? "protected" : "name",
                    "'\(topic.name)' is not protected, '\(other.0.name)' on its shard is",
                    remedy: "protection is a shard's: say the same for all its topics")
            }
        }
    }

    /// What takes the topics themselves: only once the rest is right.
    func checkTopics(_ top: SpecMap, _ queryMaps: [SpecMap]) {
        let count = topics.reduce(0) { $0 + $1.topicCount }
        guard count <= TopicPopulationSpec.mostTopics else {
            top.note(
                "topics", "make \(count) topics together",
                remedy: "use at most \(TopicPopulationSpec.mostTopics) topics")
            return
        }
        let book = TopicBook(topics, seed: 0)
        if let problem = tooManyNodes(Fleet(writers, shards: book.shards.count)) {
            top.note(
                "writers", problem,
                remedy: "use at most \(Fleet.mostNodes): fewer nodes or shards, or databases: shared")
        }
        for (query, entry) in zip(queries, queryMaps) {
            guard let wanted = (query.shape as? TopicWindow) else { continue }
            let target = wanted.from.flatMap { book.targets[$0] }
            let most = target.map { $0.groups * $0.memberCount } ?? book.fewestTopics
            if wanted.topics > most {
                let holder = wanted.from.map { "'\($0)' has" } ?? "a shard has"
                entry.note(
                    "topics", "'\(query.name)' asks for \(wanted.topics) topics, \(holder) only \(most)",
                    remedy: wanted.from == nil ? "ask for at most \(most), or say 'from'" : "ask for at most \(most)")
            }
        }
    }
}
