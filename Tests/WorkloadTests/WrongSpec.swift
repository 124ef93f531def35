import Testing

/// A wrong file: a good one with a change, and the one line that is to be said about it.
struct WrongSpec: Sendable, CustomTestStringConvertible {
    let from: String
    let to: String
    /// Behind the file's name.
    let line: String
    let isOverlay: Bool

    init(_ from: String, _ to: String, _ line: String) {
        self.init(from, to, line, isOverlay: false)
    }

    init(_ from: String, _ to: String, _ line: String, isOverlay: Bool) {
        self.from = from
        self.to = to
        self.line = (isOverlay ? "o.yaml:" : "w.yaml:") + line
        self.isOverlay = isOverlay
    }

    static func overlay(_ from: String, _ to: String, _ line: String) -> WrongSpec {
        WrongSpec(from, to, line, isOverlay: true)
    }

    var testDescription: String { to.isEmpty ? "without '\(from)'" : to }

    /// The whole wrong text; an empty `from` stands for all of the good one.
    func text() throws -> String {
        let base = isOverlay ? WrongSpecs.overlay : WrongSpecs.workload
        return from.isEmpty ? to : try Self.replacing(from, with: to, in: base)
    }

    /// A text with the first place of some words changed.
    static func replacing(_ from: String, with to: String, in text: String) throws -> String {
        let place = try #require(text.firstRange(of: from), "the base has no '\(from)'")
        var changed = text
        changed.replaceSubrange(place, with: to)
        return changed
    }
}
