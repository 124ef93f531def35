import LinuxSystem
import Measurement
import Workload

/// One thread's share of a load: begins operations when they are due, never waits for one before beginning the next,
/// and records how they went.
///
/// Owns its source, its target and its histograms. Works in the target's time, so that a simulation runs the same
/// code. The rules it keeps:
/// - an operation belongs to the phase of its intended start, and is waited for in the drain phase;
/// - response time counts from the intended start, however late the worker or a connection was;
/// - nothing is skipped: what was due is begun, completed, failed or abandoned, and counted as one of these.
final class Worker<Source: LoadSource, Target: LoadTarget> {
    private let plan: LoadPlan
    private let index: Int
    private let source: Source
    private let target: Target
    private let control: LoadControl
    /// By label: whether it is a node's own job.
    private let jobLabels: [Bool]
    private let isClosed: Bool
    /// Whether all nodes are this worker's.
    private let isAlone: Bool

    private var start: Nanoseconds = 0
    private var measureStart: Nanoseconds = 0
    private var measureEnd: Nanoseconds = 0
    /// What follows is planned up to here: the end of the measure phase, or where that may move to.
    private var followUpEnd: Nanoseconds = 0
    private var phasesSettled = false
    private var upcoming: Operation?
    private var followUps = DueHeap()
    /// In a closed loop: clients of this worker, how many of them are busy, and what follows for them.
    private let clients: Int
    private var busy = 0
    private var chained = DueHeap()
    private var tickets = TicketBook()
    private var alarms = AlarmQueue()
    private var result: LoadResult
    /// By label. A pointer, because the checks of an array cost more than the counting.
    private let meters: UnsafeMutablePointer<LabelMeter>
    private var secondNumber = 0
    /// When to look whether an end was asked for, at the latest.
    private var nextLook: Nanoseconds = 0
    private static var lookEvery: Nanoseconds { 250_000_000 }
    private var cpuAtMeasureStart: UInt64?
    private var measureClosed = false
    /// Due in the measure phase and begun after it, because the worker woke late: a part of the backlog.
    private var begunLate: Set<Int> = []

    init(_ plan: LoadPlan, index: Int, source: Source, target: Target, control: LoadControl) {
        self.plan = plan
        self.index = index
        self.source = source
        self.target = target
        self.control = control
        clients = plan.clients(ofWorker: index)
        isClosed = plan.pacing != .open
        isAlone = plan.workers == 1
        let goodLimits = plan.goodLimits(source.labels)
        jobLabels = source.labels.map { $0.job != nil }
        result = LoadResult(
            labels: source.labels, results: source.labels.map { _ in LabelResult() }, workers: 1)
        meters = .allocate(capacity: source.labels.count)
        for label in source.labels.indices {
            (meters + label).initialize(to: LabelMeter(goodLimit: goodLimits[label] ?? 0))
        }
    }

    deinit {
        meters.deinitialize(count: jobLabels.count)
        meters.deallocate()
    }

    /// Runs all phases.
    ///
    /// - Parameter start: the common start of warm-up, in the target's time.
    /// - Returns: what this worker saw.
    func run(from start: Nanoseconds) -> LoadResult {
        self.start = start
        measureStart = start + plan.phases.warmUp
        measureEnd = start + plan.phases.offered
        followUpEnd = start + plan.phases.longest
        target.start(at: start)
        if plan.workers > 1 {
            source.restrictSessions(to: (0..<plan.nodes).filter { $0 % plan.workers == index })
        }
        if isClosed {
            for job in source.takeJobs() where job.node % plan.workers == index { followUps.insert(job) }
        }
        upcoming = nextOfOwnNodes()
        var now = target.clock()
        while true {
            if isClosed { beginClosed(at: now) }
            now = target.wait(until: nextWake(after: now))
            if !phasesSettled { moveMeasurePhase(at: now) }
            if control.isStopping || result.sequenceEnded != nil { endOffering(at: max(now, start)) }
            finishSeconds(until: now)
            target.takeCompletions { record($0) }
            ringAlarms(at: now)
            if !isClosed { beginDue(before: .max, at: now) }
            noteMeasureBounds(at: now)
            if measureClosed && (tickets.isEmpty || now >= measureEnd + plan.phases.drainLimit) { break }
        }
        abandonRest(at: now)
        return result
    }

    // MARK: Beginning

    private func nextOfOwnNodes() -> Operation? {
        while let operation = source.next() {
            // A division only where there is something to divide.
            if isAlone || operation.node % plan.workers == index { return operation }
        }
        return nil
    }

