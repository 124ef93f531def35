import FoundationEssentials
import Measurement

/// The folder of one comparison: `Reports/<comparison-id>/`.
///
/// Written as the comparison goes. `comparison.json` is replaced in one step, slices are appended to `slices.jsonl` and
/// their histograms to `slices.hlog`; a slice is written after its histograms, so that one that is told of has them.
public struct ComparisonFolder: Sendable {
    /// Files of a comparison, by their role.
    public enum File: String, CaseIterable, Sendable {
        /// The ``ComparisonRecord``.
        case record = "comparison.json"
        /// One ``SliceRecord`` a line.
        case slices = "slices.jsonl"
        /// Response times of each slice; the tag is `side/class`, the start is the slice's.
        case latencies = "slices.hlog"
        /// Verbatim copy of the workload.
        case workload = "workload.yaml"
        /// The page for people.
        case page = "report.html"
        /// The same as text.
        case text = "report.md"
        /// Verdicts as a table for other programs.
        case table = "verdicts.csv"
        /// Verdicts as JSON for other programs.
        case verdicts = "verdicts.json"
        /// Verdicts as a test suite for a build server.
        case suite = "junit.xml"
    }

    /// Why a folder cannot be read or written; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong, and with which file.
        public let description: String
    }

    /// The histograms of one slice.
    public struct SliceHistograms: Sendable {
        /// See ``SliceRecord/block``.
        public var block: Int
        /// See ``SliceRecord/place``.
        public var place: Int
        /// Name of the side.
        public var side: String
        /// Response times in nanoseconds by request class.
        public var classes: [String: LatencyHistogram]

        /// Takes each value as it is.
        public init(block: Int, place: Int, side: String, classes: [String: LatencyHistogram]) {
            (self.block, self.place, self.side, self.classes) = (block, place, side, classes)
        }
    }

    /// Where it lies.
    public let path: String

    /// Names a folder; touches nothing.
    public init(path: String) {
        self.path = path
    }

    /// Makes the folder and every folder above it, and proves that it can be written.
    ///
    /// - Parameters:
    ///   - path: of the folder.
    ///   - milliseconds: wall-clock start of the first slice since 1970, UTC; what the log's times count from.
    ///   - date: the same for people.
    /// - Returns: the folder with empty `slices.jsonl` and the head of `slices.hlog`.
    /// - Throws: ``Problem`` when that is not possible or something is there already: a comparison that takes no slice takes
    ///   its folder away again.
    public static func create(path: String, startedAt milliseconds: Int, date: String) throws -> ComparisonFolder {
        let folder = ComparisonFolder(path: path)
        if folder.isThere {
            throw Problem(description: "\(path): holds a comparison already; choose another folder with --output")
        }
        if let files = try? FileManager.default.contentsOfDirectory(atPath: path), !files.isEmpty {
            throw Problem(description: "\(path): is not empty; choose a new folder with --output")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try folder.write("", to: .slices)
            try folder.write(LatencyLog.head(startedAt: milliseconds, date: date), to: .latencies)
        } catch {
            throw Problem(description: "\(path): cannot write here; choose a writable folder with --output")
        }
        return folder
    }

    /// Whether a comparison's record is there.
    public var isThere: Bool { FileManager.default.fileExists(atPath: path(of: .record)) }

    /// The path of one of its files.
    public func path(of file: File) -> String { "\(path)/\(file.rawValue)" }

    /// Replaces a file's text in one step.
    ///
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ text: String, to file: File) throws { try write(text, file: file.rawValue) }

    /// Replaces the text of a file that has no role of its own, such as a verbatim copy of a variant.
    ///
    /// - Parameters:
    ///   - text: all of it.
    ///   - file: path within the folder; folders on its way are made.
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ text: String, file: String) throws {
        let whole = "\(path)/\(file)"
        do {
            if let end = whole.lastIndex(of: "/"), file.contains("/") {
                try FileManager.default.createDirectory(
                    atPath: String(whole[..<end]), withIntermediateDirectories: true)
            }
            try Data(text.utf8).write(to: URL(filePath: whole), options: .atomic)
        } catch {
            throw Problem(description: "\(whole): cannot be written")
        }
    }

    /// Replaces `comparison.json`.
    ///
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ record: ComparisonRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: encoder.encode(record), as: UTF8.self) + "\n", to: .record)
    }

    /// Appends one slice with its histograms.
    ///
    /// - Parameters:
    ///   - slice: as measured.
    ///   - histograms: response times in nanoseconds by request class; empty ones are left out.
    /// - Throws: ``Problem`` when the files cannot take them.
    public func append(_ slice: SliceRecord, histograms: [String: LatencyHistogram]) throws {
        var lines = ""
        for (requestClass, histogram) in histograms.sorted(by: { $0.key < $1.key }) where histogram.count > 0 {
            lines += try LatencyLog.line(
                tag: Self.tag(slice.side, requestClass), start: slice.atSeconds, length: slice.seconds, histogram)
        }
        if !lines.isEmpty { try append([UInt8](lines.utf8), to: .latencies) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try append([UInt8](encoder.encode(slice)) + [UInt8(ascii: "\n")], to: .slices)
    }

    /// The text of one of its files, if there.
    public func readText(_ file: File) -> String? {
        FileManager.default.contents(atPath: path(of: file)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads the record.
    ///
    /// - Throws: ``Problem`` when there is none, it is not JSON, or it was written by another format.
    public func readRecord() throws -> ComparisonRecord {
        let file = path(of: .record)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Problem(description: "\(file): no such record; `archivebench runs list` shows those there are")
        }
        struct Version: Decodable { var formatVersion: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: data).formatVersion else {
            throw Problem(description: "\(file): not a comparison of ArchiveBench")
        }
        let current = ComparisonRecord.currentFormat
        guard version == current else {
            throw Problem(
                description: "\(file): format \(version), this version reads \(current); use the version that wrote it")
        }
        do {
            return try JSONDecoder().decode(ComparisonRecord.self, from: data)
        } catch {
            throw Problem(description: "\(file): damaged record of a comparison (\(error))")
        }
    }

    /// Reads `slices.jsonl`; empty when it is not there. A last line cut short by a killed run is left out.
    ///
    /// - Throws: ``Problem`` with the line that cannot be read.
    public func readSlices() throws -> [SliceRecord] {
        guard let data = FileManager.default.contents(atPath: path(of: .slices)),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        let decoder = JSONDecoder()
        return try data[...end].split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            do { return try decoder.decode(SliceRecord.self, from: line) } catch {
                throw Problem(description: "\(path(of: .slices)):\(number + 1): not a slice (\(error))")
            }
        }
    }

    /// Reads `slices.hlog`; empty when it is not there. Histograms of a slice that is not among those given are left out.
    ///
    /// - Parameter slices: as ``readSlices()`` gives them.
    /// - Returns: one a slice that has any, in the order given.
    /// - Throws: ``Problem`` when the log is damaged.
    public func readHistograms(of slices: [SliceRecord]) throws -> [SliceHistograms] {
        guard let data = FileManager.default.contents(atPath: path(of: .latencies)) else { return [] }
        let intervals: [LatencyLog.Interval]
        do { intervals = try LatencyLog.intervals(data) } catch {
            throw Problem(description: "\(path(of: .latencies)): \(error)")
        }
        var found: [Key: [String: LatencyHistogram]] = [:]
        for interval in intervals {
            guard let slash = interval.tag.lastIndex(of: "/") else { continue }
            let requestClass = String(interval.tag[interval.tag.index(after: slash)...])
            let key = Key(side: String(interval.tag[..<slash]), start: interval.start)
            found[key, default: [:]][requestClass] = interval.histogram
        }
        return slices.compactMap { slice in
            found[Key(side: LatencyLog.tag(slice.side), start: slice.atSeconds)].map {
                SliceHistograms(block: slice.block, place: slice.place, side: slice.side, classes: $0)
            }
        }
    }

    /// A slice as its lines in the log name it.
    private struct Key: Hashable {
        let side: String
        let thousandths: Int

        init(side: String, start: Double) {
            self.side = side
            thousandths = Int((start * 1e3).rounded())
        }
    }

    private static func tag(_ side: String, _ requestClass: String) -> String { "\(side)/\(requestClass)" }

    private func append(_ bytes: [UInt8], to file: File) throws {
        guard let appender = LineAppender(path: path(of: file)), appender.append(bytes) else {
            throw Problem(description: "\(path(of: file)): cannot be written (is the disk full?)")
        }
    }
}
