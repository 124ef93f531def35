/// Something that was, or could be, proposed and that no variant says, with the reason.
struct MissingSuggestion: Sendable, Encodable {
    let name: String
    let summary: String
    /// Where it stands.
    let source: String
    /// Why there is no variant of it, one sentence.
    let why: String
    /// What tries it all the same, or comes nearest; `nil` where nothing does.
    var instead: String?

    /// All that are known, in the order in which they came up.
    static let all: [MissingSuggestion] = client + tables + queries + server + maintenance + data

    private static let client = [
        MissingSuggestion(
            name: "node-client", summary: "libpq without blocking, rows by callback, pools that survive a restart",
            source: """
                logos-messaging/logos-delivery #1604, #1631, #3015 and #3061 (asynchronous), #2171 (callback), #4149 \
                (restart): merged
                """,
            why: """
                it is about the node's own process, and the server is sent the same statements; the load generator \
                blocks on no connection in any case
                """),
        MissingSuggestion(
            name: "message-key", summary: "a unique hash as the key, and ON CONFLICT DO NOTHING for duplicates",
            source: "logos-messaging/logos-delivery #1842, #2202 and #2535: merged",
            why: "schemas 7 and 8 have it, and older ones are not made here"),
    ]

    private static let tables = [
        MissingSuggestion(
            name: "table-rename", summary: "another name for the table of messages",
            source: "logos-messaging/logos-delivery #2110, taken back the next day by #2115",
            why: "a name changes nothing of what a statement costs"),
        MissingSuggestion(
            name: "vacuum-after-retention", summary: "VACUUM after each pass of retention",
            source: "logos-messaging/logos-delivery #2165, #2313: rejected, replaced by partitions",
            why: "partitions are dropped whole and leave nothing to vacuum, and nodes run no VACUUM",
            instead: """
                variants autovacuum-on and autovacuum-inserts; for the dead rows of the look-up table two runs with \
                --schema 7, --history-state bloated and vacuumed
                """),
        MissingSuggestion(
            name: "pg-repack", summary: "pg_repack in a container beside the server",
            source: "logos-messaging/logos-delivery #1885: rejected, replaced by partitions",
            why: "it is a program of its own, which nothing here starts",
            instead: "two runs with --schema 7, --history-state bloated and vacuumed: what there is to gain"),
        MissingSuggestion(
            name: "hourly-partitions",
            summary: "hourly partitions, dropped whole by retention, attached without blocking readers",
            source: """
                logos-messaging/logos-delivery #2506; #2679 and #2689 (dropped); #2776, #2784, #2809 and #2887 \
                (aligned, locked, attached): merged
                """,
            why: "every archive that is made here has them, made by the node's own statements",
            instead: "variants partitions-daily and partitions-weekly, for another length"),
        MissingSuggestion(
            name: "payload-bytea", summary: "payload and meta as BYTEA too, half the bytes",
            source: "never proposed for the archive",
            why: """
                the driver writes and reads payload and meta as the node does, two digits a byte, and can be told \
                otherwise of hashes alone
                """,
            instead: "variant hash-bytea, for hashes"),
    ]

    private static let queries = [
        MissingSuggestion(
            name: "order-by-time", summary: "pages in the order of time alone, without messageHash in ORDER BY",
            source: "logos-messaging/logos-delivery #2902, #2917: approved, closed unmerged",
            why: """
                it gives other answers: messages of one time come in any order, and the page after a cursor may repeat \
                or lose some; driver behaviours that are compared here give the same answers
                """),
        MissingSuggestion(
            name: "hundred-hashes", summary: "at most 100 hashes in a statement, longer requests split",
            source: "logos-messaging/logos-delivery #2976 and #3008: merged",
            why: "it is the node's way, and every behaviour's",
            instead: "variant surplus-dropped, for the query that the split sends too much"),
        MissingSuggestion(
            name: "cursor-lookup", summary: "the time of a cursor from the look-up table",
            source: "logos-messaging/logos-delivery #3061: merged",
            why: "it is the node's way, and every behaviour's"),
        MissingSuggestion(
            name: "topic-cap", summary: "a limit of 10, 100, and again 10 content topics in a request",
            source: "logos-messaging/logos-delivery #2846 and #3117: merged",
            why: "it is a rule on what may be asked, which every behaviour keeps as the node does: with a cursor only",
            instead: "a workload of one's own, with another number under topics of its queries"),
        MissingSuggestion(
            name: "range-cap", summary: "a limit of 24 hours on the window of a request",
            source: """
                logos-messaging/logos-delivery #3170 and #3256, taken back by #3278; status-go #6115 and js-waku 2511 \
                cut by themselves
                """,
            why: "it is a rule on what may be asked, not on how it is answered",
            instead: "a workload of one's own, with another window of its queries"),
    ]