    private func nextWake(after now: Nanoseconds) -> Nanoseconds {
        // The same moment as long as it lies ahead: setting a timer anew is a call to the kernel.
        if now >= nextLook { nextLook = now + Self.lookEvery }
        var wake = min(start + UInt64(secondNumber + 1) * 1_000_000_000, nextLook)
        if let upcoming, !isClosed { wake = min(wake, start + upcoming.due) }
        if let first = followUps.first { wake = min(wake, start + first.due) }
        if let alarm = alarms.first { wake = min(wake, alarm.at) }
        if isClosed && now < start { wake = min(wake, start) }
        wake = min(wake, measureClosed ? measureEnd + plan.phases.drainLimit : measureEnd)
        if cpuAtMeasureStart == nil { wake = min(wake, measureStart) }
        if result.sequenceEnded != nil && !measureClosed { wake = now }
        return wake
    }

    /// Begins, at the moment that is now, what is due and was due before `limit`: all of it, the earlier first.
    private func beginDue(before limit: Nanoseconds, at now: Nanoseconds) {
        // Of those begun in one wake the later ones wait for the earlier: the clock is read for each but the first.
        var moment = now
        var isFirst = true
        while true {
            let next = upcoming.map { start + $0.due } ?? .max
            let follow = followUps.first.map { start + $0.due } ?? .max
            let due = min(next, follow)
            guard due <= now, due < limit, due < measureEnd else { return }
            if !isFirst { moment = target.clock() }
            isFirst = false
            if follow < next {
                let operation = followUps.removeFirst()
                if source.isWanted(operation) { begin(operation, at: moment) }
            } else if let operation = upcoming {
                upcoming = nextOfOwnNodes()
                begin(operation, at: moment)
            }
        }
    }

    /// Gives every idle client of a closed loop its next operation: what follows from a reply first, then the next of the
    /// sequence. A node's own jobs keep their times.
    private func beginClosed(at now: Nanoseconds) {
        while let job = followUps.first, start + job.due <= now, start + job.due < measureEnd {
            begin(followUps.removeFirst(), at: now)
        }
        var moment = now
        while moment >= start && busy < clients && moment < measureEnd {
            // The warm-up may go on: whether this belongs to it is looked at first.
            if !phasesSettled && moment >= measureStart { return }
            var next: Operation
            if !chained.isEmpty {
                next = chained.removeFirst()
                guard source.isWanted(next) else { continue }
            } else if let operation = upcoming {
                source.noteTaken(at: moment - start)
                upcoming = nextOfOwnNodes()
                next = operation
            } else {
                // The sequence has come to its end before the time.
                if busy == 0 && !control.isStopping { result.sequenceEnded = moment }
                return
            }
            next.due = moment - start
            busy += 1
            begin(next, at: moment)
            if busy < clients { moment = target.clock() }
        }
    }

    private func begin(_ operation: Operation, at now: Nanoseconds) {
        let due = start + operation.due
        if due >= measureStart {
            meters[operation.label].result.measure.scheduled += 1
            meters[operation.label].scheduleWait.record(now - due)
        } else {
            meters[operation.label].result.warmUp.scheduled += 1
        }
        meters[operation.label].scheduled += 1
        let ticket = tickets.take(operation)
        source.noteBegun(operation)
        if operation.patience > 0 { alarms.insert(tickets.alarm(ticket, at: due + operation.patience)) }
        if now > measureEnd { begunLate.insert(ticket) }
        target.begin(operation, ticket: ticket, now: now)
    }

    // MARK: Recording

    private func record(_ place: UnsafePointer<Completion>) {
        let (operation, isForsaken) = tickets.giveBack(place.pointee.ticket)
        let label = operation.label
        let due = start + operation.due
        let measured = due >= measureStart
        if isClosed && !jobLabels[label] { busy -= 1 }
        if let failure = place.pointee.failure {
            meters[label].failed += 1
            if measured {
                meters[label].result.measure.failures[failure, default: 0] += 1
            } else {
                meters[label].result.warmUp.failures[failure, default: 0] += 1
            }
            if !isForsaken { follow(operation, .failed, at: place.pointee.done) }
            return
        }
        let response = place.pointee.done - due
        let meter = meters + label
        meter.pointee.ofSecond.record(response)
        meter.pointee.bytes += place.pointee.bytes
        if measured {
            recordMeasured(place, response, due, meter)
        } else {
            meter.pointee.result.warmUp.completed += 1
        }
        guard source.hasFollowUps, !isForsaken else { return }
        let page = RequestOutcome.page(
            messages: place.pointee.delivered, nextCursor: place.pointee.nextCursor, last: place.pointee.last,
            hashes: place.pointee.hashes)
        follow(operation, page, at: place.pointee.done)
    }

