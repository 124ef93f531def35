import CZlib
import FoundationEssentials
import Measurement

extension LatencyLog {
    /// One interval of a log.
    public struct Interval: Sendable {
        /// As ``LatencyLog/line(tag:start:length:_:)`` wrote it.
        public let tag: String
        /// Seconds from the log's base time, to a thousandth.
        public let start: Double
        /// Seconds, to a thousandth.
        public let length: Double
        /// Its durations, nanoseconds.
        public let histogram: LatencyHistogram
    }

    /// A tag as a line holds it: what the format does not allow in one becomes `-`.
    static func tag(_ text: String) -> String {
        var tag = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            tag.append(scalar == "," || Character(scalar).isWhitespace || Character(scalar).isNewline ? "-" : scalar)
        }
        return String(tag)
    }

    /// The intervals of a whole log; comments, the legend, and a last line cut short by a killed run are left out.
    ///
    /// - Parameter bytes: of the file.
    /// - Returns: in the order of the file.
    /// - Throws: ``Problem`` with the number of the first line that cannot be read.
    public static func intervals(_ bytes: Data) throws -> [Interval] {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = bytes[...end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { number, line in
            guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "\"") else { return nil }
            guard let interval = interval(String(decoding: line, as: UTF8.self)) else {
                throw Problem(description: "line \(number + 1): not an interval of a latency log of this tool")
            }
            return interval
        }
    }

    /// Reads back what ``encode(_:)`` writes.
    ///
    /// - Parameter text: base 64 of a compressed HdrHistogram, encoding V2.
    /// - Returns: `nil` when it is damaged or of another precision than this tool's.
    public static func decode(_ text: String) -> LatencyHistogram? {
        guard let bytes = Data(base64Encoded: text), bytes.count > 8 else { return nil }
        let head = bytes.prefix(8).map { UInt32($0) }
        let cookie = head[..<4].reduce(0) { $0 << 8 | $1 }
        guard cookie == HdrEncoding.compressedCookie, Int(head[4...].reduce(0) { $0 << 8 | $1 }) == bytes.count - 8
        else { return nil }
        return inflate([UInt8](bytes.dropFirst(8))).flatMap(LatencyHistogram.init(encoded:))
    }

    private static func interval(_ line: String) -> Interval? {
        var fields = line.split(separator: ",", omittingEmptySubsequences: false)
        var tag = ""
        if let first = fields.first, first.hasPrefix("Tag=") {
            tag = String(first.dropFirst(4))
            fields.removeFirst()
        }
        guard fields.count == 4, let start = Double(fields[0]), let length = Double(fields[1]),
            let histogram = decode(String(fields[3]))
        else { return nil }
        return Interval(tag: tag, start: start, length: length, histogram: histogram)
    }

    /// Longer encodings than any histogram of this tool: nine bytes a count, and the head.
    private static let longest = 1 << 20

    private static func inflate(_ stream: [UInt8]) -> [UInt8]? {
        var length = UInt(longest)
        var code = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: longest) { room, used in
            code = uncompress(room.baseAddress, &length, stream, UInt(stream.count))
            used = code == Z_OK ? Int(length) : 0
        }
        return code == Z_OK ? bytes : nil
    }
}
