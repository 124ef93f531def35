import LinuxSystem
import Workload

/// Runs a load: starts the workers together, waits for them, merges what they saw.
public enum LoadRunner {
    /// Runs a load against a real target, each worker on a thread of its own.
    ///
    /// - Parameters:
    ///   - plan: how it is offered, and by how many workers.
    ///   - control: for watching and stopping from elsewhere.
    ///   - makeSource: builds a worker's own source, on the worker's thread; all give the same sequence.
    ///   - makeTarget: builds a worker's target, likewise. It gets the worker's own source.
    /// - Returns: what all workers saw, merged.
    /// - Throws: what `makeTarget` throws, or `SystemError` when no thread can be had.
    public static func run<Source: LoadSource, Target: LoadTarget>(
        _ plan: LoadPlan, control: LoadControl, makeSource: @escaping @Sendable () -> Source,
        makeTarget: @escaping @Sendable (Source) throws -> Target
    ) async throws -> LoadResult where Source: SendableMetatype {
        let results = try await withThrowingTaskGroup(of: LoadResult.self) { group in
            for index in 0..<plan.workers {
                let processor = plan.processors.isEmpty ? nil : plan.processors[index % plan.processors.count]
                group.addTask {
                    try await WorkerThread.run(processor: processor) {
                        work(plan, index: index, control, makeSource, makeTarget)
                    }.get()
                }
            }
            var results: [LoadResult] = []
            for try await result in group { results.append(result) }
            return results
        }
        return merge(results)
    }

    /// Runs a workload's load: its traffic is the source.
    public static func run<Target: LoadTarget>(
        _ spec: WorkloadSpec, seed: UInt64, workers: Int = 1, pacing: Pacing = .open, control: LoadControl,
        makeTarget: @escaping @Sendable (Traffic) throws -> Target
    ) async throws -> LoadResult {
        try await run(
            LoadPlan(spec, workers: workers, pacing: pacing), control: control,
            makeSource: { Traffic(spec, seed: seed) }, makeTarget: makeTarget)
    }

    /// Runs a workload's load against a simulation, on the calling thread, in the simulation's time.
    public static func simulate<Target: LoadTarget>(
        _ spec: WorkloadSpec, seed: UInt64, pacing: Pacing = .open, control: LoadControl = LoadControl(),
        makeTarget: (Traffic) throws -> Target
    ) rethrows -> LoadResult {
        let traffic = Traffic(spec, seed: seed)
        return runHere(
            LoadPlan(spec, pacing: pacing), control: control, source: traffic, target: try makeTarget(traffic))
    }

    /// Runs a load on the calling thread, whatever number of workers the plan has, from this moment of the target's clock
    /// on.
    public static func runHere<Source: LoadSource, Target: LoadTarget>(
        _ plan: LoadPlan, control: LoadControl = LoadControl(), source: Source, target: Target
    ) -> LoadResult {
        Worker(plan.onOneWorker, index: 0, source: source, target: target, control: control)
            .run(from: target.clock())
    }

    private static func work<Source: LoadSource, Target: LoadTarget>(
        _ plan: LoadPlan, index: Int, _ control: LoadControl, _ makeSource: () -> Source,
        _ makeTarget: (Source) throws -> Target
    ) -> Result<LoadResult, any Error> {
        let source = makeSource()
        do {
            let target = try makeTarget(source)
            let worker = Worker(plan, index: index, source: source, target: target, control: control)
            return .success(worker.run(from: control.awaitStart(of: plan.workers)))
        } catch {
            control.stop()
            control.giveUpStart()
            return .failure(error)
        }
    }

    private static func merge(_ results: [LoadResult]) -> LoadResult {
        guard var merged = results.first else { preconditionFailure("a plan has at least one worker") }
        for result in results.dropFirst() { merged.add(result) }
        merged.events.sort { $0.at < $1.at }
        return merged
    }
}
