import Experiment
import FoundationEssentials
import Measurement
import RunRecord
import TestSupport
import Testing

/// Logs of `pgbench -l` become records: what is in them is counted, what is not is said.
@Suite struct ImportPgbenchTests {
    /// Second 0 of made-up logs.
    private static let start = 1_700_000_000

    /// A line whose transaction ended so many milliseconds after second 0.
    private func line(
        _ client: Int, _ number: Int, _ took: String, script: Int = 0, endMs: Int, _ more: String = ""
    ) -> String {
        "\(client) \(number) \(took) \(script) \(Self.start + endMs / 1_000) \(endMs % 1_000 * 1_000)\(more)"
    }

    /// A hundred transactions of two clients that took 1 to 100 ms, one each 100 ms.
    private var hundred: [String] {
        (0..<100).map { line($0 % 2, $0 / 2 + 1, "\(($0 + 1) * 1_000)", endMs: 1_000 + $0 * 100) }
    }

    @Test func clientsThatWaitAreAClosedLoop() throws {
        let read = try Imported(lines: hundred).pgbench()
        let record = read.record
        #expect(record.isSoundImport() && record.closedClients == 2 && record.imported?.countsFromSchedule == false)
        #expect(record.imported?.source == "pgbench transaction log")
        #expect(record.startedAt == "2023-11-14T22:13:20Z")
        // From 999 ms (1 s less 1 ms) to 10.9 s.
        #expect(record.phases.measuredSeconds == 9.901)
        let script = try #require(record.classes["script.0"])
        #expect(script.achievedPerSecond == 10.1)
        let times = try #require(script.responseMs)
        #expect(times.count == 100 && abs(times.mean - 50.5) < 0.1)
        #expect(abs(times.p50 - 50) < 0.1 && abs(times.p99 - 99) < 0.2 && abs(times.max - 100) < 0.2)
        #expect(times.p999 == nil && script.lagMs == nil && script.goodputPerSecond == nil)
        #expect(record.accounting["script.0"]?.completed == 100)
        #expect(record.imported?.limits.contains { $0.hasPrefix("No intended starts") } == true)
        #expect(record.imported?.unknown.contains("host") == true)
    }

    @Test func secondsAddUpToTheWhole() throws {
        let folder = try TemporaryFolder()
        let stored = try Imported(lines: hundred).pgbench().write(to: "\(folder.path)/record")
        let samples = try stored.readSamples()
        #expect(samples.reduce(0) { $0 + ($1.classes["script.0"]?.completed ?? 0) } == 100)
        #expect(samples.reduce(0) { $0 + ($1.classes["script.0"]?.scheduled ?? 0) } == 100)
        #expect(samples.map(\.second) == Array(0...9))
        #expect(samples[1].classes["script.0"]?.completed == 10)
        let log = try Data(contentsOf: URL(filePath: stored.path(of: .latencies)))
        let intervals = try LatencyLog.intervals(log)
        #expect(intervals.reduce(0) { $0 + $1.histogram.count } == 100)
        #expect(try stored.readRecord().imported == Imported(lines: hundred).pgbench().record.imported)
    }

    /// A stall shows in the time line: seconds without a line are there, with nothing in them.
    @Test func idleSecondsAreThere() throws {
        let folder = try TemporaryFolder()
        let lines = [line(0, 1, "1000", endMs: 1_000), line(0, 2, "4000000", endMs: 5_500)]
        let samples = try Imported(lines: lines).pgbench().write(to: "\(folder.path)/record").readSamples()
        #expect(samples.map(\.second) == Array(0...5) || samples.map(\.second) == Array(0...4))
        #expect(samples.dropFirst(2).dropLast().allSatisfy { $0.classes.isEmpty })
    }

    @Test func threadsAreOneRunWhateverTheOrderOfTheirFiles() throws {
        let (even, odd) = (hundred.filter { $0.hasPrefix("0") }, hundred.filter { $0.hasPrefix("1") })
        let whole = try Imported(lines: hundred).pgbench().record
        for (one, other) in [(even, odd), (odd, even)] {
            let files: [(name: String, text: String)] = [("log.1", one), ("log.1.1", other)].map {
                ($0.0, $0.1.map { $0 + "\n" }.joined())
            }
            let record = try Imported(files).pgbench().record
            #expect(record.classes["script.0"]?.responseMs == whole.classes["script.0"]?.responseMs)
            #expect(record.phases.measuredSeconds == whole.phases.measuredSeconds && record.closedClients == 2)
        }
    }

