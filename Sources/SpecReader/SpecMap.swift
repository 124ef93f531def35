import Yams

/// A mapping of a file. Each key is asked for once by name and type; ``close()`` reports the keys nobody asked for.
///
/// A getter that finds nothing or nonsense notes a problem and returns its stand-in, so the caller can go on and find
/// the other problems of the file; the values are used only after ``SpecDocument/finish()`` did not throw.
public final class SpecMap {
    /// The file, which problems are noted on.
    public let document: SpecDocument
    /// Where the map begins.
    public let place: SpecPlace
    let node: Node
    private let path: String
    private var asked: [String] = []
    /// Keys that a problem was noted with, and the problems of the missing ones.
    private var wrong: Set<String> = []
    private var missing: [String: SpecProblem] = [:]

    init(document: SpecDocument, node: Node, path: String) {
        self.document = document
        self.node = node
        self.path = path
        self.place = SpecPlace(node)
    }

    /// Notes every key that was never asked for, with the nearest known one. A misspelt key is one problem, not a second
    /// one for the key that it should have been.
    public func close() {
        let unknown = (node.mapping ?? [:]).map(\.key).filter { !asked.contains($0.string ?? "?") }
        for key in unknown {
            let name = key.string ?? "?"
            let near = Spelling.nearest(to: name, among: asked.filter { node.mapping?[Node($0)] == nil })
            var remedy = near.map { "did you mean '\($0)'?" } ?? "known here: \(asked.joined(separator: ", "))"
            if near == nil, unknown.count == 1, missing.count == 1, let lacking = missing.keys.first {
                remedy = "'\(lacking)' is missing; \(remedy)"
                retractMissing(lacking)
            }
            if let near { retractMissing(near) }
            document.note(at: SpecPlace(key, or: place), "unknown key '\(full(name))'", remedy: remedy)
        }
    }

    /// Whether no problem was noted with the key's value so far: what follows from a wrong value is no news.
    public func isSound(_ key: String) -> Bool { !wrong.contains(key) }

    /// Whether the mapping has keys that nobody asked for yet.
    public var hasUnknownKeys: Bool { (node.mapping ?? [:]).contains { !asked.contains($0.key.string ?? "?") } }

    /// Whether the key is there; counts as having asked for it.
    public func has(_ key: String) -> Bool { find(key) != nil }

    /// Whether a key is there with a single value.
    public func isScalar(_ key: String) -> Bool { find(key)?.scalar != nil }

    /// The keys of the mapping, in the file's order; counts as having asked for all of them.
    public func allKeys() -> [String] {
        let keys = (node.mapping ?? [:]).compactMap { $0.key.string }
        asked += keys
        return keys
    }

    /// Where a key's value stands; the mapping itself when the key is missing.
    public func place(of key: String) -> SpecPlace { find(key).map { SpecPlace($0, or: place) } ?? place }

    /// Notes a problem with a key's value.
    public func note(_ key: String, _ what: String, remedy: String) {
        note(key, at: place(of: key), what, remedy: remedy)
    }

    /// Notes a problem with a part of a key's value.
    public func note(_ key: String, at part: SpecPlace, _ what: String, remedy: String) {
        wrong.insert(key)
        document.note(at: part, "\(full(key)): \(what)", remedy: remedy)
    }

    /// A mapping below a key; `nil` without a problem when missing and not `required`.
    public func map(_ key: String, required: Bool = false) -> SpecMap? {
        guard let value = find(key) else {
            if required { noteMissing(key, "a mapping") }
            return nil
        }
        guard value.mapping != nil else {
            note(key, "expected a mapping", remedy: "write 'key: value' lines below it")
            return nil
        }
        return SpecMap(document: document, node: value, path: full(key))
    }

    /// A list of mappings; a missing or empty required list is a problem.
    public func maps(_ key: String, required: Bool = false) -> [SpecMap] {
        guard let value = find(key) else {
            if required { noteMissing(key, "a list") }
            return []
        }
        guard let sequence = value.sequence else {
            note(key, "expected a list", remedy: "start each entry with '- '")
            return []
        }
        if required && sequence.isEmpty { note(key, "is empty", remedy: "give at least one entry") }
        return sequence.enumerated().compactMap { index, item in
            guard item.mapping != nil else {
                wrong.insert(key)
                document.note(
                    at: SpecPlace(item, or: place), "\(full(key))[\(index)]: expected a mapping",
                    remedy: "write '- key: value'")
                return nil
            }
            return SpecMap(document: document, node: item, path: "\(full(key))[\(index)]")
        }
    }

    func find(_ key: String) -> Node? {
        if !asked.contains(key) { asked.append(key) }
        return node.mapping?.first { $0.key.scalar?.string == key }?.value
    }

    func noteMissing(_ key: String, _ kind: String) {
        wrong.insert(key)
        missing[key] = document.note(at: place, "'\(full(key))' is missing", remedy: "give it \(kind)")
    }

    /// Notes that something is not there which one of these keys would have brought; a misspelt one takes it back.
    public func noteMissing(anyOf keys: [String], at place: SpecPlace, _ what: String, remedy: String) {
        let problem = document.note(at: place, what, remedy: remedy)
        for key in keys { missing[key] = problem }
    }

    private func retractMissing(_ key: String) {
        guard let problem = missing[key] else { return }
        document.retract(problem)
        missing = missing.filter { $0.value != problem }
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
