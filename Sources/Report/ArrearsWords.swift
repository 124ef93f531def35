import RunRecord

/// What a trial that fell behind says before anything else.
struct ArrearsWords {
    let arrears: Arrears
    let quantity: Quantity

    /// `nil` for a trial that kept up.
    init?(_ record: RunRecord, _ quantity: Quantity) {
        guard let arrears = record.arrears, arrears.isFallingBehind else { return nil }
        self.arrears = arrears
        self.quantity = quantity
    }

    /// The backlog as number, share and seconds of offered load.
    var headline: String {
        let scheduled = "of \(quantity.count(arrears.scheduled)) operations"
        guard arrears.operations > 0 else {
            return "Did not keep up: \(quantity.count(arrears.achieved)) \(scheduled) (\(achieved)) were completed in "
                + "time."
        }
        let fate =
            arrears.notStarted >= arrears.neverFinished
            ? "not started when the measure phase ended" : "never finished"
        return "Did not keep up: \(quantity.count(arrears.operations)) \(scheduled) (\(share)) were \(fate)."
    }

    /// What became of the rest.
    var detail: String {
        "Backlog \(quantity.count(arrears.notStarted)), never finished \(quantity.count(arrears.neverFinished)), "
            + "completed by the end of the measure phase \(quantity.count(arrears.achieved)) (\(achieved))."
    }

    /// Beside every table and picture of latencies.
    var label: String {
        "Did not keep up: these times grow with the length of the trial, and say nothing of a server that does."
    }

    /// For a card with the number of operations as its value.
    var card: String {
        "of \(quantity.count(arrears.scheduled)) operations (\(share)) were due and not started when the measure phase "
            + "ended, or never finished."
    }

    private var share: String {
        "\(quantity.percent(arrears.share)), \(quantity.time(arrears.secondsOfLoad * 1_000)) of the offered load"
    }

    private var achieved: String {
        quantity.percent(Double(arrears.achieved) / Double(max(1, arrears.scheduled)))
    }
}
