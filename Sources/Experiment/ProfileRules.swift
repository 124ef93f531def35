import LinuxSystem
import RunRecord
import Testbed

/// When a machine was what was asked for, and stayed what it was. Every threshold about profiles and probes stands here.
package enum ProfileRules {
    /// By how much a quantity that a profile asks for may differ from what was seen, as a share of it.
    package static let mostDeviation = 0.1
    /// Timers and a write before the flush add so much to a modelled flush, nanoseconds; less is no deviation.
    package static let flushFloor = 150_000.0
    /// By how much one core's speed may change between the probes before and after a trial, as a share of the first.
    package static let mostSpeedChange = 0.25
    /// By which factor, either way, a rate of memory or of a disk may change between them: disks of shared hosts differ
    /// by a third from one second to the next without anything having changed.
    package static let mostRateChange = 3.0

    /// One quantity of a probe: how it is shown, asked for and judged.
    struct Metric {
        let name: String
        let unit: String
        /// From the reading's unit to the one shown.
        let factor: Double
        let value: @Sendable (ProbeReading) -> Double?
        var asked: Double?
        /// Whether more than asked is too much of a good thing; for times it is less.
        var moreIsBetter = true
        /// Added to what is allowed, in the reading's unit.
        var floor = 0.0
        var stability = Stability.notJudged
    }

    /// How much a quantity may change between the probes.
    enum Stability: Equatable {
        case notJudged
        case share(Double)
        case factor(Double)

        func holds(_ before: Double, _ after: Double) -> Bool {
            switch self {
            case .notJudged: true
            case .share(let most): abs(after - before) <= most * before
            case .factor(let most): max(before, after) <= most * min(before, after)
            }
        }
    }

    /// All quantities, with what a profile asks of them.
    static func metrics(_ profile: HardwareProfile?) -> [Metric] {
        var rates = StorageRates()
        var flush: Double?
        switch profile?.storage {
        case .real(let limits): rates = limits
        case .modelled(let device): flush = device.flushLatency.quantile(0.5)
        case .external, nil: break
        }
        func number(_ value: Int?) -> Double? { value.map { Double($0) } }
        return [
            Metric(
                name: "processors", unit: "", factor: 1, value: { $0.processors }, asked: profile?.processors.count),
            Metric(
                name: "speed of a core", unit: "million steps/s", factor: 1e-6, value: { $0.coreSpeed },
                stability: .share(mostSpeedChange)),
            Metric(
                name: "memory copied", unit: "GB/s", factor: 1e-9, value: { $0.memoryBandwidth },
                stability: .factor(mostRateChange)),
            Metric(
                name: "flush, median", unit: "ms", factor: 1e-6, value: { Double($0.flushP50) }, asked: flush,
                moreIsBetter: false, floor: flushFloor, stability: .factor(mostRateChange)),
            Metric(name: "flush, p99", unit: "ms", factor: 1e-6, value: { Double($0.flushP99) }),
            Metric(
                name: "written in a row", unit: "MB/s", factor: 1e-6, value: { $0.sequentialWrite },
                asked: number(rates.writtenBytes), stability: .factor(mostRateChange)),
            Metric(
                name: "read in a row", unit: "MB/s", factor: 1e-6, value: { $0.isDirect ? $0.sequentialRead : nil },
                asked: number(rates.readBytes), stability: .factor(mostRateChange)),
            Metric(
                name: "random reads of 8 KiB", unit: "/s", factor: 1, value: { $0.isDirect ? $0.randomReads : nil },
                asked: number(rates.reads), stability: .factor(mostRateChange)),
            Metric(
                name: "random writes of 8 KiB", unit: "/s", factor: 1, value: { $0.isDirect ? $0.randomWrites : nil },
                asked: number(rates.writes), stability: .factor(mostRateChange)),
        ]
    }

    /// Compares what was asked with what was got before and after, and the two with each other.
    ///
    /// - Returns: a row for each quantity, and the findings that can be judged.
    package static func judge(
        _ profile: HardwareProfile?, before: ProbeReading?, after: ProbeReading?, memoryLimit: Int?
    ) -> (rows: [ProbeRow], findings: [ValidityFinding]) {
        var rows: [ProbeRow] = []
        var (off, changed, judged): ([String], [String], [String]) = ([], [], [])
        for metric in metrics(profile) {
            let seen = [before, after].map { $0.flatMap(metric.value) }
            let known = seen.compactMap { $0 }
            let isMet = metric.asked.map { meets(metric, $0, known) }
            let isStable = known.count == 2 ? metric.stability.holds(known[0], known[1]) : true
            if isMet != nil, !known.isEmpty { judged.append(metric.name) }
            if isMet == false {
                off.append("\(metric.name) \(shown(metric, known)) instead of \(shown(metric, [metric.asked ?? 0]))")
            }
            if !isStable {
                changed.append("\(metric.name) from \(shown(metric, [known[0]])) to \(shown(metric, [known[1]]))")
            }
            func scaled(_ value: Double?) -> Double? { value.map { significant($0 * metric.factor) } }
            let holds = metric.stability == .notJudged && isMet == nil ? nil : isStable && isMet != false
            rows.append(
                ProbeRow(
                    name: metric.name, unit: metric.unit, asked: scaled(metric.asked), before: scaled(seen[0]),
                    after: scaled(seen[1]), holds: known.isEmpty ? nil : holds))
        }
        if let wanted = profile?.memory {
            judged.append("memory")
            let isHeld = memoryLimit.map { abs(Double($0 - wanted)) <= mostDeviation * Double(wanted) } ?? false
            if !isHeld {
                let got = memoryLimit.map { ProfileText.memory($0) } ?? "the host's"
                off.append("memory \(got) instead of \(ProfileText.memory(wanted))")
            }
        }
        var findings: [ValidityFinding] = []
        if profile != nil { findings.append(profileFinding(judged, off)) }
        if before != nil, after != nil { findings.append(machineFinding(changed)) }
        return (rows, findings)
    }

    /// The server may be at work during one of the probes, so one of them has to show what was asked; neither may show
    /// more than that.
    private static func meets(_ metric: Metric, _ asked: Double, _ seen: [Double]) -> Bool {
        let allowed = max(mostDeviation * asked, metric.floor)
        let beyond = seen.map { metric.moreIsBetter ? $0 - asked : asked - $0 }
        return beyond.allSatisfy { $0 <= allowed } && (seen.isEmpty || beyond.contains { $0 >= -allowed })
    }

    private static func profileFinding(_ judged: [String], _ off: [String]) -> ValidityFinding {
        ValidityFinding(
            rule: "profile", holds: off.isEmpty && !judged.isEmpty,
            observed: off.isEmpty
                ? (judged.isEmpty ? "nothing could be observed" : "as asked: \(judged.joined(separator: ", "))")
                : off.joined(separator: "; "),
            threshold: "within \(Words.percent(mostDeviation)) of what was asked",
            reason: "a number counts for the machine it was measured on")
    }

    private static func machineFinding(_ changed: [String]) -> ValidityFinding {
        ValidityFinding(
            rule: "machine", holds: changed.isEmpty,
            observed: changed.isEmpty ? "the same before and after" : changed.joined(separator: "; "),
            threshold:
                "a core's speed within \(Words.percent(mostSpeedChange)), memory and disk within a factor of \(ProfileText.number(mostRateChange))",
            reason: "what ran on a machine that changed meanwhile compares with nothing")
    }

    private static func shown(_ metric: Metric, _ values: [Double]) -> String {
        let numbers = values.map { ProfileText.number(significant($0 * metric.factor)) }
        let words = Set(numbers).count == 1 ? [numbers[0]] : numbers
        return words.joined(separator: " and ") + (metric.unit.isEmpty ? "" : " \(metric.unit)")
    }

    /// Three digits that count.
    private static func significant(_ value: Double) -> Double {
        var factor = 1.0
        while abs(value) * factor >= 1_000 { factor /= 10 }
        while value != 0, abs(value) * factor < 100 { factor *= 10 }
        return (value * factor).rounded() / factor
    }
}
