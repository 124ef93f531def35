import ArgumentParser
import FoundationEssentials
import Report
import Testbed

/// `archivebench cache`
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "List or remove filled clusters that save loading a history again, and copies of programs.",
        discussion: """
            Examples:
              archivebench cache list
              archivebench cache prune --keep 10GB
            """,
        subcommands: [List.self, Prune.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the datasets, the one used last at the end.",
            discussion: """
                Examples:
                  archivebench cache list
                  archivebench cache list --json | jq .totalBytes
                """)

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Listing: Encodable {
            let folder: String
            let totalBytes: Int
            let datasets: [DatasetEntry]
            let programs: [ProgramCopies.Copy]
        }

        func run() throws {
            let cache = DatasetCache(registry: Project.registry)
            let entries = cache.list()
            let total = entries.reduce(0) { $0 + $1.bytes }
            let programs = ProgramCopies(registry: Project.registry).list()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                let listing = Listing(
                    folder: cache.folder, totalBytes: total, datasets: entries, programs: programs)
                return Terminal.out(String(decoding: try encoder.encode(listing), as: UTF8.self))
            }
            for copy in programs {
                Terminal.out(
                    "\(copy.key.prefix(12))  \(Quantity.plain.bytes(copy.bytes))  programs of \(copy.origin), for the server's user"
                )
            }
            if entries.isEmpty {
                if programs.isEmpty { Terminal.out("The cache is empty.") }
                return
            }
            for line in CacheText.table(entries) { Terminal.out(line) }
            let number = "\(entries.count) dataset\(entries.count == 1 ? "" : "s")"
            Terminal.out("\(number), \(Quantity.plain.bytes(total)) in \(cache.folder)")
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove datasets.",
            discussion: """
                Without any of these the cache is brought down to its limit of \(CacheText.limit).
                A dataset that a trial is just copying stays, and programs that a cluster runs on. Programs go by key or
                with --all; the next trial that needs them copies them again.

                Examples:
                  archivebench cache prune --keep 10GB   oldest use first, down to 10 GB
                  archivebench cache prune --all
                  archivebench cache prune 3f9a27        one of them
                """)

        @Option(
            help: ArgumentHelp("What may stay, such as 10GB; those used longest ago go.", valueName: "size"),
            transform: Arguments.bytes)
        var keep: Int?

        @Flag(help: "All datasets.")
        var all = false

        @Argument(help: ArgumentHelp("Datasets or programs, by key or the beginning of it.", valueName: "key"))
        var keys: [String] = []

        func validate() throws {
            if [keep != nil, all, !keys.isEmpty].count(where: { $0 }) > 1 {
                throw ValidationError("--keep, --all and keys exclude each other; choose one")
            }
        }

        func run() throws {
            let cache = DatasetCache(registry: Project.registry)
            let copies = ProgramCopies(registry: Project.registry)
            let chosen = all ? copies.list() : copies.list().filter { copy in keys.contains { Self.names($0, copy) } }
            let (removed, left) =
                keys.isEmpty
                ? prune(cache)
                : try remove(cache, keys.filter { key in !chosen.contains { Self.names(key, $0) } })
            for entry in removed {
                Terminal.out(
                    "removed \(CacheText.short(entry)), \(Quantity.plain.bytes(entry.bytes)): \(entry.description)")
            }
            let inUse = chosen.filter { !copies.remove($0.key) }
            for copy in chosen where !inUse.contains(copy) {
                Terminal.out(
                    "removed \(copy.key.prefix(12)), \(Quantity.plain.bytes(copy.bytes)): programs of \(copy.origin)")
            }
            let leftovers = cache.sweep() + copies.sweep()
            for name in leftovers { Terminal.out("removed \(name), left behind by a killed run") }
            if !left.isEmpty || !inUse.isEmpty {
                let names = (left.map(CacheText.short) + inUse.map { String($0.key.prefix(12)) }).joined(
                    separator: ", ")
                throw TestbedProblem("\(names): in use, not removed; try again when no trial is starting or running")
            }
            if removed.isEmpty && leftovers.isEmpty && chosen.isEmpty { Terminal.out("Nothing to remove.") }
        }

        private static func names(_ key: String, _ copy: ProgramCopies.Copy) -> Bool {
            !key.isEmpty && copy.key.hasPrefix(key)
        }

        private func prune(_ cache: DatasetCache) -> (removed: [DatasetEntry], left: [DatasetEntry]) {
            let removed = cache.prune(keeping: all ? 0 : keep ?? DatasetCache.standardLimit)
            return (removed, all ? cache.list() : [])
        }

        /// All names are looked up before the first is removed.
        private func remove(
            _ cache: DatasetCache, _ keys: [String]
        ) throws -> (removed: [DatasetEntry], left: [DatasetEntry]) {
            let entries = cache.list()
            let chosen = Set(try keys.map { try CacheText.find($0, in: entries).key })
            var (removed, left): ([DatasetEntry], [DatasetEntry]) = ([], [])
            for entry in entries where chosen.contains(entry.key) {
                if cache.remove(entry.key) { removed.append(entry) } else { left.append(entry) }
            }
            return (removed, left)
        }
    }
}

/// Words about datasets.
enum CacheText {
    /// The cache's limit, for people.
    static var limit: String { Quantity.plain.bytes(DatasetCache.standardLimit) }

    /// As much of a key as tells datasets apart.
    static func short(_ entry: DatasetEntry) -> String { String(entry.key.prefix(12)) }

    /// The dataset that a person means.
    static func find(_ name: String, in entries: [DatasetEntry]) throws -> DatasetEntry {
        let matching = name.isEmpty ? [] : entries.filter { $0.key.hasPrefix(name) }
        guard let found = matching.first, matching.count == 1 else {
            throw UsageProblem(
                matching.isEmpty
                    ? "\(name): no such dataset; `archivebench cache list` shows those there are"
                    : "\(name): \(matching.count) datasets begin so; give more of the key")
        }
        return found
    }

    /// A head and one line for each entry, in columns.
    static func table(_ entries: [DatasetEntry]) -> [String] {
        let head = ["key", "size", "rows", "partitions", "schema", "server", "created", "last used", "description"]
        let rows = entries.map { entry in
            [
                short(entry), Quantity.plain.bytes(entry.bytes), Quantity.plain.count(entry.rows),
                String(entry.partitions), String(entry.schemaVersion),
                entry.serverVersion.split(separator: " ").first.map(String.init) ?? "unknown", entry.createdAt,
                entry.lastUsedAt, entry.description,
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        // Numbers stand to the right, the last column has no end.
        let numbers = 1...4
        return ([head] + rows).map { row in
            row.indices.map { column in
                if column == row.count - 1 { return row[column] }
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                return numbers.contains(column) ? gap + row[column] : row[column] + gap
            }.joined(separator: "  ")
        }
    }
}
