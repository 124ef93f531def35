import RunRecord

/// What came in from the network and went out to clients: the largest consumers first, and sums.
struct Bandwidth {
    /// Towards the archive, or from it to clients.
    enum Direction: String, CaseIterable {
        case incoming = "in"
        case outgoing = "out"

        func bytes(of row: BandwidthRow) -> Int { self == .incoming ? row.bytesIn : row.bytesOut }
        func messages(of row: BandwidthRow) -> Int { self == .incoming ? row.messagesIn : row.messagesOut }
    }

    /// By message class and shard.
    let rows: [BandwidthRow]
    /// By message class, all shards together.
    let classes: [BandwidthRow]
    let total: BandwidthRow
    /// Length of the measure phase; `nil` where nothing was measured, so that there are no rates.
    let seconds: Double?

    init(_ recorded: [BandwidthRow], seconds: Double?) {
        let total = Self.sum(recorded)
        self.total = total
        self.seconds = seconds.flatMap { $0 > 0 ? $0 : nil }
        rows = Self.sorted(recorded, within: total)
        classes = Self.sorted(
            Dictionary(grouping: recorded, by: \.messageClass).map { name, rows in Self.sum(rows, named: name) },
            within: total)
    }

    /// Part of all bytes of one direction; `nil` when there are none.
    func share(of row: BandwidthRow, _ direction: Direction) -> Double? {
        Self.share(of: row, direction, within: total)
    }

    /// A count of the measure phase as so many a second.
    func rate(_ count: Int) -> Double? { seconds.map { Double(count) / $0 } }

    /// Rows together. A sum beyond what a number holds, which only a damaged record has, stays at the largest.
    static func sum(_ rows: [BandwidthRow], named name: String = "") -> BandwidthRow {
        rows.reduce(into: BandwidthRow(shard: "", messageClass: name)) { sum, row in
            sum.messagesIn = add(sum.messagesIn, row.messagesIn)
            sum.bytesIn = add(sum.bytesIn, row.bytesIn)
            sum.ephemeral = add(sum.ephemeral, row.ephemeral)
            sum.messagesOut = add(sum.messagesOut, row.messagesOut)
            sum.bytesOut = add(sum.bytesOut, row.bytesOut)
        }
    }

    /// A sum of counts that does not overflow.
    static func add(_ one: Int, _ other: Int) -> Int {
        let (sum, overflow) = one.addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// By the larger of a row's two shares, so that who is large in either direction stands in front.
    private static func sorted(_ rows: [BandwidthRow], within total: BandwidthRow) -> [BandwidthRow] {
        rows.map { row in
            (row: row, weight: Direction.allCases.compactMap { share(of: row, $0, within: total) }.max() ?? 0)
        }
        .sorted { one, other in
            one.weight != other.weight
                ? one.weight > other.weight
                : (one.row.messageClass, one.row.shard) < (other.row.messageClass, other.row.shard)
        }
        .map(\.row)
    }

    private static func share(of row: BandwidthRow, _ direction: Direction, within total: BandwidthRow) -> Double? {
        let all = direction.bytes(of: total)
        return all > 0 ? Double(direction.bytes(of: row)) / Double(all) : nil
    }
}

/// The unit of a column of bytes: the largest in which no sum lies below 1.
struct ByteUnit {
    let name: String
    private let size: Double

    init(fitting sums: [Double]) {
        let smallest = sums.filter { $0 > 0 }.min() ?? 1
        let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        (size, name) = units.first { smallest >= $0.0 } ?? (1, "B")
    }

    func value(_ bytes: Double) -> Double { bytes / size }
}
