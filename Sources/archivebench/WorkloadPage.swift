import Report
import Workload

/// A workload as a page of tables and small plots, for the terminal.
struct WorkloadPage {
    private let portrait: WorkloadPortrait
    private let spec: WorkloadSpec
    private let operations: [String: Int]
    private let quantity = Quantity.plain

    init(_ portrait: WorkloadPortrait, _ spec: WorkloadSpec, operations: [String: Int]) {
        self.portrait = portrait
        self.spec = spec
        self.operations = operations
    }

    var text: String {
        ([head, trace, streams, day, sizes, topics, requests, growth].map { $0.joined(separator: "\n") })
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var head: [String] {
        [
            spec.name, spec.summary, "digest \(portrait.digest)",
            spec.timeScale == 1 ? "" : "archive time runs \(spec.timeScale) times faster than the wall clock",
        ].filter { !$0.isEmpty }
    }

    /// What follows about streams, sizes, topics and growth is what the streams say.
    private var trace: [String] {
        let lines = TraceText.lines(spec)
        guard spec.trace?.hasMessages == true else { return lines }
        return lines + ["  messages of the trial come from the trace; what the streams say below makes the history"]
    }

    private var streams: [String] {
        table(
            ["stream", "arrivals", "at the start", "over a day"],
            portrait.streams.map {
                [$0.name, $0.process, quantity.rate($0.perSecondAtStart), quantity.rate($0.perSecondOfDay)]
            })
    }

    /// A bar for each hour, as high as its rate.
    private var day: [String] {
        let bars = Array("▁▂▃▄▅▆▇█")
        let most = max(portrait.day.max() ?? 0, 1e-9)
        let line = portrait.day.map { bars[min(7, Int($0 / most * 7.999))] }
        let least = portrait.day.min() ?? 0
        return [
            "messages archived, hour by hour (UTC)",
            "  00 " + String(line) + " 23   \(quantity.rate(least)) to \(quantity.rate(most))",
        ]
    }

    private var sizes: [String] {
        let rows = portrait.sizes.sorted { $0.byteShare > $1.byteShare }.map {
            [
                $0.name, quantity.percent($0.messageShare), quantity.percent($0.byteShare),
                quantity.bytes(Int($0.mean)), quantity.bytes($0.p50), quantity.bytes($0.p99),
                quantity.bytes($0.largest),
            ]
        }
        let most = portrait.sizeHistogram.map(\.share).max() ?? 1
        var below = 0
        let plot = portrait.sizeHistogram.compactMap { bin -> String? in
            defer { below = bin.edge }
            guard bin.share > 0 else { return nil }
            let name = bin.edge == .max ? "over \(quantity.bytes(below))" : "to \(quantity.bytes(bin.edge))"
            return "  " + Self.pad(name, 12) + Self.bar(bin.share / max(most, 1e-9)) + " \(quantity.percent(bin.share))"
        }
        return table(["message class", "messages", "bytes", "mean", "p50", "p99", "largest"], rows)
            + ["", "payload sizes (edges of the fleet's own histogram)"] + plot
    }

    private var topics: [String] {
        let shards = portrait.shardShares.prefix(8).map { "  \($0.shard)  \(quantity.percent($0.share))" }
        let more = portrait.shardShares.count - shards.count
        return table(
            ["topics", "content topics", "shards", "messages", "top topic", "top ten"],
            portrait.topics.map {
                [
                    $0.name, quantity.count($0.topics), "\($0.shards)", quantity.percent($0.messageShare),
                    quantity.percent($0.topShare), quantity.percent($0.topTenShare),
                ]
            }) + ["", "messages by shard"] + shards + (more > 0 ? ["  and \(more) more"] : [])
    }

    private var requests: [String] {
        guard !portrait.requests.isEmpty else { return [] }
        let most = portrait.requests.map(\.perSecond).max() ?? 1
        let rows = portrait.requests.map {
            [
                $0.name, $0.kind, quantity.rate($0.perSecond), Self.bar($0.perSecond / max(most, 1e-9)),
                $0.classes.joined(separator: " "),
            ]
        }
        let counted = operations.sorted { $0.key < $1.key }.map { "  \($0.key): \(quantity.count($0.value))" }
        return table(["requests and clients", "kind", "begin", "", "classes"], rows, leftFrom: 3)
            + ["", "operations of one trial, what follows from replies not counted"] + counted
    }

    private var growth: [String] {
        let days =
            spec.clockwork.retention.isEmpty ? "none" : spec.clockwork.retention.map(\.text).joined(separator: ";")
        return [
            "growth",
            "  \(quantity.count(Int(portrait.messagesPerDay))) messages a day, \(quantity.bytes(Int(portrait.databaseBytesPerDay))) a day with indexes and look-up table",
            "  \(quantity.digits(portrait.tableBytesPerHour / 1_048_576)) MiB of heap and TOAST an hour",
            "  history \(quantity.count(portrait.historyRows)) rows in \(quantity.count(portrait.historyPartitions)) partitions, about \(quantity.bytes(Int(portrait.historyBytes)))",
            "  retention \(days)\(kept)",
        ]
    }

    /// How long a size policy keeps this traffic.
    private var kept: String {
        for case .size(let bytes) in spec.clockwork.retention where portrait.databaseBytesPerDay > 0 {
            let days = Double(bytes) / portrait.databaseBytesPerDay
            return
                ", which this traffic fills in \(quantity.digits(days)) days: \(quantity.count(Int(days * 24))) partitions"
        }
        return ""
    }

    private static func bar(_ share: Double) -> String {
        let blocks = Array(" ▏▎▍▌▋▊▉█")
        let eighths = max(share > 0 ? 1 : 0, Int((share * 24 * 8).rounded()))
        return pad(
            String(repeating: "█", count: eighths / 8) + (eighths % 8 > 0 ? String(blocks[eighths % 8]) : ""), 24)
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Columns side by side; the first one and those from `leftFrom` on set left, the others right.
    private func table(_ head: [String], _ rows: [[String]], leftFrom: Int = .max) -> [String] {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            let cells = row.enumerated().map { index, cell -> String in
                let space = String(repeating: " ", count: widths[index] - cell.count)
                return index == 0 || index >= leftFrom ? cell + space : space + cell
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
