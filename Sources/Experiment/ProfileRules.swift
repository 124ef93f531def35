import LinuxSystem
import RunRecord
import Testbed

/// When a machine was what was asked for, and stayed what it was. Every threshold about profiles and probes stands here.
package enum ProfileRules {
    /// By how much a quantity that a profile asks for may differ from what was seen, as a share of it.
    package static let mostDeviation = 0.1
    /// Timers and copies add so much to an operation of a modelled device, nanoseconds; less is no deviation.
    package static let operationFloor = 150_000.0
    /// Standard errors by which a probe, which sees few of a device's latencies, may be off besides.
    package static let standardErrors = 2.0
    /// Modelled operations a second that one processor can wait for: each costs it the stretch that is spun, 30 µs, and
    /// about as much for sleeping and waking. A device that is faster cannot be shown to be as fast.
    package static let mostWaits = 1e9 / 60_000
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
        var asked: Asked?
        /// Whether more than asked is too much of a good thing; for times it is less.
        var moreIsBetter = true
        var stability = Stability.notJudged
    }

    /// What a profile asks of a quantity.
    struct Asked {
        /// In the reading's unit.
        let value: Double
        /// By how much it may be worse, in the same unit, and by how much better.
        let worse: Double
        let better: Double
        /// Whether this host can show as much.
        var isReachable = true

        /// What is asked of the host itself.
        init(_ value: Double) { (self.value, worse, better) = (value, mostDeviation * value, mostDeviation * value) }

        /// What is asked of a modelled device.
        init(rate: DeviceForecast.Quantity, isReachable: Bool = true) {
            let scatter = standardErrors * rate.error
            let slower = operationFloor / (rate.operationTime + operationFloor)
            value = rate.value
            worse = value * min(1, max(mostDeviation, slower) + scatter)
            better = value * (mostDeviation + scatter)
            self.isReachable = isReachable
        }

        /// The same of a time.
        init(time: DeviceForecast.Quantity) {
            let scatter = standardErrors * time.error * time.value
            value = time.value
            worse = max(mostDeviation * value, operationFloor) + scatter
            better = mostDeviation * value + scatter
        }
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
        let asked = AskedStorage(profile)
        return [
            Metric(
                name: "processors", unit: "", factor: 1, value: { $0.processors },
                asked: (profile?.processors.count).map { Asked($0) }),
            Metric(
                name: "speed of a core", unit: "million steps/s", factor: 1e-6, value: { $0.coreSpeed },
                stability: .share(mostSpeedChange)),
            Metric(
                name: "memory copied", unit: "GB/s", factor: 1e-9, value: { $0.memoryBandwidth },
                stability: .factor(mostRateChange)),
            Metric(
                name: "flush, median", unit: "ms", factor: 1e-6, value: { Double($0.flushP50) }, asked: asked.flush,
                moreIsBetter: false, stability: .factor(mostRateChange)),
            Metric(name: "flush, p99", unit: "ms", factor: 1e-6, value: { Double($0.flushP99) }),
            Metric(
                name: "written in a row", unit: "MB/s", factor: 1e-6, value: { $0.sequentialWrite },
                asked: asked.writtenBytes, stability: .factor(mostRateChange)),
            Metric(
                name: "read in a row", unit: "MB/s", factor: 1e-6, value: { $0.isDirect ? $0.sequentialRead : nil },
                asked: asked.readBytes, stability: .factor(mostRateChange)),
            Metric(
                name: "random reads of 8 KiB", unit: "/s", factor: 1, value: { $0.isDirect ? $0.randomReads : nil },
                asked: asked.reads, stability: .factor(mostRateChange)),
            Metric(
                name: "random writes of 8 KiB", unit: "/s", factor: 1, value: { $0.isDirect ? $0.randomWrites : nil },
                asked: asked.writes, stability: .factor(mostRateChange)),
        ]
    }

    /// What a profile asks of its storage.
    private struct AskedStorage {
        var flush, writtenBytes, readBytes, reads, writes: Asked?

        init(_ profile: HardwareProfile?) {
            switch profile?.storage {
            case .real(let limits):
                func asked(_ limit: Int?) -> Asked? { limit.map { Asked(Double($0)) } }
                (writtenBytes, readBytes) = (asked(limits.writtenBytes), asked(limits.readBytes))
                (reads, writes) = (asked(limits.reads), asked(limits.writes))
            case .modelled(let device):
                let (forecast, most) = (DeviceForecast(device), mostWaits * (profile?.processors.count ?? 1))
                flush = Asked(time: forecast.flush)
                (writtenBytes, readBytes) = (
                    forecast.sequentialWrite.map { Asked(rate: $0) }, forecast.sequentialRead.map { Asked(rate: $0) }
                )
                reads = forecast.randomReads.map { Asked(rate: $0, isReachable: $0.value <= most) }
                writes = forecast.randomWrites.map { Asked(rate: $0, isReachable: $0.value <= most) }
            case .external, nil: break
            }
        }
    }

    /// Compares what was asked with what was got before and after, and the two with each other.
    ///
    /// - Returns: a row for each quantity, and the findings that can be judged.
    package static func judge(
        _ profile: HardwareProfile?, before: ProbeReading?, after: ProbeReading?, memoryLimit: Int?
    ) -> (rows: [ProbeRow], findings: [ValidityFinding]) {
        var rows: [ProbeRow] = []
        var (off, changed, judged): ([String], [String], [String]) = ([], [], [])
        var beyond: [String] = []
        for metric in metrics(profile) {
            let seen = [before, after].map { $0.flatMap(metric.value) }
            let known = seen.compactMap { $0 }
            let isMet = metric.asked.flatMap { meets(metric, $0, known) }
            let isStable = known.count == 2 ? metric.stability.holds(known[0], known[1]) : true
            if isMet != nil { judged.append(metric.name) }
            if let asked = metric.asked {
                let wanted = shown(metric, [asked.value])
                if known.isEmpty {
                    off.append("\(metric.name) not observed, \(wanted) asked")
                } else if isMet == false {
                    off.append("\(metric.name) \(shown(metric, known)) instead of \(wanted)")
                } else if isMet == nil {
                    beyond.append("\(metric.name) (\(wanted) asked, \(shown(metric, known)) seen)")
                }
            }
            if !isStable {
                changed.append("\(metric.name) from \(shown(metric, [known[0]])) to \(shown(metric, [known[1]]))")
            }
            func scaled(_ value: Double?) -> Double? { value.map { significant($0 * metric.factor) } }
            let holds = metric.stability == .notJudged && isMet == nil ? nil : isStable && isMet != false
            rows.append(
                ProbeRow(
                    name: metric.name, unit: metric.unit, asked: scaled(metric.asked?.value), before: scaled(seen[0]),
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
        if let profile { findings.append(profileFinding(profile, judged, off, beyond)) }
        if before != nil, after != nil { findings.append(machineFinding(changed)) }
        return (rows, findings)
    }

    /// The server may be at work during one of the probes, so one of them has to show what was asked; neither may show
    /// more than that.
    ///
    /// - Returns: `nil` when nothing was seen, or as much cannot be seen here.
    private static func meets(_ metric: Metric, _ asked: Asked, _ seen: [Double]) -> Bool? {
        let beyond = seen.map { metric.moreIsBetter ? $0 - asked.value : asked.value - $0 }
        if beyond.contains(where: { $0 > asked.better }) { return false }
        if beyond.contains(where: { $0 >= -asked.worse }) { return true }
        return seen.isEmpty || !asked.isReachable ? nil : false
    }

    private static func profileFinding(
        _ profile: HardwareProfile, _ judged: [String], _ off: [String], _ beyond: [String]
    ) -> ValidityFinding {
        let asked = judged.isEmpty ? "nothing could be observed" : "as asked: \(judged.joined(separator: ", "))"
        let open = beyond.isEmpty ? [] : ["faster than can be shown here: \(beyond.joined(separator: ", "))"]
        let isModelled = if case .modelled = profile.storage { true } else { false }
        let more = isModelled ? ", and for a modelled device what its scatter and this host's timers add" : ""
        return ValidityFinding(
            rule: "profile", holds: off.isEmpty && !judged.isEmpty,
            observed: ((off.isEmpty ? [asked] : off) + open).joined(separator: "; "),
            threshold: "within \(Words.percent(mostDeviation)) of what was asked\(more)",
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
