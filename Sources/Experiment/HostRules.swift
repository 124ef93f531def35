import RunRecord

/// The rules about what the host did meanwhile. What could not be read there is told, and is no finding.
extension ValidityRules {
    static func judge(host: HostSpan?) -> (findings: [ValidityFinding], gaps: [String]) {
        guard let host else { return ([], ["rules steal, clock and memory: the host was not looked at twice"]) }
        var findings = [clock(host)]
        var gaps: [String] = []
        if let share = host.stolenShare {
            findings.append(steal(share))
        } else {
            gaps.append("rule steal: /proc/stat does not tell stolen time here")
        }
        let (memory, missing) = memory(host)
        findings += [memory].compactMap { $0 }
        gaps += missing.map { "rule memory: \($0) is not readable here" }
        return (findings, gaps)
    }

    private static func steal(_ share: Double) -> ValidityFinding {
        ValidityFinding(
            rule: "steal", holds: share <= mostStolen, observed: "\(Words.percent(share)) of the processors' time",
            threshold: "at most \(Words.percent(mostStolen))",
            reason: "while the hypervisor runs others, the server stands still and looks slow")
    }

    private static func clock(_ host: HostSpan) -> ValidityFinding {
        var observed: [String] = []
        if host.wallSteps > 0 { observed.append("wall clock set by \(Words.milliseconds(host.wallSteps))") }
        if host.suspended > 0 { observed.append("asleep for \(Words.milliseconds(host.suspended))") }
        return ValidityFinding(
            rule: "clock", holds: host.wallSteps <= mostClockStep && host.suspended <= mostClockStep,
            observed: observed.isEmpty ? "no step, no sleep" : observed.joined(separator: ", "),
            threshold: "at most \(Words.milliseconds(mostClockStep)) each",
            reason: "a machine that slept did not serve, and times in the server's log no longer fit the trial's")
    }

    /// One rule of three parts, judged by those that can be read.
    private static func memory(_ host: HostSpan) -> (finding: ValidityFinding?, missing: [String]) {
        let swapped = host.swappedPages.map { Double($0) / max(host.seconds, 1e-9) }
        let parts: [(name: String, observed: String?, allowed: String, holds: Bool?)] = [
            (
                "swap (/proc/vmstat)", swapped.map { "\(Int($0.rounded())) pages/s swapped" },
                "\(Int(mostSwappedPages)) pages/s", swapped.map { $0 <= mostSwappedPages }
            ),
            (
                "memory pressure (/proc/pressure/memory)",
                host.memoryStall.map { "stalled for memory \(Words.percent($0)) of the time" },
                Words.percent(mostMemoryStall), host.memoryStall.map { $0 <= mostMemoryStall }
            ),
            (
                "available memory (/proc/meminfo)",
                host.leastAvailable.map { "\(Words.percent($0)) available at least" },
                "\(Words.percent(leastMemory)) available at least", host.leastAvailable.map { $0 >= leastMemory }
            ),
        ]
        let known = parts.filter { $0.holds != nil }
        let missing = parts.filter { $0.holds == nil }.map(\.name)
        guard !known.isEmpty else { return (nil, missing) }
        let finding = ValidityFinding(
            rule: "memory", holds: known.allSatisfy { $0.holds == true },
            observed: known.compactMap(\.observed).joined(separator: ", "),
            threshold: known.map(\.allowed).joined(separator: ", "),
            reason: "a server short of memory is as slow as the disk that its memory is moved to")
        return (finding, missing)
    }
}
