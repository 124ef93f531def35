/// One thing that short probes measured on the machine before and after a trial.
public struct ProbeRow: Codable, Sendable {
    /// Such as `flush, median`.
    public var name: String
    /// Of the three values; empty for a plain number.
    public var unit: String
    /// What the profile asks for; `nil` when it says nothing of it.
    public var asked: Double?
    /// `nil` when it could not be probed.
    public var before: Double?
    /// What the probe after the load got; `nil` when it did not run.
    public var after: Double?
    /// Whether it stayed within the threshold of its rule; `nil` when no rule speaks of it.
    public var holds: Bool?

    /// Takes each value as it is.
    public init(name: String, unit: String, asked: Double?, before: Double?, after: Double?, holds: Bool?) {
        self.name = name
        self.unit = unit
        self.asked = asked
        self.before = before
        self.after = after
        self.holds = holds
    }
}
