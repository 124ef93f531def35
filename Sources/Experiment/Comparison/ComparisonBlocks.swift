import Comparison
import LinuxSystem
import Measurement
import RunRecord
import Workload

/// Runs blocks: in each, every side takes one slice, in an order that a coin decides.
///
/// Duet benchmarking (Bulej et al. 2020): what the host does to one side of a block it does to the other a moment later;
/// and under "no difference" the coin makes the sign of a block's log ratio random whatever the host does.
package struct ComparisonBlocks {
    /// One slice with its response times.
    struct Slice: Sendable {
        var record: SliceRecord
        var histograms: [String: LatencyHistogram]
    }

    private let sides: [SideServer]
    private let sliceSeconds: Int
    private let control: TrialControl
    private var coin: OrderCoin
    private var host = HostWatch()
    private var started: Nanoseconds?
    /// Blocks run so far, those that do not count included.
    private(set) var count = 0

    /// - Parameters:
    ///   - sides: up, their loads started.
    ///   - sliceSeconds: length of a slice.
    ///   - seed: of the coin.
    ///   - control: ends a block.
    init(_ sides: [SideServer], sliceSeconds: Int, seed: UInt64, control: TrialControl) {
        self.sides = sides
        self.sliceSeconds = sliceSeconds
        self.control = control
        coin = OrderCoin(seed: seed)
    }

    /// What the host did from the first block to the last; `nil` with none.
    var hostSpan: HostSpan? { host.span }

    /// The order in which sides take their slices in each block.
    package static func orders(_ blocks: Int, sides: Int, seed: UInt64) -> [[Int]] {
        var coin = OrderCoin(seed: seed)
        return (0..<blocks).map { _ in coin.order(of: sides) }
    }

    /// Slices before the first block: every side in turn, forwards and backwards, none of them counted.
    ///
    /// - Parameters:
    ///   - slices: of each side.
    ///   - done: called after each round.
    /// - Returns: the slices by the name of the side, in order.
    /// - Throws: ``SideLost``, ``SideLoad/Ended``, ``TrialInterrupted``.
    func warmUp(_ slices: Int, done: (Int) -> Void) async throws -> [String: [SliceRecord]] {
        var seen: [String: [SliceRecord]] = [:]
        for number in 0..<slices {
            for (place, side) in (number % 2 == 0 ? sides : sides.reversed()).enumerated() {
                let slice = SliceRecord(
                    block: number, place: place, side: side.name, atSeconds: 0, seconds: Double(sliceSeconds))
                seen[side.name, default: []].append(try await side.take(slice, control: control).record)
            }
            done(number + 1)
        }
        return seen
    }

    /// The next block.
    ///
    /// - Returns: its slices in the order in which they were run.
    /// - Throws: ``SideLost``, ``SideLoad/Ended``, ``TrialInterrupted``.
    mutating func next() async throws -> [Slice] {
        var reading = HostReading.now()
        var ofBlock = HostWatch()
        note(reading, &ofBlock)
        var slices: [Slice] = []
        for (place, side) in coin.order(of: sides.count).enumerated() {
            let now = Clock.now()
            let begun = started ?? now
            started = begun
            let slice = SliceRecord(
                block: count, place: place, side: sides[side].name,
                atSeconds: (Double(now - begun) / 1e6).rounded() / 1e3, seconds: Double(sliceSeconds))
            let (record, histograms) = try await sides[side].take(slice, control: control)
            slices.append(Slice(record: record, histograms: histograms))
        }
        reading = HostReading.now()
        note(reading, &ofBlock)
        let reason = ofBlock.span.flatMap { Self.excluded($0) }
        for index in slices.indices { slices[index].record.excluded = reason }
        count += 1
        return slices
    }

    private mutating func note(_ reading: HostReading, _ ofBlock: inout HostWatch) {
        host.add(reading)
        ofBlock.add(reading)
    }

    /// Why a block does not count: rules fixed beforehand, on what the host did alone, so that no side can be favoured.
    package static func excluded(_ span: HostSpan) -> String? {
        if span.suspended > ValidityRules.mostClockStep { return "the host was asleep" }
        guard let stolen = span.stolenShare, stolen > ValidityRules.mostStolen else { return nil }
        return "over \(Words.percent(ValidityRules.mostStolen)) of the processors' time was stolen"
    }
}
