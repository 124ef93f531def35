/// Commented workload files for what somebody is about to set up: rates from the number of people, by the planner's unit
/// of five messages an hour for each active user (S, a guess by its authors).
public enum WorkloadTemplate {
    /// Messages an hour of an active user (S).
    private static let perUserHour = 5.0
    /// Bytes of a community description for each member (M, linear in the number of members).
    private static let descriptionBytes = 2_500
    /// Share of a community's members that joins in a day (A).
    private static let joinsPerDay = 0.02
    /// Times a day that an active member comes back and reads (A).
    private static let returnsPerDay = 4.0

    /// One community on a shard of its own.
    ///
    /// - Parameters:
    ///   - members: how many.
    ///   - channels: of the community.
    ///   - shard: cluster/index.
    ///   - isProtected: whether messages carry the shard's signature.
    ///   - active: share of the members who are active.
    /// - Returns: the text of a workload file.
    public static func community(
        members: Int, channels: Int, shard: String, isProtected: Bool, active: Double
    ) -> String {
        let topics =
            "  - {name: communities, shard: \(shard), kind: communities, count: 1, channels: \(channels), channel-zipf: 1.2\(isProtected ? ", protected: true" : "")}  # S channels, A skew"
        return communities(
            name: "community-\(members)", summary: "a community of \(members) members with \(channels) channels",
            topics: topics, count: 1, members: members, channels: channels, active: active)
    }

    /// Several communities on one shard.
    ///
    /// - Parameters:
    ///   - count: of the communities.
    ///   - members: of each.
    ///   - channels: of each.
    ///   - shard: cluster/index.
    ///   - active: share of the members who are active.
    /// - Returns: the text of a workload file.
    public static func shared(communities count: Int, members: Int, channels: Int, shard: String, active: Double)
        -> String
    {
        let topics =
            "  - {name: communities, shard: \(shard), kind: communities, count: \(count), channels: \(channels), channel-zipf: 1.2, zipf: 1.0}  # S channels, A skew"
        return communities(
            name: "shared-\(count)", summary: "\(count) communities of \(members) members on one shard", topics: topics,
            count: count, members: members, channels: channels, active: active)
    }

    private static func communities(
        name: String, summary: String, topics: String, count: Int, members: Int, channels: Int, active: Double
    ) -> String {
        let people = Double(count * members)
        let chat = people * active * perUserHour
        let description = members * descriptionBytes
        let follows = 4 + channels
        return """
            # \(summary), \(percent(active)) of them active. Written by `archivebench workload new`; change what you know better.
            # Labels: M measured, S stated or coded, D derived, A assumed.

            \(head(name, summary))
            topics:
            \(topics)

            messages:
              sender-clock-skew: 2s                # A
              segment-above: 768KiB                # S
              parity: 12.5%                        # S
              streams:
                - name: chat
                  # \(Int(people * active)) active members, five messages an hour each (S).
                  arrivals: {process: poisson, rate: \(number(chat))/h, day-amplitude: 30%, peak-hour: 18}  # A curve
                  to: [{topics: communities.channels}]
                  classes:
                    - {name: chat, weight: 70, payload: {lognormal: {mean: 1100B, sigma: 0.5}}}     # A
                    - {name: reaction, weight: 30, payload: {lognormal: {mean: 606B, sigma: 0.3}}}  # M size, A share
                - name: descriptions
                  # Each community advertises itself once a day (S).
                  arrivals: {process: poisson, rate: \(number(Double(count)))/d}
                  to: [{topics: communities.control}]
                  classes:
                    # 2.5 kB for each member (M, linear), cut into segments where it is too large.
                    - {name: community-description, payload: {constant: \(max(1, description))B}}
                - name: membership
                  # \(percent(joinsPerDay)) of the members join in a day (A): a request, a response, and a new description (S). For a
                  # wave of joins: arrivals: {process: on-off, rate: 1000/h, on: 1h, off: 23h}
                  arrivals: {process: poisson, rate: \(number(people * joinsPerDay * 3))/d}
                  to: [{topics: communities.control}]
                  classes:
                    - {name: join-request, weight: 1, payload: {lognormal: {mean: 125B, sigma: 0.2}}}      # M
                    - {name: join-response, weight: 1, payload: {lognormal: {mean: 24488B, sigma: 0.8}}}   # M size, A sigma
                    - {name: community-description, weight: 1, payload: {constant: \(max(1, description))B}}
                - name: status
                  # Automatic status updates of who is online, every five minutes (S): they travel, and no node archives them.
                  arrivals: {process: poisson, rate: \(number(people * active * 12))/h}
                  to: [{topics: communities.control}]
                  classes:
                    - {name: automatic-status, ephemeral: 100%, payload: {lognormal: {mean: 340B, sigma: 0.3}}}  # M size

            clients:
              - name: member-returns
                stands-for: a member reads what came while away
                kind: history-sync
                arrivals: {process: poisson, rate: \(number(people * active * returnsPerDay))/d}  # A: four times a day
                follows: [{topics: communities, count: \(follows)}]  # S: all topics of one community
                outage: 24h                        # A
                pages: 20                          # A: a cap
              - name: sent-check
                kind: sent-check
                senders: \(max(1, Int(people * active)))
                classes: [chat]
                lost: 1%                           # A

            \(tail)
            """
    }