    private static let server = [
        MissingSuggestion(
            name: "redis-cache", summary: "a cache in front of the database",
            source: "logos-messaging/logos-delivery #3098: postponed in December 2024",
            why: "another program would answer, and what is driven here is PostgreSQL"),
        MissingSuggestion(
            name: "horizontal-scaling", summary: "several database servers",
            source: "logos-messaging/logos-delivery #3098: postponed in December 2024",
            why: "a trial has one server",
            instead: "overlay databases-per-shard and experiment shards: several databases on one server"),
        MissingSuggestion(
            name: "server-review", summary: "a review by pganalyze, dashboards of the database",
            source: "logos-messaging/logos-delivery #3100 and #3083: open",
            why: "they look at the server and change nothing of it",
            instead: "the report of a run: its statements, plans, waits and sizes"),
        MissingSuggestion(
            name: "dbperf-fleet", summary: "a fleet for tests of the database, 16 processors and 320 GB",
            source: "status-im/infra-waku #32: April and May 2025, no result published",
            why: "it is a machine, and no variant says that",
            instead: "--profile fleet-16vcpu-32gb"),
    ]

    private static let maintenance = [
        MissingSuggestion(
            name: "detach-finalize", summary: "half-detached partitions finished, orphans dropped, policies united",
            source: "logos-messaging/logos-delivery #2966, #3535, #3728 and #3766: merged",
            why: "partition factory and retention work so here"),
        MissingSuggestion(
            name: "maintenance-guards",
            summary: "guards against lost races for a partition, jitter, the next hour in time",
            source: "logos-messaging/logos-delivery #4147 and #4260: merged",
            why: """
                the partition factory works so here, jitter aside, and both hours are there when a trial begins; a \
                node that ends itself after a lost race is not modelled
                """),
        MissingSuggestion(
            name: "sync-off", summary: "store sync switched off",
            source: "status-im/infra-waku, commit 9fac8a9 (March 2026), on waku.sandbox",
            why: "it changes what is asked, not how it is answered",
            instead: "workload sync-and-resume, with and without an overlay that says drop-clients: [sync]"),
        MissingSuggestion(
            name: "retention-bounds", summary: "32 days and 50 GB, whichever comes first",
            source: "status-im/infra-waku, policies of waku.sandbox and waku.test (March 2026)",
            why: "what is kept is said by the workload",
            instead: "--retention 'size:50GB;time:2764800'"),
        MissingSuggestion(
            name: "capacity-policy", summary: "no more retention by the number of messages",
            source: "logos-messaging/logos-delivery #4123 and #4124: open",
            why: "what is kept is said by the workload, and no shipped one counts messages",
            instead: "--retention 'capacity:1000000' for what it costs; experiment retention for it beside others"),
    ]

    private static let data = [
        MissingSuggestion(
            name: "rln-proof", summary: "the RLN proof stored with each message",
            source: "logos-messaging/logos-delivery, branch feat/store-sync-standalone: not merged",
            why: "its script for the schema is not settled, and every put would have a ninth value")
    ]

    static func named(_ name: String) -> MissingSuggestion? { all.first { $0.name == name } }

    /// For the end of the list.
    static var lines: [String] {
        ["No variant says these; `archivebench suggestions show NAME` says why, and what tries them instead:"]
            + all.map { "  \($0.name): \($0.summary)" }
    }

    /// In full.
    var lines: [String] {
        ["\(name): \(summary)", "  source       \(source)", "  no variant   \(why)"]
            + (instead.map { ["  instead      \($0)"] } ?? [])
    }
}
