import LinuxSystem
import Measurement

/// Response times by what a request asked for beyond its class: the depth of the page in its walk, and the age of the
/// oldest data that it may return.
public struct AspectResult: Sendable {
    /// Page numbers, from 1, at which a bucket begins; the last has no end.
    public static let pages = [1, 2, 3, 6, 11]
    /// Ages at which a bucket begins, nanoseconds: 0, 1 and 10 minutes, 1 and 6 hours, 1 and 7 days; the last has no end.
    public static let ages: [Nanoseconds] = [0, 60, 600, 3_600, 21_600, 86_400, 604_800].map { $0 * 1_000_000_000 }

    /// Response times by the bucket of the page, nanoseconds.
    public var byPage = pages.map { _ in LatencyHistogram(.interval) }
    /// Response times by the bucket of the age, nanoseconds.
    public var byAge = ages.map { _ in LatencyHistogram(.interval) }

    /// Adds what another worker saw.
    mutating func add(_ other: AspectResult) {
        for index in byPage.indices { byPage[index].add(other.byPage[index]) }
        for index in byAge.indices { byAge[index].add(other.byAge[index]) }
    }
}

/// Counts them while a load runs, without allocating. Its memory is given where it is touched.
struct AspectMeter {
    private let recorders: UnsafeMutablePointer<LatencyRecorder>

    private static let count = AspectResult.pages.count + AspectResult.ages.count

    init() {
        recorders = .allocate(capacity: Self.count)
        for index in 0..<Self.count { (recorders + index).initialize(to: LatencyRecorder(.interval)) }
    }

    /// - Parameters:
    ///   - response: nanoseconds.
    ///   - page: from 1.
    ///   - age: of the oldest data asked for, nanoseconds; `nil` for requests that name no time.
    func record(_ response: Nanoseconds, page: Int, age: Nanoseconds?) {
        var bucket = AspectResult.pages.count - 1
        while bucket > 0 && AspectResult.pages[bucket] > page { bucket -= 1 }
        recorders[bucket].record(response)
        guard let age else { return }
        bucket = AspectResult.ages.count - 1
        while bucket > 0 && AspectResult.ages[bucket] > age { bucket -= 1 }
        recorders[AspectResult.pages.count + bucket].record(response)
    }

    /// All of it; the meter must not be used any more.
    func close() -> AspectResult {
        var result = AspectResult()
        for index in result.byPage.indices { result.byPage[index] = recorders[index].take() }
        for index in result.byAge.indices { result.byAge[index] = recorders[result.byPage.count + index].take() }
        for index in 0..<Self.count { recorders[index].deallocate() }
        recorders.deallocate()
        return result
    }
}
