import FoundationEssentials
import LinuxSystem
import RunRecord

/// One comparison whose truth is known, as it came out: a line of the file of tries.
package struct CalibrationTry: Codable, Sendable, Equatable {
    /// Processor of the host that it was run on.
    package var processorModel: String
    /// Of that host.
    package var processors: Int
    /// The rule's version: tries of another one say nothing of today's.
    package var rule: Int
    /// Change of the throughput that was planted, as a share: 0 for none.
    package var planted: Double
    /// Of the order of slices.
    package var seed: UInt64
    /// Blocks that were run.
    package var blocks: Int
    /// Seconds of them.
    package var seconds: Double
    /// `nil` when there was none.
    package var verdict: Verdict?
    /// Candidate by base.
    package var ratio: Double?
    /// Lower end of its interval.
    package var low: Double?
    /// Upper end of its interval.
    package var high: Double?
    /// The two servers that it was run on: those made at the same moment are the same two.
    package var pair = ""
    /// Whether the server that was made first was the candidate.
    package var isSwapped = false
    /// Of both servers.
    package var serverVersion = ""
    /// The blocks' log ratios, candidate by base.
    package var logRatios: [Double] = []

    /// A try on this host of which nothing is known yet.
    package init(planted: Double, seed: UInt64) {
        processorModel = Host.processorModel
        processors = Self.usableProcessors
        rule = Self.currentRule
        (self.planted, self.seed, blocks, seconds) = (planted, seed, 0, 0)
    }

    /// Looked at once, before a pair of servers keeps this process off some of them.
    package static let usableProcessors = WorkerThread.usableProcessors

    /// Moves with every change of the method, so that older tries are not counted.
    static let currentRule = 2
}

/// The tries of one host that are finished: kept beside its clusters, so that later calls go on from them.
package struct CalibrationTries: Sendable {
    package let path: String

    /// - Parameter path: of the file; it need not be there.
    package init(path: String) { self.path = path }

    /// Tries that count on this host, in the order in which they were run. A last line cut short is left out.
    package func read() -> [CalibrationTry] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(CalibrationTry.self, from: $0)
        }
        .filter {
            $0.rule == CalibrationTry.currentRule && $0.processorModel == Host.processorModel
                && $0.processors == CalibrationTry.usableProcessors
        }
    }

    /// Adds one, as a whole line.
    ///
    /// - Throws: what the file system says.
    package func append(_ new: CalibrationTry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var all = FileManager.default.contents(atPath: path) ?? Data()
        // What a kill cut short ends here.
        if let last = all.last, last != UInt8(ascii: "\n") { all.append(UInt8(ascii: "\n")) }
        all += try encoder.encode(new) + [UInt8(ascii: "\n")]
        try all.write(to: URL(filePath: path), options: .atomic)
    }
}
