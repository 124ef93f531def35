import Glibc
import TestSupport
import Testing
import Workload

/// What every arrival process promises, over long stretches of trial time. Seeds are fixed; a tolerance is stated in
/// standard deviations of the count where chance has a say.
@Suite struct ArrivalTests {
    private let second: UInt64 = 1_000_000_000

    /// A process as a workload file names it, and the calendar it runs by. The epoch is a Monday's midnight.
    private func process(
        _ text: String, scale: Int = 1, payload: String = "100B"
    ) throws -> (any ArrivalProcess, ArchiveCalendar) {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: arrivals
            summary: one stream
            archive-epoch: 2026-01-05T00:00:00Z
            time-scale: \(scale)
            topics: [{name: all, shard: 16/32, count: 10}]
            messages:
              streams:
                - name: only
                  arrivals: {\(text)}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: \(payload)}}]
            clockwork: off
            """)
        return (spec.messages.streams[0].arrivals, spec.calendar)
    }

    private func times(
        _ process: any ArrivalProcess, _ calendar: ArchiveCalendar, to end: UInt64, seed: UInt64 = 1
    ) -> [UInt64] {
        var random = RandomSource(seed: seed, .offers)
        var times: [UInt64] = []
        var next = process.next(after: 0, calendar, &random)
        while next < end {
            times.append(next)
            next = process.next(after: next, calendar, &random)
        }
        return times
    }

    private func counts(_ times: [UInt64], bins: Int, of length: UInt64) -> [Int] {
        var counts = [Int](repeating: 0, count: bins)
        for time in times where Int(time / length) < bins { counts[Int(time / length)] += 1 }
        return counts
    }

    /// Sum of squared deviations in units of the expectation; for bins of Poisson counts about the number of bins.
    private func chiSquare(_ counts: [Int], _ expected: [Double]) -> Double {
        zip(counts, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
    }

    /// Largest distance between the distribution of the values and the exponential one of mean 1.
    private func distanceFromExponential(_ values: [Double]) -> Double {
        let count = Double(values.count)
        return values.sorted().enumerated().reduce(0) { worst, item in
            let wanted = 1 - exp(-item.element)
            return max(worst, abs(Double(item.offset + 1) / count - wanted), abs(Double(item.offset) / count - wanted))
        }
    }

    /// A week in archive hours. At scale 7 an hour's border falls between two nanoseconds of the trial.
    @Test(arguments: [1, 7, 60])
    func poissonFollowsTheCurveOfDayAndWeek(_ scale: Int) throws {
        let rate = 0.5 * Double(scale)
        let (process, calendar) = try process(
            "process: poisson, rate: \(rate)/s, day-amplitude: 30%, peak-hour: 18, weekend: 80%", scale: scale)
        let times = times(process, calendar, to: 604_800 * second / UInt64(scale), seed: 3)
        let hours = counts(times.map { $0 * UInt64(scale) }, bins: 168, of: 3_600 * second)
        let expected = (0..<168).map { hour in
            1_800 * (1 + 0.3 * cos(2 * Double.pi * Double(hour % 24 - 18) / 24)) * (hour >= 120 ? 0.8 : 1)
        }
        for (count, wanted) in zip(hours, expected) { #expect(abs(Double(count) - wanted) < 4.5 * wanted.squareRoot()) }
        // 168 bins: the mean is 168, four standard deviations are 73.
        #expect(abs(chiSquare(hours, expected) - 168) < 73)
        let (work, rest) = (hours.prefix(120).reduce(0, +), hours.suffix(48).reduce(0, +))
        #expect(abs(Double(rest) / 2 / (Double(work) / 5) - 0.8) < 0.02)
    }

    @Test func curveOfTheDayHasItsPeakAndItsTrough() throws {
        let (process, calendar) = try process("process: poisson, rate: 10/s, day-amplitude: 30%, peak-hour: 18")
        let hour: Int64 = 3_600_000_000_000
        let levels = (0..<24).map { process.level(at: $0 * hour, calendar) }
        #expect(abs(levels[18].rate - 13) < 1e-9 && abs(levels[6].rate - 7) < 1e-9)
        #expect(levels.enumerated().allSatisfy { $1.until == (Int64($0) + 1) * hour })
        #expect(abs(levels.reduce(0) { $0 + $1.rate } / 24 - 10) < 1e-9)
        // The history before the trial follows the same curve.
        #expect(abs(process.level(at: -6 * hour, calendar).rate - 13) < 1e-9)
        #expect(abs(process.level(at: -1, calendar).rate - levels[23].rate) < 1e-9)
    }

    /// A Kolmogorov-Smirnov distance beyond 1.63/√n comes up by chance once in a hundred seeds.
    @Test(arguments: ["rate: 50/s", "rate: 50/s, day-amplitude: 90%, weekend: 30%"])
    func poissonGapsAreExponentialInTheTimeThatTheRateStretches(_ keys: String) throws {
        let (process, calendar) = try process("process: poisson, \(keys)", scale: 600)
        let times = times(process, calendar, to: 1_000 * second, seed: 5)
        let gaps = zip(times, times.dropFirst()).map { process.expected(from: Int64($0), to: Int64($1), calendar) }
        #expect(gaps.count > 20_000)
        #expect(distanceFromExponential(gaps) < 1.63 / Double(gaps.count).squareRoot())
    }

    @Test func constantArrivalsAreEquallyFarApart() throws {
        let (process, calendar) = try process("process: constant, rate: 40/s")
        #expect(times(process, calendar, to: 10 * second + 1) == (1...400).map { $0 * 25_000_000 })
        #expect(times(process.scaled(by: 2.5), calendar, to: 10 * second + 1).count == 1_000)
    }

    @Test(arguments: [1, 60])
    func burstsAreFollowedBySilence(_ scale: Int) throws {
        let (process, calendar) = try process("process: on-off, rate: 200/s, on: 2s, off: 3s", scale: scale)
        let times = times(process, calendar, to: 1_000 * second)
        #expect(times.allSatisfy { $0 % (5 * second) < 2 * second })
        // 80 000 arrivals, three standard deviations.
        #expect(abs(Double(times.count) - 80_000) < 849)
        let places = counts(times.map { $0 % (5 * second) }, bins: 20, of: second / 10)
        #expect(chiSquare(places, [Double](repeating: 4_000, count: 20)) < 20 + 4 * 6.4)
    }

    @Test(arguments: [0.2, 0.5, 1.0])
    func epochsBeginWithARush(_ share: Double) throws {
        let (process, calendar) = try process(
            "process: epoch-edge, rate: 10/s, epoch: 600s, edge: 30s, edge-share: \(share)")
        let times = times(process, calendar, to: 60_000 * second, seed: 2)
        let within = times.count { $0 % (600 * second) < 30 * second }
        let found = Double(within) / Double(times.count)
        #expect(abs(found - share) <= 3 * (share * (1 - share) / Double(times.count)).squareRoot())
        // 600 000 arrivals, three standard deviations.
        #expect(abs(Double(times.count) - 600_000) < 2_324)
        let edge = counts(times.map { $0 % (600 * second) }, bins: 30, of: second)
        #expect(chiSquare(edge, [Double](repeating: 20_000 * share, count: 30)) < 30 + 4 * 7.7)
    }

    @Test func periodicArrivalsComeOnceAPeriodWithinTheirJitter() throws {
        let (process, calendar) = try process("process: periodic, every: 60s, jitter: 20s, first: 5s")
        let times = times(process, calendar, to: 60_005 * second)
        #expect(times.count == 1_000)
        for (period, time) in times.enumerated() {
            let start = UInt64(period) * 60 * second + 5 * second
            #expect(time > start && time <= start + 20 * second)
        }
        // Uniform within the jitter: the mean is half of it, within three standard deviations.
        let mean = times.reduce(0.0) { $0 + Double(($1 - 5 * second) % (60 * second)) / 1e9 } / 1_000
        #expect(abs(mean - 10) < 3 * 20 / 12.0.squareRoot() / 1_000.0.squareRoot())
        #expect(process.expected(from: 0, to: Int64(5 * second), calendar) == 0)
    }

    @Test func periodicArrivalsWithoutJitterAreAClock() throws {
        let (process, calendar) = try process("process: periodic, every: 60s")
        #expect(times(process, calendar, to: 600 * second) == (0..<10).map { $0 * 60 * second + 1 })
        #expect(times(process.scaled(by: 3), calendar, to: 600 * second) == (0..<30).map { $0 * 20 * second + 1 })
    }

    @Test func periodicArrivalsCanBeAskedForFromAnyMoment() throws {
        let (process, calendar) = try process("process: periodic, every: 60s, first: 5s")
        var random = RandomSource(seed: 1, .offers)
        let found = [0, 5, 6, 65].map { process.next(after: $0 * second, calendar, &random) }
        #expect(found == [5 * second + 1, 5 * second + 1, 65 * second + 1, 65 * second + 1])
    }

    @Test(arguments: [1, 2, 7, 4_000])
    func everyClockTicksOnceAPeriodAndKeepsItsDistance(_ count: Int) throws {
        let (process, calendar) = try process("process: clocks, count: \(count), every: 2min")
        let period = 120 * second
        let times = times(process, calendar, to: 20 * period)
        #expect(counts(times, bins: 20, of: period) == [Int](repeating: count, count: 20))
        #expect(zip(times, times.dropFirst(count)).allSatisfy { $1 - $0 == period })
        // Each has a slot of the period to itself, so the phases spread evenly.
        let slots = times.prefix(count).map { Int(Double($0) / Double(period) * Double(count)) }
        #expect(slots == Array(0..<count))
    }

    @Test func moreClocksAreMoreArrivals() throws {
        let (process, calendar) = try process("process: clocks, count: 10, every: 60s")
        #expect(times(process.scaled(by: 2.5), calendar, to: 60 * second).count == 25)
        #expect(times(process.scaled(by: 0.01), calendar, to: 60 * second).count == 1)
    }

    /// Three million in ten seconds: a slot is 3333⅓ ns, so its border falls between two nanoseconds.
    @Test(arguments: [(1, "30s"), (7, "30s"), (5_000, "30s"), (3_000_000, "10s")])
    func herdComesOnceAndInFullNumber(_ count: Int, _ ramp: String) throws {
        let (process, calendar) = try process("process: herd, count: \(count), at: 20s, within: \(ramp)")
        let length: UInt64 = ramp == "30s" ? 30 : 10
        let times = times(process, calendar, to: 3_600 * second)
        #expect(times.count == count)
        #expect(times.allSatisfy { $0 >= 20 * second && $0 < (20 + length) * second })
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        guard count >= 5_000 else { return }
        // One in each slot: no tenth of the ramp is off by more than the arrivals at its two borders.
        let tenths = counts(times.map { $0 - 20 * second }, bins: 10, of: length * second / 10)
        #expect(tenths.allSatisfy { abs($0 - count / 10) <= 2 })
    }

    /// Hours of 100, 400 and 0 MB, played twice. A payload of 100 B takes 408 B, one of 10 000 B lies in TOAST.
    @Test(arguments: [("100B", 100), ("10kB", 10_000)])
    func volumesAreFilledHourByHour(_ payload: String, _ bytes: Int) throws {
        let (process, calendar) = try process(
            "process: hourly-volumes, volumes: [100MB, 400MB, 0B]", payload: payload)
        let times = times(process, calendar, to: 6 * 3_600 * second, seed: 4)
        let each = StorageModel.tableBytes(payload: bytes)
        for (hour, count) in counts(times, bins: 6, of: 3_600 * second).enumerated() {
            let wanted = [100e6, 400e6, 0][hour % 3] / each
            #expect(abs(Double(count) - wanted) <= 3.5 * wanted.squareRoot(), "hour \(hour)")
        }
    }

    /// Rates are the wall clock's; which hour it is follows the archive's.
    @Test func volumesChangeWithTheArchiveHour() throws {
        let (process, calendar) = try process("process: hourly-volumes, volumes: [100MB, 400MB, 0B]", scale: 60)
        let minute: Int64 = 60_000_000_000
        let one = process.level(at: 0, calendar)
        #expect(one.until == minute)
        let two = process.level(at: minute, calendar)
        #expect(abs(two.rate / one.rate - 4) < 1e-9 && two.until == 2 * minute)
        #expect(process.level(at: 2 * minute, calendar).rate == 0)
        #expect(process.level(at: 3 * minute, calendar) == ArrivalLevel(rate: one.rate, until: 4 * minute))
        // Before the trial the series ran as well: its last volume is the hour before the epoch.
        #expect(process.level(at: -minute / 2, calendar).rate == 0)
        #expect(process.level(at: -3 * minute / 2, calendar).rate == two.rate)
    }

    /// Of three days of trial time: counts are as expected, times rise, and a factor is a factor.
    @Test(
        arguments: [
            "process: poisson, rate: 0.5/s, day-amplitude: 40%, weekend: 50%", "process: constant, rate: 0.5/s",
            "process: on-off, rate: 3/s, on: 7s, off: 23s", "process: epoch-edge, rate: 0.5/s",
            "process: periodic, every: 60s, jitter: 60s, first: 100s", "process: clocks, count: 10, every: 30s",
            "process: herd, count: 2000, at: 10min, within: 5min", "process: hourly-volumes, volumes: [1MB, 300kB]",
            "process: hourly-rates, rates: [0.5/s, 0.1/s, 0/s]",
        ], [1, 60])
    func countsAreAsExpectedAndTimesRise(_ text: String, _ scale: Int) throws {
        let (process, calendar) = try process(text, scale: scale)
        let end = 3 * 86_400 * second + 12_345
        let expected = process.expected(from: 0, to: Int64(end), calendar)
        for factor in [1, 0.5, 3] {
            let scaled = process.scaled(by: factor)
            let times = times(scaled, calendar, to: end, seed: 9)
            let wanted = scaled.expected(from: 0, to: Int64(end), calendar)
            #expect(times.count > 500)
            #expect(abs(wanted / expected / factor - 1) < 0.01, "\(text) times \(factor)")
            #expect(abs(Double(times.count) - wanted) < 3 * wanted.squareRoot(), "\(text) times \(factor)")
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        }
    }
}
