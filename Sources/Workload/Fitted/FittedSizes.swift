/// Sizes of payloads as a workload file can say them: one size, or a histogram that follows a sample.
public struct FittedSizes: Sendable, Equatable {
    /// Bytes, rising; one more than counts. Two edges a byte apart hold one size.
    public let edges: [Int]
    /// Messages of each bin.
    public let counts: [Int]

    /// Shares of the sample at which bins end: fine in the tail, which is most of the bytes.
    private static let levels: [Double] =
        (1...49).map { Double($0) / 50 }
        + [0.985, 0.99, 0.9925, 0.995, 0.9965, 0.998, 0.9985, 0.999, 0.9995, 0.9999, 1]
    /// A bin of fewer messages would follow chance; the last one may be smaller.
    private static let fewest = 4
    /// A gap between neighbouring sizes that is wider than this part of the smaller one gets a bin of its own, and is empty.
    private static let gap = 0.05

    /// - Parameter sizes: bytes and how many messages have them; rising sizes, none below 1.
    public init(_ sizes: [(bytes: Int, count: Int)]) {
        let total = Double(sizes.reduce(0) { $0 + $1.count })
        // A size that many share is a bin by itself.
        let heavy = max(Self.fewest, Int(total / 50))
        var edges: [Int] = []
        var counts: [Int] = []
        /// Where the open bin begins, where it ends so far, and what is in it.
        var open: (start: Int, end: Int, count: Int)?
        func close() {
            guard let bin = open else { return }
            if edges.isEmpty { edges.append(bin.start) }
            let isOneSize = bin.end - bin.start == 1 && bin.count >= heavy
            // A small gap belongs to the bin, unless that is to hold one size.
            if let last = edges.last, bin.start > last, isOneSize || Self.isWide(last, bin.start) {
                edges.append(bin.start)
                counts.append(0)
            }
            edges.append(bin.end)
            counts.append(bin.count)
            open = nil
        }
        var (seen, level) = (0, 0)
        for (bytes, count) in sizes {
            if let bin = open, count >= heavy || Self.isWide(bin.end, bytes) { close() }
            open = (open?.start ?? bytes, bytes + 1, (open?.count ?? 0) + count)
            seen += count
            while level < Self.levels.count - 1, Double(seen) > Self.levels[level] * total { level += 1 }
            let reached = level > 0 && Double(seen - count) <= Self.levels[level - 1] * total
            if count >= heavy || reached && (open?.count ?? 0) >= Self.fewest { close() }
        }
        close()
        self.edges = edges.isEmpty ? [1, 2] : edges
        self.counts = counts.isEmpty ? [1] : counts
    }

    private static func isWide(_ end: Int, _ start: Int) -> Bool { Double(start - end) > gap * Double(end) }

    /// The value of `payload:`.
    public var text: String {
        if counts.count == 1, edges[1] == edges[0] + 1 { return "{constant: \(edges[0])B}" }
        let edgeList = edges.map { "\($0)B" }.joined(separator: ", ")
        return "{histogram: {edges: [\(edgeList)], counts: [\(counts.map(String.init).joined(separator: ", "))]}}"
    }
}
