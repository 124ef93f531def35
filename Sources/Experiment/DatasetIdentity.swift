import ArchiveDriver
import CSHA256
import FoundationEssentials
import Testbed
import WakuModel
import Workload

/// What a filled cluster is known by: everything that decides its bytes, and nothing else, so that trials that differ in
/// their requests or in most settings share one.
enum DatasetIdentity {
    /// Moves with every change of the loader that leaves other bytes behind.
    private static let generatorVersion = "1"

    /// Settings that leave their mark on what is stored.
    private static let storedSettings = ["autovacuum", "default_statistics_target", "default_toast_compression"]

    static func key(_ request: TrialRequest, _ variant: Variant) -> DatasetKey { DatasetKey(parts(request, variant)) }

    /// What decides the content, part by part.
    static func parts(_ request: TrialRequest, _ variant: Variant) -> [(label: String, value: String)] {
        let spec = request.offered
        let traffic = Traffic(spec, seed: request.seed)
        let settings = variant.settings.filter { storedSettings.contains($0.name) }.map { "\($0.name)=\($0.value)" }
        let databases = ArchiveDatabases.names(of: spec)
        let parts: [(label: String, value: String)] = [
            (label: "generator", value: generatorVersion),
            (label: "seed", value: String(request.seed)),
            (label: "specification", value: FileDigest.of(spelledOut(spec))),
            (label: "messages", value: fingerprint(traffic, rows: spec.history.rows)),
            (label: "rows", value: String(spec.history.rows)),
            (label: "partitions", value: String(spec.history.partitions)),
            (label: "epoch", value: String(spec.archiveEpoch)),
            (label: "live", value: String(livePartitions(spec))),
            (label: "schema", value: String(request.schemaVersion)),
            (label: "scripts", value: scripts(request)),
            (label: "server", value: request.installation.version),
            (label: "initdb", value: "C UTF8 checksums=\(variant.dataChecksums)"),
            (label: "settings", value: settings.sorted().joined(separator: " ")),
            (label: "state", value: request.historyState.text),
        ]
        guard !databases.isEmpty else { return parts }
        return parts + [(label: "databases", value: databases.joined(separator: " "))]
    }

    /// Everything of the specification that the history is made from, value by value, as Swift spells them out.
    private static func spelledOut(_ spec: WorkloadSpec) -> String {
        String(reflecting: spec.topics) + String(reflecting: spec.historyMessages) + String(reflecting: spec.calendar)
    }

    /// The hashes of some messages spread over the history: they tell changes of the generator itself.
    private static func fingerprint(_ traffic: Traffic, rows: Int) -> String {
        var digest = SHA256()
        let step = max(1, rows / 1_000)
        for number in stride(from: 0, to: rows, by: step) {
            let (topic, message) = traffic.message(Int64(number))
            withUnsafeBytes(of: message.hash(on: topic).words) { digest.update($0.baseAddress, count: $0.count) }
        }
        return MessageHash(words: digest.finish().words).description
    }

    private static func livePartitions(_ spec: WorkloadSpec) -> Int {
        HistoryLoader.livePartitions(of: spec).count
    }

    private static func scripts(_ request: TrialRequest) -> String {
        var texts = ""
        for version in 1...request.schemaVersion {
            texts +=
                FileManager.default.contents(atPath: "\(request.schemaFolder)/v\(version)/up.sql")
                .map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        return FileDigest.of(texts)
    }
}
