import LinuxSystem

/// How an archive that is somebody else's is read: how much of it, how fast, and when not at all.
public struct ReadingManners: Sendable {
    /// Rows that are read, about. An archive that has no more is read whole.
    public var sampleRows = 100_000
    /// Largest share of one processor's time that our statements take: after each one nothing is sent for as long as that
    /// asks for.
    public var share = 0.1
    /// The server ends a statement of ours after this, waiting for a lock included.
    public var statementTimeout: Nanoseconds = 2_000_000_000
    /// Nothing is read of a server on which more sessions are active beside ours, on average.
    public var mostActive = 4.0
    /// Whether load is no reason to refuse, nor to stop.
    public var ignoresLoad = false
    /// Mixed into every content topic before the server hashes it.
    public var salt: String
    /// Decides which blocks and partitions are read.
    public var seed: UInt64

    /// - Parameters:
    ///   - salt: of the hashes; whoever knows it can tell whether a topic that he knows was among them.
    ///   - seed: of the sample.
    public init(salt: String, seed: UInt64) {
        self.salt = salt
        self.seed = seed
    }

    /// Shares that leave something to the others and still get somewhere.
    public static let shares = 0.001...1.0
    /// Time-outs that make sense, nanoseconds.
    public static let timeouts: ClosedRange<Nanoseconds> = 10_000_000...60_000_000_000
}

/// Why an archive is not read; one line.
public struct SurveyRefusal: Error, CustomStringConvertible {
    /// The reason, and what would help.
    public let description: String

    init(_ description: String) { self.description = description }
}
