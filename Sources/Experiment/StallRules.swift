import LoadRunner
import Measurement
import RunRecord

/// When a second of a request class is part of a stall. Every threshold stands here.
///
/// A class *completed nothing* in a second when something of it waited that long: an operation that was there when the
/// second began and when it ended, or one that shows by its response time, once it is done, that it lay across the
/// second. What is due shortly before a second ends and done shortly after is no stall, so a class with little to do
/// raises no alarm.
///
/// Its *p99 jumped* when it is many times the usual one and more than a little above it, and not by a few operations
/// that are slow by nature: what stops a server holds up all that is due meanwhile.
package enum StallRules {
    /// An operation that waited this long makes a stall of the seconds in which nothing completed; nanoseconds.
    static let leastWait: UInt64 = 1_000_000_000
    /// How many times the usual p99 a wait, or the p99 of a second, must be.
    static let leastTimesUsual: UInt64 = 5
    /// How far above the usual p99 that of a second must lie, nanoseconds.
    static let leastRise: UInt64 = 100_000_000
    /// Fewer completions in a second say nothing about a jump.
    static let fewestForMedian = 10
    /// So many completions or more, and a jump of the p99 counts also where the median has not jumped with it …
    static let fewestForP99 = 100
    /// … when the p90 is at least so many times the usual one: more than one operation in a hundred was held up.
    static let leastTimesUsualP90: UInt64 = 2
    /// Seconds with completions that a class needs before any p99 of it is usual.
    static let fewestUsual = 5
    /// Operations due in a second of which some fail and none completes: a stall without any having waited.
    static let fewestFailing = 10
    /// Stalls that a record lists.
    static let mostListed = 100
    /// Request classes that a stall's sentence names.
    static let mostNamed = 3
}

/// One second of one request class, as the rules see it.
package struct StallSample: Sendable, Equatable {
    package var scheduled = 0
    package var completed = 0
    package var failed = 0
    /// Response times of what completed, nanoseconds; 0 where nothing did.
    package var p50: UInt64 = 0
    package var p90: UInt64 = 0
    package var p99: UInt64 = 0
    package var max: UInt64 = 0

    package init() {}

    init(_ seen: LabelSecond) {
        scheduled = seen.scheduled
        completed = seen.response.count
        failed = seen.failed
        p50 = seen.response.value(at: 0.5) ?? 0
        p90 = seen.response.value(at: 0.9) ?? 0
        p99 = seen.response.value(at: 0.99) ?? 0
        max = seen.response.max ?? 0
    }
}

/// Finds the stalls of a load from its seconds, told one after the other. Keeps what is usual for each request class in
/// little room, and only the seconds that may be part of a stall.
package struct StallFinder: Sendable {
    private var classes: [String: ClassSeconds] = [:]
    private var last: Int?

    package init() {}

    /// Takes in a second. What is due in warm-up is waited for as well, but a stall there is none of the measurement's.
    ///
    /// - Parameters:
    ///   - second: whole seconds from the start of warm-up; one more than that before.
    ///   - phase: the phase in which it began.
    ///   - seen: by request class; those with nothing to tell may be left out.
    package mutating func add(_ second: Int, _ phase: LoadPhase, _ seen: [String: StallSample]) {
        last = second
        for name in Set(classes.keys).union(seen.keys) {
            classes[name, default: ClassSeconds()].add(second, phase, seen[name] ?? StallSample())
        }
    }

    /// All stalls, in order. The last second is not a whole one, and completing nothing in it is no stall.
    package var stalls: [Stall] {
        guard let last else { return [] }
        var found: [Int: [ClassFinding]] = [:]
        for (name, seconds) in classes {
            for (second, what) in seconds.findings(before: last) {
                found[second, default: []].append(ClassFinding(name: name, what: what))
            }
        }
        var spans: [ClosedRange<Int>] = []
        for second in found.keys.sorted() {
            if let span = spans.last, span.upperBound + 1 == second {
                spans[spans.endIndex - 1] = span.lowerBound...second
            } else {
                spans.append(second...second)
            }
        }
        return spans.map { StallWords.stall($0, found) }
    }
}

/// What one request class did in one second of a stall.
struct ClassFinding {
    enum What: Equatable {
        case completedNothing
        /// Nanoseconds: the usual p99 and that of the second.
        case rose(from: UInt64, to: UInt64)
    }

