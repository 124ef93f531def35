import LinuxSystem
import Measurement
import Workload

/// One thread's share of a load: begins operations when they are due, never waits for one before beginning the next,
/// and records how they went.
///
/// Owns its traffic, its target and its histograms. Works in the target's time, so that a simulation runs the same
/// code. The rules it keeps:
/// - an operation belongs to the phase of its intended start, and is waited for in the drain phase;
/// - response time counts from the intended start, however late the worker or a connection was;
/// - nothing is skipped: what was due is begun, completed, failed or abandoned, and counted as one of these.
final class Worker<Target: LoadTarget> {
    private let plan: LoadPlan
    private let index: Int
    private let traffic: Traffic
    private let target: Target
    private let control: LoadControl
    private let goodLimits: [UInt64?]

    private var start: Nanoseconds = 0
    private var measureStart: Nanoseconds = 0
    private var measureEnd: Nanoseconds = 0
    /// What follows is planned up to here: the end of the measure phase, or where that may move to.
    private var followUpEnd: Nanoseconds = 0
    private var phasesSettled = false
    private var upcoming: Operation?
    private var followUps = DueHeap()
    private var tickets = TicketBook()
    private var alarms = AlarmQueue()
    private var result: LoadResult
    private var second: [LabelSecond]
    private var secondNumber = 0
    private var cpuAtMeasureStart: UInt64?
    private var measureClosed = false
    /// Due in the measure phase and begun after it, because the worker woke late: a part of the backlog.
    private var begunLate: Set<Int> = []

    init(_ plan: LoadPlan, index: Int, traffic: Traffic, target: Target, control: LoadControl) {
        self.plan = plan
        self.index = index
        self.traffic = traffic
        self.target = target
        self.control = control
        goodLimits = plan.goodLimits(traffic.labels)
        result = LoadResult(
            labels: traffic.labels, results: traffic.labels.map { _ in LabelResult() }, workers: 1)
        second = traffic.labels.map { _ in LabelSecond() }
    }

    /// Runs all phases.
    ///
    /// - Parameter start: the common start of warm-up, in the target's time.
    /// - Returns: what this worker saw.
    func run(from start: Nanoseconds) -> LoadResult {
        self.start = start
        measureStart = start + plan.spec.phases.warmUp
        measureEnd = start + plan.spec.phases.offered
        followUpEnd = start + plan.spec.phases.longest
        target.start(at: start)
        if plan.workers > 1 {
            traffic.restrictSessions(to: (0..<plan.spec.writers.count).filter { $0 % plan.workers == index })
        }
        upcoming = nextOfOwnNodes()
        var now = start
        while true {
            now = target.wait(until: nextWake(after: now))
            if !phasesSettled { moveMeasurePhase(at: now) }
            if control.isStopping { endOffering(at: now) }
            finishSeconds(until: now)
            while let completion = target.takeCompletion() { record(completion) }
            ringAlarms(at: now)
            beginDue(before: .max, at: now)
            noteMeasureBounds(at: now)
            if measureClosed && (tickets.isEmpty || now >= measureEnd + plan.spec.phases.drainLimit) { break }
        }
        abandonRest(at: now)
        return result
    }

    // MARK: Beginning

    private func nextOfOwnNodes() -> Operation? {
        while let operation = traffic.next() {
            if operation.node % plan.workers == index { return operation }
        }
        return nil
    }

    private func nextWake(after now: Nanoseconds) -> Nanoseconds {
        var wake = min(start + UInt64(secondNumber + 1) * 1_000_000_000, now + 250_000_000)
        if let upcoming { wake = min(wake, start + upcoming.due) }
        if let first = followUps.first { wake = min(wake, start + first.due) }
        if let alarm = alarms.first { wake = min(wake, alarm.at) }
        wake = min(wake, measureClosed ? measureEnd + plan.spec.phases.drainLimit : measureEnd)
        if cpuAtMeasureStart == nil { wake = min(wake, measureStart) }
        return wake
    }

    /// Begins, at the moment that is now, what is due and was due before `limit`: all of it, the earlier first.
    private func beginDue(before limit: Nanoseconds, at now: Nanoseconds) {
        while true {
            let next = upcoming.map { start + $0.due } ?? .max
            let follow = followUps.first.map { start + $0.due } ?? .max
            let due = min(next, follow)
            guard due <= now, due < limit, due < measureEnd else { return }
            if follow < next {
                let operation = followUps.removeFirst()
                if traffic.isWanted(operation) { begin(operation) }
            } else if let operation = upcoming {
                upcoming = nextOfOwnNodes()
                begin(operation)
            }
        }
    }

    private func begin(_ operation: Operation) {
        let due = start + operation.due
        // Of those begun in one wake the later ones wait for the earlier: the clock is read for each.
        let now = target.clock()
        if due >= measureStart {
            result.results[operation.label].measure.scheduled += 1
            result.generatorLag.record(now - due)
        } else {
            result.results[operation.label].warmUp.scheduled += 1
        }
        second[operation.label].scheduled += 1
        let ticket = tickets.take(operation)
        traffic.noteBegun(operation)
        if operation.patience > 0 { alarms.insert(tickets.alarm(ticket, at: due + operation.patience)) }
        if now > measureEnd { begunLate.insert(ticket) }
        target.begin(operation, ticket: ticket, now: now)
    }

    // MARK: Recording

