import RunRecord

/// What the mean response time of a request class was made of.
struct WaitParts {
    /// In the order in which an operation comes by them.
    enum Part: Int, CaseIterable {
        case schedule, connection, firstByte, transfer, between

        /// Head of a column, and name in a picture.
        var name: String {
            switch self {
            case .schedule: "schedule"
            case .connection: "connection"
            case .firstByte: "first byte"
            case .transfer: "transfer"
            case .between: "between"
            }
        }

        /// What the time was spent on.
        var meaning: String {
            switch self {
            case .schedule: "waiting for the generator to turn to it"
            case .connection: "waiting for a free connection"
            case .firstByte: "from sending to the first byte of the answer"
            case .transfer: "from the first byte to the last"
            case .between: "the node itself, between statements"
            }
        }
    }

    /// Milliseconds, as the record has it.
    let response: Double
    /// By ``Part``, milliseconds. What the others leave of the response time is the last one's.
    let means: [Double]

    /// `nil` where the record does not tell.
    init?(_ summary: ClassSummary?) {
        guard let response = summary?.responseMs?.mean, let waits = summary?.waitsMs else { return nil }
        let told = [waits.schedule.mean, waits.connection.mean, waits.firstByte.mean, waits.transfer.mean]
        self.response = response
        means = told + [max(0, response - told.reduce(0, +))]
    }

    /// Milliseconds of a part.
    func mean(of part: Part) -> Double { means[part.rawValue] }

    /// Of all parts, 0 … 1.
    func share(of part: Part) -> Double {
        let sum = means.reduce(0, +)
        return sum > 0 ? mean(of: part) / sum : 0
    }

    /// The parts in a line, those that can be seen.
    func line(_ quantity: Quantity) -> String {
        let seen = Part.allCases.filter { share(of: $0) >= 0.005 }
        return "mean \(quantity.time(response)): "
            + seen.map { "\(quantity.share(share(of: $0))) \($0.name)" }.joined(separator: ", ")
    }
}

extension TrialReport {
    /// Request classes of which the record says where their time went.
    var waits: [(name: String, parts: WaitParts)] {
        classNames.compactMap { name in WaitParts(record.classes[name]).map { (name, $0) } }
    }
}

extension TrialTables {
    /// Where the time went: means in milliseconds that add up to that of the response time.
    var waits: ReportTable {
        ReportTable(
            [.init("request class", .name)] + WaitParts.Part.allCases.map { .init($0.name, .number) }
                + [.init("= response", .number)],
            report.waits.map { name, parts in
                [.init(name)] + WaitParts.Part.allCases.map { .init(quantity.milliseconds(parts.mean(of: $0))) }
                    + [.init(quantity.milliseconds(parts.response))]
            })
    }
}
