import ArchiveDriver
import FoundationEssentials
import SpecReader
import Testing
import WakuModel

/// Messages as lines of JSON, and answers as JSON.
@Suite struct OfferedMessageTests {
    private static let good = """
        {"shard": "16/32", "contentTopic": "/app/1/chat/proto", "payload": "Cf8A", "timestamp": 1767646800000000000}
        """

    private func read(_ text: String) throws -> [OfferedMessage] {
        try OfferedMessage.read(Data(text.utf8), file: "m.jsonl")
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return "\(error)".split(separator: "\n").map(String.init)
        }
    }

    @Test func aLineBecomesAMessage() throws {
        let found = try read(Self.good)
        let message = try #require(found.first)
        #expect(found.count == 1 && message.line == 1 && !message.isEphemeral)
        #expect(message.topic.text == "/waku/2/rs/16/32" && message.message.contentTopic.text == "/app/1/chat/proto")
        #expect(message.message.payload == [9, 255, 0] && message.message.timestamp == 1_767_646_800_000_000_000)
        #expect(message.message.meta.isEmpty && message.message.version == 0)
        // Worked out elsewhere: SHA-256 of what the specification names.
        #expect(message.hash.description.hasPrefix("a4bebb95"))
    }

    @Test func everyKeyIsReadAndEmptyLinesCount() throws {
        let other = """
            {"pubsubTopic":"/waku/2/default-waku/proto","contentTopic":"/app/1/\\u0063hat/proto","payload":"",\
            "meta":"AQI=","version":1,"ephemeral":true,"timestamp":"1767646800000000001"}
            """
        let found = try read("\n\(Self.good)\r\n \t\n\(other)")
        #expect(found.map(\.line) == [2, 4])
        let message = try #require(found.last)
        #expect(message.isEphemeral && message.topic.text == "/waku/2/default-waku/proto")
        #expect(message.message.contentTopic.text == "/app/1/chat/proto" && message.message.payload.isEmpty)
        #expect(message.message.meta == [1, 2] && message.message.version == 1)
        #expect(message.message.timestamp == 1_767_646_800_000_000_001)
    }

    @Test func whatIsNullIsLeftOut() throws {
        let text = Self.good.replacing("{", with: "{\"meta\": null, \"ephemeral\": null, ")
        #expect(try read(text).map(\.isEphemeral) == [false])
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let from: String
        let to: String
        /// Behind the file's name and the line.
        let words: String

        var testDescription: String { to }
    }

    @Test(arguments: [
        Wrong(from: "{", to: "[", words: "1: is not a JSON object; write one message a line"),
        Wrong(from: "}", to: "", words: "1: is not a JSON object;"),
        Wrong(from: "\"16/32\"", to: "\"16-32\"", words: "2: shard: '16-32' is not a shard: write cluster/index"),
        Wrong(from: "\"16/32\"", to: "\"16/2000\"", words: "2: shard: shard 2000: a cluster has shards 0 to 1023"),
        Wrong(from: "\"16/32\"", to: "16", words: "2: shard: is not a text; write it in quotes"),
        Wrong(from: "\"shard\": \"16/32\", ", to: "", words: "1: 'shard' is missing; give it a text"),
        Wrong(
            from: "\"shard\"", to: "\"pubsubTopic\": \"x\", \"shard\"", words: "2: 'shard' and 'pubsubTopic' are both"),
        Wrong(from: "/app/1/chat/proto", to: "chat", words: "20: contentTopic: content topic 'chat': expected"),
        Wrong(from: "Cf8A", to: "Cf8", words: "57: payload: is not base64; encode the bytes"),
        Wrong(from: "\"payload\": \"Cf8A\", ", to: "", words: "1: 'payload' is missing; give it a text"),
        Wrong(from: "1767646800000000000", to: "1767646800000", words: "is not between the years 2000 and 2250"),
        Wrong(from: "1767646800000000000", to: "9000000000000000000", words: "is not between the years 2000 and 2250"),
        Wrong(from: "1767646800000000000", to: "1.5", words: "timestamp: is not a whole number"),
        Wrong(from: "\"timestamp\"", to: "\"timestmap\"", words: "unknown key 'timestmap'; did you mean 'timestamp'?"),
        Wrong(from: "{", to: "{\"proof\": \"AA==\", ", words: "2: unknown key 'proof'; known here: shard,"),
        Wrong(from: "{", to: "{\"version\": -1, ", words: "2: version: -1 is out of range; use 0 to 2147483647"),
        Wrong(from: "{", to: "{\"ephemeral\": 1, ", words: "2: ephemeral: is neither yes nor no; write true or false"),
        Wrong(
            from: "{", to: "{\"meta\": \"\(String(repeating: "AAAA", count: 22))\", ",
            words: "2: meta: has 66 bytes; use 64 at most"),
    ])
    func aWrongLineIsToldWithItsPlace(_ wrong: Wrong) throws {
        let place = try #require(Self.good.firstRange(of: wrong.from))
        var text = Self.good
        text.replaceSubrange(place, with: wrong.to)
        let lines = problems("\(Self.good)\n\(text)\n\(Self.good)")
        let found = lines.first { $0.contains(wrong.words) }
        #expect(found?.hasPrefix("m.jsonl:2:") == true, "\(lines)")
        #expect(lines.allSatisfy { $0.hasPrefix("m.jsonl:2:") }, "\(lines)")
    }

    @Test func allWrongLinesAreToldAtOnce() {
        let lines = problems(
            "{}\n\(Self.good)\nnothing\n\(Self.good.replacing("Cf8A", with: "!").replacing("16/32", with: "x"))")
        #expect(
            lines.map { $0.prefix(9) } == [
                "m.jsonl:1", "m.jsonl:1", "m.jsonl:1", "m.jsonl:1", "m.jsonl:3", "m.jsonl:4", "m.jsonl:4",
            ])
    }

    // MARK: Partitions

    private func partition(_ start: Int, _ end: Int) -> HourPartition { HourPartition(start: start, end: end) }

    @Test func theHoursOfMessagesAreMadeWhereTheyAreMissing() {
        let known = [partition(3_600, 7_200), partition(9_000, 10_800)]
        #expect(MissingPartitions.gaps([], in: known).isEmpty)
        #expect(MissingPartitions.gaps([3_600, 7_199, 9_000, 10_799], in: known).isEmpty)
        #expect(MissingPartitions.gaps([0, 5, 3_599], in: known) == [partition(0, 3_600)])
        // A node that began within the hour left the beginning of it.
        #expect(MissingPartitions.gaps([7_200, 8_999], in: known) == [partition(7_200, 9_000)])
        #expect(
            MissingPartitions.gaps([10_800, 10_801, 20_000], in: known) == [
                partition(10_800, 14_400), partition(18_000, 21_600),
            ])
        #expect(MissingPartitions.gaps([100, 4_000], in: []) == [partition(0, 3_600), partition(3_600, 7_200)])
        // A partition of a day.
        #expect(MissingPartitions.gaps([86_399, 86_400], in: [partition(0, 86_400)]) == [partition(86_400, 90_000)])
    }
}
