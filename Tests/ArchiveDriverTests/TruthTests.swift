import ArchiveDriver
import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import WakuModel
import Workload

/// What a load recorded, held against what the server did by its own log.
///
/// Both sides read the same clock about the same events, so two things hold on any machine, however busy:
/// - nothing recorded is shorter than the truth (the server's span lies within the client's), checked on every run;
/// - the k-th smallest recorded is not below the k-th smallest of the truth.
///
/// The other side, that little is added, is the generator's own share, and a busy machine adds to it what it likes. It
/// is checked at the median, which a few late wake-ups do not move, and on the best of several runs, because other
/// programs can only make it larger, while a mistake in the arithmetic is in each run.
@Suite(.serialized) struct TruthTests {
    static let millisecond: Nanoseconds = 1_000_000
    /// What the generator may add at the median: 200 µs, and the histogram's 0.1 %.
    private static let mostAdded: Nanoseconds = 200_000
    private static let precision = 0.001
    private static let mostRuns = 6

    /// One operation of the measure phase as the server saw it.
    struct Truth {
        /// When it was due, by the schedule as it is written in the test.
        let due: Nanoseconds
        /// What the server spent on it.
        let spent: Nanoseconds
        /// When the server wrote the first bytes of its answer, and the last.
        let opened: Nanoseconds
        let answered: Nanoseconds

        var response: Nanoseconds { answered - due }
    }

    @Test(arguments: [
        [5 * millisecond],
        // Three of five lie below 4 ms, three above 2 ms: the median is in the middle of those that take 3.
        [1 * millisecond, 20 * millisecond, 3 * millisecond, 2 * millisecond, 7 * millisecond],
    ])
    func serviceTimesOfRequestsAreTheTruth(_ delays: [Nanoseconds]) async throws {
        let spec = try TestWorkloads.scans(rate: "200/s", warmUp: "1s", measure: "1s")
        try await bestRun { () async throws -> String? in
            let (result, log) = try await Self.run(spec, .cycle(delays))
            let truths = try Self.truthsOfScans(log, result, spec, interval: 5 * Self.millisecond)
            let scans = try Self.only(result, "store.time-range")
            #expect(truths.count == 200 && scans.measure.completed == 200)
            #expect(truths.map(\.spent).sorted()[99] >= delays.sorted()[delays.count / 2])
            return try Self.complaint(scans.service, truths.map(\.spent))
        }
    }

    /// An answer of which the first bytes come after 4 ms and the rest 6 ms later. A first byte that is noticed late
    /// makes the transfer shorter, so that is held to the truth at the median only, from both sides.
    @Test func firstByteAndTransferAreToldApart() async throws {
        let spec = try TestWorkloads.scans(rate: "100/s", warmUp: "500ms", measure: "1s")
        let script = StubScript { statement in
            let result = StubScript.usualResult(for: statement.text)
            return .answer(result, after: 4 * Self.millisecond, lasting: 6 * Self.millisecond)
        }
        try await bestRun { () async throws -> String? in
            let (result, log) = try await Self.run(spec, script)
            let scans = try Self.only(result, "store.time-range")
            let measured = try Self.truthsOfScans(log, result, spec, interval: 10 * Self.millisecond)
            #expect(measured.count == 100)
            let transfers = measured.map { $0.answered - $0.opened }
            return try Self.complaint(scans.firstByteWait, measured.map { $0.spent - ($0.answered - $0.opened) })
                ?? Self.complaint(scans.transfer, transfers, rank: 50, added: Self.mostAdded)
                ?? Self.shortfall(scans.transfer, transfers, rank: 50, most: Self.mostAdded)
        }
    }

    /// A put is two statements; what the client does between them is not the server's.
    @Test func serviceTimesOfPutsAreTheTruth() async throws {
        var spec = try TestWorkloads.clockwork(rate: "200/s", measure: "1s")
        spec.phases.warmUp = 1_000 * Self.millisecond
        let offered = spec
        try await bestRun { () async throws -> String? in
            let (result, log) = try await Self.run(offered, .constant(3 * Self.millisecond))
            let truths = try Self.truthsOfPuts(log, result, offered, interval: 5 * Self.millisecond)
            let puts = try Self.only(result, "put")
            #expect(truths.count == 200 && puts.measure.completed == 200)
            return try Self.complaint(puts.service, truths.map(\.spent))
        }
    }

