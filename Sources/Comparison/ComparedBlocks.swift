import Measurement
import RunRecord
import Statistics

/// The blocks of a candidate and the base that count, in the order of time, and those that do not.
struct ComparedBlocks: Sendable {
    struct Block: Sendable {
        let number: Int
        let base: BlockSide
        let candidate: BlockSide
    }

    let blocks: [Block]
    /// By reason.
    let excluded: [String: Int]
    /// All blocks begun.
    let begun: Int

    /// Why a block does not count of which a side is missing, as after an early ending.
    static let missingSide = "a side is missing"

    init(
        _ slices: [SliceRecord], histograms: [PairedJudge.SliceKey: [String: LatencyHistogram]], base: String,
        candidate: String
    ) {
        let byBlock = Dictionary(grouping: slices.filter { $0.side == base || $0.side == candidate }, by: \.block)
        var (counted, excluded): ([Block], [String: Int]) = ([], [:])
        for (number, records) in byBlock.sorted(by: { $0.key < $1.key }) {
            let bySide = Dictionary(grouping: records.sorted { $0.place < $1.place }, by: \.side)
            guard let first = bySide[base], let second = bySide[candidate], first.count == second.count else {
                excluded[records.lazy.compactMap(\.excluded).first ?? Self.missingSide, default: 0] += 1
                continue
            }
            if let reason = records.lazy.compactMap(\.excluded).first {
                excluded[reason, default: 0] += 1
                continue
            }
            func side(_ name: String, _ records: [SliceRecord]) -> BlockSide {
                BlockSide(records, histograms[PairedJudge.SliceKey(block: number, side: name)] ?? [:])
            }
            counted.append(Block(number: number, base: side(base, first), candidate: side(candidate, second)))
        }
        blocks = counted
        self.excluded = excluded
        begun = Set(slices.map(\.block)).count
    }

    /// Blocks that all count.
    init(blocks: [Block]) {
        self.blocks = blocks
        excluded = [:]
        begun = blocks.count
    }

    /// Request classes that either side completed something of, sorted.
    var requestClasses: [String] {
        Set(
            blocks.flatMap {
                Array($0.base.scheduled.keys) + Array($0.base.ended.keys) + Array($0.candidate.ended.keys)
            }
        )
        .sorted()
    }

    /// Completions of a request class in a slice, on average, of the side that has fewer.
    func completionsPerSlice(of requestClass: String) -> Double {
        func mean(_ side: KeyPath<Block, BlockSide>) -> Double {
            let slices = blocks.reduce(0) { $0 + $1[keyPath: side].slices }
            let completed = blocks.reduce(0) { $0 + ($1[keyPath: side].completed[requestClass] ?? 0) }
            return Double(completed) / Double(max(1, slices))
        }
        return min(mean(\.base), mean(\.candidate))
    }

    /// The histograms of a side and class, one a block.
    func histograms(_ side: KeyPath<Block, BlockSide>, of requestClass: String) -> [LatencyHistogram] {
        blocks.map { $0[keyPath: side].histograms[requestClass] ?? LatencyHistogram() }
    }

    /// The value of a metric over all blocks that count; `nil` when there is none.
    func overall(_ metric: String, _ quantity: MetricQuantity?, _ side: KeyPath<Block, BlockSide>) -> Double? {
        let requestClass = MetricCatalogue.parts(of: metric).requestClass
        guard let quantity, quantity.isLatency, let requestClass else {
            let values = blocks.compactMap { $0[keyPath: side].value(of: metric, quantity) }
            return values.isEmpty ? nil : Sample.mean(values)
        }
        let pooled = histograms(side, of: requestClass).reduce(into: LatencyHistogram()) { $0.add($1) }
        guard pooled.count > 0 else { return nil }
        guard case .responseQuantile(let share) = quantity.source else { return pooled.mean.map { $0 / 1e6 } }
        guard ShiftFunction.carries(share, count: pooled.count) else { return nil }
        let counted = pooled.countedValues
        return HarrellDavis.quantile(values: counted.values, counts: counted.counts, share: share) / 1e6
    }
}

/// One metric's log ratios, candidate by base, a block each.
struct BlockSeries: Sendable {
    /// In the order of time.
    let logRatios: [Double]
    /// The control's log ratios of the same blocks; `nil` unless each block has one.
    let control: [Double]?
    /// Blocks in which a side had no value.
    let missing: Int
    /// Blocks in which a side had the value 0, which has no logarithm.
    let zeros: Int
    /// Whether both sides were 0 wherever one was.
    let zeroOnBothSides: Bool

    init(_ metric: String, _ quantity: MetricQuantity?, of blocks: [ComparedBlocks.Block]) {
        var (ratios, controls, missing, zeros, oneSided) = ([Double](), [Double](), 0, 0, 0)
        for block in blocks {
            guard let base = block.base.value(of: metric, quantity),
                let candidate = block.candidate.value(of: metric, quantity)
            else {
                missing += 1
                continue
            }
            guard base > 0, candidate > 0 else {
                zeros += 1
                oneSided += base == candidate ? 0 : 1
                continue
            }
            ratios.append(LogRatio.of(candidate, by: base))
            if let ratio = Self.control(block) { controls.append(ratio) }
        }
        logRatios = ratios
        control = controls.count == ratios.count && metric != MetricCatalogue.control ? controls : nil
        self.missing = missing
        self.zeros = zeros
        zeroOnBothSides = oneSided == 0
    }

    private static func control(_ block: ComparedBlocks.Block) -> Double? {
        guard let base = block.base.value(of: MetricCatalogue.control, nil),
            let candidate = block.candidate.value(of: MetricCatalogue.control, nil), base > 0, candidate > 0
        else { return nil }
        return LogRatio.of(candidate, by: base)
    }
}