    let name: String
    let what: What
}

/// The seconds of one request class: what is usual, and those that are not.
private struct ClassSeconds: Sendable {
    private struct Suspect: Sendable {
        let second: Int
        let sample: StallSample
        /// Something was due before the second and not done.
        let isWaiting: Bool

        var isBlank: Bool { sample.completed == 0 && (isWaiting || sample.scheduled > 0) }
    }

    private var waiting = 0
    private var completing = 0
    private var p90 = LatencyHistogram(.interval)
    private var p99 = LatencyHistogram(.interval)
    private var suspects: [Suspect] = []

    mutating func add(_ second: Int, _ phase: LoadPhase, _ sample: StallSample) {
        let suspect = Suspect(second: second, sample: sample, isWaiting: waiting > 0)
        waiting += sample.scheduled - sample.completed - sample.failed
        guard phase != .warmUp else { return }
        if sample.completed > 0 {
            completing += 1
            p90.record(sample.p90)
            p99.record(sample.p99)
        }
        if suspect.isBlank || sample.max >= StallRules.leastRise { suspects.append(suspect) }
    }

    /// Seconds that are part of a stall, and why; `last` is the last second of the load.
    func findings(before last: Int) -> [(Int, ClassFinding.What)] {
        let usual = p99.value(at: 0.5) ?? 0
        let rose = completing < StallRules.fewestUsual ? [] : suspects.filter { hasJumped($0.sample, usual) }
        return blanks(before: last, usual).map { ($0, .completedNothing) }
            + rose.map { ($0.second, .rose(from: usual, to: $0.sample.p99)) }
    }

    private func hasJumped(_ sample: StallSample, _ usual: UInt64) -> Bool {
        let limit = max(StallRules.leastTimesUsual * usual, usual + StallRules.leastRise)
        guard sample.completed >= StallRules.fewestForMedian, sample.p99 >= limit else { return false }
        if sample.p50 >= limit { return true }
        return sample.completed >= StallRules.fewestForP99
            && sample.p90 >= StallRules.leastTimesUsualP90 * (p90.value(at: 0.5) ?? 0)
    }

    /// Seconds without a completion in which something waited long enough.
    private func blanks(before last: Int, _ usual: UInt64) -> [Int] {
        let limit = max(StallRules.leastWait, StallRules.leastTimesUsual * usual)
        var found: [Int] = []
        var run: [Suspect] = []
        func close(_ next: Suspect?) {
            if Self.wait(in: run, next) >= limit || run.contains(where: Self.isFailing) {
                found += run.map(\.second)
            }
            run = []
        }
        for suspect in suspects where suspect.second < last || !suspect.isBlank {
            let follows = run.last.map { $0.second + 1 == suspect.second } ?? true
            if !follows || !suspect.isBlank { close(follows ? suspect : nil) }
            if suspect.isBlank { run.append(suspect) }
        }
        close(nil)
        return found
    }

    /// How long an operation waited for sure: across whole seconds, or by the response time of what came next if that
    /// is longer than a second and so began before it.
    private static func wait(in run: [Suspect], _ next: Suspect?) -> UInt64 {
        let whole = UInt64(run.count(where: \.isWaiting)) * 1_000_000_000
        guard !run.isEmpty, let response = next?.sample.max, response >= 1_000_000_000 else { return whole }
        return max(whole, response)
    }

    private static func isFailing(_ suspect: Suspect) -> Bool {
        suspect.sample.failed > 0 && suspect.sample.scheduled >= StallRules.fewestFailing
    }
}

extension RunRecord {
    /// Puts stalls among the events.
    ///
    /// - Parameter found: all stalls of the load, in order; of too many the longest are listed.
    mutating func note(_ found: [Stall]) {
        let longest = found.sorted { ($1.seconds, $0.atSeconds) < ($0.seconds, $1.atSeconds) }
        let listed = longest.prefix(StallRules.mostListed).sorted { $0.atSeconds < $1.atSeconds }
        stalls = listed
        if found.count > listed.count {
            notCollected.append("stalls besides the \(listed.count) longest: \(found.count - listed.count) more")
        }
        events += listed.map { TrialEvent(atSeconds: $0.atSeconds, kind: "stall", detail: $0.detail) }
        events.sort { $0.atSeconds < $1.atSeconds }
    }
}
