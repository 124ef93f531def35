import SpecReader
import TestSupport
import Testing
import WakuModel
import Workload

/// Who is asked for what where each shard has nodes and a database of its own: three shards, two nodes for each.
@Suite struct FleetTests {
    private func operations(_ traffic: Traffic) -> [Operation] {
        var all: [Operation] = []
        while let operation = traffic.next() { all.append(operation) }
        return all
    }

    /// The database that a shard's messages are in, by its pubsub topic.
    private func database(_ topic: PubsubTopic?, _ traffic: Traffic) -> Int? {
        traffic.topics.shards.firstIndex { $0.pubsubTopic == topic }
    }

    @Test func nodesAreNumberedDatabaseAfterDatabase() throws {
        let fleet = try TestWorkloads.shards().fleet
        #expect((fleet.databases, fleet.nodesPerDatabase, fleet.nodes) == (3, 2, 6))
        #expect((0..<6).map(fleet.database(ofNode:)) == [0, 0, 1, 1, 2, 2])
        #expect((0..<3).map { fleet.node(1, of: $0) } == [1, 3, 5])
        #expect((0..<3).map(fleet.database(ofShard:)) == [0, 1, 2])
        let shared = try TestWorkloads.shards(databases: "shared").fleet
        #expect((shared.databases, shared.nodes, shared.isDivided) == (1, 2, false))
        #expect(shared.database(ofShard: 2) == 0 && shared.database(ofNode: 1) == 0)
        #expect(try TestWorkloads.shipped("dedicated-shards").fleet.nodes == 2)
    }

    /// The same messages at the same moments, offered by the nodes of their shard.
    @Test func putsGoToTheNodesOfTheMessagesShard() throws {
        let divided = Traffic(try TestWorkloads.shards(), seed: 1)
        let shared = Traffic(try TestWorkloads.shards(databases: "shared"), seed: 1)
        let (puts, sharedPuts) = (
            operations(divided).filter { $0.label < 2 }, operations(shared).filter { $0.label < 2 }
        )
        #expect(puts.count > 300 && puts.count == sharedPuts.count)
        var seen: Set<Int> = []
        for (put, other) in zip(puts, sharedPuts) {
            #expect((put.due, put.number, put.label) == (other.due, other.number, other.label))
            let home = try #require(database(divided.message(of: put).0, divided))
            #expect(put.node == home * 2 + other.node)
            seen.insert(put.node)
        }
        #expect(seen == Set(0..<6))
    }

    /// Each hash is asked of the shard on which it was sent, and of no other.
    @Test func aRequestForHashesIsOneForEachShard() throws {
        let divided = Traffic(try TestWorkloads.shards(), seed: 2)
        let shared = Traffic(try TestWorkloads.shards(databases: "shared"), seed: 2)
        var homes: [MessageHash: Int] = [:]
        for traffic in [divided, shared] {
            for number in 0..<900 {
                let (topic, message) = traffic.message(Int64(number))
                homes[message.hash(on: topic)] = database(topic, traffic)
            }
        }
        var (parts, wholes): ([String: [StoreQuery]], [String: StoreQuery]) = ([:], [:])
        var severalParts = 0
        while let operation = shared.next() {
            let label = shared.labels[operation.label]
            if label.isPut {
                let (topic, message) = shared.message(of: operation)
                homes[message.hash(on: topic)] = database(topic, shared)
            } else if ["presence", "lost"].contains(label.entry) {
                wholes["\(label.entry) \(operation.number)"] = shared.query(of: operation)
            }
        }
        while let operation = divided.next() {
            let label = divided.labels[operation.label]
            guard ["presence", "lost"].contains(label.entry) else { continue }
            let query = divided.query(of: operation)
            #expect(!query.hashes.isEmpty)
            if label.entry == "presence" {
                #expect(query.hashes.allSatisfy { homes[$0] == operation.node / 2 })
            }
            parts["\(label.entry) \(operation.number)", default: []].append(query)
        }
        #expect(wholes.count > 60 && Set(parts.keys) == Set(wholes.keys))
        for (name, whole) in wholes {
            let asked = parts[name] ?? []
            #expect(asked.flatMap(\.hashes).count == whole.hashes.count, "\(name)")
            #expect(Set(asked.flatMap(\.hashes)) == Set(whole.hashes), "\(name)")
            #expect(Set(asked.map(\.requestID)).count == asked.count, "\(name)")
            if asked.count > 1 { severalParts += 1 }
        }
        #expect(severalParts > 20)
    }