    @Test func aRateTellsTheIntendedStart() throws {
        let read = try Imported(
            lines: [
                line(0, 1, "5000", endMs: 1_000, " 2000"), line(0, 2, "9000", endMs: 2_000, " 4000"),
                line(1, 1, "skipped", endMs: 2_500, " 0"),
            ]
        ).pgbench()
        let script = try #require(read.record.classes["script.0"])
        #expect(read.record.imported?.countsFromSchedule == true && read.record.closedClients == nil)
        #expect(read.record.paceInWords == "a schedule")
        #expect(abs((script.responseMs?.max ?? 0) - 9) < 0.02)
        #expect(abs((script.serviceMs?.max ?? 0) - 5) < 0.02)
        #expect(abs((script.lagMs?.max ?? 0) - 4) < 0.02)
        let account = try #require(read.record.accounting["script.0"])
        #expect(account.scheduled == 3 && account.completed == 2 && account.errors == ["skipped": 1])
        #expect(script.offeredPerSecond > script.achievedPerSecond)
    }

    @Test func failuresAreCountedByTheirCode() throws {
        let record = try Imported(
            lines: [
                line(0, 1, "1000", endMs: 100, " 0"), line(0, 2, "serialization", endMs: 200, " 2"),
                line(0, 3, "deadlock", endMs: 300, " 2"), line(0, 4, "failed", endMs: 400, " 1"),
                line(1, 1, "2000", script: 1, endMs: 500, " 1"),
            ]
        ).pgbench(seventh: .retries).record
        #expect(record.accounting["script.0"]?.errors == ["40001": 1, "40P01": 1, "serialization-or-deadlock": 1])
        #expect(record.accounting["script.1"]?.completed == 1 && record.isSoundImport())
        #expect(record.imported?.counters.map(\.increase) == [4, 6])
    }

    @Test func theSeventhColumnIsNotGuessedWhereItCanBeEither() throws {
        let either = try Imported(lines: [
            line(0, 1, "5000", endMs: 1_000, " 3"), line(0, 2, "5000", endMs: 2_000, " 0"),
        ])
        let words = Imported.problems { try either.pgbench() }
        #expect(words.contains("--seventh lag or --seventh retries"), "\(words)")
        #expect(try either.pgbench(seventh: .lag).record.classes["script.0"]?.lagMs != nil)
        #expect(try either.pgbench(seventh: .retries).record.imported?.counters.first?.increase == 1)
        let lag = try Imported(lines: [line(0, 1, "5000", endMs: 1_000, " 1001")]).pgbench().record
        #expect(lag.imported?.countsFromSchedule == true)
        #expect(lag.imported?.limits.contains { $0.contains("--seventh retries reads it otherwise") } == true)
    }

    @Test func aSampledLogSaysWhatIsMissing() throws {
        let record = try Imported(lines: [line(0, 11, "5000", endMs: 1_000), line(0, 20, "5000", endMs: 2_000)])
            .pgbench()
            .record
        #expect(record.imported?.limits.contains { $0.contains("holds 2 of 10 transactions") } == true)
    }

    @Test func aLineThatWasCutShortIsLeftOut() throws {
        let record = try Imported([("log", hundred.joined(separator: "\n"))]).pgbench().record
        #expect(record.accounting["script.0"]?.completed == 99)
        #expect(record.imported?.limits.contains { $0.contains("last line of log was cut short") } == true)
    }

    // MARK: Intervals

    /// Of version 15 and later: two threads, two seconds each.
    private let intervals = [
        "1700000000 10 10000 12000000 500 2000 0 0 0 0 0 0 0 0 0",
        "1700000001 30 60000 150000000 400 4000 0 0 0 0 0 0 0 0 0",
    ]

    @Test func intervalsHaveMeansAndNoPercentiles() throws {
        let record = try Imported(lines: intervals).pgbench().record
        let known = try #require(record.classes["transactions"]?.knownMs)
        #expect(record.classes["transactions"]?.responseMs == nil && record.isSoundImport())
        #expect(known.count == 40 && known.mean == 1.75 && known.min == 0.4 && known.max == 4)
        // √(162 / 40 − 1.75²)
        #expect(known.deviation == 0.994 && known.p50 == nil && known.p99 == nil)
        #expect(record.phases.measuredSeconds == 2 && record.throughput == 20)
        #expect(record.imported?.intervals.map(\.known.mean) == [1, 2])
        #expect(record.accounting.isEmpty && record.imported?.unknown.contains("accounting") == true)
        #expect(record.imported?.limits.contains { $0.hasPrefix("No percentiles") } == true)
    }

