import Workload

/// What all workers of a trial need to know. Each builds its own traffic and target from it.
public struct LoadPlan: Sendable {
    /// The workload, already scaled.
    public let spec: WorkloadSpec
    public let seed: UInt64
    /// Threads that share the nodes between them.
    public let workers: Int
    /// Processor of each worker; empty leaves them to the scheduler.
    public let processors: [Int]

    public init(spec: WorkloadSpec, seed: UInt64, workers: Int = 1, processors: [Int] = []) {
        self.spec = spec
        self.seed = seed
        self.workers = min(max(1, workers), spec.writers.count)
        self.processors = processors
    }

    /// By label: the response time that counts as good, nanoseconds; `nil` where no objective covers it.
    public func goodLimits(_ labels: [RequestLabel]) -> [UInt64?] {
        labels.map { label in spec.objectives.filter { $0.covers(label) }.map(\.limit).min() }
    }
}
