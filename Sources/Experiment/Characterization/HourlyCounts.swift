import ArchiveDriver

/// Messages of an archive by hour and shard, estimated from a sample.
struct HourlyCounts {
    /// Hours since 1970 of which all was read, or could have been.
    private(set) var hours: Range<Int>
    /// Messages by shard and hour.
    private(set) var messages: [[Double]]
    /// Rows of the sample by shard and hour.
    private(set) var sampled: [[Int]]
    /// Whether a partition keeps each hour: what lies between two of them is not silence, but not known.
    private(set) var isKept: [Bool]
    /// Whether rows of each hour were read, or could have been: what others were filled in with says nothing.
    private var isRead: [Bool]
    /// Seconds that an hour counts for: 3600, less where there is no whole one.
    private(set) var secondsEach = 3_600.0
    /// Rows that came together because they lay in one block; 1 where all was read.
    let clustering: Double

    private static let length: Int64 = 3_600_000_000_000
    /// A first or last hour that leaves out more than this at its end was not whole, nanoseconds.
    private static let slack: Int64 = 600_000_000_000

    /// `nil` for a sample without rows.
    init?(_ survey: ArchiveSurvey) {
        guard let earliest = survey.rows.map(\.timestamp).min(), let latest = survey.rows.map(\.timestamp).max() else {
            return nil
        }
        let all = Self.hour(of: earliest)..<(Self.hour(of: latest) + 1)
        hours = all
        let bounds = survey.partitions.compactMap(\.bounds)
        isKept = all.map { bounds.isEmpty || Self.holds(bounds, $0) }
        let read = survey.partitions.filter { $0.sample != nil }.compactMap(\.bounds)
        isRead = all.map { bounds.isEmpty || Self.holds(read, $0) }
        messages = survey.shards.map { _ in [Double](repeating: 0, count: all.count) }
        sampled = survey.shards.map { _ in [Int](repeating: 0, count: all.count) }
        let samples = survey.partitions.compactMap(\.sample)
        let blocks = samples.reduce(0) { $0 + $1.blocks }
        clustering =
            survey.isWhole || blocks == 0 ? 1 : max(1, Double(samples.reduce(0) { $0 + $1.rows }) / Double(blocks))
        addRows(survey)
        keepWholeHours(earliest, latest)
    }

    /// Whether one of these partitions has a part of an hour.
    private static func holds(_ partitions: [Range<Int64>], _ hour: Int) -> Bool {
        partitions.contains { Self.hour(of: $0.lowerBound) <= hour && hour <= Self.hour(of: $0.upperBound - 1) }
    }

    private static func hour(of timestamp: Int64) -> Int {
        Int(timestamp >= 0 ? timestamp / length : (timestamp - length + 1) / length)
    }

    private mutating func addRows(_ survey: ArchiveSurvey) {
        let estimates = survey.estimatedRows
        var read = [Int](repeating: 0, count: survey.partitions.count)
        for row in survey.rows { read[row.partition] += 1 }
        var shares = [Double](repeating: 0, count: survey.shards.count)
        for row in survey.rows {
            let (hour, weight) = (Self.hour(of: row.timestamp) - hours.lowerBound, estimates[row.partition])
            messages[row.shard][hour] += weight / Double(read[row.partition])
            sampled[row.shard][hour] += 1
            shares[row.shard] += 1 / Double(survey.rows.count)
        }
        // What was not read is like all the rest.
        for (index, partition) in survey.partitions.enumerated() where read[index] == 0 && estimates[index] > 0 {
            guard let bounds = partition.bounds else { continue }
            let own = Self.hour(of: bounds.lowerBound)...Self.hour(of: bounds.upperBound - 1)
            for hour in own where hours.contains(hour) {
                for (shard, share) in shares.enumerated() {
                    messages[shard][hour - hours.lowerBound] += estimates[index] * share / Double(own.count)
                }
            }
        }
    }

    /// The first and the last hour count only where they seem to be all there.
    private mutating func keepWholeHours(_ earliest: Int64, _ latest: Int64) {
        let startsLate = earliest - Int64(hours.lowerBound) * Self.length > Self.slack
        let endsEarly = Int64(hours.upperBound) * Self.length - latest > Self.slack
        let first = hours.lowerBound + (startsLate ? 1 : 0)
        let last = hours.upperBound - (endsEarly ? 1 : 0)
        guard first < last else {
            // Too short for whole hours: as much as there is, over the time that it took.
            secondsEach = min(3_600, max(1, Double(latest - earliest) / 1e9 / Double(hours.count)))
            return
        }
        let kept = (first - hours.lowerBound)..<(last - hours.lowerBound)
        messages = messages.map { Array($0[kept]) }
        sampled = sampled.map { Array($0[kept]) }
        isKept = Array(isKept[kept])
        isRead = Array(isRead[kept])
        hours = first..<last
    }

    /// Hours that a partition keeps.
    var keptHours: [Int] { zip(hours, isKept).filter(\.1).map(\.0) }

    /// Messages a second of each hour that is kept.
    func rates(ofShard shard: Int) -> [Double] {
        zip(messages[shard], isKept).filter(\.1).map { $0.0 / secondsEach }
    }

    /// Messages a second over all hours that are kept.
    func meanRate(ofShard shard: Int) -> Double {
        messages[shard].reduce(0, +) / (secondsEach * Double(max(1, isKept.count { $0 })))
    }

    // MARK: What a workload says

    /// Rates of consecutive hours from an hour on, a week of them where every hour of the week was seen twice, a day where
    /// every hour of the day was seen; one for all where hours differ by no more than chance makes them.
    func fittedRates(ofShard shard: Int, from epoch: Int) -> [Double] {
        let mean = meanRate(ofShard: shard)
        guard secondsEach == 3_600 else { return [mean] }
        for (period, fewest) in [(168, 2), (24, 1)] {
            let none = [Int](repeating: 0, count: period)
            var (seen, read, sum, count) = (none, none, [Double](repeating: 0, count: period), none)
            for (offset, hour) in hours.enumerated() where isKept[offset] {
                let slot = ((hour - epoch) % period + period) % period
                seen[slot] += 1
                read[slot] += isRead[offset] ? 1 : 0
                sum[slot] += messages[shard][offset]
                count[slot] += sampled[shard][offset]
            }
            guard seen.allSatisfy({ $0 >= fewest }) else { continue }
            guard differ(count, read) else { return [mean] }
            return zip(sum, seen).map { $0 / (Double($1) * 3_600) }
        }
        return [mean]
    }

    /// Pearson's test of whether counts differ by more than chance, three standard deviations of chi-squared beyond its
    /// mean; rows of one block count as one.
    private func differ(_ counts: [Int], _ hours: [Int]) -> Bool {
        let slots = Array(zip(counts, hours).filter { $0.1 > 0 })
        let (all, time) = (Double(slots.reduce(0) { $0 + $1.0 }), Double(slots.reduce(0) { $0 + $1.1 }))
        guard all > 0, slots.count > 1 else { return false }
        let squared = slots.reduce(0.0) { sum, slot in
            let expected = all * Double(slot.1) / time
            return sum + (Double(slot.0) - expected) * (Double(slot.0) - expected) / expected
        }
        let freedom = Double(slots.count - 1)
        return squared / clustering > freedom + 3 * (2 * freedom).squareRoot()
    }
}
