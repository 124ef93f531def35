import Workload

/// Which partitions of an archive are read, and how many of their blocks.
struct SamplePlan: Equatable {
    /// Of the blocks of each partition, percent; 100 reads everything.
    let percent: Double
    /// Indices of partitions, in the order in which they are read: by lot, so that one which ends early has seen all times.
    let partitions: [Int]

    /// Rows of a block where the planner has no statistics. An assumption: four of them fill a block when their payload lies
    /// beside them, some twenty when it lies in TOAST. A wrong one makes the sample larger or smaller, never the estimates.
    static let assumedDensity = 6.0
    /// More partitions than these are drawn from by lot: each costs a statement.
    static let mostPartitions = 1_000
    /// From here on reading everything is not much more.
    private static let nearlyAll = 60.0

    init(_ partitions: [ArchiveSurvey.Partition], rows: Int, seed: UInt64) {
        let filled = partitions.indices.filter { partitions[$0].pages > 0 }
        self.partitions = Self.drawn(filled, seed)
        let total = self.partitions.reduce(0.0) { sum, index in
            sum + (partitions[index].plannerRows ?? Double(partitions[index].pages) * Self.assumedDensity)
        }
        let percent = total > 0 ? 100 * Double(rows) / total : 100
        self.percent = percent >= Self.nearlyAll ? 100 : max(percent, 0.000_1)
    }

    /// So many by lot. The oldest and the newest come first, because they say how long messages are kept.
    private static func drawn(_ all: [Int], _ seed: UInt64) -> [Int] {
        guard all.count > 2, let first = all.first, let last = all.last else { return all }
        var random = RandomSource(seed: seed, .historyTimes)
        var rest = Array(all.dropFirst().dropLast())
        for place in rest.indices.dropLast() { rest.swapAt(place, place + random.below(rest.count - place)) }
        return [first, last] + rest.prefix(mostPartitions - 2)
    }
}
