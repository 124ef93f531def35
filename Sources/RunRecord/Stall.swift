/// Adjacent seconds in which request classes completed nothing though something waited, or far slower than usual.
public struct Stall: Codable, Sendable, Equatable {
    /// Start of its first second, in seconds from the start of warm-up.
    public var atSeconds: Double
    /// Its length, in whole seconds: a second is the finest that is looked at.
    public var seconds: Double
    /// The classes that it touched, in the order of their names.
    public var classes: [String]
    /// What happened, for people, such as "2 s from 5 s on, put completed nothing".
    public var detail: String
    /// What the server did meanwhile, such as "checkpoint (time), 12.3 s"; `nil` when it did nothing of note or was not
    /// looked at.
    public var serverEvents: [String]?

    /// A stall as it was found.
    public init(
        atSeconds: Double, seconds: Double, classes: [String], detail: String, serverEvents: [String]? = nil
    ) {
        self.atSeconds = atSeconds
        self.seconds = seconds
        self.classes = classes
        self.detail = detail
        self.serverEvents = serverEvents
    }
}
