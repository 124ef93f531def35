import ArchiveDriver
import FoundationEssentials
import SpecReader
import TestSupport
import WakuModel

/// An archive and the requests to it with their answers, from a file of `Tests/StoreRequests`.
struct StoreRequestTable: Sendable, CustomStringConvertible {
    struct Stored: Sendable {
        let name: String
        let topic: PubsubTopic
        let message: Message
        /// How often it is put.
        var offered = 1
        /// Whether its look-up row stays.
        var isLookedUp = true
        /// First digits of the hash, as the file has them.
        var digits: String?

        var hash: MessageHash { message.hash(on: topic) }
    }

    struct Request: Sendable {
        let name: String
        let line: Int
        let query: StoreQuery
        /// Hashes of the page; `nil` for a refusal.
        var page: [MessageHash]?
        var next: MessageHash?
        var isWhole = true
        var sent: [String]?
        var refusal: String?
    }

    static let folder = "\(packageRoot)/Tests/StoreRequests"

    let file: String
    let stored: [Stored]
    let requests: [Request]

    var description: String { file }

    /// All tables, by name of their files.
    static func all() throws -> [StoreRequestTable] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        return try files.sorted().map { try StoreRequestTable(SpecDocument(path: "\(folder)/\($0)"), file: $0) }
    }

    /// - Throws: `SpecProblems`: all that is wrong in the file.
    init(_ document: SpecDocument, file: String) throws {
        let top = document.top
        if let kind = top.string("archivebench", required: true), kind != "requests/1" {
            top.note("archivebench", "'\(kind)' is no table of requests", remedy: "write requests/1")
        }
        _ = top.name("name")
        _ = top.text("summary")
        let epoch = Int64(top.instant("epoch")) * 1_000_000_000
        var stored: [Stored] = []
        for map in top.maps("messages", required: true) {
            stored += map.has("series") ? Self.series(map, epoch) : Self.single(map, epoch)
            map.close()
        }
        let names = Names(stored, epoch: epoch)
        requests = top.maps("requests", required: true).map { map in
            defer { map.close() }
            return Self.request(map, names)
        }
        top.close()
        for (index, request) in requests.enumerated()
        where requests[..<index].contains(where: { $0.name == request.name }) {
            document.note(
                at: SpecPlace(line: request.line, column: 1), "two requests are named '\(request.name)'",
                remedy: "rename one of them")
        }
        try document.finish()
        self.file = file
        self.stored = stored
    }

    // MARK: Messages

    private static func single(_ map: SpecMap, _ epoch: Int64) -> [Stored] {
        let name = map.name("name")
        let payload = bytes(map, "payload")
        let meta = bytes(map, "meta")
        let version = map.integer("version", in: 0...Int(Int32.max), default: 0)
        let offered = map.integer("offered", in: 1...100, default: 1)
        let isLookedUp = map.flag("lookup", default: true)
        let digits = map.string("hash")
        let time = epoch + Int64(map.duration("at"))
        let content = contentTopic(map, map.text("topic"), "topic")
        guard let topic = pubsubTopic(map), let content else { return [] }
        let message = Message(
            payload: payload, contentTopic: content, meta: meta, version: UInt32(version), timestamp: time)
        return [
            Stored(
                name: name, topic: topic, message: message, offered: offered, isLookedUp: isLookedUp, digits: digits)
        ]
    }

    private static func series(_ map: SpecMap, _ epoch: Int64) -> [Stored] {
        let name = map.name("series")
        let count = map.integer("count", in: 1...1_000)
        let start = epoch + Int64(map.duration("from"))
        let distance = Int64(map.duration("every"))
        let topics = map.strings("topics").compactMap { contentTopic(map, $0, "topics") }
        guard let topic = pubsubTopic(map), !topics.isEmpty else { return [] }
        return (0..<count).map { index in
            Stored(
                name: "\(name)\(index)", topic: topic,
                message: Message(
                    payload: [UInt8(index / 256), UInt8(index % 256)], contentTopic: topics[index % topics.count],
                    timestamp: start + Int64(index) * distance))
        }
    }

    fileprivate static func pubsubTopic(_ map: SpecMap) -> PubsubTopic? {
        let key = map.has("shard") ? "shard" : "pubsub-topic"
        guard let text = map.string(key, required: true) else { return nil }
        return domain(map, key) { key == "shard" ? try PubsubTopic(Shard(text)) : try PubsubTopic(text) }
    }

    fileprivate static func contentTopic(_ map: SpecMap, _ text: String, _ key: String) -> ContentTopic? {
        domain(map, key) { try ContentTopic(text) }
    }

    fileprivate static func domain<Value>(_ map: SpecMap, _ key: String, _ make: () throws -> Value) -> Value? {
        do {
            return try make()
        } catch {
            map.note(key, "\(error)", remedy: "see README.md beside the file")
            return nil
        }
    }

    private static func bytes(_ map: SpecMap, _ key: String) -> [UInt8] {
        let digits = Array((map.string(key) ?? "").utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { Hex.byte(digits[$0], digits[$0 + 1]) }
        guard digits.count % 2 == 0, !bytes.contains(-1) else {
            map.note(key, "is not hexadecimal", remedy: "write two digits a byte")
            return []
        }
        return bytes.map { UInt8($0) }
    }

    // MARK: Requests

    private static func request(_ map: SpecMap, _ names: Names) -> Request {
        let ask = map.map("ask", required: true)
        let query = ask.map { Self.query($0, names) } ?? StoreQuery()
        ask?.close()
        var request = Request(name: map.text("name"), line: map.place.line, query: query)
        request.refusal = map.string("refused")
        if map.has("page") { request.page = names.hashes(map, "page") }
        if (request.page == nil) == (request.refusal == nil) {
            map.note("page", "a request has a page or is refused", remedy: "give one of 'page' and 'refused'")
        }
        request.next = names.hash(map, "next")
        if map.has("sent") { request.sent = map.strings("sent") }
        request.isWhole = (map.string("rows") ?? (query.includeData ? "whole" : "hashes")) == "whole"
        return request
    }

    private static func query(_ map: SpecMap, _ names: Names) -> StoreQuery {
        let size = map.integer("page", in: 0...1_000_000, default: -1)
        return StoreQuery(
            requestID: map.string("request-id") ?? "", includeData: map.flag("data", default: true),
            pubsubTopic: map.has("shard") || map.has("pubsub-topic") ? pubsubTopic(map) : nil,
            contentTopics: map.strings("topics").compactMap { contentTopic(map, $0, "topics") },
            startTime: map.has("from") ? names.epoch + Int64(map.duration("from")) : nil,
            endTime: map.has("to") ? names.epoch + Int64(map.duration("to")) : nil,
            hashes: names.hashes(map, "hashes"), cursor: names.hash(map, "cursor"),
            direction: map.choice("direction", default: .forward), pageSize: size < 0 ? nil : size)
    }
}