    @Test(arguments: [
        ("1700000000 10 10000 12000000 500 2000", 10, [String: Int]()),
        ("1700000000 10 10000 12000000 500 2000 900 90000 50 100", 10, [:]),
        ("1700000000 10 10000 12000000 500 2000 900 90000 50 100 4", 6, ["skipped": 4]),
        (
            "1700000000 10 10000 12000000 500 2000 900 90000 50 100 4 0 0 2 1", 10,
            ["skipped": 4, "40001": 2, "40P01": 1]
        ),
    ]) func everyVersionsColumnsAreKnown(line: String, completed: Int, errors: [String: Int]) throws {
        let record = try Imported(lines: [line]).pgbench(interval: 5).record
        #expect(record.classes["transactions"]?.known?.count == completed)
        #expect((record.accounting["transactions"]?.errors ?? [:]) == errors)
        #expect(record.imported?.countsFromSchedule == (line.split(separator: " ").count > 6))
        #expect(record.phases.measuredSeconds == 5)
    }

    @Test func oneIntervalDoesNotTellItsLength() throws {
        let words = Imported.problems { try Imported(lines: [intervals[0]]).pgbench() }
        #expect(words.contains("--interval 10s"), "\(words)")
    }

    // MARK: What is wrong

    @Test func allBadLinesAreNamedByTheirNumber() throws {
        let words = Imported.problems {
            try Imported(
                lines: [
                    line(0, 1, "1000", endMs: 100), line(0, 2, "soon", endMs: 200), "",
                    line(0, 3, "1000", endMs: 300, " 7"),
                    line(0, 3, "1000", endMs: 400), line(0, 3, "1000", endMs: 500), "0 4 1000 0 12 0",
                ]
            ).pgbench()
        }
        let lines = words.split(separator: "\n").map { $0.split(separator: ": ", maxSplits: 1) }
        #expect(
            lines.map { $0[0].split(separator: ":").dropFirst().joined(separator: ":") } == [
                "2:5", "3:1", "4:1", "6:1", "7:15",
            ])
        #expect(lines[2][1].contains("7 columns, where the first line has 6"), "\(words)")
        #expect(lines[3][1].contains("two logs in one file"), "\(words)")
    }

    @Test func manyBadLinesAreCounted() throws {
        let words = Imported.problems {
            try Imported(lines: [line(0, 1, "1000", endMs: 100)] + Array(repeating: "x", count: 50)).pgbench()
        }
        #expect(words.split(separator: "\n").count == 21 && words.contains("50 lines are wrong"), "\(words)")
    }

    @Test(arguments: [
        ("# TYPE waku_store_queries gauge\nwaku_store_queries 1\n", "a snapshot for Prometheus"),
        ("pgbench (15.18)\ntransaction type: x\n", "what pgbench prints, not its log"),
        ("[ 1s ] thds: 4 tps: 1\n", "output of sysbench"), ("{\"a\": 1}\n", "JSON"), ("\n", "blank"),
        ("a\u{0}b\n", "a binary file"), ("localhost:5432:db:user:secret\n", "text of a kind that is not known"),
    ]) func anotherFileIsRefusedWithWhatItLooksLike(text: String, kind: String) throws {
        let words = Imported.problems { try Imported([("file", text)]).pgbench() }
        #expect(words.contains("is no log of pgbench; it looks like \(kind)"), "\(words)")
        #expect(!words.contains("secret"))
    }

    @Test func runsAreNotMixed() throws {
        let line = line(0, 1, "1000", endMs: 100)
        let twoRuns = Imported.problems { try Imported([("a", line + "\n"), ("b", line + " 5\n")]).pgbench() }
        #expect(twoRuns.contains("7 columns"), "\(twoRuns)")
        let client = Imported.problems {
            try Imported([("a", line + "\n"), ("b", self.line(0, 2, "1000", endMs: 200) + "\n")]).pgbench()
        }
        #expect(client.contains("client 0 is in a too"), "\(client)")
        let twice = Imported.problems { try Imported([("a", line + "\n"), ("b", line + "\n")]).pgbench() }
        #expect(twice.contains("same content"), "\(twice)")
        let kinds = Imported.problems { try Imported([("a", line + "\n"), ("b", intervals[0] + "\n")]).pgbench() }
        #expect(kinds.contains("is a log of intervals"), "\(kinds)")
        let backwards = Imported.problems {
            try Imported(lines: [self.line(0, 1, "1000", endMs: 5_000), self.line(1, 1, "1000", endMs: 3_000)])
                .pgbench()
        }
        #expect(backwards.contains("before the line above"), "\(backwards)")
    }
}
