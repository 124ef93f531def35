/// What a store node keeps of its archive, in the node's own words (documented option `--store-message-retention-policy`):
/// policies separated by semicolons, applied one after the other, each kind once.
public enum RetentionPolicy: Sendable, Equatable {
    /// Messages younger than so many seconds.
    case time(seconds: Int)
    /// As much as fits into so many bytes of database.
    case size(bytes: Int)
    /// About so many messages.
    case capacity(messages: Int)

    /// The policy in the node's words.
    public var text: String {
        switch self {
        case .time(let seconds): "time:\(seconds)"
        case .size(let bytes):
            bytes % Self.gigabyte == 0 ? "size:\(bytes / Self.gigabyte)GB" : "size:\(bytes / Self.megabyte)MB"
        case .capacity(let messages): "capacity:\(messages)"
        }
    }

    /// Reads `time:<seconds>`, `size:<n>GB|MB`, `capacity:<count>`, joined by semicolons, or `none`.
    public static func parse(_ text: String) -> Result<[RetentionPolicy], RetentionProblem> {
        let words = text.filter { $0 != " " }
        if words == "none" { return .success([]) }
        var policies: [RetentionPolicy] = []
        for part in words.split(separator: ";", omittingEmptySubsequences: false) {
            guard let policy = one(String(part)) else {
                return .failure(
                    RetentionProblem(
                        what: "'\(part)' is not a retention policy",
                        remedy: "write time:86400, size:250GB, capacity:1000000 or none, joined by ';'"))
            }
            if policies.contains(where: { $0.kind == policy.kind }) {
                return .failure(
                    RetentionProblem(what: "'\(policy.kind)' is given twice", remedy: "give each kind of policy once"))
            }
            policies.append(policy)
        }
        return .success(policies)
    }

    /// The node counts in powers of 1024, whatever its units are called.
    private static let megabyte = 1 << 20
    private static let gigabyte = 1 << 30

    private var kind: String { String(text.prefix { $0 != ":" }) }

    private static func one(_ text: String) -> RetentionPolicy? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "time": return number(parts[1], unit: "").map { .time(seconds: $0) }
        case "capacity": return number(parts[1], unit: "").map { .capacity(messages: $0) }
        case "size":
            if let count = number(parts[1], unit: "GB") { return .size(bytes: count * gigabyte) }
            return number(parts[1], unit: "MB").map { .size(bytes: $0 * megabyte) }
        default: return nil
        }
    }

    private static func number(_ text: String, unit: String) -> Int? {
        guard text.uppercased().hasSuffix(unit), let count = Int(text.dropLast(unit.count)),
            (1...1_000_000_000_000).contains(count), unit.isEmpty || count < 9_000_000
        else { return nil }
        return count
    }
}

/// Why a text is no list of retention policies.
public struct RetentionProblem: Error, Sendable, Equatable {
    public let what: String
    public let remedy: String
}
