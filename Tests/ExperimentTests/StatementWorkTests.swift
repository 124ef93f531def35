import Experiment
import Testing

@Suite struct StatementWorkTests {
    private func work(_ planning: Double, _ blocks: Double = 0) -> StatementWork {
        StatementWork(planningMs: planning, blocksRead: blocks, temporaryBlocks: 0)
    }

    private let shapes = [
        "1": "messages.insert", "2": "messages.insert", "3": "query.page.first", "4": "lookup.insert", "9": "",
    ]

    @Test func workIsWhatCountersRoseBy() throws {
        let between = StatementWork.between(
            ["1": work(10, 5), "2": work(3), "9": work(1), "8": work(1)],
            ["1": work(14, 8), "2": work(3), "9": work(1), "8": work(3), "3": work(2)], shapes: shapes)
        #expect(between["messages.insert"] == work(4, 3))
        #expect(between[""] == work(2))
        #expect(between["query.page.first"] == work(2))
        #expect(StatementWork.total(between) == work(8, 3))
    }

    /// An entry made room for another one, or the counters were reset: what another statement of the shape did hides neither.
    @Test(arguments: [["1": 9.0, "2": 90, "4": 2], ["2": 90.0, "4": 2]]) func countersThatFellSayNothing(
        _ later: [String: Double]
    ) {
        let between = StatementWork.between(
            ["1": work(10), "2": work(1), "4": work(1)], later.mapValues { work($0) }, shapes: shapes)
        #expect(between["messages.insert"] == .some(nil) && between["lookup.insert"] == work(1))
        #expect(StatementWork.total(between) == nil)
        let each = StatementWork.ofRequests(between, completed: ["put": 4, "store.topics.data.first": 2])
        #expect(each.isEmpty)
    }

    @Test func aClassHasTheStatementsItIsMadeOf() {
        let each = StatementWork.ofRequests(
            ["messages.insert": work(8, 16), "lookup.insert": work(4), "query.page.first": work(30), "": work(99)],
            completed: [
                "put": 4, "store.topics.data.first": 10, "store.topics.hashes.first": 3, "unheard-of": 3,
                // Of several kinds, of which nobody knows how many sent this statement.
                "store.time-range": 10,
            ])
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
