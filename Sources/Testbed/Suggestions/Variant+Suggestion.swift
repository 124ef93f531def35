import FoundationEssentials
import SpecReader

extension Variant {
    /// What a suggestion says of itself; the rest of its file says what it changes.
    public struct Suggestion: Sendable, Equatable {
        /// Who proposed it.
        public let author: String
        /// Where that stands.
        public let source: String
        /// What is expected of it, one sentence.
        public let expectation: String
        /// What it could do harm to, one sentence.
        public let risk: String
    }

    /// Changes of the archive's tables.
    public struct Patch: Sendable, Equatable {
        /// Makes them.
        public let apply: SQLScript
        /// Takes them back; `nil` for what is not reversible.
        public let undo: SQLScript?

        package init(apply: SQLScript, undo: SQLScript?) {
            self.apply = apply
            self.undo = undo
        }
    }

    /// What a variant is a difference from.
    public struct Baseline: Sendable {
        /// Of the variant.
        public let name: String
        /// Its file beside this one's, without `.yaml`.
        public let file: String
        /// By name, as its file has them.
        public let settings: [String: String]
        /// Names of those that the variant leaves as they are, whatever becomes of them on a smaller host.
        let unchanged: Set<String>
        /// Of its archive's tables.
        public let schemaVersion: Int
        /// PostgreSQL's first version number; `nil` for what is there.
        public let postgresMajor: Int?

        init(_ variant: Variant, file: String, changed: [Setting]) {
            name = variant.name
            self.file = file
            let settings = Dictionary(variant.settings.map { ($0.name, $0.value) }) { _, last in last }
            self.settings = settings
            unchanged = Set(settings.keys).subtracting(
                changed.lazy.filter { settings[$0.name] != $0.value }.map(\.name))
            schemaVersion = variant.schemaVersion
            postgresMajor = variant.postgresMajor
        }
    }

    /// What an `undo` says where there is none.
    public static let notReversible = "not reversible"

    static func suggestion(_ top: SpecMap) -> Suggestion? {
        guard let map = top.map("suggestion") else { return nil }
        let suggestion = Suggestion(
            author: map.text("author"), source: map.text("source"), expectation: map.text("expectation"),
            risk: map.text("risk"))
        map.close()
        if !top.has("base") {
            top.note("suggestion", "is a difference from nothing", remedy: "name a variant beside this one with 'base'")
        }
        let changing = ["settings", "sql", "driver", "schema", "postgres", "data-checksums"]
        if !changing.contains(where: top.has) {
            top.note("suggestion", "changes nothing", remedy: "add one of \(changing.joined(separator: ", "))")
        }
        return suggestion
    }

    /// Scripts are looked for beside the variant's file, and then among the shipped ones.
    static func patch(_ top: SpecMap, beside file: String) -> Patch? {
        guard let map = top.map("sql") else { return nil }
        let apply = script(map, "patch", beside: file)
        var undo: SQLScript?
        if map.string("undo") != notReversible {
            undo = script(map, "undo", beside: file, remedy: ", or write '\(notReversible)'")
        }
        map.close()
        guard let apply else { return nil }
        return Patch(apply: apply, undo: undo)
    }

    private static func script(
        _ map: SpecMap, _ key: String, beside file: String, remedy: String = ""
    ) -> SQLScript? {
        let name = map.name(key)
        guard map.isSound(key) else { return nil }
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        let places = ["\(folder)\(name).sql", "\(folder)../../sql/suggestions/\(name).sql"]
        guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }),
            let data = FileManager.default.contents(atPath: path)
        else {
            map.note(
                key, "there is no \(places.joined(separator: " and no "))",
                remedy: "name a script that lies in one of these places, without .sql\(remedy)")
            return nil
        }
        let script = SQLScript(name: name, file: path, text: String(decoding: data, as: UTF8.self))
        if script.statements.isEmpty {
            map.note(key, "\(path) has no statement", remedy: "write some SQL into it")
        }
        return script
    }

    /// Settings that its base has otherwise or not at all; all of them without a base.
    public var changedSettings: [Setting] {
        guard let baseline else { return settings }
        return settings.filter { !baseline.unchanged.contains($0.name) }
    }

    /// A file's text as a comment.
    static func quoted(_ title: String, _ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)\n" }
        return "\n# \(title):\n#\n" + lines.joined()
    }

    /// The texts of its scripts as comments, so that what is stored of a variant is all there was.
    static func quoted(_ patch: Patch) -> String {
        [patch.apply, patch.undo].compactMap { $0 }.map { quoted("The script \($0.name).sql", $0.text) }.joined()
    }
}
