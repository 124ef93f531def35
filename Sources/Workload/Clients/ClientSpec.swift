import SpecReader
import WakuModel

/// Clients of one kind in a workload: when their sessions begin, what each does, and how patient they are.
public struct ClientSpec: Sendable {
    public var name: String
    public var kind: any ClientKind
    /// When sessions begin; `nil` where messages begin them.
    public var arrivals: (any ArrivalProcess)?
    public var patience: Patience

    static func read(_ map: SpecMap, _ context: ClientContext) -> ClientSpec {
        defer { map.close() }
        _ = map.string("stands-for")
        let kind = ClientKinds.read(map, context)
        // A kind that is not known may be one that needs no arrivals.
        let hasArrivals = map.isSound("kind") ? !kind.followsMessages : map.has("arrivals")
        return ClientSpec(
            name: map.name("name"), kind: kind,
            arrivals: hasArrivals ? ArrivalProcesses.read("arrivals", of: map) : nil,
            patience: Patience.read(map, type(of: kind).patience))
    }
}

/// What reading a client may depend on.
struct ClientContext {
    /// Names of topics that messages are sent to.
    let topics: Set<String>
    /// Names of message classes.
    let classes: Set<String>
}

/// How a client treats a node that is slow or fails.
///
/// Defaults are those of Status clients (S): 30 s, two failures until another node, 10 s of back-off, three minutes on
/// the grey list. How often a client tries in all is an assumption.
public struct Patience: Sendable, Equatable {
    /// A request that has no answer for so long is given up; the server goes on with it. Nanoseconds.
    public var timeout: UInt64 = 30_000_000_000
    /// Failures in a row until the client turns to another node.
    public var failures = 2
    /// Pause before it asks the other node, nanoseconds.
    public var backOff: UInt64 = 10_000_000_000
    /// How long it keeps away from the node that failed, nanoseconds.
    public var greyList: UInt64 = 180_000_000_000
    /// Times that one request is sent before the session gives up.
    public var attempts = 6

    public init() {}

    public init(timeout: UInt64, failures: Int, backOff: UInt64, greyList: UInt64, attempts: Int) {
        self.timeout = timeout
        self.failures = failures
        self.backOff = backOff
        self.greyList = greyList
        self.attempts = attempts
    }

    static func read(_ map: SpecMap, _ standard: Patience) -> Patience {
        let longest: UInt64 = 3_600_000_000_000
        return Patience(
            timeout: map.duration("timeout", in: 1_000_000...longest, default: standard.timeout),
            failures: map.integer("failures", in: 1...100, default: standard.failures),
            backOff: map.duration("back-off", in: 0...longest, default: standard.backOff),
            greyList: map.duration("grey-list", in: 0...longest, default: standard.greyList),
            attempts: map.integer("attempts", in: 1...1_000, default: standard.attempts))
    }
}

/// What one kind of client does in a session.
///
/// A new kind is a new type in a file of its own, named in ``ClientKinds/all``.
public protocol ClientKind: Sendable {
    /// The value of `kind:` in a workload file.
    static var name: String { get }
    /// Reads its own keys; problems are noted on the map.
    static func read(_ map: SpecMap, _ keys: ClientKeys) -> Self
    /// How patient it is where the file does not say.
    static var patience: Patience { get }
    /// Whether messages begin its sessions, and no arrival process.
    var followsMessages: Bool { get }
    /// The same for so many times the clients.
    func scaled(by factor: Double) -> Self
    /// Names of the topics it follows.
    var topicNames: [String] { get }
    /// Names of the message classes that it is told to care about.
    var classNames: [String] { get }
    /// The requests it sends, by their part in a session.
    var requests: [ClientRequest] { get }
    /// What a session asks for. A pure function of the session's identity and of what arrived before its start.
    func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan
}

extension ClientKind {
    public static var patience: Patience { Patience() }
    public var followsMessages: Bool { false }
    public func scaled(by factor: Double) -> Self { self }
    public var topicNames: [String] { [] }
    public var classNames: [String] { [] }
}

