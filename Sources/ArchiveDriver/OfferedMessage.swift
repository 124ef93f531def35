import FoundationEssentials
import SpecReader
import WakuModel

/// A message that a line of JSON offers to an archive. Names and encodings are those of the node's REST interface: payload
/// and meta in base64, the timestamp in nanoseconds.
///
/// ```
/// {"shard": "16/32", "contentTopic": "/app/1/chat/proto", "payload": "aGVsbG8=", "timestamp": 1767636000000000000}
/// ```
public struct OfferedMessage: Sendable {
    /// Of its file, from 1.
    public let line: Int
    /// Where it was sent.
    public let topic: PubsubTopic
    /// What was sent.
    public let message: Message
    /// Asks not to be stored, and no node stores it.
    public let isEphemeral: Bool
    /// What the archive knows it by.
    public let hash: MessageHash

    /// Reads lines; empty ones are passed over.
    ///
    /// - Parameters:
    ///   - data: of the file.
    ///   - file: its name, for messages.
    /// - Returns: in the order of the lines.
    /// - Throws: `SpecProblems`: all that is wrong in any line, unknown keys included.
    public static func read(_ data: Data, file: String) throws(SpecProblems) -> [OfferedMessage] {
        var messages: [OfferedMessage] = []
        var problems: [SpecProblem] = []
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ [9, 13, 32].contains($0) }) {
            let reader = OfferedLine(Data(line), number: index + 1, file: file)
            if let message = reader.message() { messages.append(message) }
            problems += reader.problems
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
        return messages
    }

    init(line: Int, topic: PubsubTopic, message: Message, isEphemeral: Bool) {
        self.line = line
        self.topic = topic
        self.message = message
        self.isEphemeral = isEphemeral
        hash = message.hash(on: topic)
    }
}

/// One line on its way to a message. Reading goes on after a problem, to find the others.
private final class OfferedLine {
    private enum Value: Decodable {
        case text(String)
        case number(Int64)
        case flag(Bool)
        case nothing
        case other

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let number = try? value.decode(Int64.self) {
                self = .number(number)
            } else if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = value.decodeNil() ? .nothing : .other
            }
        }
    }

    private static let keys = [
        "shard", "pubsubTopic", "contentTopic", "payload", "timestamp", "meta", "version", "ephemeral",
    ]
    /// Nanoseconds: what is earlier is a time in other units, what is later has no name for its hour.
    private static let times = Int64(946_684_800_000_000_000)..<8_835_984_000_000_000_000

    private let data: Data
    private let number: Int
    private let file: String
    private var values: [String: Value] = [:]
    private(set) var problems: [SpecProblem] = []

    init(_ data: Data, number: Int, file: String) {
        self.data = data
        self.number = number
        self.file = file
    }

    /// The message; `nil` after a problem.
    func message() -> OfferedMessage? {
        do {
            values = try JSONDecoder().decode([String: Value].self, from: data).filter { _, value in
                if case .nothing = value { false } else { true }
            }
        } catch {
            note(nil, "is not a JSON object", "write one message a line, such as {\"shard\": \"16/32\", …}")
            return nil
        }
        for key in values.keys.sorted() where !Self.keys.contains(key) {
            let near = Spelling.nearest(to: key, among: Self.keys)
            note(
                key, "unknown key '\(key)'",
                near.map { "did you mean '\($0)'?" } ?? "known here: \(Self.keys.joined(separator: ", "))")
        }
        let topic = pubsubTopic()
        let content = text("contentTopic").flatMap { text in domain("contentTopic") { try ContentTopic(text) } }
        let payload = bytes("payload")
        let meta = values["meta"] == nil ? [] : bytes("meta", upTo: Message.maximumMeta)
        let time = timestamp()
        let version = values["version"] == nil ? 0 : whole("version", in: 0...Int64(Int32.max))
        let isEphemeral = flag("ephemeral")
        guard problems.isEmpty, let topic, let content, let payload, let meta, let time, let version else { return nil }
        let message = Message(
            payload: payload, contentTopic: content, meta: meta, version: UInt32(version), timestamp: time)
        return OfferedMessage(line: number, topic: topic, message: message, isEphemeral: isEphemeral)
    }

    // MARK: Values

    private func pubsubTopic() -> PubsubTopic? {
        guard values["shard"] == nil || values["pubsubTopic"] == nil else {
            note("pubsubTopic", "'shard' and 'pubsubTopic' are both there", "leave one of them out")
            return nil
        }
        if values["pubsubTopic"] != nil {
            return text("pubsubTopic").flatMap { text in domain("pubsubTopic") { try PubsubTopic(text) } }
        }
        return text("shard").flatMap { text in domain("shard") { try PubsubTopic(Shard(text)) } }
    }

    private func timestamp() -> Int64? {
        guard let time = whole("timestamp", in: .min ... .max) else { return nil }
        guard Self.times.contains(time) else {
            note("timestamp", "\(time) is not between the years 2000 and 2250", "give nanoseconds since 1970")
            return nil
        }
        return time
    }

    private func text(_ key: String) -> String? {
        switch values[key] {
        case .text(let text): return text
        case nil: note(nil, "'\(key)' is missing", "give it a text")
        default: note(key, "\(key): is not a text", "write it in quotes")
        }
        return nil
    }

    private func bytes(_ key: String, upTo most: Int = .max) -> [UInt8]? {
        guard let text = text(key) else { return nil }
        guard let bytes = Data(base64Encoded: text) else {
            note(key, "\(key): is not base64", "encode the bytes as the node's REST interface does, with padding")
            return nil
        }
        guard bytes.count <= most else {
            note(key, "\(key): has \(bytes.count) bytes", "use \(most) at most")
            return nil
        }
        return [UInt8](bytes)
    }

    /// A number, or its digits in quotes, as some clients write what is too large for theirs.
    private func whole(_ key: String, in range: ClosedRange<Int64>) -> Int64? {
        let number: Int64? =
            switch values[key] {
            case .number(let number): number
            case .text(let text): Int64(text)
            default: nil
            }
        guard let number else {
            let isThere = values[key] != nil
            note(isThere ? key : nil, isThere ? "\(key): is not a whole number" : "'\(key)' is missing", "write digits")
            return nil
        }
        guard range.contains(number) else {
            note(key, "\(key): \(number) is out of range", "use \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    private func flag(_ key: String) -> Bool {
        switch values[key] {
        case .flag(let flag): return flag
        case nil: return false
        default:
            note(key, "\(key): is neither yes nor no", "write true or false")
            return false
        }
    }

    private func domain<Result>(_ key: String, _ make: () throws -> Result) -> Result? {
        do {
            return try make()
        } catch {
            note(key, "\(key): \(error)", "")
            return nil
        }
    }

    // MARK: Problems

    /// Notes a problem where a key stands, or with the line.
    private func note(_ key: String?, _ what: String, _ remedy: String) {
        let text = String(decoding: data, as: UTF8.self)
        let place = key.flatMap { text.firstRange(of: "\"\($0)\"") }
        let column = place.map { text.distance(from: text.startIndex, to: $0.lowerBound) + 1 }
        problems.append(
            SpecProblem(file: file, line: number, column: column ?? 1, what: what, remedy: remedy))
    }
}
