import Testing
import WakuModel

@Suite struct TopicTests {
    @Test func staticShardsAreParsed() throws {
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        #expect(topic.shard?.cluster == 16)
        #expect(topic.shard?.index == 32)
        let shard = try #require(topic.shard)
        #expect(PubsubTopic(shard) == topic)
    }

    @Test(arguments: [
        "/waku/2/default-waku/proto", "/waku/2/rs/16", "/waku/2/rs/16/1024", "/waku/2/rs/x/1", "/waku/2/rs/16/32/1",
    ])
    func otherTopicsAreValidWithoutShard(_ text: String) throws {
        #expect(try PubsubTopic(text).shard == nil)
    }

    @Test func emptyAndUnstorableTopicsAreRefused() {
        #expect(throws: WakuFormatError.self) { try PubsubTopic("") }
        #expect(throws: WakuFormatError.self) { try PubsubTopic("a\0b") }
        #expect(throws: WakuFormatError.self) { try Shard(cluster: 1, index: 1_024) }
    }

    @Test func bothFormsOfContentTopicsAreParsed() throws {
        let plain = try ContentTopic("/waku/1/0x242ed557/rfc26")
        #expect(plain.generation == nil)
        #expect(
            [plain.application, plain.version, plain.name, plain.encoding] == ["waku", "1", "0x242ed557", "rfc26"])
        let generated = try ContentTopic("/0/app/1/name/proto")
        #expect(generated.generation == 0)
        #expect([generated.application, generated.name] == ["app", "name"])
    }

    @Test(arguments: [
        "", "/", "app/1/name/proto", "/app/1/name", "/app//name/proto", "/x/app/1/name/proto", "/1/2/3/4/5/6",
    ])
    func wrongContentTopicsAreRefused(_ text: String) {
        #expect(throws: WakuFormatError.self) { try ContentTopic(text) }
    }

    @Test(arguments: [(nil, 20), (0, 20), (7, 7), (100, 100), (101, 100)] as [(Int?, Int)])
    func pageSizeHasDefaultAndCap(_ requested: Int?, _ effective: Int) {
        #expect(StoreQuery(pageSize: requested).pageSize == effective)
    }
}
