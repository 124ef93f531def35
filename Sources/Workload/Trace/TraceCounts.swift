/// How many rows of a trace there are up to each moment, in memory that does not grow with it: exact for a few thousand
/// rows, and within a thousandth of all for more.
package struct TraceCounts: Sendable, Equatable {
    /// All that were noted.
    package private(set) var rows = 0
    /// Times of every ``stride``-th row, nanoseconds from the start.
    private var times: [UInt64] = []
    private var stride = 1

    private static let most = 2_048

    /// Of no row.
    package init() {}

    /// Notes a row; times never go back.
    package mutating func note(_ time: UInt64) {
        rows += 1
        guard rows % stride == 0 else { return }
        times.append(time)
        guard times.count == Self.most else { return }
        times = times.indices.filter { $0 % 2 == 1 }.map { times[$0] }
        stride *= 2
    }

    /// Rows before a moment; between two noted ones as if they lay evenly.
    ///
    /// - Parameter time: nanoseconds from the start.
    /// - Returns: how many.
    package func before(_ time: Double) -> Double {
        let passed = passed(time)
        let (low, count) = (passed > 0 ? Double(times[passed - 1]) : 0, Double(passed * stride))
        guard stride > 1, time > low else { return count }
        guard passed < times.count else { return Double(rows) }
        return count + Double(stride - 1) * (time - low) / (Double(times[passed]) - low)
    }

    /// Rows that there are at most before a moment, nanoseconds from the start.
    package func atMost(before time: Double) -> Int { min(rows, (passed(time) + 1) * stride) }

    /// Noted rows before a moment.
    private func passed(_ time: Double) -> Int {
        var (low, high) = (0, times.count)
        while low < high {
            let middle = (low + high) / 2
            if Double(times[middle]) < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