    private func recordMeasured(
        _ place: UnsafePointer<Completion>, _ response: Nanoseconds, _ due: Nanoseconds,
        _ meter: UnsafeMutablePointer<LabelMeter>
    ) {
        meter.pointee.response.record(response)
        meter.pointee.service.record(place.pointee.done - place.pointee.sent)
        meter.pointee.lag.record(place.pointee.sent - due)
        meter.pointee.connectionWait.record(place.pointee.waits.connection)
        meter.pointee.firstByteWait.record(place.pointee.waits.firstByte)
        meter.pointee.transfer.record(place.pointee.waits.transfer)
        meter.pointee.result.measure.completed += 1
        meter.pointee.result.rows += place.pointee.rows
        meter.pointee.result.asked += place.pointee.asked
        meter.pointee.result.delivered += place.pointee.delivered
        meter.pointee.result.bytes += place.pointee.bytes
        if place.pointee.page > 0 {
            meter.pointee.aspects.record(response, page: place.pointee.page, age: place.pointee.age)
        }
        guard place.pointee.done <= measureEnd else { return }
        meter.pointee.result.inPhase += 1
        if response <= meter.pointee.goodLimit { meter.pointee.result.good += 1 }
    }

    /// Plans what follows; requests beyond the measure phase are not begun, and counted.
    private func follow(_ operation: Operation, _ outcome: RequestOutcome, at moment: Nanoseconds) {
        source.follow(operation, outcome, at: moment - start) { next in
            if isClosed && !jobLabels[next.label] {
                if measureClosed { noteCut(next) } else { chained.insert(next) }
            } else if start + next.due < followUpEnd {
                followUps.insert(next)
            } else {
                noteCut(next)
            }
        }
    }

    /// The next run of a node's own job is no chain that was cut.
    private func noteCut(_ operation: Operation) {
        if !jobLabels[operation.label] { meters[operation.label].result.chainsCut += 1 }
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
            if !isClosed { beginDue(before: boundary, at: now) }
            handOverSecond()
            secondNumber += 1
        }
    }

    private func handOverSecond() {
        let begin = start + UInt64(secondNumber) * 1_000_000_000
        let phase: LoadPhase = begin >= measureEnd ? .drain : begin >= measureStart ? .measure : .warmUp
        control.hand(
            over: WorkerSecond(
                second: secondNumber, phase: phase, labels: source.labels.indices.map { meters[$0].takeSecond() }))
    }

    /// The measure phase begins later by as much as the warm-up goes on; from its first moment on it stays.
    private func moveMeasurePhase(at now: Nanoseconds) {
        var extra: Nanoseconds
        repeat {
            extra = control.warmUp.extra
            measureStart = start + plan.phases.warmUp + extra
            measureEnd = measureStart + plan.phases.measure
            if now < measureStart && !control.isStopping && result.sequenceEnded == nil { return }
        } while !control.warmUp.fix(at: extra)
        settlePhases()
    }

    private func settlePhases() {
        (phasesSettled, followUpEnd) = (true, measureEnd)
        source.settle(measure: measureStart - start..<measureEnd - start)
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
        while !chained.isEmpty { noteCut(chained.removeFirst()) }
        // A load that was ended in warm-up has no measure phase and so no cost in it.
        if let cpuAtMeasureStart { result.cpu = Clock.threadCPU() - cpuAtMeasureStart }
        result.measured = measureEnd > measureStart ? measureEnd - measureStart : 0
        tickets.forEach { ticket, operation in
            if isClosed && !jobLabels[operation.label] { return }
            if start + operation.due >= measureStart && (begunLate.contains(ticket) || !target.hasStarted(ticket)) {
                meters[operation.label].result.measure.backlog += 1
            }
        }
    }

    /// Moves the end of the measure phase to now; what was due before is still begun and drained.
    private func endOffering(at now: Nanoseconds) {
        guard now < measureEnd else { return }
        if !isClosed { beginDue(before: .max, at: now) }
        measureEnd = now
        followUpEnd = now
        upcoming = nil
        while !followUps.isEmpty { noteCut(followUps.removeFirst()) }
        while !chained.isEmpty { noteCut(chained.removeFirst()) }
    }

    private func abandonRest(at now: Nanoseconds) {
        tickets.forEach { _, operation in
            if start + operation.due >= measureStart {
                meters[operation.label].result.measure.abandoned += 1
            } else {
                meters[operation.label].result.warmUp.abandoned += 1
            }
        }
        handOverSecond()
        for label in source.labels.indices { result.results[label] = meters[label].close() }
        result.drained = now - measureEnd
        result.warmedUp = min(measureStart, measureEnd) - start
        result.started = start
        result.events = target.takeEvents()
        result.sessions = source.sessionTallies
        // Every worker walks through all arrivals; one tells of them.
        if index == 0 { result.arrived = source.arrivedMessages }
        result.delivered = target.delivered
        target.end()
    }
}
