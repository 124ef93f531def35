import Experiment
import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import PostgresClient
import Workload

/// Runs the engine by itself, for counting its instructions and its memory from outside:
/// `EngineProbe SOCKET-FOLDER PORT USER DATABASE SCRIPT CONNECTIONS OPERATIONS WINDOW SYNC open|closed|bare`
///
/// `open` has everything due at once, so that the schedule, the queue and all histograms are at work; `bare` is the loop
/// in C that does nothing besides. A window of 1 is no pipeline.
@main struct EngineProbe {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 11, let script = CalibrationScript.all.first(where: { $0.name == words[5] }),
            let port = Int(words[2]), let connections = Int(words[6]), let operations = Int64(words[7]),
            let window = Int(words[8]), let sync = Int(words[9])
        else { exit(2) }
        let parameters = ConnectionParameters(host: words[1], port: port, user: words[3], database: words[4])
        if words[10] == "bare" {
            let outcome = try BareLoop.run(
                script, parameters, connections: connections, transactions: Int(operations),
                mode: window > 1 ? .pipelined(window: window, syncEvery: sync) : .plain, seed: 1)
            return print("completed \(outcome.transactions) failed 0 rate \(outcome.throughput)")
        }
        let pool = PoolPlan(limit: connections, window: window, syncEvery: window > 1 ? sync : nil)
        let clients = connections * window
        let plan = LoadPlan(
            phases: PhaseSpec(
                warmUp: 0, measure: words[10] == "open" ? 1_000_000_000 : 600_000_000_000, drainLimit: 600_000_000_000),
            nodes: 1, pacing: words[10] == "open" ? .open : .closed(clients: clients))
        // On the main thread: valgrind does not survive the one that asynchronous code waits on.
        let source = StatementSource(
            name: script.name, rate: words[10] == "open" ? 1e9 : nil, limit: operations, seed: 1)
        // Slowed down fifty times, every moment would seem to be one in which the server had the processor.
        let target = try StatementTarget(parameters, script, pool, seed: 1, pause: .max)
        let result = LoadRunner.runHere(plan, source: source, target: target)
        let seen = result.results[0]
        let p50 = (seen.response.value(at: 0.5) ?? 0) / 1_000
        let rate = Double(seen.measure.completed) / (Double(result.measured) / 1e9)
        let cpu = Double(result.cpu) / 1e3 / Double(max(1, seen.measure.completed))
        print(
            "completed \(seen.measure.completed) failed \(seen.measure.failed) rate \(rate) cpu-us \(cpu) p50-us \(p50)"
        )
        if seen.measure.failed > 0 { print(seen.measure.failures) }
    }
}
