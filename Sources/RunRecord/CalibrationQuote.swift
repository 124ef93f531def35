/// What the load generator was found to be on the host of a trial, by `archivebench calibrate engine`.
public struct CalibrationQuote: Codable, Sendable, Equatable {
    /// One figure with its interval, and the bound it was held to.
    public struct Figure: Codable, Sendable, Equatable {
        /// What was measured or compared.
        public var name: String
        /// The estimate: a ratio, or in the unit that the name says.
        public var value: Double
        /// Lower end of its interval.
        public var low: Double
        /// Upper end of its interval.
        public var high: Double
        /// As text, such as `at least 1.05`, or `told only`.
        public var bound: String
        /// Whether the unfavourable end of the interval keeps to the bound.
        public var holds: Bool

        /// A figure as it was measured.
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
    /// Version of the tool that was measured.
    public var toolVersion: String
    /// Model name of the host's processors, from /proc/cpuinfo.
    public var processorModel: String
    /// Processors that the tool could use.
    public var processors: Int
    /// In the order of the calibration.
    public var figures: [Figure]

    /// A whole calibration of one host.
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
