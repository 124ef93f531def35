import Experiment
import RunRecord
import TestSupport
import Testing

/// What sysbench prints becomes a record.
@Suite struct ImportSysbenchTests {
    /// As version 1.0.20 prints it.
    private func output(
        intervals: String = "", histogram: String = "", events: Int = 1_000,
        percentile: String = "95th percentile:  4.18"
    ) -> String {
        """
        sysbench 1.0.20 (using system LuaJIT 2.1.0-beta3)

        Running the test with following options:
        Number of threads: 4
        Initializing random number generator from current time


        Initializing worker threads...

        Threads started!

        \(intervals)
        \(histogram)
        SQL statistics:
            queries performed:
                read:                            14000
                write:                           4000
                other:                           2000
                total:                           20000
            transactions:                        \(events)   (100.00 per sec.)
            queries:                             20000  (2000.00 per sec.)
            ignored errors:                      5      (0.50 per sec.)
            reconnects:                          0      (0.00 per sec.)

        General statistics:
            total time:                          10.0000s
            total number of events:              \(events)

        Latency (ms):
                 min:                                    1.37
                 avg:                                    3.23
                 max:                                   25.03
                 \(percentile)
                 sum:                                 3230.00

        Threads fairness:
            events (avg/stddev):           250.0000/12.19
            execution time (avg/stddev):   9.9953/0.00

        """
    }

    private let intervals = """
        [ 5s ] thds: 4 tps: 120.00 qps: 2400.00 (r/w/o: 1680.00/480.00/240.00) lat (ms,95%): 4.10 err/s: 1.00 reconn/s: 0.00
        [ 10s ] thds: 4 tps: 80.00 qps: 1600.00 (r/w/o: 1120.00/320.00/160.00) lat (ms,95%): 8.90 err/s: 0.00 reconn/s: 0.00
        """
    private let queue = "\n[ 10s ] queue length: 0, concurrency: 2"

    private let histogram = """
        Latency histogram (values are in milliseconds)
               value  ------------- distribution ------------- count
               1.370 |**********                               100
               2.000 |**************************************** 800
               4.000 |****                                     80
              25.000 |*                                        20

        """

    private func record(_ text: String) throws -> RunRecord { try Imported([("out.txt", text)]).sysbench().record }

    @Test func aHistogramGivesPercentiles() throws {
        let record = try record(output(intervals: intervals, histogram: histogram))
        let events = try #require(record.classes["events"])
        let times = try #require(events.responseMs)
        #expect(times.count == 1_000 && times.mean == 3.23 && times.max == 25.03)
        #expect(times.p50 == 2 && times.p90 == 2 && times.p95 == 4 && times.p99 == 25 && times.p999 == nil)
        #expect(record.isSoundImport() && record.closedClients == 4 && events.achievedPerSecond == 100)
        #expect(record.phases.measuredSeconds == 10 && record.startedAt == "not known" && record.endedAt == nil)
        let account = try #require(record.accounting["events"])
        #expect(account.scheduled == 1_005 && account.failed == 5)
        #expect(record.imported?.source == "sysbench report with a histogram")
        #expect(record.imported?.counters.first { $0.name == "read" }?.increase == 14_000)
        #expect(events.curve.first?.percentile == 0 && events.curve.last?.percentile == 98)
    }

    @Test func withoutAHistogramOnePercentileIsKnown() throws {
        let record = try record(output(intervals: intervals))
        let known = try #require(record.classes["events"]?.knownMs)
        #expect(known.p95 == 4.18 && known.p50 == nil && known.p99 == nil && known.min == 1.37 && known.max == 25.03)
        #expect(record.imported?.intervals.map(\.known.count) == [600, 400])
        #expect(record.imported?.intervals.map(\.known.p95) == [4.1, 8.9])
        #expect(record.imported?.intervals.map(\.failed) == [5, 0])
        #expect(record.imported?.limits.contains { $0.contains("one percentile, the 95th") } == true)
    }

    @Test func theTimeLineAddsUpToTheIntervals() throws {
        let folder = try TemporaryFolder()
        let stored = try Imported([("out.txt", output(intervals: intervals))]).sysbench().write(to: "\(folder.path)/r")
        let samples = try stored.readSamples()
        #expect(samples.map(\.second) == Array(0..<10))
        #expect(
            samples.compactMap { $0.classes["events"]?.completed } == Array(repeating: 120, count: 5)
                + Array(repeating: 80, count: 5))
        #expect(samples.allSatisfy { $0.classes["events"]?.p99Ms == nil })
    }

    @Test func thePaceIsTakenFromWhatIsPrinted() throws {
        #expect(try record(output(intervals: intervals)).paceInWords == "4 clients without pause")
        #expect(try record(output(intervals: intervals + queue)).paceInWords == "a schedule")
        let unknown = try record(output())
        #expect(unknown.paceInWords == "not known")
        #expect(unknown.imported?.limits.first?.hasPrefix("Whether there were intended starts is not known") == true)
    }

    @Test(arguments: [
        "50th percentile: 2.00", "99th percentile: 9.00", "75th percentile: 3.00", "percentile stats: disabled",
    ])
    func anyPercentileIsPutWhereItBelongs(line: String) throws {
        let known = try #require(try record(output(percentile: line)).classes["events"]?.knownMs)
        #expect(known.p50 == (line.hasPrefix("50") ? 2 : nil) && known.p99 == (line.hasPrefix("99") ? 9 : nil))
        #expect(known.p95 == nil && known.p90 == nil && known.mean == 3.23)
    }

    // MARK: What is wrong

    @Test func aBrokenOffRunIsRefused() throws {
        let words = Imported.problems { try record(intervals + "\n") }
        #expect(words.contains("no report at its end"), "\(words)")
    }

    @Test func twoReportsAreNotOneRun() throws {
        let words = Imported.problems { try record(output() + output()) }
        #expect(words.contains("a second report"), "\(words)")
    }

    @Test func aHistogramOfAnotherRunIsRefused() throws {
        let words = Imported.problems { try record(output(histogram: histogram, events: 999)) }
        #expect(words.contains("holds 1000 events and its report 999"), "\(words)")
    }

    @Test func badLinesAreNamed() throws {
        let interval = Imported.problems { try record("a\n[ 5s ] thds: 4 nothing else\n") }
        #expect(interval.contains("out.txt:2: "), "\(interval)")
        let step = Imported.problems {
            try record(
                output(histogram: histogram.replacing("|****                                     80", with: "|****")))
        }
        #expect(step.contains("no row of a histogram"), "\(step)")
    }

    @Test func anotherFileIsRefusedWithWhatItLooksLike() throws {
        let words = Imported.problems { try record("0 1 1000 0 1700000000 0\n") }
        #expect(words.contains("is no output of sysbench; it looks like a log of pgbench"), "\(words)")
    }
}
