import Yams

/// A mapping of a file. Each key is asked for once by name and type; ``close()`` reports the keys nobody asked for.
///
/// A getter that finds nothing or nonsense notes a problem and returns its stand-in, so the caller can go on and find
/// the other problems of the file; the values are used only after ``SpecDocument/finish()`` did not throw.
public final class SpecMap {
    public let document: SpecDocument
    public let place: SpecPlace
    private let node: Node
    private let path: String
    private var asked: [String] = []

    init(document: SpecDocument, node: Node, path: String) {
        self.document = document
        self.node = node
        self.path = path
        self.place = SpecPlace(node)
    }

    /// Notes every key that was never asked for, with the nearest known one.
    public func close() {
        for (key, _) in node.mapping ?? [:] {
            let name = key.string ?? "?"
            guard !asked.contains(name) else { continue }
            let near = asked.min { distance($0, name) < distance($1, name) }
            let hint = near.flatMap { distance($0, name) <= 2 ? "did you mean '\($0)'?" : nil }
            document.note(
                at: SpecPlace(key, or: place), "unknown key '\(full(name))'",
                remedy: hint ?? "known here: \(asked.joined(separator: ", "))")
        }
    }

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
        document.note(at: place(of: key), "\(full(key)): \(what)", remedy: remedy)
    }

    /// A text; `nil` without a problem when the key is missing and not `required`.
    public func string(_ key: String, required: Bool = false) -> String? {
        guard let value = find(key) else {
            if required { noteMissing(key, "a text") }
            return nil
        }
        guard let scalar = value.scalar else {
            note(key, "expected a text", remedy: "write one value after '\(key): '")
            return nil
        }
        return scalar.string
    }

    /// A required text, or a stand-in after noting the problem.
    public func text(_ key: String) -> String { string(key, required: true) ?? "" }

    /// A required or defaulted value of a closed set.
    public func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Value
    ) -> Value where Value.RawValue == String {
        guard let text = string(key) else { return fallback }
        guard let value = Value(rawValue: text) else {
            note(
                key, "'\(text)' is not known",
                remedy: "choose one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
            return fallback
        }
        return value
    }

    /// A whole number within a range.
    public func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) -> Int {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil) else { return stand }
        guard let value = Int(text.filter { $0 != "_" }) else {
            note(key, "'\(text)' is not a whole number", remedy: "write digits, such as \(stand)")
            return stand
        }
        guard range.contains(value) else {
            note(key, "\(value) is out of range", remedy: "use \(range.lowerBound) to \(range.upperBound)")
            return stand
        }
        return value
    }

    /// A number within a range.
    public func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil) -> Double {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil) else { return stand }
        guard let value = Double(text), value.isFinite else {
            note(key, "'\(text)' is not a number", remedy: "write a number, such as \(stand)")
            return stand
        }
        guard range.contains(value) else {
            note(key, "\(text) is out of range", remedy: "use \(range.lowerBound) to \(range.upperBound)")
            return stand
        }
        return value
    }

    /// Nanoseconds.
    public func duration(
        _ key: String, in range: ClosedRange<UInt64> = 0...UInt64.max, default fallback: UInt64? = nil
    ) -> UInt64 {
        quantity(key, in: range, default: fallback, QuantityParser.duration) { "\(Double($0) / 1e9)s" }
    }

    /// Bytes.
    public func bytes(_ key: String, in range: ClosedRange<Int> = 0...Int.max, default fallback: Int? = nil) -> Int {
        quantity(key, in: range, default: fallback, QuantityParser.bytes) { "\($0)B" }
    }

    /// Events per second.
    public func rate(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil) -> Double {
        quantity(key, in: range, default: fallback, QuantityParser.rate) { "\($0)/s" }
    }

    /// A share from 0 to 1.
    public func share(_ key: String, default fallback: Double? = nil) -> Double {
        quantity(key, in: 0...1, default: fallback, QuantityParser.share) { "\($0)" }
    }

    /// Yes or no.
    public func flag(_ key: String, default fallback: Bool) -> Bool {
        guard let text = string(key) else { return fallback }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            note(key, "'\(text)' is neither yes nor no", remedy: "write true or false")
            return fallback
        }
    }

    /// Seconds since 1970.
    public func instant(_ key: String) -> Int {
        quantity(key, in: 0...8_000_000_000, default: nil, QuantityParser.instant) { "\($0) s after 1970" }
    }

    /// A range `[low, high]` of whole numbers, or one number for both.
    public func integerRange(_ key: String, in range: ClosedRange<Int>, default fallback: ClosedRange<Int>)
        -> ClosedRange<Int>
    {
        pair(key, in: range, default: fallback) { text in
            Int(text).map { .success($0) } ?? .failure(QuantityError("'\(text)' is not a whole number", "write digits"))
        }
    }

    /// A range `[low, high]` of durations, or one duration for both; nanoseconds.
    public func durationRange(_ key: String, default fallback: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        pair(key, in: 0...UInt64.max, default: fallback, QuantityParser.duration)
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
                document.note(
                    at: SpecPlace(item, or: place), "\(full(key))[\(index)]: expected a mapping",
                    remedy: "write '- key: value'")
                return nil
            }
            return SpecMap(document: document, node: item, path: "\(full(key))[\(index)]")
        }
    }

    /// A list of texts; empty when the key is missing.
    public func strings(_ key: String) -> [String] {
        guard let value = find(key) else { return [] }
        guard let sequence = value.sequence else {
            note(key, "expected a list", remedy: "write it as [one, two]")
            return []
        }
        return sequence.compactMap { $0.scalar?.string }
    }

    /// A list of byte sizes.
    public func byteList(_ key: String) -> [Int] {
        guard let value = find(key) else { return [] }
        guard let sequence = value.sequence else {
            note(key, "expected a list", remedy: "write it as [1kB, 2kB]")
            return []
        }
        return sequence.compactMap { item in
            switch QuantityParser.bytes(item.scalar?.string ?? "") {
            case .success(let value): return value
            case .failure(let error):
                document.note(at: SpecPlace(item, or: place), "\(full(key)): \(error.what)", remedy: error.remedy)
                return nil
            }
        }
    }

    /// A list of numbers within a range.
    public func numberList(_ key: String, in range: ClosedRange<Double>) -> [Double] {
        guard let value = find(key) else { return [] }
        guard let sequence = value.sequence else {
            note(key, "expected a list", remedy: "write it as [1, 2]")
            return []
        }
        return sequence.compactMap { item in
            if let number = item.scalar.flatMap({ Double($0.string) }), range.contains(number) { return number }
            document.note(
                at: SpecPlace(item, or: place), "\(full(key)): '\(item.scalar?.string ?? "…")' is no number in range",
                remedy: "use \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
    }

    private func quantity<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, default fallback: Value?,
        _ parse: (String) -> Result<Value, QuantityError>, _ show: (Value) -> String
    ) -> Value {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil) else { return stand }
        switch parse(text) {
        case .failure(let error):
            note(key, error.what, remedy: error.remedy)
            return stand
        case .success(let value):
            guard range.contains(value) else {
                note(
                    key, "\(text) is out of range", remedy: "use \(show(range.lowerBound)) to \(show(range.upperBound))"
                )
                return stand
            }
            return value
        }
    }

    private func pair<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, default fallback: ClosedRange<Value>,
        _ parse: (String) -> Result<Value, QuantityError>
    ) -> ClosedRange<Value> {
        guard let value = find(key) else { return fallback }
        let texts = value.sequence.map { $0.map { $0.scalar?.string ?? "" } } ?? value.scalar.map { [$0.string] } ?? []
        var bounds: [Value] = []
        for text in texts {
            switch parse(text) {
            case .success(let bound): bounds.append(bound)
            case .failure(let error):
                note(key, error.what, remedy: error.remedy)
                return fallback
            }
        }
        guard let low = bounds.first, let high = bounds.last, bounds.count <= 2, low <= high, range.contains(low),
            range.contains(high)
        else {
            note(key, "is not a range", remedy: "write [low, high] within \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return low...high
    }

    private func find(_ key: String) -> Node? {
        if !asked.contains(key) { asked.append(key) }
        return node.mapping?[Node(key)]
    }

    private func noteMissing(_ key: String, _ kind: String) {
        document.note(at: place, "'\(full(key))' is missing", remedy: "give it \(kind)")
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Edit distance (Levenshtein).
    private func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (character == right[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
