import FoundationEssentials
import LinuxSystem
import RunRecord
import Testbed

/// The last whole calibration of the engine on this host, kept beside the clusters so that reports can quote it.
public struct StoredCalibration {
    let quote: CalibrationQuote

    /// - Parameters:
    ///   - rows: of a whole calibration.
    ///   - request: says the time and the tool's version.
    public init(_ rows: [CalibrationRow], of request: TrialRequest) {
        quote = CalibrationQuote(
            measuredAt: UTCTime(seconds: request.wallClock()).iso8601, toolVersion: request.toolVersion,
            processorModel: Host.processorModel, processors: WorkerThread.usableProcessors,
            figures: rows.map {
                .init(name: $0.name, value: $0.value, low: $0.low, high: $0.high, bound: $0.bound, holds: $0.holds)
            })
    }

    private static func path(in registry: ClusterRegistry) -> String { "\(registry.home)/calibration-engine.json" }

    /// Writes it, whole or not at all.
    ///
    /// - Throws: what the file system says.
    public func store(in registry: ClusterRegistry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(quote).write(to: URL(filePath: Self.path(in: registry)), options: .atomic)
    }

    /// What is stored of this host; `nil` when nothing is, or another processor was measured.
    static func quote(in registry: ClusterRegistry) -> CalibrationQuote? {
        guard let data = FileManager.default.contents(atPath: path(in: registry)),
            let quote = try? JSONDecoder().decode(CalibrationQuote.self, from: data),
            quote.processorModel == Host.processorModel, quote.processors == WorkerThread.usableProcessors
        else { return nil }
        return quote
    }
}
