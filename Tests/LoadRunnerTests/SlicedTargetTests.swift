import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// Time that passes in turns only. Everything runs in simulated time and is computed by hand.
@Suite struct SlicedTargetTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let second: UInt64 = 1_000_000_000
    private let millisecond = Self.millisecond
    private let second = Self.second

    private typealias Sim = DiaryTarget<SimulatedTarget>

    /// A simulation that a test can act in at moments of its clock, as whoever runs a comparison does.
    private final class Stage: LoadTarget {
        private let inside: Sim
        private var acts: [(at: Nanoseconds, act: () -> Void)]

        init(_ inside: Sim, _ acts: [(at: Nanoseconds, act: () -> Void)]) { (self.inside, self.acts) = (inside, acts) }

        func wait(until deadline: Nanoseconds) -> Nanoseconds {
            let now = inside.wait(until: deadline)
            while let first = acts.first, first.at <= now {
                acts.removeFirst()
                first.act()
            }
            return now
        }

        func start(at moment: Nanoseconds) { inside.start(at: moment) }
        func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
            inside.begin(operation, ticket: ticket, now: now)
        }
        func takeCompletion() -> Completion? { inside.takeCompletion() }
        func clock() -> Nanoseconds { inside.clock() }
        func hasStarted(_ ticket: Int) -> Bool { inside.hasStarted(ticket) }
        func takeEvents() -> [TargetEvent] { inside.takeEvents() }
        func end() { inside.end() }
    }

    private struct Seen {
        let result: LoadResult
        let seconds: [WorkerSecond]
        let gate: SliceGate
        let diary: [Sim.Entry]

        /// Response times of the first label's puts in one second, milliseconds, rising.
        func response(_ second: Int) -> [Double] {
            let histogram = seconds[second].labels[0].response
            return (0..<histogram.count).map { rank in
                Double(histogram.value(at: (Double(rank) + 0.5) / Double(histogram.count)) ?? 0) / 1e6
            }
        }
    }

    /// Runs a load in turns that open at the given moments.
    private func run(
        _ spec: WorkloadSpec, opening opens: [UInt64], length: UInt64 = Self.second, pacing: Pacing = .open,
        acts: [(at: Nanoseconds, act: (SliceGate, LoadControl) -> Void)] = [],
        service: @escaping (Operation) -> UInt64
    ) throws -> Seen {
        let (gate, control) = (SliceGate(), LoadControl())
        for moment in opens { gate.open(at: moment, length: length) }
        var made: Sim?
        let result = LoadRunner.simulate(spec, seed: 1, pacing: pacing, control: control) { _ in
            let target = Sim(SimulatedTarget(connections: 1, serviceTime: service))
            made = target
            let stage = Stage(target, acts.map { act in (act.at, { act.act(gate, control) }) })
            return SlicedTarget(stage, gate: gate, holdsAtEnd: pacing != .open)
        }
        return Seen(
            result: result, seconds: control.takeSeconds(), gate: gate, diary: try #require(made).diary)
    }

    private func close(_ found: [Double], _ expected: [Double]) -> Bool {
        // The histograms of seconds tell two digits apart.
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= $1 * 0.01 + 0.002 }
    }

    /// A put each 10 ms, served in 1 ms. However far apart the turns are, the load is the one without turns: each put
    /// once, in order, in the second that it is due in, with the response time it has there.
    @Test func turnsChangeNothingOfALoad() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "3s")
        let opens = [second / 2, 5 * second, 9 * second + 123]
        let seen = try run(spec, opening: opens) { _ in Self.millisecond }
        let whole = LoadRunner.simulate(spec, seed: 1) { _ in
            Sim(SimulatedTarget(connections: 1) { _ in Self.millisecond })
        }
        let (put, plain) = (seen.result.results[0], whole.results[0])
        #expect(put.measure.scheduled == 299 && put.measure.completed == 299 && put.measure.identityHolds)
        #expect(plain.measure == put.measure)
        #expect(put.response.count == 299 && put.response.value(at: 0.001) == plain.response.value(at: 0.001))
        #expect(put.response.max == plain.response.max && put.lag.max == plain.lag.max)
        // Due at 0.01 … 0.99 s, at 1.00 … 1.99 s, at 2.00 … 2.99 s: a second's first moment belongs to it.
        #expect(seen.seconds.prefix(3).map { $0.labels[0].scheduled } == [99, 100, 100])
        #expect(seen.seconds.prefix(3).map { $0.labels[0].response.count } == [99, 100, 100])
        #expect(seen.diary.map(\.operation.due) == (1...299).map { $0 * 10 * millisecond })
        for entry in seen.diary {
            let turn = Int(entry.operation.due / second)
            #expect(entry.begun == opens[turn] + entry.operation.due % second)
        }
        for turn in 0..<3 {
            let account = try #require(seen.gate.account(of: turn))
            #expect(account.opened == opens[turn] && account.isDrained)
            #expect(account.begun == (turn == 0 ? 99 : 100) && account.ended == account.begun)
            #expect(account.endedInTurn == account.ended)
        }
        #expect(seen.gate.account(of: 3) == nil)
    }

    /// Served in 20 ms, due each 10 ms: the k-th of a turn, from 0, takes 20 + 10k ms, also when it ends a second after
    /// its turn; the next turn begins with an empty queue.
    @Test func whatEndsAfterItsTurnHasItsTrueTime() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "2s")
        let seen = try run(spec, opening: [second, 20 * second]) { _ in 20 * Self.millisecond }
        #expect(seen.seconds.prefix(2).map { $0.labels[0].scheduled } == [99, 100])
        #expect(close(seen.response(0), (0..<99).map { 20 + 10 * Double($0) }))
        #expect(close(seen.response(1), (0..<100).map { 20 + 10 * Double($0) }))
        let account = try #require(seen.gate.account(of: 1))
        #expect(account.begun == 100 && account.ended == 100 && account.endedInTurn == 49)
        #expect(account.firstBegun == 20 * second && account.lastEnded == 22 * second)
        #expect(seen.result.results[0].measure.completed == 199)
    }

    /// Turns of two seconds: both seconds of the worker are the turn's.
    @Test func aTurnMayBeSeveralSeconds() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "4s")
        let seen = try run(spec, opening: [second, 10 * second], length: 2 * second) { _ in 3 * Self.millisecond }
        #expect(seen.seconds.prefix(4).map { $0.labels[0].scheduled } == [99, 100, 100, 100])
        #expect(seen.seconds.prefix(4).map { $0.labels[0].response.count } == [99, 100, 100, 100])
        #expect(seen.gate.account(of: 1)?.begun == 200)
    }

    /// One put takes five seconds. Its turn is called over after two; the put is neither lost nor counted twice.
    @Test func aTurnCanBeSealedWithOperationsInFlight() throws {
        let spec = try TestWorkloads.clockwork(rate: "10/s", measure: "2s")
        let seen = try run(
            spec, opening: [second, 20 * second], acts: [(at: 4 * second, act: { gate, _ in gate.seal(0) })]
        ) { $0.due == 500 * Self.millisecond ? 5 * Self.second : Self.millisecond }
        let first = try #require(seen.gate.account(of: 0))
        // Behind it on the one connection wait four more.
        #expect(!first.isDrained && first.begun == 9 && first.ended == 4)
        let second = try #require(seen.gate.account(of: 1))
        // What was left over ended between the turns.
        #expect(second.isDrained && second.begun == 10 && second.ended == 10)
        #expect(seen.result.results[0].measure.completed == 19 && seen.result.results[0].measure.identityHolds)
        #expect(seen.seconds.reduce(0) { $0 + $1.labels[0].response.count } == 19)
    }

    /// Four clients and one connection of a millisecond: a thousand a turn. Between turns nothing is begun; what a client
    /// would begin then waits for the next.
    @Test func clientsOfAClosedLoopWaitForTheirTurn() throws {
        let spec = try TestWorkloads.clockwork(rate: "9000/s", measure: "3s")
        let opens = [second, 7 * second, 30 * second]
        let seen = try run(
            spec, opening: opens, pacing: .closed(clients: 4), acts: [(at: 40 * second, act: { gate, _ in gate.end() })]
        ) { _ in Self.millisecond }
        // What the four clients wait with after the last turn is carried out when there will be no more.
        for entry in seen.diary.dropLast(4) {
            #expect(opens.contains { entry.begun >= $0 && entry.begun < $0 + second })
        }
        #expect(seen.diary.suffix(4).allSatisfy { $0.begun >= 40 * second })
        let accounts = try (0..<3).map { try #require(seen.gate.account(of: $0)) }
        for (account, opened) in zip(accounts, opens) {
            #expect(account.firstBegun == opened && account.isDrained && account.begun == account.ended)
            #expect((1_000...1_004).contains(account.ended))
        }
        #expect(accounts.reduce(0) { $0 + $1.begun } == seen.diary.count - 4)
        // What waited was begun after its turn came, and took from then on.
        #expect(seen.response(1).allSatisfy { $0 < 5 })
        #expect(seen.result.results[0].measure.identityHolds)
    }

    /// Asked to end between turns: time runs again, nothing new is begun, what waited is carried out.
    @Test func aLoadEndsBetweenTurns() throws {
        let spec = try TestWorkloads.clockwork(rate: "9000/s", measure: "60s")
        let stop = { (gate: SliceGate, control: LoadControl) in
            control.stop()
            gate.end()
        }
        for pacing in [Pacing.open, .closed(clients: 4)] {
            let seen = try run(spec, opening: [second], pacing: pacing, acts: [(at: 5 * second, act: stop)]) { _ in
                Self.millisecond / 10
            }
            let put = seen.result.results[0]
            #expect(put.measure.identityHolds && put.measure.abandoned == 0)
            #expect(put.measure.scheduled == seen.diary.count)
            #expect(seen.result.drained < 4 * millisecond, "\(pacing)")
            let account = try #require(seen.gate.account(of: 0))
            #expect(seen.diary.count - account.begun == (pacing == .open ? 0 : 4))
        }
    }

    /// Asked to end within a turn: what was due is carried out, and the turn's account is not waited for.
    @Test func aLoadEndsWithinATurn() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "60s")
        let seen = try run(
            spec, opening: [second], length: 30 * second,
            acts: [
                (
                    at: 6 * second,
                    act: { gate, control in
                        control.stop()
                        gate.end()
                    }
                )
            ]
        ) { _ in Self.millisecond }
        #expect((499...500).contains(seen.diary.count) && seen.result.results[0].measure.identityHolds)
    }
}