    /// A request for topics is of one shard, one for a span of time of all; the parts of one come at one moment, and later
    /// pages go where the first went.
    @Test func requestsGoToTheShardsTheyAreAbout() throws {
        let traffic = Traffic(try TestWorkloads.shards(), seed: 3)
        var (scans, topics): ([Int64: [Operation]], [Int64: [Operation]]) = ([:], [:])
        for operation in operations(traffic) {
            switch traffic.labels[operation.label].entry {
            case "scan": scans[operation.number, default: []].append(operation)
            case "topics":
                topics[operation.number, default: []].append(operation)
                #expect(database(traffic.query(of: operation).pubsubTopic, traffic) == operation.node / 2)
            default: break
            }
        }
        #expect(scans.count == 7 && topics.count > 20)
        for parts in scans.values {
            #expect(parts.map { $0.node / 2 } == [0, 1, 2])
            #expect(Set(parts.map { $0.node % 2 }).count == 1 && Set(parts.map(\.due)).count == 1)
            #expect(Set(parts.map { traffic.query(of: $0).startTime }).count == 1)
        }
        #expect(topics.values.allSatisfy { $0.count == 1 } && Set(topics.values.map { $0[0].node / 2 }) == [0, 1, 2])
        let first = try #require(scans[0]?.last)
        let cursor = MessageHash(words: (1, 2, 3, 4))
        var followed: [Operation] = []
        let page = RequestOutcome.page(messages: 100, nextCursor: cursor, last: cursor, hashes: [])
        traffic.follow(first, page, at: first.due + 1) { followed.append($0) }
        #expect(followed.map(\.node) == [first.node] && followed.map(\.page) == [1])
    }

    @Test func everyNodeHasItsClockworkAndEveryDatabaseItsExporter() throws {
        let traffic = Traffic(try TestWorkloads.shards(measure: "1h"), seed: 1)
        let jobs = traffic.takeJobs()
        func nodes(_ kind: String) -> [Int] {
            jobs.filter { traffic.labels[$0.label].requestClass == "maintenance.\(kind)" }.map(\.node).sorted()
        }
        #expect(nodes("partition-factory") == Array(0..<6) && nodes("health-check") == Array(0..<6))
        #expect(nodes("exporter") == [0, 2, 4])
    }

    // MARK: Sessions

    private static let clients = """
          - {name: missed, kind: missing-check, arrivals: {process: constant, rate: 5/s}, follows: [{topics: towns, count: 20}], window: 1h, missing: 100%, batch: 2}
          - {name: sent, kind: sent-check, senders: 5, delivery: [100ms, 200ms], after: 200ms, every: 500ms}
          - {name: peer, kind: store-resume, arrivals: {process: constant, rate: 2/s}, outage: 1h}
          - {name: sync, kind: store-sync, arrivals: {process: constant, rate: 1/s}, start-up-scan: 0s, range: 10min, missing: 50%}
        """

    /// Answers every request of sessions and walks on with what follows.
    private func walk(
        _ traffic: Traffic, _ answer: (Operation, StoreQuery) -> RequestOutcome
    ) -> [(operation: Operation, query: StoreQuery)] {
        var seen: [(operation: Operation, query: StoreQuery)] = []
        var waiting = operations(traffic)
        var place = 0
        while place < waiting.count && seen.count < 5_000 {
            let operation = waiting[place]
            place += 1
            guard operation.session >= 0, traffic.isWanted(operation) else { continue }
            let query = traffic.query(of: operation)
            seen.append((operation, query))
            traffic.follow(operation, answer(operation, query), at: operation.due + 1_000_000) { waiting.append($0) }
        }
        return seen
    }

    /// Hashes of the history by the database that holds their messages.
    private func hashes(_ traffic: Traffic) -> [[MessageHash]] {
        traffic.historyNumbers(0..<900).map { numbers in
            numbers.map { number in
                let (topic, message) = traffic.message(number)
                return message.hash(on: topic)
            }
        }
    }

    /// Whatever a client asks goes to nodes of the shard that has it, what follows from the reply included.
    @Test func clientsAskEachShardsNodesForWhatIsTheirs() throws {
        let traffic = Traffic(try TestWorkloads.shards(clients: Self.clients), seed: 4)
        let known = hashes(traffic)
        #expect(known.reduce(0) { $0 + $1.count } == 900 && known.allSatisfy { !$0.isEmpty })
        var homes: [MessageHash: Int] = [:]
        for (database, hashes) in known.enumerated() { for hash in hashes { homes[hash] = database } }
        // Each window brings three messages of its shard, and no other.
        let seen = walk(traffic) { operation, query in
            guard query.hashes.isEmpty else {
                return .page(messages: query.hashes.count, nextCursor: nil, last: nil, hashes: query.hashes)
            }
            let found = Array(known[operation.node / 2].prefix(3))
            return .page(messages: found.count, nextCursor: nil, last: nil, hashes: found)
        }
        var counts: [String: Int] = [:]
        for (operation, query) in seen {
            let label = traffic.labels[operation.label]
            counts["\(label.entry) \(label.requestClass)", default: 0] += 1
            if query.pubsubTopic != nil {
                #expect(database(query.pubsubTopic, traffic) == operation.node / 2)
            }
            for hash in query.hashes where homes[hash] != nil { #expect(homes[hash] == operation.node / 2) }
        }
        // What was fetched behind the windows, the messages of the history that peers lack, and a resume of each shard.
        #expect(counts["missed store.hashes.data", default: 0] > 20 && counts["sync store.sync", default: 0] > 50)
        #expect(counts["sent store.hashes.presence", default: 0] > 20)
        let resumes = seen.filter { traffic.labels[$0.operation.label].entry == "peer" }
        #expect(
            Dictionary(grouping: resumes) { $0.operation.number }.values.allSatisfy { one in
                Set(one.map { $0.operation.node / 2 }) == [0, 1, 2]
            })
    }

