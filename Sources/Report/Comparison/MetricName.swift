import RunRecord

/// A metric's name taken apart and put into words, such as `response.p99:put`.
struct MetricName {
    /// Before the colon: what was measured.
    let quantity: String
    /// Behind it; `nil` for what no request class has to itself.
    let requestClass: String?
    /// 99 for `response.p99`; `nil` for what is no quantile of a response time.
    let percentile: Double?

    /// Words for quantities: what it is, and what more and less of it are called.
    private static let words: [String: (name: String, more: String, less: String)] = [
        "throughput": ("throughput", "higher", "lower"),
        "server.cpu": ("server CPU", "more", "less"),
        "generator.cpu": ("generator CPU", "more", "less"),
        "planning.time": ("planning time", "longer", "shorter"),
        "planning.blocks": ("blocks read by planning", "more", "fewer"),
        "planning.oldest-blocks": ("blocks read by planning at the oldest end", "more", "fewer"),
        "wal.bytes": ("WAL", "more", "less"),
        "wal.records": ("WAL records", "more", "fewer"),
        "wal.full-page-images": ("full page images in WAL", "more", "fewer"),
        "disk.bytes": ("disk space", "more", "less"),
        "blocks.read": ("blocks read", "more", "fewer"),
        "blocks.temporary": ("blocks of temporary files", "more", "fewer"),
        "checkpoints": ("checkpoints", "more", "fewer"),
    ]

    init(_ name: String) {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        quantity = parts.first ?? name
        requestClass = parts.count > 1 ? parts[1] : nil
        percentile = quantity.hasPrefix("response.p") ? Double(quantity.dropFirst("response.p".count)) : nil
    }

    /// Whether it is a cost of the server; the load generator's own tells of the machine, not of a side, planning is a
    /// part of the response time, and what a request class has is a part of the whole.
    var isServersMeans: Bool {
        !isLatency && requestClass == nil && quantity != "generator.cpu" && !quantity.hasPrefix("planning")
    }

    /// Whether it says how long requests took: with or without their wait to be sent.
    var isLatency: Bool { quantity.hasPrefix("response.") || quantity.hasPrefix("service.") }

    /// What was measured, without the request class.
    var what: String {
        if let percentile { return "p\(PercentileChart.label(percentile))" }
        if quantity.hasPrefix("response.") { return String(quantity.dropFirst("response.".count)) }
        if isLatency { return quantity.split(separator: ".", maxSplits: 1).joined(separator: " ") }
        return Self.words[quantity]?.name ?? quantity
    }

    /// Name for a table, such as `put p99` or `server CPU`.
    var short: String { requestClass.map { "\($0) \(what)" } ?? what }

    /// What it means to somebody who waits, such as `slowest 1 % of put`.
    func subject(_ quantity: Quantity) -> String {
        guard let percentile, let requestClass else { return short }
        if percentile == 50 { return "typical \(requestClass)" }
        guard percentile > 50 else { return short }
        return "slowest \(quantity.factor(100 - percentile))\(quantity.space)% of \(requestClass)"
    }

    /// The effect in words, such as `slowest 1 % of put 18.0 % faster`.
    func effect(_ ratio: RatioInterval, _ quantity: Quantity) -> String {
        let words = Self.words[self.quantity]
        // Half the time is twice as fast: beyond that "faster" is read as one or the other.
        let isFar = ratio.value < 0.5 || ratio.value > 2
        let more = isLatency ? (isFar ? "more time" : "slower") : words?.more ?? "more"
        let less = isLatency ? (isFar ? "less time" : "faster") : words?.less ?? "less"
        return "\(subject(quantity)) \(ratio.size(quantity)) \(ratio.value < 1 ? less : more)"
    }
}

extension RatioInterval {
    /// Decimals of a percentage that the interval's width allows, three significant digits at most.
    private var decimals: Int {
        let width = abs(high - low) * 100
        let most = abs(value - 1) >= 0.0995 ? 1 : 2
        return width >= 10 ? 0 : min(width >= 1 ? 1 : 2, most)
    }

    /// The effect without its sign, such as `18.0 %`.
    func size(_ quantity: Quantity) -> String {
        quantity.fixed(abs(value - 1) * 100, decimals) + quantity.space + "%"
    }

    /// The effect, such as `−18.0 %`.
    func effect(_ quantity: Quantity) -> String { signed(value, quantity) + quantity.space + "%" }

    /// The interval, such as `[−22.0, −14.0] %`.
    func interval(_ quantity: Quantity) -> String {
        "[\(signed(low, quantity)), \(signed(high, quantity))]\(quantity.space)%"
    }

    private func signed(_ ratio: Double, _ quantity: Quantity) -> String {
        let text = quantity.fixed(abs(ratio - 1) * 100, decimals)
        let isZero = text.allSatisfy { $0 == "0" || $0 == "." }
        return (isZero ? "" : ratio < 1 ? "−" : "+") + text
    }
}

extension Quantity {
    /// A value of a metric with its unit, such as `11.3 ms`, `7.90 kB/message`, `120/s`.
    func measure(_ value: Double?, _ unit: String) -> String {
        guard let value, value.isFinite else { return Self.missing }
        guard unit.hasPrefix("1/") == false else { return digits(value) + unit.dropFirst() }
        // `B/message`, and `ms a plan`.
        let cut = unit.firstIndex(of: "/") ?? unit.firstRange(of: " a ")?.lowerBound ?? unit.endIndex
        let per = unit[cut...]
        switch unit[..<cut] {
        case "µs": return time(value / 1_000) + per
        case "ms": return time(value) + per
        case "s": return time(value * 1_000) + per
        case "B": return (value < 999.5 ? digits(value) + space + "B" : bytes(Int(min(value, 1e18)))) + per
        case "": return digits(value)
        default: return digits(value) + space + unit
        }
    }

    /// A difference that matters, such as `±3 %`.
    func margin(_ share: Double) -> String { "±\(factor(share * 100))\(space)%" }
}

extension Verdict {
    /// Colour of the verdict.
    var tone: Tone {
        switch self {
        case .better: .better
        case .worse: .worse
        case .equivalent: .equivalent
        case .inconclusive: .open
        }
    }
}