    private func record(_ completion: Completion) {
        let (operation, isForsaken) = tickets.giveBack(completion.ticket)
        let label = operation.label
        let due = start + operation.due
        let measured = due >= measureStart
        if let failure = completion.failure {
            second[label].failed += 1
            if measured {
                result.results[label].measure.failures[failure, default: 0] += 1
            } else {
                result.results[label].warmUp.failures[failure, default: 0] += 1
            }
            if !isForsaken { follow(operation, .failed, at: completion.done) }
            return
        }
        let response = completion.done - due
        second[label].response.record(response)
        if measured {
            result.results[label].measure.completed += 1
            result.results[label].response.record(response)
            result.results[label].service.record(completion.done - completion.sent)
            result.results[label].lag.record(completion.sent - due)
            result.results[label].rows += completion.rows
            result.results[label].asked += completion.asked
            result.results[label].delivered += completion.delivered
            result.results[label].bytes += completion.bytes
            if completion.done <= measureEnd {
                result.results[label].inPhase += 1
                if let limit = goodLimits[label], response <= limit { result.results[label].good += 1 }
            }
        } else {
            result.results[label].warmUp.completed += 1
        }
        second[label].bytes += completion.bytes
        if isForsaken { return }
        let page = RequestOutcome.page(
            messages: completion.delivered, nextCursor: completion.nextCursor, last: completion.last,
            hashes: completion.hashes)
        follow(operation, page, at: completion.done)
    }

    /// Plans what follows; requests beyond the measure phase are not begun, and counted.
    private func follow(_ operation: Operation, _ outcome: RequestOutcome, at moment: Nanoseconds) {
        traffic.follow(operation, outcome, at: moment - start) { next in
            if start + next.due < followUpEnd {
                followUps.insert(next)
            } else {
                noteCut(next)
            }
        }
    }

    /// The next run of a node's own job is no chain that was cut.
    private func noteCut(_ operation: Operation) {
        if traffic.labels[operation.label].job == nil { result.results[operation.label].chainsCut += 1 }
    }

    /// Clients stop waiting for what takes too long. The operation goes on and is counted when it ends.
    private func ringAlarms(at now: Nanoseconds) {
        while let alarm = alarms.first, alarm.at <= now {
            if let operation = tickets.forsake(alarms.removeFirst()) { follow(operation, .timedOut, at: alarm.at) }
        }
    }

    // MARK: Phases

    /// Closes the seconds that are over; arrivals due in them are begun first, so that each counts where it was due.
    private func finishSeconds(until now: Nanoseconds) {
        while true {
            let boundary = start + UInt64(secondNumber + 1) * 1_000_000_000
            guard boundary <= now else { return }
            beginDue(before: boundary, at: now)
            handOverSecond()
            for label in second.indices {
                second[label].scheduled = 0
                second[label].failed = 0
                second[label].bytes = 0
                second[label].response.reset()
            }
            secondNumber += 1
        }
    }

    private func handOverSecond() {
        let begin = start + UInt64(secondNumber) * 1_000_000_000
        let phase: LoadPhase = begin >= measureEnd ? .drain : begin >= measureStart ? .measure : .warmUp
        control.hand(over: WorkerSecond(second: secondNumber, phase: phase, labels: second))
    }

    /// The measure phase begins later by as much as the warm-up goes on; from its first moment on it stays.
    private func moveMeasurePhase(at now: Nanoseconds) {
        var extra: Nanoseconds
        repeat {
            extra = control.warmUp.extra
            measureStart = start + plan.spec.phases.warmUp + extra
            measureEnd = measureStart + plan.spec.phases.measure
            if now < measureStart && !control.isStopping { return }
        } while !control.warmUp.fix(at: extra)
        settlePhases()
    }

    private func settlePhases() {
        (phasesSettled, followUpEnd) = (true, measureEnd)
        traffic.settle(measure: measureStart - start..<measureEnd - start)
        var kept = DueHeap()
        while !followUps.isEmpty {
            let next = followUps.removeFirst()
            if start + next.due < measureEnd { kept.insert(next) } else { noteCut(next) }
        }
        followUps = kept
    }

    private func noteMeasureBounds(at now: Nanoseconds) {
        if cpuAtMeasureStart == nil && now >= measureStart { cpuAtMeasureStart = Clock.threadCPU() }
        guard !measureClosed && now >= measureEnd else { return }
        measureClosed = true
        upcoming = nil
        // A load that was ended in warm-up has no measure phase and so no cost in it.
        if let cpuAtMeasureStart { result.cpu = Clock.threadCPU() - cpuAtMeasureStart }
        result.measured = measureEnd > measureStart ? measureEnd - measureStart : 0
        tickets.forEach { ticket, operation in
            if start + operation.due >= measureStart && (begunLate.contains(ticket) || !target.hasStarted(ticket)) {
                result.results[operation.label].measure.backlog += 1
            }
        }
    }

    /// Moves the end of the measure phase to now; what was due before is still begun and drained.
    private func endOffering(at now: Nanoseconds) {
        guard now < measureEnd else { return }
        beginDue(before: .max, at: now)
        measureEnd = now
        followUpEnd = now
        upcoming = nil
        while !followUps.isEmpty { noteCut(followUps.removeFirst()) }
    }

    private func abandonRest(at now: Nanoseconds) {
        tickets.forEach { _, operation in
            if start + operation.due >= measureStart {
                result.results[operation.label].measure.abandoned += 1
            } else {
                result.results[operation.label].warmUp.abandoned += 1
            }
        }
        handOverSecond()
        result.drained = now - measureEnd
        result.warmedUp = min(measureStart, measureEnd) - start
        result.started = start
        result.events = target.takeEvents()
        result.sessions = traffic.sessionTallies
        // Every worker walks through all arrivals; one tells of them.
        if index == 0 { result.arrived = traffic.arrived }
        result.delivered = target.delivered
        target.end()
    }
}
