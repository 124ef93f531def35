import RunRecord

/// What a stall is called, for people.
enum StallWords {
    /// Adjacent seconds as one stall.
    ///
    /// - Parameters:
    ///   - seconds: rising, one after the other.
    ///   - found: what request classes did, by second.
    /// - Returns: the stall and its sentence.
    static func stall(_ seconds: ClosedRange<Int>, _ found: [Int: [ClassFinding]]) -> Stall {
        let findings = seconds.flatMap { found[$0] ?? [] }
        let length = seconds.count
        let parts = [nothing(findings, of: length), rose(findings)].compactMap { $0 }
        return Stall(
            atSeconds: Double(seconds.lowerBound), seconds: Double(length), classes: Set(findings.map(\.name)).sorted(),
            detail: "\(length) s from \(seconds.lowerBound) s on, " + parts.joined(separator: "; "))
    }

    /// Classes that completed nothing, those that did so longest in front.
    private static func nothing(_ findings: [ClassFinding], of length: Int) -> String? {
        let blank = findings.filter { $0.what == .completedNothing }
        let classes = Dictionary(grouping: blank, by: \.name).mapValues(\.count).sorted {
            ($1.value, $0.key) < ($0.value, $1.key)
        }
        guard let longest = classes.first?.value, let shortest = classes.last?.value else { return nil }
        let time =
            shortest == length ? "" : longest == shortest ? " for \(longest) s" : " for \(shortest) to \(longest) s"
        return "\(list(classes.map(\.key))) completed nothing\(time)"
    }

    /// Classes whose p99 rose, the slowest in front.
    private static func rose(_ findings: [ClassFinding]) -> String? {
        var peaks: [String: (from: UInt64, to: UInt64)] = [:]
        for finding in findings {
            guard case .rose(let from, let to) = finding.what else { continue }
            peaks[finding.name] = (from, max(to, peaks[finding.name]?.to ?? 0))
        }
        let classes = peaks.sorted { ($1.value.to, $0.key) < ($0.value.to, $1.key) }
        guard !classes.isEmpty else { return nil }
        let words = classes.map { "for \($0.key) from \(time($0.value.from)) to \(time($0.value.to))" }
        return "p99 rose " + list(words, before: "for ")
    }

    /// The first few, and how many there are besides.
    private static func list(_ words: [String], before rest: String = "") -> String {
        let named = words.prefix(StallRules.mostNamed)
        let others = words.count - named.count
        if others > 0 {
            return named.joined(separator: ", ") + " and \(rest)\(others) other request class\(others == 1 ? "" : "es")"
        }
        guard let last = named.last, named.count > 1 else { return words.first ?? "" }
        return named.dropLast().joined(separator: ", ") + " and " + last
    }

    /// Nanoseconds in milliseconds or seconds, to three digits.
    private static func time(_ duration: UInt64) -> String {
        let (value, unit) = duration < 1_000_000_000 ? (Double(duration) / 1e6, "ms") : (Double(duration) / 1e9, "s")
        let digits = value < 10 ? 2 : value < 100 ? 1 : 0
        return "\(RecordAssembly.rounded(value, digits)) \(unit)"
    }
}