/// What a workload's clients can be.
public enum ClientKinds {
    /// In the order that help and messages list them.
    public static let all: [any ClientKind.Type] = [
        HistorySync.self, SentCheck.self, MissingCheck.self, JavaScriptClient.self, MessageCounter.self,
        StoreResume.self, StoreSync.self,
    ]

    static func read(_ map: SpecMap, _ context: ClientContext) -> any ClientKind {
        let name = map.text("kind")
        guard let kind = all.first(where: { $0.name == name }) else {
            _ = map.allKeys()
            if map.isSound("kind") {
                map.note(
                    "kind", "'\(name)' is not known",
                    remedy: "choose one of \(all.map { $0.name }.joined(separator: ", "))")
            }
            return StoreResume(outage: 1)
        }
        return kind.read(map, ClientKeys(map: map, context: context))
    }
}

/// Reads keys that several kinds of clients have.
public struct ClientKeys {
    let map: SpecMap
    let context: ClientContext

    /// `follows: [{topics: NAME, count: 10}, …]`: how many topics of which population a client is interested in.
    func follows() -> [Interest] {
        map.maps("follows", required: true).map { entry in
            defer { entry.close() }
            let name = entry.text("topics")
            if entry.isSound("topics"), !context.topics.isEmpty, !context.topics.contains(name) {
                entry.note(
                    "topics", "there are no topics '\(name)'",
                    remedy: "choose one of \(context.topics.sorted().joined(separator: ", "))")
            }
            return Interest(target: name, count: entry.integer("count", in: 1...10_000))
        }
    }

    /// Names of message classes, each of which exists.
    func classes(_ key: String) -> [String] {
        let names = map.texts(key)
        for (name, place) in names where !context.classes.isEmpty && !context.classes.contains(name) {
            map.note(
                key, at: place, "there is no message class '\(name)'",
                remedy: "choose among \(context.classes.sorted().joined(separator: ", "))")
        }
        return names.map(\.text)
    }

    /// Notes a slice that cuts the time away into more pieces than anybody would ask for.
    func checkSlices(_ outage: UInt64, _ slice: UInt64) {
        guard map.isSound("outage"), map.isSound("slice") else { return }
        if outage / slice > 100_000 {
            map.note(
                "slice", "cuts the outage into \(outage / slice) slices", remedy: "use at most 100000: longer slices")
        }
    }

    func window(_ key: String, default fallback: UInt64? = nil) -> UInt64 {
        map.duration(key, in: 1...QueryWindows.longest, default: fallback)
    }

    func pageSize(_ fallback: Int) -> Int {
        map.integer("page-size", in: 1...StoreQuery.maximumPageSize, default: fallback)
    }

    func pages() -> Int { map.integer("pages", in: 1...10_000_000, default: 10_000_000) }
}

/// Topics of one population that a client is interested in.
public struct Interest: Sendable, Equatable {
    public var target: String
    public var count: Int
}

/// A request's part in a session.
public enum RequestRole: Int, CaseIterable, Sendable {
    /// The first page of a window.
    case first
    /// A later page of a window.
    case next
    /// Messages by their hashes.
    case fetch
    /// Whether hashes are there.
    case presence
}

/// One kind of request of a client, with what objectives can be narrowed by.
public struct ClientRequest: Sendable {
    public var role: RequestRole
    public var requestClass: String
    public var mostHashes: Int
    public var mostTopics: Int
    /// Nanoseconds.
    public var longestWindow: UInt64

    init(
        _ role: RequestRole, _ requestClass: String, mostHashes: Int = 0, mostTopics: Int = 0, window: UInt64 = 0
    ) {
        self.role = role
        self.requestClass = requestClass
        self.mostHashes = mostHashes
        self.mostTopics = mostTopics
        longestWindow = window
    }

    /// First and later pages of a window of some topics.
    static func windows(includeData: Bool, topics: Int, window: UInt64) -> [ClientRequest] {
        let name = includeData ? "store.topics.data" : "store.topics.hashes"
        return [
            ClientRequest(.first, "\(name).first", mostTopics: topics, window: window),
            ClientRequest(.next, "\(name).next", mostTopics: topics, window: window),
        ]
    }
}
