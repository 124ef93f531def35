/// What the load generator was found to be on the host of a trial, by `archivebench calibrate engine`.
public struct CalibrationQuote: Codable, Sendable, Equatable {
    /// One figure with its interval, and the bound it was held to.
    public struct Figure: Codable, Sendable, Equatable {
        public var name: String
        public var value: Double
        public var low: Double
        public var high: Double
        public var bound: String
        public var holds: Bool

        public init(name: String, value: Double, low: Double, high: Double, bound: String, holds: Bool) {
            self.name = name
            self.value = value
            self.low = low
            self.high = high
            self.bound = bound
            self.holds = holds
        }
    }

    /// When it was measured, ISO 8601, UTC.
    public var measuredAt: String
    public var toolVersion: String
    public var processorModel: String
    public var processors: Int
    public var figures: [Figure]

    public init(
        measuredAt: String, toolVersion: String, processorModel: String, processors: Int, figures: [Figure]
    ) {
        self.measuredAt = measuredAt
        self.toolVersion = toolVersion
        self.processorModel = processorModel
        self.processors = processors
        self.figures = figures
    }

    /// Figures that were held to a bound, and those that say how much of a latency is the generator's own.
    public var telling: [Figure] {
        figures.filter { $0.bound.hasPrefix("at ") || $0.name.contains("own share of latency") }
    }
}