/// What messages are called in a file.
private struct Names {
    let epoch: Int64
    private let hashes: [String: MessageHash]

    init(_ stored: [StoreRequestTable.Stored], epoch: Int64) {
        self.epoch = epoch
        hashes = Dictionary(stored.map { ($0.name, $0.hash) }) { first, _ in first }
    }

    /// The messages of a list, in which `m0..m9` stands for ten.
    func hashes(_ map: SpecMap, _ key: String) -> [MessageHash] {
        map.strings(key).flatMap(Self.expanded).compactMap { hash(named: $0, map, key) }
    }

    /// A single message; `nil` when the key is not there.
    func hash(_ map: SpecMap, _ key: String) -> MessageHash? {
        map.string(key).flatMap { hash(named: $0, map, key) }
    }

    private func hash(named name: String, _ map: SpecMap, _ key: String) -> MessageHash? {
        if name == "zero" { return .zero }
        if name.hasPrefix("unknown"), let number = UInt64(name.dropFirst("unknown".count)) {
            return MessageHash(words: (7, 7, 7, number))
        }
        if let hash = hashes[name] { return hash }
        map.note(key, "there is no message '\(name)'", remedy: "name one of 'messages', or unknown0")
        return nil
    }

    private static func expanded(_ text: String) -> [String] {
        guard let match = text.wholeMatch(of: #/(.*?)(\d+)\.\.(.*?)(\d+)/#), match.1 == match.3,
            let first = Int(match.2), let last = Int(match.4)
        else { return [text] }
        return stride(from: first, through: last, by: first <= last ? 1 : -1).map { "\(match.1)\($0)" }
    }
}
