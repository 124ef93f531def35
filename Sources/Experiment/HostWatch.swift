import LinuxSystem

/// What the host did to the trial between two moments. `nil` is what could not be read there.
package struct HostSpan: Sendable {
    package var seconds: Double
    /// Of the time of all processors, the share that the hypervisor gave to others.
    package var stolenShare: Double?
    /// To and from swap together.
    package var swappedPages: UInt64?
    /// Share of the time in which some task stood still for want of memory.
    package var memoryStall: Double?
    /// The least memory available that was seen, as a share of all.
    package var leastAvailable: Double?
    /// Sum of the wall clock's steps, whatever their direction, nanoseconds.
    package var wallSteps: UInt64
    /// Time asleep, nanoseconds.
    package var suspended: UInt64

    package init(
        seconds: Double, stolenShare: Double?, swappedPages: UInt64?, memoryStall: Double?, leastAvailable: Double?,
        wallSteps: UInt64, suspended: UInt64
    ) {
        self.seconds = seconds
        self.stolenShare = stolenShare
        self.swappedPages = swappedPages
        self.memoryStall = memoryStall
        self.leastAvailable = leastAvailable
        self.wallSteps = wallSteps
        self.suspended = suspended
    }
}

/// Adds up readings of the host over the measure phase: about one a second, and one at each end.
package struct HostWatch {
    private var first: HostReading?
    private var last: HostReading?
    private var leastAvailable: Double?
    private var wallSteps: UInt64 = 0
    private var isClosed = false

    package init() {}

    /// Time between two readings, nanoseconds.
    private static let interval: Nanoseconds = 1_000_000_000

    /// Two readings taken right after each other differ by so much, because clocks are read one after the other;
    /// nanoseconds. Less is no step.
    private static let clockNoise: UInt64 = 50_000

    /// Looks at the host if it is time to: at the beginning of the measure phase, each second, and at its end.
    ///
    /// - Parameters:
    ///   - now: on the monotonic clock.
    ///   - measure: the measure phase on that clock, as far as it is known.
    ///   - isLast: whether the load is over, so that there will be no later call.
    ///   - read: takes a reading.
    package mutating func look(
        at now: Nanoseconds, measure: Range<Nanoseconds>, isLast: Bool, read: () -> HostReading = { .now() }
    ) {
        guard !isClosed, now >= measure.lowerBound else { return }
        let isEnd = isLast || now >= measure.upperBound
        let isDue = last.map { now >= $0.clocks.monotonic + Self.interval } ?? true
        guard isEnd || isDue else { return }
        isClosed = isEnd
        add(read())
    }

    /// Adds a reading, later than those before.
    package mutating func add(_ reading: HostReading) {
        if let last {
            // A suspended machine's wall clock goes on, which nobody set.
            let asleep = reading.clocks.suspended - last.clocks.suspended
            let set = (reading.clocks.wallDistance - last.clocks.wallDistance - asleep).magnitude
            if set > Self.clockNoise { wallSteps += set }
        }
        if let memory = reading.memory, memory.total > 0 {
            let share = Double(memory.available) / Double(memory.total)
            leastAvailable = min(leastAvailable ?? share, share)
        }
        if first == nil { first = reading }
        last = reading
    }

    /// What was seen; `nil` with fewer than two readings.
    package var span: HostSpan? {
        guard let first, let last, last.clocks.monotonic > first.clocks.monotonic else { return nil }
        let nanoseconds = Double(last.clocks.monotonic - first.clocks.monotonic)
        let asleep = last.clocks.suspended - first.clocks.suspended
        return HostSpan(
            seconds: nanoseconds / 1e9,
            stolenShare: Self.both(first.processors, last.processors) { from, to in
                to.total > from.total && to.stolen >= from.stolen
                    ? Double(to.stolen - from.stolen) / Double(to.total - from.total) : nil
            },
            swappedPages: Self.both(first.swap, last.swap) { from, to in
                (to.pagesIn &- from.pagesIn) &+ (to.pagesOut &- from.pagesOut)
            },
            memoryStall: Self.both(first.pressure, last.pressure) { from, to in
                Double(to.someMicroseconds &- from.someMicroseconds) * 1_000 / nanoseconds
            },
            leastAvailable: leastAvailable, wallSteps: wallSteps,
            suspended: asleep.magnitude > Self.clockNoise ? asleep.magnitude : 0)
    }

    private static func both<Part, Value>(
        _ first: Part?, _ last: Part?, _ difference: (Part, Part) -> Value?
    ) -> Value? {
        guard let first, let last else { return nil }
        return difference(first, last)
    }
}