    /// A request each 10 ms, answered after 1 ms. The 100th begins a stall of one second. By hand: it is answered when
    /// the stall ends, 1 000 ms after it was due; what is due in the stall, at `t` after its beginning, is begun at its
    /// end and answered 1 001 ms − t after it was due; every other request takes 1 ms. So of 299 a hundred and one are
    /// late, 10 ms apart.
    @Test func aStallShowsInResponseTimesAsComputedByHand() async throws {
        let spec = try TestWorkloads.scans(rate: "100/s", measure: "3s", connections: 150)
        let delay = Self.millisecond
        let script = StubScript { statement in
            let result = StubScript.usualResult(for: statement.text)
            return statement.number == 99
                ? .stall(1_000 * Self.millisecond, then: result) : .answer(result, after: delay)
        }
        try await bestRun { () async throws -> String? in
            let (result, log) = try await Self.run(spec, script)
            let stall = try #require(log.stalls.first)
            #expect(log.stalls.count == 1 && stall.upperBound - stall.lowerBound == 1_000 * Self.millisecond)
            let scans = try Self.only(result, "store.time-range")
            #expect(scans.measure.scheduled == 299 && scans.measure.completed == 299)
            let dues = (1...299).map { result.started + Nanoseconds($0) * 10 * Self.millisecond }
            let isLate = { (due: Nanoseconds) in due >= dues[99] && due <= stall.upperBound }
            #expect((100...101).contains(dues.count(where: { stall.contains($0) })))
            // The one that begins the stall is answered at its end without further work.
            let byHand = dues.map { isLate($0) ? stall.upperBound - $0 + ($0 == dues[99] ? 0 : delay) : delay }
            let truths = try Self.truthsOfScans(log, result, spec, interval: 10 * Self.millisecond)
            #expect(zip(truths, byHand).allSatisfy { $0.response >= $1 || !stall.contains($0.due) })
            // The late ones are ranks 199 to 299. After the stall a hundred answers come at once, and each waits for
            // those before it: hence 5 ms.
            return try Self.complaint(scans.response, truths.map(\.response))
                ?? [150, 220, 250, 280, 297, 299].lazy.compactMap { rank in
                    Self.complaint(scans.response, byHand, rank: rank, added: 5 * Self.millisecond)
                }.first
        }
    }

    // MARK: Running

