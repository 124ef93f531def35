import SpecReader
import WakuModel

/// Reads the streams of a workload file.
struct StreamReader {
    /// Names that messages can be sent to.
    let topics: Set<String>
    let segmentation: Segmentation?
    let largest: Int

    func read(_ map: SpecMap) -> StreamSpec {
        defer { map.close() }
        let name = map.name("name")
        let perArrival = map.integer("per-arrival", in: 1...10_000, default: 1)
        let entries = map.maps("classes", required: true)
        let classes = entries.map(readClass)
        WorkloadSpec.checkDistinct(classes.map(\.name), entries)
        if map.isSound("classes"), entries.allSatisfy({ $0.isSound("weight") }), !classes.isEmpty,
            classes.allSatisfy({ $0.weight == 0 })
        {
            map.note("classes", "all weights are zero", remedy: "give at least one a positive weight")
        }
        var stream = StreamSpec(
            name: name, arrivals: PoissonArrivals(rate: 1), perArrival: perArrival, targets: readTargets(map),
            classes: classes)
        stream.arrivals = ArrivalProcesses.read(
            "arrivals", of: map, ArrivalContext(diskBytesPerArrival: diskBytes(stream)))
        return stream
    }

    /// Bytes of heap and TOAST that one arrival makes.
    private func diskBytes(_ stream: StreamSpec) -> Double {
        max(1, stream.sumPerArrival(segmentation, largest) { StorageModel.tableBytes(payload: $0) })
    }

    private func readClass(_ map: SpecMap) -> MessageClassSpec {
        defer { map.close() }
        _ = map.string("stands-for")
        let sizes = map.map("payload", required: true)
        defer { sizes?.close() }
        return MessageClassSpec(
            name: map.name("name"), weight: map.number("weight", in: 0...1_000_000, default: 1),
            sizes: sizes.map(SizeDistributions.read) ?? ConstantSize(bytes: 1),
            metaBytes: map.bytes("meta", in: 0...Message.maximumMeta, default: 0),
            ephemeral: map.share("ephemeral", default: 0))
    }

    private func readTargets(_ map: SpecMap) -> [(name: String, share: Double)] {
        let entries = map.maps("to", required: true)
        let targets = entries.map { target in
            defer { target.close() }
            let name = target.text("topics")
            if target.isSound("topics"), !topics.isEmpty, !topics.contains(name) {
                target.note(
                    "topics", "there are no topics '\(name)'",
                    remedy: "choose one of \(topics.sorted().joined(separator: ", "))")
            }
            return (name: name, share: target.share("share", default: entries.count == 1 ? 1 : nil))
        }
        let sum = targets.reduce(0) { $0 + $1.share }
        let isSound = map.isSound("to") && entries.allSatisfy { $0.isSound("share") }
        if isSound, abs(sum - 1) > 0.001, !targets.isEmpty {
            map.note(
                "to", "shares add up to \((sum * 1_000).rounded() / 10)%",
                remedy: "give shares that make 100% together")
        }
        return targets
    }

    /// Every stream and every class has a name of its own; a class may stand in several streams with one meaning.
    static func checkNames(_ streams: [StreamSpec], _ entries: [SpecMap], _ map: SpecMap) {
        WorkloadSpec.checkDistinct(streams.map(\.name), entries)
        let classes = Set(streams.flatMap { $0.classes.map(\.name) })
        if classes.count > MessageClasses.most {
            map.note(
                "streams", "\(classes.count) classes", remedy: "use at most \(MessageClasses.most) names of classes")
        }
    }
}

/// The names of the message classes of a workload, and how a stored payload tells its class.
///
/// The first byte of a generated payload is the number of its class. Payloads are random otherwise, as encrypted ones
/// are, so the server notices nothing, and a reply tells what kind of messages it carries.
public struct MessageClasses: Sendable {
    /// As many as a byte tells apart, less one for what is not ours.
    static let most = 255

    /// In the order in which the streams name them; after them a class that no stream has.
    public let names: [String]

    init(_ streams: [StreamSpec], and other: String? = nil) {
        var names: [String] = []
        for stream in streams {
            for item in stream.classes where !names.contains(item.name) { names.append(item.name) }
        }
        if let other, !names.contains(other) { names.append(other) }
        self.names = names
    }

    func number(of name: String) -> Int { names.firstIndex(of: name) ?? 0 }
}
