import WakuModel

/// Which session it is.
public struct SessionIdentity: Sendable {
    /// Index of the entry among the workload's clients.
    public var entry: Int
    /// Counts the sessions of the entry.
    public var number: Int64
    /// Intended start, trial time.
    public var start: UInt64
    /// The node it begins with.
    public var node: Int
    /// The messages that began it; empty where an arrival process did.
    public var messages: [CheckedMessage] = []
}

/// A message whose sender wants to know whether it is archived.
public struct CheckedMessage: Sendable, Equatable {
    public var number: Int64
    /// It never reached the archive; the sender asks for a hash that nobody has.
    public var isLost: Bool
    /// When it was sent, trial time; may lie before the trial.
    public var sent: Int64
}

/// What a session asks for, in order, and the rules it follows.
public struct SessionPlan {
    /// One thing asked for, page by page.
    ///
    /// Each is asked of one database; what is not of one shard says of which.
    enum Ask {
        /// Archive time, both ends inclusive; group is an index into ``SessionPlan/groups``.
        case topics(group: Int, start: Int64, end: Int64)
        case shard(Int, start: Int64, end: Int64)
        case time(database: Int, start: Int64, end: Int64)
        case message(Int64, database: Int)
        case hashes([MessageHash], database: Int)
        /// Messages of one shard.
        case presence(of: [CheckedMessage], database: Int)
    }

    /// Topics of one shard that go into one request.
    struct Group {
        var shard: Int
        var topics: [Int]
    }

    /// When a window is read to its end.
    enum Paging {
        /// No cursor came back, or so many pages were read.
        case cursor(pages: Int)
        /// An empty page came back, or so many pages were read.
        case emptyPage(pages: Int)
    }

    var groups: [Group] = []
    var asks: [Ask]
    /// Requests under way at a time.
    var inFlight = 1
    var includeData = true
    var direction = StoreQuery.Direction.forward
    var pageSize = StoreQuery.maximumPageSize
    var paging = Paging.cursor(pages: .max)
    /// What follows when all windows are read: some of the hashes are asked for again.
    var followUp: FollowUp?
    /// Presence is asked for again until all is there.
    var confirmation: Confirmation?

    /// A second pass over the hashes that the windows brought.
    struct FollowUp {
        /// Share of the hashes that is asked for.
        var share: Double
        var batch: Int
        var inFlight: Int
        var includeData: Bool
    }

    /// Asking again at fixed distances, until found or too old.
    struct Confirmation {
        var every: UInt64
        /// Age of a message at which it is given up, nanoseconds.
        var giveUp: UInt64
    }

    init(asks: [Ask] = []) { self.asks = asks }

    /// The database that holds what is asked for.
    func database(ofAsk index: Int, _ fleet: Fleet) -> Int {
        switch asks[index] {
        case .topics(let group, _, _): fleet.database(ofShard: groups[group].shard)
        case .shard(let shard, _, _): fleet.database(ofShard: shard)
        case .time(let database, _, _), .message(_, let database), .hashes(_, let database),
            .presence(_, let database):
            database
        }
    }
}

extension SessionPlan.Group {
    /// Draws the topics that a client follows and cuts them into groups: each of one shard, each of at most so many.
    ///
    /// - Parameters:
    ///   - interests: how many topics of which population.
    ///   - most: topics of one request; `Int.max` keeps a shard's topics together.
    ///   - book: all topics.
    ///   - random: the client's own.
    /// - Returns: groups by shard.
    static func draw(
        _ interests: [Interest], most: Int, _ book: TopicBook, _ random: inout RandomSource
    ) -> [SessionPlan.Group] {
        var chosen: [Int] = []
        var seen: Set<Int> = []
        for interest in interests {
            guard let target = book.targets[interest.target] else { continue }
            let wanted = min(chosen.count + interest.count, chosen.count + target.groups * target.memberCount)
            var tries = interest.count * 30
            while chosen.count < wanted, tries > 0 {
                tries -= 1
                for topic in book.drawGroup(target, &random) where chosen.count < wanted {
                    if seen.insert(topic).inserted { chosen.append(topic) }
                }
            }
            // What luck did not find in a while is taken in order.
            var group = 0
            while chosen.count < wanted, group < target.groups {
                let start = target.base + group * target.groupSize + target.first
                for topic in start..<(start + target.memberCount) where chosen.count < wanted {
                    if seen.insert(topic).inserted { chosen.append(topic) }
                }
                group += 1
            }
        }
        let byShard = Dictionary(grouping: chosen) { book.shardOfTopic[$0] }
        return byShard.keys.sorted().flatMap { shard in
            let topics = byShard[shard] ?? []
            return stride(from: 0, to: topics.count, by: min(most, topics.count)).map {
                SessionPlan.Group(
                    shard: shard, topics: Array(topics[$0..<min($0 + min(most, topics.count), topics.count)]))
            }
        }
    }
}
