import Experiment
import Testing

@Suite struct StatementWorkTests {
    private func work(_ planning: Double, _ blocks: Double = 0) -> StatementWork {
        StatementWork(planningMs: planning, blocksRead: blocks, temporaryBlocks: 0)
    }

    @Test func workIsWhatCountersRoseBy() throws {
        let between = StatementWork.between(
            ["messages.insert": work(10, 5), "": work(1)],
            ["messages.insert": work(14, 8), "": work(1), "query.page.first": work(2)])
        #expect(between["messages.insert"] == work(4, 3))
        #expect(between[""] == work(0))
        #expect(between["query.page.first"] == work(2))
        #expect(StatementWork.total(between) == work(6, 3))
    }

    /// An entry made room for another one, or the counters were reset.
    @Test func countersThatFellSayNothing() {
        let between = StatementWork.between(
            ["query.page.first": work(3), "lookup.insert": work(1)],
            ["query.page.first": work(2), "lookup.insert": work(2)])
        #expect(between["query.page.first"] == .some(nil))
        #expect(StatementWork.total(between) == nil)
        let each = StatementWork.ofRequests(between, completed: ["put": 4, "store.topics.data.first": 2])
        #expect(each == ["put": work(0.25)])
    }

    @Test func aClassHasTheStatementsItIsMadeOf() {
        let each = StatementWork.ofRequests(
            ["messages.insert": work(8, 16), "lookup.insert": work(4), "query.page.first": work(30), "": work(99)],
            completed: ["put": 4, "store.topics.data.first": 10, "store.topics.hashes.first": 3, "unheard-of": 3])
        #expect(each == ["put": work(3, 4), "store.topics.data.first": work(3)])
    }

    /// Which of two classes a statement was sent for is not known to the server.
    @Test func whatSeveralClassesSendIsTheirMean() {
        let each = StatementWork.ofRequests(
            ["query.by-hash": work(60), "lookup.timestamp": work(2), "query.page.next": work(8)],
            completed: [
                "store.hashes.data": 10, "store.hashes.presence": 20, "store.topics.data.next": 4,
                "store.topics.hashes.next": 4,
            ])
        #expect(each["store.hashes.data"] == work(2) && each["store.hashes.presence"] == work(2))
        #expect(each["store.topics.data.next"] == work(2.25))
        #expect(each["store.topics.hashes.next"] == work(0.25))
    }
}
