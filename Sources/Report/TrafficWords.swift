import RunRecord

/// What the traffic was like, in sentences.
struct TrafficWords {
    let traffic: TrafficSummary
    let bandwidth: Bandwidth
    let quantity: Quantity

    /// A name of the workload; the middle of a very long one is left out.
    static func short(_ name: String) -> String { SVG.shortened(name, to: 40) }

    /// How archive time ran; `nil` when as the wall clock.
    var timeScale: String? {
        let scale = traffic.timeScale
        guard scale != 1 else { return nil }
        return scale > 1
            ? "Archive time ran \(quantity.factor(scale)) times faster than the wall clock."
            : "Archive time ran at \(quantity.factor(scale)) times the speed of the wall clock."
    }

    /// The head of a note near the top of a report; `nil` when there is nothing to warn of.
    var notice: String? {
        timeScale ?? (traffic.distortions.isEmpty ? nil : "This trial differs from production by design.")
    }

    // MARK: Bandwidth

    /// Who takes the most bytes in each direction, with their shares; `nil` when no byte moved.
    var topConsumers: String? {
        let parts = Bandwidth.Direction.allCases.map { (direction: $0, text: consumers($0)) }
        guard parts.contains(where: { $0.text != nil }) else { return nil }
        return TrialAnswer.sentence(
            parts.map { part in
                part.text.map { "of the bytes \(part.direction.rawValue), \($0)" }
                    ?? (part.direction == .incoming ? "nothing came in" : "nothing went out")
            }
            .joined(separator: "; "))
    }

    /// The largest, and the second where it has at least a tenth.
    private func consumers(_ direction: Bandwidth.Direction) -> String? {
        let ranked = bandwidth.classes.compactMap { row in
            bandwidth.share(of: row, direction).map { (name: Self.short(row.messageClass), share: $0) }
        }
        .filter { $0.share > 0 }
        .sorted { ($1.share, $0.name) < ($0.share, $1.name) }
        guard let first = ranked.first else { return nil }
        guard ranked.count > 1 else { return "\(first.name) takes all" }
        let second = ranked[1].share >= 0.1 ? " and \(ranked[1].name) \(quantity.share(ranked[1].share))" : ""
        return "\(first.name) takes \(quantity.share(first.share))\(second)"
    }

    /// What came in and was never stored; `nil` when all of it was.
    var ephemeral: String? {
        let (dropped, all) = (bandwidth.total.ephemeral, bandwidth.total.messagesIn)
        guard dropped > 0 else { return nil }
        let share = all > 0 ? " (\(quantity.share(Double(dropped) / Double(all))) of those in)" : ""
        return dropped == 1
            ? "1 message was ephemeral: it was dropped unstored."
            : "\(quantity.count(dropped)) messages\(share) were ephemeral: they were dropped unstored."
    }

    /// All bytes of one direction, such as "34.2 MB, 570 kB/s".
    func amount(_ direction: Bandwidth.Direction) -> String {
        let bytes = direction.bytes(of: bandwidth.total)
        guard bytes > 0 else { return "nothing" }
        return ([quantity.bytes(bytes)] + [byteRate(bytes)].compactMap { $0 }).joined(separator: ", ")
    }

    /// Bytes a second of the measure phase; `nil` where nothing was measured.
    func byteRate(_ bytes: Int) -> String? {
        bandwidth.rate(bytes).map { quantity.bytes(Int(min($0, 1e18).rounded())) + "/s" }
    }

    // MARK: Sessions

    /// How the clients of one entry fared, and how often they asked again.
    func outcome(_ session: SessionSummary) -> String {
        [served(session), retries(session)].compactMap { $0 }.joined(separator: " ")
    }

    private func served(_ session: SessionSummary) -> String {
        let (all, name) = (quantity.count(session.started), Self.short(session.name))
        let lost = session.gaveUp > 0 ? "\(quantity.count(session.gaveUp)) gave up" : nil
        if session.started < 1 { return "No client of \(name) came." }
        if session.unfinished > 0 {
            return "\(quantity.count(session.unfinished)) of \(all) clients of \(name) were still under way when the "
                + "trial ended\(lost.map { "; \($0)" } ?? "")."
        }
        if session.started == 1 {
            return "The one client of \(name) \(session.gaveUp > 0 ? "gave up" : "was served")."
        }
        if session.gaveUp >= session.started { return "All \(all) clients of \(name) gave up." }
        let time = session.clearSeconds.map { " \(quantity.time($0 * 1_000)) after the first came back" } ?? ""
        let who = session.finished >= session.started ? "All \(all)" : "\(quantity.count(session.finished)) of \(all)"
        return "\(who) clients of \(name) were served\(time)\(lost.map { "; \($0)" } ?? "")."
    }

    private func retries(_ session: SessionSummary) -> String? {
        guard session.retries > 0, let share = Self.retryShare(session) else { return nil }
        return "Retries are \(quantity.share(share)) of their \(quantity.count(session.requests)) requests."
    }

    /// Requests sent again as a part of all requests; `nil` without requests.
    static func retryShare(_ session: SessionSummary) -> Double? {
        session.requests > 0 ? Double(session.retries) / Double(session.requests) : nil
    }

    // MARK: Self-checks

    /// An observed figure with its unit, which may be a rate such as "/min".
    func figure(_ value: Double, _ unit: String) -> String {
        quantity.digits(value) + (unit.isEmpty || unit.hasPrefix("/") ? unit : quantity.space + unit)
    }
}

extension Quantity {
    /// A share of 1 as percent, in words where it is next to nothing.
    func share(_ share: Double) -> String {
        share > 0 && share < 0.001 ? "< 0.1\(space)%" : percent(share)
    }

    /// A number of a column whose unit may be too large for it.
    func amount(_ value: Double) -> String {
        value > 0 && value < 0.000_5 ? "< 0.001" : milliseconds(value)
    }
}
