/// What the traffic of a trial was like, beside what it cost: enough to judge whether it resembles a real archive's.
///
/// Everything here counts the measure phase unless a name says otherwise.
public struct TrafficSummary: Codable, Sendable, Equatable {
    /// How much faster archive time ran than the wall clock; 1 is as in production.
    public var timeScale: Double
    /// What the time scale and other shortcuts make unlike production, one sentence each.
    public var distortions: [String]
    public var bandwidth: [BandwidthRow]
    public var selfChecks: [SelfCheck]
    /// Clients that were modelled as sessions, one row for each kind in the workload.
    public var sessions: [SessionSummary]

    public init(
        timeScale: Double = 1, distortions: [String] = [], bandwidth: [BandwidthRow] = [],
        selfChecks: [SelfCheck] = [], sessions: [SessionSummary] = []
    ) {
        self.timeScale = timeScale
        self.distortions = distortions
        self.bandwidth = bandwidth
        self.selfChecks = selfChecks
        self.sessions = sessions
    }
}

/// Bytes on the wire of one message class on one shard. Wire bytes are those of the protobuf message that travels
/// between nodes, once per message, without the copies that gossip makes.
public struct BandwidthRow: Codable, Sendable, Equatable {
    /// The shard's pubsub topic.
    public var shard: String
    /// The workload's name for the kind of message; `hashes` for replies that carry hashes only.
    public var messageClass: String
    /// Messages that arrived, each counted once however many nodes store it.
    public var messagesIn: Int
    public var bytesIn: Int
    /// Of ``messagesIn``, those that are ephemeral and that no node stores.
    public var ephemeral: Int
    /// Messages (or hashes) that clients got from the archive.
    public var messagesOut: Int
    public var bytesOut: Int

    public init(
        shard: String, messageClass: String, messagesIn: Int = 0, bytesIn: Int = 0, ephemeral: Int = 0,
        messagesOut: Int = 0, bytesOut: Int = 0
    ) {
        self.shard = shard
        self.messageClass = messageClass
        self.messagesIn = messagesIn
        self.bytesIn = bytesIn
        self.ephemeral = ephemeral
        self.messagesOut = messagesOut
        self.bytesOut = bytesOut
    }
}

/// A figure of the trial beside what is public about real fleets.
public struct SelfCheck: Codable, Sendable, Equatable {
    /// What was looked at, such as "heap and TOAST per archive hour".
    public var name: String
    /// `nil` when this trial cannot tell.
    public var observed: Double?
    /// Such as `MiB/h`, `B`, `%`, `/min`.
    public var unit: String
    /// The public figure as text, such as "64 to 85 (month averages), 92 to 143 (single hours)".
    public var known: String
    /// Where the public figure is from, with its label (M measured, S stated, D derived, O ours, A assumed).
    public var source: String

    public init(name: String, observed: Double?, unit: String, known: String, source: String) {
        self.name = name
        self.observed = observed
        self.unit = unit
        self.known = known
        self.source = source
    }
}

/// What clients of one kind went through, warm-up included.
public struct SessionSummary: Codable, Sendable, Equatable {
    /// The workload's name for the entry.
    public var name: String
    /// The behaviour, such as `history-sync`.
    public var kind: String
    /// Sessions whose intended start lay in the trial.
    public var started: Int
    /// Those that got all they wanted.
    public var finished: Int
    /// Those that stopped trying.
    public var gaveUp: Int
    /// Those still under way when the trial ended.
    public var unfinished: Int
    public var requests: Int
    /// Requests that were sent again after a failure or a time-out.
    public var retries: Int
    /// Requests that the client stopped waiting for; the server went on with them.
    public var timeouts: Int
    /// Times that a client turned to another node.
    public var nodeSwitches: Int
    /// Messages or hashes that the clients got.
    public var messages: Int
    /// Intended start to the end of the session, of those that finished.
    public var durationMs: LatencyQuantiles?
    /// Intended start of a session to its first page.
    public var firstPageMs: LatencyQuantiles?
    /// Intended start of a session to so many messages, of the sessions that got as many.
    public var toMessages: [MessagesReached]
    /// Of a herd: from the first session's intended start until the last one had finished, seconds; `nil` when some gave
    /// up or were unfinished, and for clients that come at all times.
    public var clearSeconds: Double?

    public init(name: String, kind: String) {
        self.name = name
        self.kind = kind
        started = 0
        finished = 0
        gaveUp = 0
        unfinished = 0
        requests = 0
        retries = 0
        timeouts = 0
        nodeSwitches = 0
        messages = 0
        toMessages = []
    }
}

/// How long clients waited for their first so many messages.
public struct MessagesReached: Codable, Sendable, Equatable {
    public var messages: Int
    public var sessions: Int
    public var ms: LatencyQuantiles

    public init(messages: Int, sessions: Int, ms: LatencyQuantiles) {
        self.messages = messages
        self.sessions = sessions
        self.ms = ms
    }
}