    /// A client that turns away from a node turns to the other one of the same shard, and stays with those of the others.
    @Test func aSlowNodeIsLeftForTheOtherOneOfItsShard() throws {
        let client = """
              - {name: missed, kind: missing-check, arrivals: {process: herd, count: 1, within: 1ms}, follows: [{topics: towns, count: 24}], window: 1h, missing: 0%, in-flight: 1, attempts: 3, grey-list: 1min}
            """
        let traffic = Traffic(try TestWorkloads.shards(clients: client), seed: 5)
        var first: [Int: Int] = [:]
        let seen = walk(traffic) { operation, _ in
            first[operation.node / 2] = first[operation.node / 2] ?? operation.node
            let isSlow = operation.node / 2 == 1 && operation.node == first[1]
            return isSlow ? .timedOut : .page(messages: 0, nextCursor: nil, last: nil, hashes: [])
        }
        let nodes = Dictionary(grouping: seen.map(\.operation.node)) { $0 / 2 }.mapValues { Set($0) }
        #expect(nodes[0]?.count == 1 && nodes[1] == Set([2, 3]) && nodes[2]?.count == 1)
        #expect(traffic.sessionTallies[0].finished == 1 && traffic.sessionTallies[0].nodeSwitches == 1)
    }

    /// Of several workers each keeps to its own nodes, of which it has some of every database.
    @Test func sessionsKeepToTheNodesOfTheirWorker() throws {
        let spec = try TestWorkloads.shards(clients: Self.clients)
        var sessions = 0
        for worker in 0..<2 {
            let traffic = Traffic(spec, seed: 6)
            traffic.restrictSessions(to: (0..<6).filter { $0 % 2 == worker })
            let seen = walk(traffic) { _, _ in .failed }
            #expect(seen.allSatisfy { $0.operation.node % 2 == worker })
            #expect(Set(seen.map { $0.operation.node / 2 }) == [0, 1, 2])
            sessions += traffic.sessionTallies.reduce(0) { $0 + $1.started }
        }
        let alone = Traffic(spec, seed: 6)
        _ = walk(alone) { _, _ in .failed }
        #expect(sessions == alone.sessionTallies.reduce(0) { $0 + $1.started } && sessions > 20)
    }

    // MARK: Files

    @Test func overlaysDivideAnyWorkload() throws {
        let overlay = try Overlay(path: "\(packageRoot)/Workloads/overlays/databases-per-shard.yaml")
        let spec = try TestWorkloads.shipped("dedicated-shards-16").applying(overlay)
        #expect((spec.fleet.databases, spec.fleet.nodes) == (16, 32))
        #expect(spec.shards.map(\.text).first == "/waku/2/rs/16/128" && spec.shards.count == 16)
        #expect(try TestWorkloads.shipped("shared-shard-16").applying(overlay).fleet.nodes == 2)
        let plain = try TestWorkloads.shipped("dedicated-shards-16")
        #expect(SequenceDigest(of: plain, seed: 1) != SequenceDigest(of: spec, seed: 1))
    }

    @Test func tooManyNodesAreTold() throws {
        let text = try WrongSpec.replacing("shards: 8}", with: "shards: 1024}", in: WrongSpecs.workload)
            .replacing("applications: 20", with: "applications: 30000").replacing("count: 400", with: "count: 60000")
        let many = text.replacing("writers: {count: 2", with: "writers: {count: 64")
            .replacing("databases: shared", with: "databases: per-shard")
        do {
            _ = try WorkloadSpec(document: SpecDocument(text: many, file: "w.yaml"))
            Issue.record("accepted")
        } catch let error as SpecProblems {
            let line = error.problems.map(\.description).joined()
            #expect(line.hasPrefix("w.yaml:45:") && line.contains("writers: 64 for each of"))
            #expect(line.contains("; use at most 1024: fewer nodes or shards, or databases: shared"))
        }
        let shared = text.replacing("writers: {count: 2", with: "writers: {count: 64")
        let spec = try WorkloadSpec(document: SpecDocument(text: shared, file: "w.yaml"))
        let overlay = try Overlay(path: "\(packageRoot)/Workloads/overlays/databases-per-shard.yaml")
        do {
            _ = try spec.applying(overlay)
            Issue.record("accepted")
        } catch {
            #expect(error.description.contains("64 for each of") && error.description.contains("use at most 1024"))
        }
    }
}
