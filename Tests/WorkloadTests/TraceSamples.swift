import SpecReader
import TestSupport
import Workload

/// Workloads with a trace, in a folder of their own.
struct TraceSample {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Reads a workload with a line more that names a trace of these rows.
    func replaying(_ rows: [String], in text: String, keys: String = "") throws -> WorkloadSpec {
        try replaying(file: ([Self.header] + rows).joined(separator: "\n") + "\n", in: text, keys: keys)
    }

    /// The same from the whole text of the trace.
    func replaying(file: String, in text: String, keys: String = "") throws -> WorkloadSpec {
        _ = try folder.write(file, as: "trace.csv")
        let changed = text.hasSuffix("\n") ? text : text + "\n"
        let path = try folder.write("\(changed)trace: {file: trace.csv\(keys)}\n", as: "w.yaml")
        return try WorkloadSpec(path: path)
    }

    /// What is said about a trace, without the folder.
    func problems(of file: String, in text: String = Self.small, keys: String = "") -> [String] {
        do {
            _ = try replaying(file: file, in: text, keys: keys)
            return []
        } catch let error as SpecProblems {
            return error.problems.map { $0.description.replacing("\(folder.path)/", with: "") }
        } catch {
            return ["not a SpecProblems: \(error)"]
        }
    }

    static let header = "time,shard,topic,size,kind"

    /// Two shards with three topics each, one of them protected; two queries of one class, one of another; one client.
    static let small = """
        archivebench: workload/1
        name: small
        summary: what a trace can name
        archive-epoch: 2026-01-05T18:00:00Z
        topics:
          - {name: open, shard: 16/32, count: 3}
          - {name: signed, shard: 16/64, count: 3, protected: true}
        messages:
          streams:
            - name: only
              arrivals: {process: constant, rate: 100/s}
              to: [{topics: open}]
              classes: [{name: chat, payload: {constant: 100B}}, {name: tagged, payload: {constant: 9B}, meta: 8B}]
        writers: {count: 1}
        queries:
          - {name: day, ask: data-by-topics, topics: 2, window: 24h, arrivals: {process: constant, rate: 1/s}}
          - {name: hour, ask: data-by-topics, topics: 1, window: 1h, arrivals: {process: constant, rate: 1/s}}
          - {name: scan, ask: data-by-time, window: 1h, arrivals: {process: constant, rate: 1/s}}
        clients:
          - {name: peer, kind: store-resume, arrivals: {process: constant, rate: 1/h}, outage: 6h}
        clockwork: off
        history: {partitions: 1, rows: 100}
        phases: {warm-up: 0s, measure: 20s}
        """

    /// All operations in their order.
    static func operations(_ traffic: Traffic) -> [Operation] {
        var all: [Operation] = []
        while let operation = traffic.next() { all.append(operation) }
        return all
    }

    /// When the first nodes have the messages, milliseconds.
    static func putTimes(_ spec: WorkloadSpec) -> [Double] {
        let traffic = Traffic(spec, seed: 1)
        return operations(traffic).filter { traffic.labels[$0.label].requestClass == "put" }.map {
            Double($0.due) / 1e6
        }
    }

    /// The whole file that a workload makes.
    static func export(_ spec: WorkloadSpec, seed: UInt64) throws -> String {
        let export = try TraceExport(spec, seed: seed)
        var text: [UInt8] = []
        while let piece = export.next() { text += piece }
        return String(decoding: text, as: UTF8.self)
    }
}
