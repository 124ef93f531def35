import LoadRunner
import WakuModel
import Workload

/// The simplest source of a load: one kind of operation, independent arrivals at one rate, or as many as there is room
/// for.
package final class StatementSource: LoadSource {
    package let labels: [RequestLabel]
    private var random: RandomSource
    /// Mean gap between arrivals, nanoseconds; 0 for all at once.
    private let gap: Double
    private var due = 0.0
    private var number: Int64 = 0
    private let limit: Int64

    /// - Parameters:
    ///   - name: what the one request class is called.
    ///   - rate: arrivals a second, Poisson; `nil` for closed loops, where intended starts mean nothing.
    ///   - limit: how many operations there are.
    ///   - seed: of the gaps.
    package init(name: String, rate: Double?, limit: Int64 = .max, seed: UInt64) {
        labels = [RequestLabel(name, entry: "calibration")]
        gap = rate.map { 1e9 / $0 } ?? 0
        self.limit = limit
        random = RandomSource(seed: seed, purpose: 1)
    }

    package func next() -> Operation? {
        guard number < limit else { return nil }
        if gap > 0 { due += gap * random.exponential() }
        defer { number += 1 }
        let time = UInt64(due)
        return Operation(
            due: time, label: 0, node: 0, number: number, origin: time, page: 0, candidates: nil, cursor: .zero)
    }
}
