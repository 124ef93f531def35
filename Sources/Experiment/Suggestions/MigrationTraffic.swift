import ArchiveDriver
import LinuxSystem
import PostgresClient
import Synchronization
import WakuModel

/// Tells the threads of a study where it stands.
final class MigrationClock: Sendable {
    /// Of the migration's first statement; 0 before.
    private let begun = Atomic<UInt64>(0)
    private let ended = Atomic<Bool>(false)
    private let heard = Atomic<Bool>(false)

    func begin() { begun.store(Clock.now(), ordering: .releasing) }
    func end() { ended.store(true, ordering: .releasing) }

    /// A query has been answered, or none will be.
    func hear() { heard.store(true, ordering: .releasing) }

    /// Returns after ``hear()``.
    func awaitAnswer() {
        while !heard.load(ordering: .acquiring) { Clock.pause(1_000_000) }
    }

    var start: Nanoseconds? {
        let time = begun.load(ordering: .acquiring)
        return time == 0 ? nil : time
    }
    var isOver: Bool { ended.load(ordering: .acquiring) }
}

/// What one request beside a migration came to.
struct MigrationAnswer: Sendable {
    enum Outcome: Sendable, Equatable {
        case found
        case missing
        case failed(String)
    }

    /// Number of the request, from 0.
    let number: Int
    /// When it was sent and when its answer was there.
    let sent: Nanoseconds
    let done: Nanoseconds
    let outcome: Outcome
}

/// Requests at equal distances, one at a time; one that is late because of the answer before it is sent at once, and none
/// is made up for.
struct MigrationTraffic {
    let clock: MigrationClock
    /// 1/s.
    let rate: Double

    /// Goes on until the migration is over and `more` further requests have been sent.
    func run(more: Int, _ request: (Int) throws(PostgresError) -> MigrationAnswer.Outcome) throws -> [MigrationAnswer] {
        guard rate > 0 else { return [] }
        let interval = Nanoseconds(1e9 / rate)
        var answers: [MigrationAnswer] = []
        var due = Clock.now()
        var left = more
        while left > 0 {
            let now = Clock.now()
            if due > now { Clock.pause(due - now) } else { due = now }
            if clock.isOver { left -= 1 }
            let sent = Clock.now()
            let outcome: MigrationAnswer.Outcome
            do throws(PostgresError) {
                outcome = try request(answers.count)
            } catch {
                if error.isConnectionFailure { throw error }
                outcome = .failed(error.code.description)
            }
            answers.append(MigrationAnswer(number: answers.count, sent: sent, done: Clock.now(), outcome: outcome))
            due += interval
        }
        return answers
    }

    /// Asks for one message after the other by its hash, as a sender does that wants to know whether it is stored.
    func ask(_ hashes: [MessageHash], _ session: ArchiveSession) throws -> [MigrationAnswer] {
        defer { clock.hear() }
        return try run(more: hashes.count) { number throws(PostgresError) in
            defer { clock.hear() }
            let query = StoreQuery(includeData: false, hashes: [hashes[number % hashes.count]])
            return try session.ask(query).pageCount > 0 ? .found : .missing
        }
    }

    /// Stores copies of a message, a millisecond of archive time apart.
    func put(_ message: Message, on topic: PubsubTopic, _ session: ArchiveSession) throws -> [MigrationAnswer] {
        try run(more: 1) { number throws(PostgresError) in
            var message = message
            message.timestamp += Int64(number) * 1_000_000
            try session.put(message, on: topic)
            return .found
        }
    }
}
