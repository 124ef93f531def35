import ArchiveDriver
import Workload

/// What runs today, as files of this tool: a variant from the server's settings, its schema and its indexes, and the stub of
/// a profile.
struct ServerTexts {
    let name: String
    let survey: ArchiveSurvey
    /// When it was read, ISO 8601.
    let readAt: String

    /// Of the script of indexes, without `.sql`.
    static let patch = "indexes"

    // MARK: The variant

    var variant: String {
        let change = survey.indexes
        var remarks = [
            "What this archive's server ran with when it was read, \(readAt). Written by `archivebench characterize`."
        ]
        if !survey.otherSettings.isEmpty {
            remarks.append(
                "Differ from the defaults too and were left out, as they name files, addresses or people, or concern logs and replication: \(survey.otherSettings.joined(separator: ", "))."
            )
        }
        var lines = [
            FittedText.comment(remarks), "",
            "archivebench: variant/1", "name: \(name)-today",
            "summary: \"what the archive \(name) ran with: PostgreSQL \(survey.major), schema \(survey.schemaVersion), \(survey.settings.count) settings\"",
            "source: \"pg_settings and the catalogue of the server, \(readAt)\"", "",
            "# The version that was read. Leave the line out to use the newest one installed here.",
            "postgres: {version: \(survey.major)}",
            "# M: by its look-up table\(survey.statedVersion.map { "; its table 'version' says \($0)" } ?? "").",
            "schema: \(survey.schemaVersion)", "data-checksums: \(survey.dataChecksums ? "on" : "off")",
        ]
        if hasPatch {
            lines += ["", "# M: indexes that differ from those of the node's own scripts."]
            lines += ["sql: {patch: \(Self.patch), undo: not reversible}"]
        }
        if change.missing.contains(where: Self.isKey) {
            lines += ["", "# M: a primary key of the node's own is missing; the patch leaves it as it is."]
        }
        if !survey.settings.isEmpty {
            lines += ["", "# M: what differs from the server's built-in defaults.", "settings:"]
            lines += survey.settings.map { "  \($0.name): '\($0.value.replacing("'", with: "''"))'" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var hasPatch: Bool {
        !survey.indexes.added.isEmpty || survey.indexes.missing.contains { !Self.isKey($0) }
    }

    private static func isKey(_ name: String) -> Bool { name.hasPrefix("messageindex") }

    /// The script that makes the node's indexes those of the archive; `nil` where they are the same.
    var indexes: String? {
        guard hasPatch else { return nil }
        let lines =
            ["-- Makes the indexes of a node's archive those of \(name), as read at \(readAt)."]
            // First, because one of another shape may have its name.
            + survey.indexes.missing.filter { !Self.isKey($0) }.map { "DROP INDEX \($0);" }
            + survey.indexes.added.map { "\($0);" }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: The profile

    var profile: String {
        let (count, memory) = (processors, memory)
        return [
            FittedText.comment([
                "A stub of the machine under the archive \(name), read at \(readAt): what its server tells, and that is little. Written by `archivebench characterize`; fill in what you know."
            ]),
            "",
            "archivebench: profile/1", "name: \(name)-machine",
            "summary: \"machine of the archive \(name), as far as told\"",
            "source: \"settings of its server, \(readAt)\"", "", "cpus:",
            FittedText.comment([count?.why ?? "Not told by the server: write how many processors it has."], indent: 2),
            "  count: \(count.map { String($0.value) } ?? "unknown")", "",
            FittedText.comment([
                memory?.why ?? "Not told by the server. Left out, it is this host's; write it as 'memory: 16GiB'."
            ]),
            memory.map { "memory: \($0.value >> 20)MiB" } ?? "# memory: 16GiB", "",
            FittedText.comment([
                "Not told by the server: kind of disk, limits, size of the volume. The database took \(survey.databaseBytes.map { "\($0 / 1_000_000) MB" } ?? "an unknown room")."
            ]),
            "storage: {kind: real}", "",
            "# Not told by the server: the way from the store node to it, such as 'network: {round-trip: 0.5ms}'.",
        ]
        .joined(separator: "\n") + "\n"
    }

    private func value(_ name: String) -> String? { survey.settings.first { $0.name == name }?.value }

    /// Tools that propose settings set these to the number of processors.
    private var processors: (value: Int, why: String)? {
        for name in ["max_worker_processes", "max_parallel_workers"] {
            if let count = value(name).flatMap({ Int($0) }), count > 0 {
                return (count, "D: from \(name), which tools that propose settings set to the number of processors.")
            }
        }
        return nil
    }

    /// Those tools take three quarters of the memory for one setting, and a quarter for another.
    private var memory: (value: Int, why: String)? {
        for (name, share) in [("effective_cache_size", 0.75), ("shared_buffers", 0.25)] {
            guard let kilobytes = value(name).flatMap(Self.kilobytes) else { continue }
            return (
                Int((Double(kilobytes) * 1_024 / share).rounded()),
                "D: from \(name), which tools that propose settings set to \(Int(share * 100))% of the memory."
            )
        }
        return nil
    }

    private static func kilobytes(_ text: String) -> Int? {
        for (unit, factor) in [("kB", 1), ("MB", 1_024), ("GB", 1_048_576)] where text.hasSuffix(unit) {
            return Int(text.dropLast(2)).map { $0 * factor }
        }
        return nil
    }
}
