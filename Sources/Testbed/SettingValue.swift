/// What a setting's text means, however it is spelt: `1024MB` is `1GB`, `300s` is `5min`, `true` is `on`.
package struct SettingValue: Equatable {
    private let text: String

    /// Of a text as a settings file or `SHOW` has it.
    package init(_ raw: String) {
        let raw = raw.lowercased()
        if let bytes = Variant.memoryBytes(raw.uppercased().replacing("KB", with: "kB")) {
            text = "\(bytes) bytes"
        } else if let milliseconds = Self.milliseconds(raw) {
            text = "\(milliseconds) ms"
        } else if let number = Double(raw) {
            text = "\(number)"
        } else {
            text = Self.switches[raw] ?? raw
        }
    }

    private static let switches = ["true": "on", "yes": "on", "false": "off", "no": "off"]

    /// PostgreSQL's units of time.
    private static func milliseconds(_ text: String) -> Double? {
        let units = [("us", 0.001), ("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000), ("d", 86_400_000)]
        guard let unit = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
        return Double(text.dropLast(unit.0.count)).map { $0 * unit.1 }
    }
}
