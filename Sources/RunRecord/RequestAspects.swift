/// Response times of the measure phase by what a request asked for, beyond its class: `aspects` in `run.json`.
///
/// A request counts once in each of the two lists, if it has that aspect. Buckets without a completed request are left
/// out.
public struct RequestAspects: Codable, Sendable, Equatable {
    /// By the depth of the page in its walk: bounds are page numbers from 1, both inclusive.
    public var byPage: [AspectRow]
    /// By the age of the oldest data that a request may return, at its intended start and in archive time: bounds are
    /// seconds, the upper one exclusive.
    public var byAge: [AspectRow]

    /// Takes each value as it is.
    public init(byPage: [AspectRow], byAge: [AspectRow]) {
        self.byPage = byPage
        self.byAge = byAge
    }
}

/// Requests of one class whose aspect lies between two bounds.
public struct AspectRow: Codable, Sendable, Equatable {
    /// The request class, without what tells first and later pages apart, such as `store.topics.data`.
    public var requestClass: String
    /// Where the bucket begins; see ``RequestAspects`` for the units.
    public var from: Double
    /// `nil` for the last bucket, which has no end.
    public var to: Double?
    /// Response times in milliseconds.
    public var responseMs: LatencyQuantiles

    /// Takes each value as it is.
    public init(requestClass: String, from: Double, to: Double?, responseMs: LatencyQuantiles) {
        self.requestClass = requestClass
        self.from = from
        self.to = to
        self.responseMs = responseMs
    }
}
