/// A snapshot in Prometheus' text format (version 0.0.4; of OpenMetrics what it shares with that): `name{label="value"} value
/// [timestamp]`, a line each.
struct Exposition {
    struct Sample: Equatable {
        let name: String
        /// In the order of the line.
        let labels: [Label]
        let value: Double
    }

    struct Label: Hashable {
        let name, value: String
    }

    /// Milliseconds since 1970.
    private static let year10000 = 253_402_300_800_000.0

    private(set) var samples: [Sample] = []
    /// Latest of all lines, milliseconds since 1970; `nil` without any.
    private(set) var latest: Double?

    /// - Parameters:
    ///   - text: of the whole file.
    ///   - wrong: is told of each line that cannot be read: its number, the column, what is wrong.
    init(_ text: String, wrong: (Int, Int, String) -> Void) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        // OpenMetrics ends with this line, and its timestamps are seconds.
        let scale = lines.contains("# EOF") ? 1_000.0 : 1
        for (index, line) in lines.enumerated() {
            let words = line.trimmed
            guard !words.isEmpty, words.first != "#" else { continue }
            var reader = LineReader(line)
            guard let (sample, time) = reader.sample() else {
                wrong(index + 1, reader.column, reader.expected)
                continue
            }
            samples.append(sample)
            guard let time else { continue }
            guard (0..<Self.year10000).contains(time * scale) else {
                wrong(index + 1, reader.column, "no time between 1970 and 9999 here")
                continue
            }
            latest = max(latest ?? 0, time * scale)
        }
    }

    /// Values of one name, with their labels.
    func values(_ name: String) -> [(labels: [Label], value: Double)] {
        samples.filter { $0.name == name }.map { ($0.labels, $0.value) }
    }

    /// Reads one line from its left to its right.
    private struct LineReader {
        private let line: Substring
        private var place: Substring.Index
        /// What was looked for where it went wrong.
        private(set) var expected = "no name of a metric here"

        init(_ line: Substring) {
            self.line = line
            place = line.startIndex
        }

        /// From 1.
        var column: Int { line.distance(from: line.startIndex, to: place) + 1 }

        mutating func sample() -> (Sample, Double?)? {
            skipBlanks()
            let name = word { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" }
            guard !name.isEmpty else { return nil }
            skipBlanks()
            guard let labels = labels() else { return nil }
            skipBlanks()
            expected = "no value of the metric here"
            guard let value = number() else { return nil }
            skipBlanks()
            guard place < line.endIndex, line[place] != "#" else {
                return (Sample(name: name, labels: labels, value: value), nil)
            }
            expected = "no timestamp here"
            guard let time = number(), time.isFinite else { return nil }
            return (Sample(name: name, labels: labels, value: value), time)
        }

        private mutating func labels() -> [Label]? {
            guard take("{") else { return [] }
            var labels: [Label] = []
            skipBlanks()
            while !take("}") {
                expected = "no label here"
                let name = word { $0.isLetter || $0.isNumber || $0 == "_" }
                skipBlanks()
                guard !name.isEmpty, take("=") else { return nil }
                skipBlanks()
                expected = "no quoted value of a label here"
                guard let value = quoted() else { return nil }
                labels.append(Label(name: name, value: value))
                skipBlanks()
                _ = take(",")
                skipBlanks()
            }
            return labels
        }

        private mutating func quoted() -> String? {
            guard take("\"") else { return nil }
            var text = ""
            while place < line.endIndex {
                let character = line[place]
                line.formIndex(after: &place)
                if character == "\"" { return text }
                guard character == "\\", place < line.endIndex else {
                    text.append(character)
                    continue
                }
                text.append(line[place] == "n" ? "\n" : line[place])
                line.formIndex(after: &place)
            }
            return nil
        }

        /// Go's spelling of infinity is Swift's too, and so is that of no number.
        private mutating func number() -> Double? {
            let start = place
            let text = word { !$0.isWhitespace }
            guard let number = Double(text) else {
                place = start
                return nil
            }
            return number
        }

        private mutating func word(_ belongs: (Character) -> Bool) -> String {
            let word = line[place...].prefix(while: belongs)
            place = word.endIndex
            return String(word)
        }

        private mutating func take(_ character: Character) -> Bool {
            guard place < line.endIndex, line[place] == character else { return false }
            line.formIndex(after: &place)
            return true
        }

        private mutating func skipBlanks() {
            while place < line.endIndex, line[place] == " " || line[place] == "\t" { line.formIndex(after: &place) }
        }
    }
}
