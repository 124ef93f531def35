/// The server's log as entries: lines that begin with time and process, as `log_line_prefix = '%m [%p] '` makes them, with
/// the lines that belong to them.
package struct ServerLog {
    struct Entry: Equatable {
        /// Milliseconds since 1970.
        let at: Int
        let process: Int
        /// Such as `LOG`.
        let severity: Substring
        /// Without the severity; continuation lines follow line breaks, without the tab in front.
        var message: String
    }

    let entries: [Entry]

    /// Reads a log; lines of another form are left out.
    init(_ text: String) {
        var entries: [Entry] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("\t") {
                if !entries.isEmpty { entries[entries.count - 1].message += "\n" + line.dropFirst() }
            } else if let entry = Self.entry(line) {
                entries.append(entry)
            }
        }
        self.entries = entries
    }

    /// `2026-11-21 14:20:01.123 UTC [123] LOG:  words`
    private static func entry(_ line: Substring) -> Entry? {
        let words = line.split(separator: " ", maxSplits: 4)
        guard words.count == 5, words[2] == "UTC", let time = milliseconds(words[0], words[1]),
            words[3].hasPrefix("["), words[3].hasSuffix("]"), let process = Int(words[3].dropFirst().dropLast()),
            let colon = words[4].firstIndex(of: ":")
        else { return nil }
        let rest = words[4][words[4].index(after: colon)...].drop { $0 == " " }
        return Entry(at: time, process: process, severity: words[4][..<colon], message: String(rest))
    }

    /// A UTC date and time as milliseconds since 1970 (days-from-civil of Howard Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms").
    package static func milliseconds(_ date: Substring, _ time: Substring) -> Int? {
        let day = date.split(separator: "-").compactMap { Int($0) }
        let clock = time.split { $0 == ":" || $0 == "." }.compactMap { Int($0) }
        guard day.count == 3, clock.count == 4 else { return nil }
        let year = day[1] <= 2 ? day[0] - 1 : day[0]
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (day[1] + (day[1] > 2 ? -3 : 9)) + 2) / 5 + day[2] - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return (((days * 24 + clock[0]) * 60 + clock[1]) * 60 + clock[2]) * 1_000 + clock[3]
    }
}
