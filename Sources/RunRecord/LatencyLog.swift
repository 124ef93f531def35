import CZlib
import FoundationEssentials
import Measurement

/// The text of `latency.hlog`: an HdrHistogram interval log of version 1.3, as Java's `HistogramLogWriter` writes it and
/// the field's own tools open it. Values are nanoseconds; the column of the maximum is in milliseconds.
public enum LatencyLog {
    /// Why a line could not be made; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong, and with which line.
        public let description: String
    }

    /// The lines that begin a log.
    ///
    /// - Parameters:
    ///   - milliseconds: wall-clock start of the run since 1970, UTC; the moment that all intervals count from.
    ///   - date: the same for people.
    /// - Returns: whole lines.
    public static func head(startedAt milliseconds: Int, date: String) -> String {
        let seconds = fixed(Double(milliseconds) / 1e3)
        return """
            #[Response times in ns by request class, of what completed in each second. Max is in ms.]
            #[Histogram log format version 1.3]
            #[StartTime: \(seconds) (seconds since epoch), \(date)]
            #[BaseTime: \(seconds) (seconds since epoch)]
            "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"

            """
    }

    /// One interval of one request class.
    ///
    /// - Parameters:
    ///   - tag: the class; what the format does not allow in a tag becomes `-`.
    ///   - start: seconds from the start of the run.
    ///   - length: seconds.
    ///   - histogram: response times of the interval.
    /// - Returns: a whole line.
    /// - Throws: ``Problem`` when there is no memory to compress it.
    public static func line(
        tag: String, start: Double, length: Double, _ histogram: LatencyHistogram
    ) throws -> String {
        let longest = fixed(Double(histogram.max ?? 0) / 1e6)
        return "Tag=\(self.tag(tag)),\(fixed(start)),\(fixed(length)),\(longest),\(try encode(histogram))\n"
    }

    /// A histogram as the log holds it: HdrHistogram's encoding V2, compressed, in base 64
    /// (`AbstractHistogram.encodeIntoCompressedByteBuffer`).
    ///
    /// - Throws: ``Problem`` when there is no memory to compress it.
    public static func encode(_ histogram: LatencyHistogram) throws -> String {
        let compressed = try deflate(histogram.encoded)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + compressed.count)
        bytes.appendBigEndian(HdrEncoding.compressedCookie)
        bytes.appendBigEndian(UInt32(compressed.count))
        return Data(bytes + compressed).base64EncodedString()
    }

    /// A zlib stream (RFC 1950) at zlib's default level.
    private static func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var length = compressBound(UInt(bytes.count))
        var code = Z_OK
        let stream = [UInt8](unsafeUninitializedCapacity: Int(length)) { room, used in
            code = compress(room.baseAddress, &length, bytes, UInt(bytes.count))
            used = code == Z_OK ? Int(length) : 0
        }
        guard code == Z_OK else { throw Problem(description: "zlib cannot compress a histogram (code \(code))") }
        return stream
    }

    /// A number that is not negative, with three decimals.
    private static func fixed(_ number: Double) -> String {
        let thousandths = Int((number * 1e3).rounded())
        let rest = String(thousandths % 1_000)
        return "\(thousandths / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
