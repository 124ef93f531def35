import ArgumentParser
import FoundationEssentials
import Report
import SpecReader
import WakuModel
import Workload

/// `archivebench workload`
struct WorkloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workload",
        abstract: "Look at a workload without running it, or write a new one.",
        discussion: """
            Examples:
              archivebench workload check my-workload.yaml
              archivebench workload describe status-prod-steady --overlay x10
              archivebench workload sample twn-rln-cap --count 20 | jq .
              archivebench workload digest my-workload.yaml --seed 7
              archivebench workload export-trace my-workload.yaml -o mine.csv
              archivebench workload new community --members 2000 --channels 12 --shard 16/128 > mine.yaml
            """,
        subcommands: [Check.self, Describe.self, Sample.self, Digest.self, ExportTrace.self, NewWorkload.self])

    /// `archivebench workload check`
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a workload and its overlays are right; all problems at once.")

        @OptionGroup var traffic: TrafficOptions

        func run() throws {
            let (spec, _) = try traffic.read()
            let queries = spec.queries.count + spec.clients.count
            Terminal.out(
                "\(spec.name): right. \(spec.messages.streams.count) streams, \(spec.topics.count) sets of topics, \(queries) kinds of requests, \(spec.history.rows) rows of history."
            )
            for line in TraceText.lines(spec) { Terminal.out(line) }
        }
    }

    /// `archivebench workload describe`
    struct Describe: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a workload amounts to: rates, sizes, skew, mix, growth.",
            discussion: """
                Examples:
                  archivebench workload describe community-dedicated-10k
                  archivebench workload describe status-prod-steady --history 250GB --partitions 1870
                  archivebench workload describe twn-rln-cap --json | jq .databaseBytesPerDay
                """)

        @OptionGroup var traffic: TrafficOptions

        @Flag(help: "Print the figures as JSON.")
        var json = false

        func run() throws {
            let (spec, _) = try traffic.read()
            let digest = SequenceDigest(of: spec, seed: traffic.seed)
            let portrait = WorkloadPortrait(spec, seed: traffic.seed, digest: digest.text)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                Terminal.out(String(decoding: try encoder.encode(portrait), as: UTF8.self))
            } else {
                Terminal.out(WorkloadPage(portrait, spec, operations: digest.operations).text)
            }
        }
    }

    /// `archivebench workload sample`
    struct Sample: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the first operations as JSON lines: when, by which node, and what they say.")

        @OptionGroup var traffic: TrafficOptions

        @Option(help: ArgumentHelp("Operations to print.", valueName: "n"), transform: Arguments.count)
        var count = 10

        @Option(
            help: ArgumentHelp("Only this request class, such as put or store.hashes.presence.", valueName: "class"))
        var only: String?

        func run() throws {
            let (spec, _) = try traffic.read()
            let source = Traffic(spec, seed: traffic.seed)
            if let only, !source.labels.contains(where: { $0.requestClass == only }) {
                let known = Set(source.labels.map(\.requestClass)).sorted().joined(separator: ", ")
                throw UsageProblem("--only \(only): no such class in this workload; it has \(known)")
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var printed = 0
            while printed < count, let operation = source.next() {
                let line = OperationLine(operation, source)
                if let only, line.requestClass != only { continue }
                Terminal.out(String(decoding: try encoder.encode(line), as: UTF8.self))
                printed += 1
            }
        }
    }

    /// `archivebench workload digest`
    struct Digest: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the digest of the offered sequence: same digest, same work at the same times.")

        @OptionGroup var traffic: TrafficOptions

        func run() throws {
            let (spec, _) = try traffic.read()
            Terminal.out(SequenceDigest(of: spec, seed: traffic.seed).text)
        }
    }
}

/// One operation as a script reads it.
private struct OperationLine: Encodable {
    let dueMs: Double
    let requestClass: String
    let entry: String
    let node: Int
    var number: Int64?
    var shard: String?
    var contentTopic: String?
    var contentTopics: [String]?
    var messageClass: String?
    var hash: String?
    var hashes: [String]?
    var timestamp: Int64?
    var startTime: Int64?
    var endTime: Int64?
    var payloadBytes: Int?
    var metaBytes: Int?
    var wireBytes: Int?
    var includeData: Bool?
    var direction: String?
    var pageSize: Int?

    private enum CodingKeys: String, CodingKey {
        case dueMs, entry, node, number, shard, contentTopic, contentTopics, messageClass, hash, hashes, timestamp
        case startTime, endTime, payloadBytes, metaBytes, wireBytes, includeData, direction, pageSize
        case requestClass = "class"
    }

    init(_ operation: Workload.Operation, _ traffic: Traffic) {
        let label = traffic.labels[operation.label]
        dueMs = Double(operation.due) / 1e6
        requestClass = label.requestClass
        entry = label.entry
        node = operation.node
        if label.isPut {
            let (topic, message) = traffic.message(of: operation)
            number = operation.number
            shard = topic.text
            contentTopic = message.contentTopic.text
            messageClass = traffic.classNames[traffic.messageClass(of: operation)]
            hash = message.hash(on: topic).description
            timestamp = message.timestamp
            payloadBytes = message.payload.count
            metaBytes = message.meta.count
            wireBytes = message.wireSize
        } else if label.job == nil {
            let query = traffic.query(of: operation)
            shard = query.pubsubTopic?.text
            contentTopics = query.contentTopics.isEmpty ? nil : query.contentTopics.map(\.text)
            hashes = query.hashes.isEmpty ? nil : query.hashes.map(\.description)
            startTime = query.startTime
            endTime = query.endTime
            includeData = query.includeData
            direction = query.direction.rawValue
            pageSize = query.pageSize
        }
    }
}
