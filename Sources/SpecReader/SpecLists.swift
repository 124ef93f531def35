import Yams

/// Lists and ranges.
extension SpecMap {
    /// A range `[low, high]` of whole numbers, or one number for both.
    public func integerRange(
        _ key: String, in range: ClosedRange<Int>, default fallback: ClosedRange<Int>
    ) -> ClosedRange<Int> {
        pair(key, in: range, default: fallback, example: "[1, 5]", QuantityParser.integer) { "\($0)" }
    }

    /// A range `[low, high]` of durations, or one duration for both; nanoseconds.
    public func durationRange(
        _ key: String, in range: ClosedRange<UInt64>, default fallback: ClosedRange<UInt64>
    ) -> ClosedRange<UInt64> {
        pair(
            key, in: range, default: fallback, example: "[3s, 10s]", QuantityParser.duration,
            QuantityParser.show(duration:))
    }

    /// A list of texts; empty when the key is missing.
    public func strings(_ key: String) -> [String] { texts(key).map(\.text) }

    /// A list of texts with their places; empty when the key is missing.
    public func texts(_ key: String) -> [(text: String, place: SpecPlace)] {
        items(key, required: false, example: "[one, two]").compactMap { item in
            let place = SpecPlace(item, or: place)
            if let text = item.scalar?.string, !text.isEmpty { return (text, place) }
            note(key, at: place, "expected a word", remedy: "write it as [one, two]")
            return nil
        }
    }

    /// A list of byte sizes within a range, with one entry at least; empty after a problem was noted.
    public func byteList(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        list(key, in: range, example: "[1kB, 2kB]", QuantityParser.bytes, QuantityParser.show(bytes:))
    }

    /// A list of numbers within a range, with one entry at least; empty after a problem was noted.
    public func numberList(_ key: String, in range: ClosedRange<Double>) -> [Double] {
        list(key, in: range, example: "[1, 2]", QuantityParser.number) { QuantityParser.show($0) }
    }

    /// A list of rates within a range, events per second, with one entry at least; empty after a problem was noted.
    public func rateList(_ key: String, in range: ClosedRange<Double>) -> [Double] {
        list(key, in: range, example: "[10/s, 12/s]", QuantityParser.rate) { "\(QuantityParser.show($0))/s" }
    }

    private func items(_ key: String, required: Bool, example: String) -> [Node] {
        guard let value = find(key) else {
            if required { noteMissing(key, "a list such as \(example)") }
            return []
        }
        guard let sequence = value.sequence else {
            note(key, "expected a list", remedy: "write it as \(example)")
            return []
        }
        if required && sequence.isEmpty { note(key, "is empty", remedy: "write a list such as \(example)") }
        return Array(sequence)
    }

    private func list<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, example: String,
        _ parse: (String) -> Result<Value, QuantityError>, _ show: (Value) -> String
    ) -> [Value] {
        let values = items(key, required: true, example: example).compactMap { item in
            element(item, of: key, in: range, example: example, parse, show)
        }
        return isSound(key) ? values : []
    }

    private func pair<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, default fallback: ClosedRange<Value>, example: String,
        _ parse: (String) -> Result<Value, QuantityError>, _ show: (Value) -> String
    ) -> ClosedRange<Value> {
        guard let value = find(key) else { return fallback }
        let parts = value.sequence.map(Array.init) ?? [value]
        guard (1...2).contains(parts.count) else {
            note(key, "is not a range", remedy: "write two values such as \(example), or one for both")
            return fallback
        }
        let bounds = parts.compactMap { element($0, of: key, in: range, example: example, parse, show) }
        guard isSound(key), let low = bounds.first, let high = bounds.last else { return fallback }
        guard low <= high else {
            note(
                key, "is not a range: \(show(low)) is more than \(show(high))", remedy: "write the smaller value first")
            return fallback
        }
        return low...high
    }

    private func element<Value: Comparable>(
        _ item: Node, of key: String, in range: ClosedRange<Value>, example: String,
        _ parse: (String) -> Result<Value, QuantityError>, _ show: (Value) -> String
    ) -> Value? {
        let place = SpecPlace(item, or: place)
        guard let text = item.scalar?.string else {
            note(key, at: place, "expected one value", remedy: "write it as \(example)")
            return nil
        }
        switch parse(text) {
        case .failure(let error):
            note(key, at: place, error.what, remedy: error.remedy)
            return nil
        case .success(let value):
            if range.contains(value) { return value }
            note(
                key, at: place, "\(text) is out of range",
                remedy: "use \(show(range.lowerBound)) to \(show(range.upperBound))")
            return nil
        }
    }
}
