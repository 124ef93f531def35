import RunRecord

extension PairedJudge {
    /// What the judgement of who kept up could not see, and what it let pass: one sentence for each side and reason.
    ///
    /// - Parameter slices: all of the comparison.
    /// - Returns: the sentences; none in a closed loop, in which no side has a rate to keep up with.
    public func threats(_ slices: [SliceRecord]) -> [String] {
        guard rule.isOpenLoop else { return [] }
        return ([base] + candidates).flatMap { side in
            let own = slices.filter { $0.side == side && $0.excluded == nil }
            return [Self.rareClasses(side, own), Self.jobsInOtherTurns(side, own)].compactMap { $0 }
        }
    }

    /// A queue of few requests after many slices, that neither the median of all nor their own times tell.
    private static func rareClasses(_ side: String, _ slices: [SliceRecord]) -> String? {
        let late = slices.count { $0.drainSeconds > KeptUpFinding.longestDrain * $0.seconds }
        guard Double(late) > KeptUpFinding.mostBehind * Double(slices.count) else { return nil }
        var completed: [String: Int] = [:]
        for slice in slices { completed.merge(slice.completed, uniquingKeysWith: +) }
        let rare = completed.filter {
            !RequestClass.isJob($0.key) && $0.value > 0 && $0.value < KeptUpFinding.fewestOfClass * slices.count
        }
        guard !rare.isEmpty else { return nil }
        return "\(side): after \(late) of \(slices.count) slices it worked on for over "
            + "\(LogRatio.share(KeptUpFinding.longestDrain)) of a slice; whether it kept up with request classes of "
            + "fewer than \(KeptUpFinding.fewestOfClass) operations a slice "
            + "(\(rare.keys.sorted().joined(separator: ", "))) is not known"
    }

    private static func jobsInOtherTurns(_ side: String, _ slices: [SliceRecord]) -> String? {
        let running = slices.count { !$0.isDrained && BlockSide([$0], [:]).hasEndedRequests }
        let hasJobs = slices.contains { $0.scheduled.keys.contains(where: RequestClass.isJob) }
        guard running > 0, hasJobs else { return nil }
        return "\(side): after \(running) of \(slices.count) slices a node's job was still running when waiting for "
            + "the slice to end was given up, and so ran on into the turn of another side; it does not count as falling behind"
    }
}
