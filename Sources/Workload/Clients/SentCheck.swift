import SpecReader
import WakuModel

/// Senders that ask whether what they sent is archived: on a clock of their own, all their messages of a shard that are
/// old enough in one request, again and again until found or too old.
///
/// A message takes a while from its sender to the store, so many senders ask before the row is there.
public struct SentCheck: ClientKind {
    public static let name = "sent-check"
    /// Clients that send; each has a clock.
    public var senders: Int
    /// Share of the messages that somebody checks.
    public var share: Double
    /// Only messages of these classes; empty for all.
    public var classes: [String]
    /// Nanoseconds: age at which a message is asked for first, distance of the asks, age at which it is given up.
    public var after: UInt64
    public var every: UInt64
    public var giveUp: UInt64
    /// Hashes of one request.
    public var batch: Int
    /// From sender to store, nanoseconds.
    public var delivery: ClosedRange<UInt64>
    /// Share of the checked messages that never reach the store.
    public var lost: Double
    public var pageSize: Int

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> SentCheck {
        let every = map.duration("every", in: 100_000_000...3_600_000_000_000, default: 3_000_000_000)
        return SentCheck(
            senders: map.integer("senders", in: 1...10_000_000, default: 300), share: map.share("share", default: 1),
            classes: keys.classes("classes"),
            after: map.duration("after", in: 0...3_600_000_000_000, default: 3_000_000_000), every: every,
            giveUp: map.duration("give-up", in: 0...3_600_000_000_000, default: 10_000_000_000),
            batch: map.integer("batch", in: 1...100, default: 50),
            delivery: map.durationRange("delivery", in: 0...3_600_000_000_000, default: 100_000_000...4_000_000_000),
            lost: map.share("lost", default: 0.01), pageSize: keys.pageSize(50))
    }

    public var followsMessages: Bool { true }

    public func scaled(by factor: Double) -> SentCheck {
        var scaled = self
        scaled.senders = min(10_000_000, max(1, Int((Double(senders) * factor).rounded())))
        return scaled
    }
    public var classNames: [String] { classes }

    public var requests: [ClientRequest] {
        [ClientRequest(.presence, "store.hashes.presence", mostHashes: batch)]
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        // A batch is of one shard.
        let database = session.messages.first.flatMap { traffic.database(ofMessage: $0.number) }
        var plan = SessionPlan(asks: [.presence(of: session.messages, database: database ?? 0)])
        plan.includeData = false
        plan.pageSize = pageSize
        plan.confirmation = .init(every: every, giveUp: giveUp)
        return plan
    }
}

/// Collects what senders will ask for: one batch for each sender, tick of its clock, and shard.
struct SentCheckQueue {
    private struct Batch {
        var due: UInt64
        var shard: Int
        var messages: [CheckedMessage]
    }

    let entry: Int
    let spec: SentCheck
    private let classNumbers: Set<Int>
    private var random: RandomSource
    private var open: [Int: [Batch]] = [:]
    private var ready: [(due: UInt64, sender: Int)] = []

    init(entry: Int, _ spec: SentCheck, classes: MessageClasses, seed: UInt64) {
        self.entry = entry
        self.spec = spec
        classNumbers = Set(spec.classes.map(classes.number))
        random = RandomSource(seed: seed, purpose: RandomSource.Purpose.clients.rawValue + UInt64(entry), index: .max)
    }

    /// How far ahead of their asks messages must be known.
    var lookAhead: UInt64 { spec.delivery.upperBound > spec.after ? spec.delivery.upperBound - spec.after : 0 }

    /// When the next batch is due.
    var due: UInt64 { ready.first?.due ?? .max }

    /// Notes an archived message; its sender may ask for it.
    mutating func note(_ number: Int64, shard: Int, messageClass: Int, at time: Int64) {
        // All numbers are drawn whatever they decide, so that one wish never moves another.
        let (isChecked, sender) = (random.chance(spec.share), random.below(spec.senders))
        let (delay, isLost) = (random.within(spec.delivery), random.chance(spec.lost))
        guard isChecked, classNumbers.isEmpty || classNumbers.contains(messageClass) else { return }
        let message = CheckedMessage(number: number, isLost: isLost, sent: time - Int64(delay))
        let due = tick(of: sender, notBefore: message.sent + Int64(spec.after))
        if let index = open[sender]?.firstIndex(where: {
            $0.due == due && $0.shard == shard && $0.messages.count < spec.batch
        }) {
            open[sender]?[index].messages.append(message)
        } else {
            open[sender, default: []].append(Batch(due: due, shard: shard, messages: [message]))
            insert(due, sender)
        }
    }

    /// The next batch that is due.
    mutating func take() -> (due: UInt64, messages: [CheckedMessage])? {
        guard !ready.isEmpty else { return nil }
        let (due, sender) = ready.removeFirst()
        guard let index = open[sender]?.firstIndex(where: { $0.due == due }),
            let batch = open[sender]?.remove(at: index)
        else { return nil }
        if open[sender]?.isEmpty == true { open[sender] = nil }
        return (batch.due, batch.messages)
    }

    /// A sender's clock has a phase of its own.
    private func tick(of sender: Int, notBefore time: Int64) -> UInt64 {
        var phases = RandomSource(seed: UInt64(sender), .clockPhases)
        let phase = Int64(phases.unit() * Double(spec.every))
        let every = Int64(spec.every)
        let ticks = max(0, (time - phase + every - 1) / every)
        return UInt64(max(0, phase + ticks * every))
    }

    /// Few are open at a time, and most come in order.
    private mutating func insert(_ due: UInt64, _ sender: Int) {
        var place = ready.count
        while place > 0, ready[place - 1].due > due { place -= 1 }
        ready.insert((due, sender), at: place)
    }
}
