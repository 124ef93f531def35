import LinuxSystem
import Workload

/// Runs a load: starts the workers together, waits for them, merges what they saw.
public enum LoadRunner {
    /// Runs a load against a real target, each worker on a thread of its own.
    ///
    /// - Parameters:
    ///   - plan: what is offered, and by how many workers.
    ///   - control: for watching and stopping from elsewhere.
    ///   - makeTarget: builds a worker's target, on the worker's thread. It gets the worker's own traffic.
    /// - Returns: what all workers saw, merged.
    /// - Throws: what `makeTarget` throws, or `SystemError` when no thread can be had.
    public static func run<Target: LoadTarget>(
        _ plan: LoadPlan, control: LoadControl, makeTarget: @escaping @Sendable (Traffic) throws -> Target
    ) async throws -> LoadResult {
        let results = try await withThrowingTaskGroup(of: LoadResult.self) { group in
            for index in 0..<plan.workers {
                let processor = plan.processors.isEmpty ? nil : plan.processors[index % plan.processors.count]
                group.addTask {
                    try await WorkerThread.run(processor: processor) {
                        work(plan, index: index, control, makeTarget)
                    }.get()
                }
            }
            var results: [LoadResult] = []
            for try await result in group { results.append(result) }
            return results
        }
        return merge(results)
    }

    /// Runs a load against a simulation, on the calling thread, in the simulation's time.
    public static func simulate<Target: LoadTarget>(
        _ plan: LoadPlan, control: LoadControl = LoadControl(), makeTarget: (Traffic) throws -> Target
    ) rethrows -> LoadResult {
        let traffic = Traffic(plan.spec, seed: plan.seed, walk: .extendable)
        let single = LoadPlan(spec: plan.spec, seed: plan.seed)
        let worker = Worker(single, index: 0, traffic: traffic, target: try makeTarget(traffic), control: control)
        return worker.run(from: 0)
    }

    private static func work<Target: LoadTarget>(
        _ plan: LoadPlan, index: Int, _ control: LoadControl, _ makeTarget: (Traffic) throws -> Target
    ) -> Result<LoadResult, any Error> {
        let traffic = Traffic(plan.spec, seed: plan.seed, walk: .extendable)
        do {
            let target = try makeTarget(traffic)
            let worker = Worker(plan, index: index, traffic: traffic, target: target, control: control)
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
