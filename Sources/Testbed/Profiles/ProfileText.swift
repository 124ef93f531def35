/// Numbers of a profile, for people.
public enum ProfileText {
    /// Up to three digits after the point, none that say nothing.
    public static func number(_ value: Double) -> String {
        let rounded = (value * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
    }

    /// One or several of a thing, such as `1 processor`, `0.5 processors`.
    public static func count(_ value: Double, _ thing: String) -> String {
        "\(number(value)) \(thing)\(value == 1 ? "" : "s")"
    }

    /// Memory in powers of 1024.
    public static func memory(_ bytes: Int) -> String {
        bytes >= 1 << 30 ? "\(number(hundredths(Double(bytes) / 1_073_741_824))) GiB" : "\(bytes >> 20) MiB"
    }

    /// Bytes in powers of 1000.
    public static func size(_ bytes: Int) -> String {
        let units: [(String, Double)] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        for (unit, factor) in units where Double(bytes) >= factor {
            return "\(number(hundredths(Double(bytes) / factor))) \(unit)"
        }
        return "\(bytes) B"
    }

    /// Nanoseconds.
    public static func time(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        if value >= 1e9 { return "\(number(value / 1e9)) s" }
        return value >= 1e6 ? "\(number(value / 1e6)) ms" : "\(number(value / 1e3)) µs"
    }

    private static func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
