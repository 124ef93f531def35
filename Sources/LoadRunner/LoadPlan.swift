import LinuxSystem
import Workload

/// What sets the pace of a load.
public enum Pacing: Sendable, Equatable {
    /// The schedule: operations begin when they are due, whatever became of those before.
    case open
    /// So many clients, each beginning its next operation when its last one has ended, without thinking. What latency
    /// means is another thing here: a slow answer delays what would have come after it, and nothing waits.
    case closed(clients: Int)
}

/// What all workers of a load need to know. Each builds its own source and target from it.
public struct LoadPlan: Sendable {
    /// Lengths of warm-up, measure phase and drain.
    public let phases: PhaseSpec
    /// Store nodes, numbered from 0; each lives on one worker.
    public let nodes: Int
    /// Limits by which goodput is counted.
    public let objectives: [ObjectiveSpec]
    /// Threads that share the nodes between them.
    public let workers: Int
    /// Processor of each worker; empty leaves them to the scheduler.
    public let processors: [Int]
    /// What decides when an operation begins.
    public let pacing: Pacing

    /// A plan for a load, with at most as many workers as there are nodes and clients.
    public init(
        phases: PhaseSpec, nodes: Int, objectives: [ObjectiveSpec] = [], workers: Int = 1, processors: [Int] = [],
        pacing: Pacing = .open
    ) {
        self.phases = phases
        self.nodes = nodes
        self.objectives = objectives
        // A worker without a client would have nothing to do.
        let clients = if case .closed(let clients) = pacing { clients } else { Int.max }
        self.workers = min(max(1, workers), max(1, nodes), max(1, clients))
        self.processors = processors
        self.pacing = pacing
    }

    /// The plan for a workload, already scaled.
    public init(_ spec: WorkloadSpec, workers: Int = 1, processors: [Int] = [], pacing: Pacing = .open) {
        // A session lives on one worker and may turn to every database, so each worker has a node of each.
        self.init(
            phases: spec.phases, nodes: spec.fleet.nodes, objectives: spec.objectives,
            workers: min(workers, spec.writers.count), processors: processors, pacing: pacing)
    }

    /// The same with one worker.
    var onOneWorker: LoadPlan { LoadPlan(phases: phases, nodes: nodes, objectives: objectives, pacing: pacing) }

    /// By label: the response time that counts as good, nanoseconds; `nil` where no objective covers it, and in a closed
    /// loop, where objectives are not judged.
    public func goodLimits(_ labels: [RequestLabel]) -> [UInt64?] {
        guard pacing == .open else { return labels.map { _ in nil } }
        return labels.map { label in objectives.filter { $0.covers(label) }.map(\.limit).min() }
    }

    /// Clients of one worker in a closed loop; 0 in an open one.
    func clients(ofWorker index: Int) -> Int {
        guard case .closed(let clients) = pacing else { return 0 }
        return clients / workers + (index < clients % workers ? 1 : 0)
    }
}
