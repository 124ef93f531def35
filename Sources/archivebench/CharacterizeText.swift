import ArchiveDriver
import Experiment
import PostgresClient
import Report
import RunRecord

/// What `characterize` says in the terminal.
enum CharacterizeText {
    private static let quantity = Quantity.plain

    /// What is going to be done.
    static func announcement(_ server: ConnectionParameters, _ manners: ReadingManners) -> String {
        "reading \(server.shown): about \(quantity.count(manners.sampleRows)) rows, at most \(quantity.percent(manners.share)) of one processor's time, statements of at most \(quantity.time(Double(manners.statementTimeout) / 1e6))\(manners.ignoresLoad ? ", whatever the load" : "")"
    }

    /// What was found, how well it was fitted, and where it is.
    static func closing(_ result: Characterization, folder: String) -> String {
        let fit = result.fit
        var lines = [archive(fit), cost(fit), ""]
        lines += shards(fit)
        lines.append("")
        lines += distances(fit)
        lines.append("")
        lines += fit.notKnown.map { "not known: \($0)" }
        lines += fit.assumed.map { "assumed: \($0)" }
        lines.append("")
        lines += result.files.map { "\(folder)/\($0.name)" }
        return lines.joined(separator: "\n")
    }

    private static func archive(_ fit: FitRecord) -> String {
        let archive = fit.archive
        let parts = [
            "PostgreSQL \(fit.serverVersion), schema \(fit.schemaVersion)",
            "\(archive.isCounted ? "" : "about ")\(quantity.count(archive.rows)) messages",
            "\(quantity.count(archive.partitions)) partitions\(archive.partitionSeconds.map { " of \(quantity.time(Double($0) * 1_000))" } ?? "")",
            archive.databaseBytes.map { quantity.bytes($0) } ?? "size not known",
            archive.oldest.flatMap { oldest in archive.newest.map { "kept for \(hours($0 - oldest))" } }
                ?? "how long messages are kept: not known",
            "duplicates: \(archive.duplicateShare.map { quantity.percent($0) + " of inserts" } ?? "not known")",
        ]
        return parts.joined(separator: ", ")
    }

    private static func hours(_ seconds: Int) -> String { "\(quantity.factor(Double(seconds) / 3_600)) h" }

    /// What the server gave for it.
    private static func cost(_ fit: FitRecord) -> String {
        let sampling = fit.sampling
        let load =
            sampling.activeSessions.map { "\(quantity.digits($0)) other sessions were active" } ?? "load not known"
        return
            "read \(quantity.count(sampling.rows)) rows of \(quantity.count(sampling.partitions)) partitions by \(quantity.count(sampling.statements)) statements (\(sampling.timedOut) timed out), \(quantity.time(Double(sampling.busy) / 1e6)) of work in \(quantity.time(Double(sampling.elapsed) / 1e6)): \(quantity.percent(sampling.share)) of one processor's time, limit \(quantity.percent(sampling.shareLimit)); \(load)"
    }

    private static let mostRows = 40

    private static func shards(_ fit: FitRecord) -> [String] {
        let head = ["shard", "messages/s", "mean size", "topics seen", "fitted", "exponent"]
        let rows = fit.shards.prefix(mostRows).map { shard in
            [
                shard.shard, quantity.digits(shard.perSecond), quantity.bytes(Int(shard.meanBytes.rounded())),
                quantity.count(shard.topicsSeen), quantity.count(shard.topicsFitted), quantity.digits(shard.zipf),
            ]
        }
        return columns([head] + rows) + more(fit.shards.count)
    }

    private static func distances(_ fit: FitRecord) -> [String] {
        let head = ["real against synthetic", "of", "KS", "by chance", ""]
        let rows = fit.comparisons.prefix(mostRows).map { row in
            [
                row.aspect.rawValue, row.subject, quantity.percent(row.distance.kolmogorovSmirnov),
                quantity.percent(row.byChance.kolmogorovSmirnov),
                row.isWithinChance ? "within chance" : "beyond chance",
            ]
        }
        return columns([head] + rows) + more(fit.comparisons.count)
    }

    private static func more(_ count: Int) -> [String] {
        count > mostRows ? ["\(count - mostRows) more are in \(Characterization.fitFile)"] : []
    }

    private static func columns(_ rows: [[String]]) -> [String] {
        let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
