import SpecReader

/// How a kind of operation arrives in time. Open loop: arrivals never wait for completions.
///
/// A new process is a new type in a file of its own, named in ``ArrivalProcesses/all``.
public protocol ArrivalProcess: Sendable {
    /// The value of `process:` in a workload file.
    static var name: String { get }
    /// Reads its own keys; problems are noted on the map.
    static func read(_ map: SpecMap) -> Self
    /// Mean arrivals per second.
    var meanRate: Double { get }
    /// The same process with its rate multiplied.
    func scaled(by factor: Double) -> Self
    /// The first arrival strictly after `time`; nanoseconds from the start of the trial.
    func next(after time: UInt64, _ random: inout RandomSource) -> UInt64
}

/// The arrival processes that a workload file can name.
public enum ArrivalProcesses {
    /// In the order that help and messages list them.
    public static let all: [any ArrivalProcess.Type] = [PoissonArrivals.self, ConstantArrivals.self]

    /// Reads a mapping such as `{process: poisson, rate: 10/s}`.
    static func read(_ key: String, of map: SpecMap) -> any ArrivalProcess {
        guard let arrivals = map.map(key, required: true) else { return PoissonArrivals(meanRate: 1) }
        let name = arrivals.text("process")
        guard let process = all.first(where: { $0.name == name }) else {
            arrivals.note(
                "process", "'\(name)' is not known",
                remedy: "choose one of \(all.map { $0.name }.joined(separator: ", "))")
            return PoissonArrivals(meanRate: 1)
        }
        defer { arrivals.close() }
        return process.read(arrivals)
    }

    /// Rates beyond this are taken for a slip of the pen.
    static let rates = 0...1_000_000.0
}

/// Arrivals that know nothing of each other: exponential gaps.
public struct PoissonArrivals: ArrivalProcess {
    public static let name = "poisson"
    public let meanRate: Double

    public init(meanRate: Double) { self.meanRate = meanRate }

    public static func read(_ map: SpecMap) -> PoissonArrivals {
        PoissonArrivals(meanRate: map.rate("rate", in: ArrivalProcesses.rates))
    }

    public func scaled(by factor: Double) -> PoissonArrivals { PoissonArrivals(meanRate: meanRate * factor) }

    public func next(after time: UInt64, _ random: inout RandomSource) -> UInt64 {
        guard meanRate > 0 else { return .max }
        let gap = random.exponential() / meanRate * 1e9
        return gap < 1e18 ? time + max(1, UInt64(gap)) : .max
    }
}

/// Arrivals at equal distances, as a clock makes them.
public struct ConstantArrivals: ArrivalProcess {
    public static let name = "constant"
    public let meanRate: Double

    public init(meanRate: Double) { self.meanRate = meanRate }

    public static func read(_ map: SpecMap) -> ConstantArrivals {
        ConstantArrivals(meanRate: map.rate("rate", in: ArrivalProcesses.rates))
    }

    public func scaled(by factor: Double) -> ConstantArrivals { ConstantArrivals(meanRate: meanRate * factor) }

    public func next(after time: UInt64, _ random: inout RandomSource) -> UInt64 {
        guard meanRate > 0 else { return .max }
        let gap = 1e9 / meanRate
        return gap < 1e18 ? time + max(1, UInt64(gap)) : .max
    }
}