    static func run(_ spec: WorkloadSpec, _ script: StubScript) async throws -> (LoadResult, StubLog) {
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let (result, log) = try await StubServer.run(script) { parameters in
            try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
                try ArchiveTarget(parameters, traffic: traffic, schema: schema)
            }
        }
        #expect(log.misunderstood.isEmpty && log.failures.isEmpty, "\(log.misunderstood) \(log.failures)")
        #expect(result.results.allSatisfy { $0.measure.identityHolds && $0.measure.abandoned == 0 })
        return (result, log)
    }

    /// Runs until one has nothing to complain of; the last complaint otherwise.
    private func bestRun(_ run: () async throws -> String?) async throws {
        var complaints: [String] = []
        for _ in 0..<Self.mostRuns {
            guard let complaint = try await run() else { return }
            complaints.append(complaint)
        }
        Issue.record("in each of \(Self.mostRuns) runs: \(complaints.joined(separator: "; "))")
    }

    /// The one class that anything was measured of.
    static func only(_ result: LoadResult, _ requestClass: String) throws -> LabelResult {
        let used = result.labels.indices.filter { result.results[$0].measure.scheduled > 0 }
        #expect(used.map { result.labels[$0].requestClass } == [requestClass])
        return result.results[try #require(used.first)]
    }

    // MARK: Comparing

    /// Checks that no rank of what was recorded is below the truth, and says what is wrong with the median.
    private static func complaint(_ recorded: LatencyHistogram, _ truths: [Nanoseconds]) throws -> String? {
        #expect(recorded.count == truths.count && recorded.clamped == 0)
        for (index, truth) in truths.sorted().enumerated() {
            let found = Double(value(recorded, rank: index + 1))
            #expect(found >= Double(truth) * (1 - precision), "rank \(index + 1) is shorter than the truth")
        }
        return complaint(recorded, truths, rank: (truths.count + 1) / 2, added: mostAdded)
    }

    private static func complaint(
        _ recorded: LatencyHistogram, _ truths: [Nanoseconds], rank: Int, added most: Nanoseconds
    ) -> String? {
        let (truth, found) = (truths.sorted()[rank - 1], value(recorded, rank: rank))
        let limit = Double(truth) * (1 + precision) + Double(most)
        return Double(found) <= limit
            ? nil : "\(found / 1_000) µs recorded at rank \(rank), the truth is \(truth / 1_000) µs"
    }

    private static func shortfall(
        _ recorded: LatencyHistogram, _ truths: [Nanoseconds], rank: Int, most: Nanoseconds
    ) -> String? {
        let (truth, found) = (truths.sorted()[rank - 1], value(recorded, rank: rank))
        return Double(found) >= Double(truth) * (1 - precision) - Double(most)
            ? nil : "only \(found / 1_000) µs recorded at rank \(rank), the truth is \(truth / 1_000) µs"
    }

    /// The k-th smallest, counted from 1.
    private static func value(_ recorded: LatencyHistogram, rank: Int) -> Nanoseconds {
        recorded.value(at: (Double(rank) - 0.5) / Double(recorded.count)) ?? 0
    }

    /// The requests of the measure phase, found in the log by the request identifiers that the workload gives them.
    static func truthsOfScans(
        _ log: StubLog, _ result: LoadResult, _ spec: WorkloadSpec, interval: Nanoseconds
    ) throws -> [Truth] {
        let entries = Dictionary(grouping: log.entries) { entry in
            entry.statement.text.split(separator: " ").first { $0.hasPrefix("requestId=") }.map(String.init) ?? ""
        }
        let traffic = Traffic(spec, seed: 1)
        return try dues(result, spec, interval).map { due, isMeasured in
            let operation = try #require(traffic.next())
            let found = entries["requestId=\(traffic.query(of: operation).requestID)"] ?? []
            return isMeasured ? try truth(found, statements: 1, due) : nil
        }.compactMap { $0 }
    }

    /// The puts of the measure phase, found in the log by their messages' hashes.
    static func truthsOfPuts(
        _ log: StubLog, _ result: LoadResult, _ spec: WorkloadSpec, interval: Nanoseconds
    ) throws -> [Truth] {
        let entries = Dictionary(grouping: log.entries) { entry in
            let parameters = entry.statement.parameters
            return (parameters.count == 8 ? parameters[1] : parameters.first ?? nil) ?? []
        }
        let traffic = Traffic(spec, seed: 1)
        return try dues(result, spec, interval).map { due, isMeasured in
            let operation = try #require(traffic.next())
            let (topic, message) = traffic.message(of: operation)
            let hash = Array(message.hash(on: topic).description.utf8)
            return isMeasured ? try truth(entries[hash] ?? [], statements: 2, due) : nil
        }.compactMap { $0 }
    }

    /// When operations at equal distances are due, and whether they count.
    private static func dues(
        _ result: LoadResult, _ spec: WorkloadSpec, _ interval: Nanoseconds
    ) -> [(due: Nanoseconds, isMeasured: Bool)] {
        stride(from: interval, to: spec.phases.offered, by: Int(interval)).map {
            (result.started + $0, $0 >= spec.phases.warmUp)
        }
    }

    private static func truth(
        _ entries: [StubLog.Entry], statements: Int, _ due: Nanoseconds
    ) throws -> Truth {
        try #require(entries.count == statements)
        let spans = try entries.map { try #require($0.spent) }
        let answered = try #require(entries.compactMap(\.answered).max())
        return Truth(
            due: due, spent: spans.reduce(0, +), opened: entries.last?.opened ?? answered, answered: answered)
    }
}