    /// One-to-one chat.
    ///
    /// - Parameters:
    ///   - users: active ones.
    ///   - contacts: of each.
    ///   - shard: cluster/index.
    /// - Returns: the text of a workload file.
    public static func directMessages(users: Int, contacts: Int, shard: String) -> String {
        let people = Double(users)
        let name = "dms-\(users)"
        let summary = "one-to-one chat of \(users) users"
        return """
            # \(summary), \(contacts) contacts each. Written by `archivebench workload new`; change what you know better.
            # Labels: M measured, S stated or coded, D derived, A assumed.

            \(head(name, summary))
            topics:
              - {name: personal, shard: \(shard), kind: status, count: \(users)}                      # S: one an account
              - {name: discovery, shard: \(shard), kind: status, count: 5000}                       # S
              - {name: negotiated, shard: \(shard), kind: pairs, users: \(users), contacts: \(contacts)}  # S form

            messages:
              sender-clock-skew: 2s                # A
              segment-above: 768KiB                # S
              parity: 12.5%                        # S
              streams:
                - name: chat
                  arrivals: {process: poisson, rate: \(number(people * perUserHour))/h, day-amplitude: 30%, peak-hour: 18}  # S rate, A curve
                  to: [{topics: negotiated, share: 95%}, {topics: personal, share: 5%}]  # A
                  classes:
                    - {name: chat, payload: {lognormal: {mean: 1100B, sigma: 0.5}}}      # A
                - name: contact-codes
                  arrivals: {process: poisson, rate: \(number(people * 4))/d}               # S: each every six hours
                  to: [{topics: discovery}]
                  classes:
                    - {name: contact-code, payload: {lognormal: {mean: 7422B, sigma: 0.5}}}  # M size, A sigma
                - name: backups
                  arrivals: {process: poisson, rate: \(number(people * 3))/d}               # S: each every eight hours
                  per-arrival: 10                  # M, weak: a volley of ten
                  to: [{topics: personal}]
                  classes:
                    - {name: backup, payload: {histogram: {edges: [109B, 120B, 650B, 2300B, 9400B], counts: [5, 2, 2, 1]}}}  # M, weak

            clients:
              - name: login
                stands-for: a user comes back
                kind: history-sync
                arrivals: {process: poisson, rate: \(number(people * returnsPerDay))/d}      # A: four times a day
                follows: [{topics: negotiated, count: \(max(1, contacts))}, {topics: personal, count: 1}, {topics: discovery, count: 1}]
                outage: 24h                        # A
                pages: 20                          # A: a cap
              - name: sent-check
                kind: sent-check
                senders: \(users)
                classes: [chat]
                lost: 1%                           # A

            \(tail)
            """
    }

    private static func head(_ name: String, _ summary: String) -> String {
        """
        archivebench: workload/1
        name: \(name)
        summary: \(summary)
        archive-epoch: 2026-01-05T18:00:00Z

        """
    }

    private static let tail = """
        writers: {count: 2, duplicate-gap: [50ms, 500ms], write-connections: 25, read-connections: 25}  # S, A gap
        # 'databases: per-shard' there gives every shard nodes and a database of its own; otherwise all share one.

        # What the nodes keep: --retention, or here, such as 'retention-policy: time:2592000'.
        clockwork: {}

        history: {partitions: 24, rows: 200_000}
        phases: {warm-up: 15s, measure: 60s, drain-limit: 30s}

        objectives:
          - {classes: store.hashes.*, hashes-below: 51, quantile: 95%, limit: 10ms, source: "store requirements, August 2025"}  # S, for up to 10 hashes
          - {classes: store.topics.*, topics-at-most: 10, window-at-most: 24h, quantile: 90%, limit: 400ms, source: "store requirements, May 2025"}  # S

        """

    private static func percent(_ share: Double) -> String { "\(number(share * 100))%" }

    private static func number(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
