import RunRecord

/// What a closed loop says of itself, and what must not be read into it.
struct PacingWords {
    private let record: RunRecord
    private let quantity: Quantity
    private let clients: Int

    /// `nil` for a load that ran to a schedule.
    init?(_ record: RunRecord, _ quantity: Quantity) {
        guard let clients = record.closedClients else { return nil }
        (self.record, self.quantity, self.clients) = (record, quantity, clients)
    }

    /// In a heading or a list of facts.
    var name: String { "closed loop, \(quantity.count(clients)) \(clients == 1 ? "client" : "clients")" }

    /// The answer of a closed loop is its throughput.
    var headline: String {
        "\(TrialAnswer.sentence(name).dropLast()): \(quantity.digits(record.throughput)) operations a second completed."
    }

    /// Beside every latency.
    var meaning: String {
        "Latency means another thing in a closed loop: response is from the client's turn to its answer. Nothing waits, so a stall delays what would have come after it instead of queueing it. Compare it only with closed loops of as many clients."
    }

    /// Offered rates and objectives have no meaning here, and a sequence may have ended.
    var details: [String] {
        [meaning, "Offered rate, goodput, backlog and objectives are not judged in a closed loop."] + ended
    }

    /// What the table of request classes holds.
    var tableNote: String {
        "Rates are operations a second. Times are milliseconds; p50 to max are response times, here from the client's turn to the end. Service is sent to done."
    }

    private var ended: [String] {
        guard record.events.contains(where: { $0.kind == RunRecord.sequenceEndedEvent }) else { return [] }
        let planned = quantity.limit(record.phases.measureSeconds * 1_000)
        let measured = quantity.time((record.phases.measuredSeconds ?? 0) * 1_000)
        return [
            "The sequence of operations ended before the time: \(measured) of \(planned) were measured. A larger --rate-scale makes it longer."
        ]
    }
}
