extension WrongSpecs {
    // Queries.
    static let requests: [WrongSpec] = [
        WrongSpec(
            "ask: data-by-topics", "ask: data-by-topic",
            "47:22: queries[0].ask: 'data-by-topic' is not known; choose one of data-by-topics, hashes-by-topics, data-by-hashes, presence-by-hashes, data-by-time, hashes-by-time"
        ),
        WrongSpec("ask: data-by-topics, ", "", "47:5: 'queries[0].ask' is missing; give it a text"),
        WrongSpec(
            "from: lone, ", "from: loan, ",
            "47:44: queries[0].from: there are no topics 'loan'; choose one of apps, lone, pairs, towns, towns.channels, towns.control"
        ),
        WrongSpec(
            "topics: 10, window: 24h", "topics: 41, window: 24h",
            "47:58: queries[0].topics: 'day' asks for 41 topics, 'lone' has only 40; ask for at most 40"),
        WrongSpec(
            "topics: 5, window", "topics: 500, window",
            "48:51: queries[1].topics: 'minute' asks for 500 topics, a shard has only 18; ask for at most 18, or say 'from'"
        ),
        WrongSpec(
            "window: 24h", "window: 24",
            "47:70: queries[0].window: '24' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "window: 24h", "window: 100000d",
            "47:70: queries[0].window: 100000d is out of range; use 1ns to 3650d"),
        WrongSpec(
            "hashes: [1, 50]", "hashes: [50, 1]",
            "49:48: queries[2].hashes: is not a range: 50 is more than 1; write the smaller value first"),
        WrongSpec(
            "hashes: [1, 50]", "hashes: [1, 5, 50]",
            "49:48: queries[2].hashes: is not a range; write two values such as [1, 5], or one for both"),
        WrongSpec(
            "hashes: [1, 50]", "hashes: [1, x]",
            "49:52: queries[2].hashes: 'x' is not a whole number; write digits"),
        WrongSpec(
            "age: [20s, 80s]", "age: [20s, 80]",
            "49:68: queries[2].age: '80' has no unit; write 10s, 50ms, 2min or 24h"),
        WrongSpec(
            "page-size: 50", "page-size: 101",
            "49:98: queries[2].page-size: 101 is out of range; use 1 to 100"),
        WrongSpec(
            "direction: backward", "direction: back",
            "48:166: queries[1].direction: 'back' is not known; choose one of forward, backward"),
        WrongSpec(
            "name: minute", "name: day",
            "48:12: queries[1].name: two entries are named 'day'; give each its own name"),
        WrongSpec(
            "name: day, ", "name: day, hashes: 5, ",
            "47:17: unknown key 'queries[0].hashes'; known here: ask, from, topics, window, window-ends-before, stands-for, name, arrivals, direction, page-size, pages"
        ),
    ]

    // Clients.
    static let clients: [WrongSpec] = [
        WrongSpec(
            "kind: history-sync", "kind: history-snyc",
            "55:11: clients[0].kind: 'history-snyc' is not known; choose one of history-sync, sent-check, missing-check, js-waku, message-counter, store-resume, store-sync"
        ),
        WrongSpec(
            "kind: sent-check", "kind: sent-chek",
            "70:24: clients[1].kind: 'sent-chek' is not known; choose one of history-sync, sent-check, missing-check, js-waku, message-counter, store-resume, store-sync"
        ),
        WrongSpec("kind: js-waku, ", "", "72:5: 'clients[3].kind' is missing; give it a text"),
        WrongSpec(
            "follows: [{topics: lone, count: 10}", "follows: [{topics: loan, count: 10}",
            "57:24: clients[0].follows[0].topics: there are no topics 'loan'; choose one of apps, lone, pairs, towns, towns.channels, towns.control"
        ),
        WrongSpec(
            "follows: [{topics: apps, count: 4}], ", "",
            "72:5: 'clients[3].follows' is missing; give it a list"),
        WrongSpec(
            "count: 10}, {topics: towns", "count: 0}, {topics: towns",
            "57:37: clients[0].follows[0].count: 0 is out of range; use 1 to 10000"),
        WrongSpec(
            "classes: [chat, backup]", "classes: [chat, bakcup]",
            "70:77: clients[1].classes: there is no message class 'bakcup'; choose among backup, chat, description, fixed, mixed"
        ),
        WrongSpec(
            "classes: [chat, backup]", "classes: [chat, {}]",
            "70:77: clients[1].classes: expected a word; write it as [one, two]"),
        WrongSpec(
            "delivery: [100ms, 4s]", "delivery: [4s, 100ms]",
            "70:143: clients[1].delivery: is not a range: 4s is more than 100ms; write the smaller value first"),
        WrongSpec(
            "lost: 1%", "lost: -1%",
            "70:162: clients[1].lost: '-1%' is not a share; write 0% to 100%, or 0 to 1"),
        WrongSpec("outage: 6h", "outage: 7h", "74:87: clients[5].outage: 7h is out of range; use 1ns to 6h"),
        WrongSpec(
            "slice: 6h", "slice: 1ns",
            "59:12: clients[0].slice: cuts the outage into 86400000000000 slices; use at most 100000: longer slices"),
        WrongSpec("timeout: 30s", "timeout: 0s", "65:14: clients[0].timeout: 0s is out of range; use 1ms to 1h"),
        WrongSpec(
            "attempts: 6", "atempts: 6",
            "69:5: unknown key 'clients[0].atempts'; did you mean 'attempts'?"),
        WrongSpec(
            "failures: 2", "failures: none",
            "66:15: clients[0].failures: 'none' is not a whole number; write digits, such as 2"),
        WrongSpec(
            "name: sync", "name: peer",
            "75:12: clients[6].name: two entries are named 'peer'; give each its own name"),
        WrongSpec("batch: 25", "batch: 101", "73:117: clients[4].batch: 101 is out of range; use 1 to 100"),
        WrongSpec(
            "batch: 25", "batch: 25, senders: 3",
            "73:121: unknown key 'clients[4].senders'; known here: stands-for, kind, window, window-ends-before, page-size, batch, name, arrivals, timeout, failures, back-off, grey-list, attempts"
        ),
        WrongSpec(
            "senders: 30, ", "senders: 30, arrivals: {process: poisson, rate: 1/s}, ",
            "70:49: unknown key 'clients[1].arrivals'; known here: stands-for, kind, every, senders, share, classes, after, give-up, batch, delivery, lost, page-size, name, timeout, failures, back-off, grey-list, attempts"
        ),
    ]
}
