import Telemetry

/// When a snapshot was taken.
package enum SnapshotTime {
    /// How the times of snapshots are known.
    enum Origin: Equatable {
        /// A person says that they were taken so many seconds apart, in the order of the files.
        case told(Double)
        case names
        case lines

        var words: String {
            switch self {
            case .told(let seconds): "as told, \(RecordAssembly.rounded(seconds, 3)) s apart in the order of the files"
            case .names: "in the names of the files, read as UTC"
            case .lines: "the latest time of each snapshot's own lines"
            }
        }
    }

    /// Seconds since 1970 from a file's name: a date and time such as `20260105T180000Z`, `2026-01-05_18-00-00` or
    /// `2026-01-05T18:00:00Z`, or ten digits of seconds, or thirteen of milliseconds; `nil` without any. Ten digits that
    /// would be a time after 2033 are more likely year, month, day and hour, and no time.
    package static func named(_ name: String) -> Double? {
        let form = #/(?:^|\D)(\d{4})-?(\d\d)-?(\d\d)[T_\- ](\d\d)[:_\-]?(\d\d)[:_\-]?(\d\d)(?!\d)/#
        if let (_, year, month, day, hour, minute, second) = name.firstMatch(of: form)?.output,
            isWithin(month, 1...12), isWithin(day, 1...31), isWithin(hour, 0...23), isWithin(minute, 0...59),
            isWithin(second, 0...60)
        {
            return ServerLog.milliseconds("\(year)-\(month)-\(day)", "\(hour):\(minute):\(second).0")
                .map { Double($0) / 1_000 }
        }
        let digits = name.split { !$0.isNumber }
        let seconds = digits.compactMap { text -> Double? in
            guard let number = Double(String(text)) else { return nil }
            return text.count == 10 ? number : text.count == 13 ? number / 1_000 : nil
        }
        return seconds.first { 1e9..<2e9 ~= $0 }
    }

    private static func isWithin(_ digits: Substring, _ range: ClosedRange<Int>) -> Bool {
        Int(digits).map { range.contains($0) } ?? false
    }
}
