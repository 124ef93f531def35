import Experiment
import Testbed
import Testing

@Suite struct PgbenchReportTests {
    @Test func aClosedLoopIsRead() throws {
        let report = try PgbenchReport(
            output: """
                pgbench (15.18 (Debian 15.18-0+deb12u1))
                transaction type: s1.sql
                scaling factor: 1
                query mode: prepared
                number of clients: 8
                number of threads: 1
                maximum number of tries: 1
                number of transactions per client: 500
                number of transactions actually processed: 4000/4000
                number of failed transactions: 0 (0.000%)
                latency average = 0.143 ms
                initial connection time = 18.463 ms
                tps = 55940.926382 (without initial connection time)
                """)
        #expect(report.transactions == 4_000 && report.due == 4_000 && report.failed == 0)
        #expect(report.connectionTime == 18.463)
        #expect(report.transactionsPerSecond == 55_940.926382)
        #expect(report.meanLatency == 0.143)
        #expect(report.meanLag == nil && report.greatestLag == nil)
    }

    @Test func aRateWithALatencyLimitIsRead() throws {
        let report = try PgbenchReport(
            output: """
                pgbench (18.0)
                transaction type: s1.sql
                scaling factor: 1
                query mode: prepared
                number of clients: 8
                number of threads: 1
                maximum number of tries: 1
                duration: 1 s
                number of transactions actually processed: 503
                number of failed transactions: 0 (0.000%)
                number of transactions skipped: 0 (0.000%)
                number of transactions above the 1.0 ms latency limit: 3/503 (0.596%)
                latency average = 0.192 ms
                latency stddev = 0.118 ms
                rate limit schedule lag: avg 0.101 (max 1.324) ms
                initial connection time = 14.991 ms
                tps = 512.099496 (without initial connection time)
                """)
        #expect(report.transactions == 503 && report.due == nil)
        #expect(report.meanLag == 0.101 && report.greatestLag == 1.324)
        #expect(report.meanLatency == 0.192)
    }

    @Test func failuresAreCountedAndNotOverlooked() throws {
        let report = try PgbenchReport(
            output: """
                number of transactions actually processed: 90/100
                number of failed transactions: 10 (10.000%)
                latency average (including failures) = 1.250 ms
                initial connection time = 2.5 ms
                tps = 80.5 (without initial connection time)
                """)
        #expect(report.failed == 10 && report.meanLatency == 1.25)
    }

    /// An aborted run prints neither latency nor tps.
    @Test func anIncompleteReportIsRefused() {
        #expect(throws: TestbedProblem.self) {
            try PgbenchReport(
                output: """
                    number of transactions actually processed: 0/10
                    number of failed transactions: 0 (NaN%)
                    """)
        }
        #expect(throws: TestbedProblem.self) { try PgbenchReport(output: "") }
    }

    @Test func lagsAreTheSeventhColumn() throws {
        let log = "0 1 497 0 1795260372 364740 77\n1 1 80 0 1795260372 365940 80\n2 1 683 0 1795260372 366447 179\n"
        #expect(try PgbenchReport.lags(log: log) == [77, 80, 179])
        #expect(throws: TestbedProblem.self) { try PgbenchReport.lags(log: "0 1 497 0 1795260372 364740\n") }
        #expect(throws: TestbedProblem.self) { try PgbenchReport.lags(log: "0 1 skipped 0 1795260372 364740 77\n") }
    }

    @Test func scriptsSayTheSameInBothForms() {
        #expect(CalibrationScript.selectOne.pgbenchText == "SELECT 1;\n")
        #expect(
            CalibrationScript.point.pgbenchText
                == "\\set draw0 random(1, 100000)\nSELECT value FROM calibration.points WHERE id = :draw0;\n")
        #expect(
            CalibrationScript.point.pipelinedPgbenchText(depth: 2)
                == """
                \\startpipeline
                \\set draw0 random(1, 100000)
                SELECT value FROM calibration.points WHERE id = :draw0;
                \\set draw0 random(1, 100000)
                SELECT value FROM calibration.points WHERE id = :draw0;
                \\endpipeline

                """)
        #expect(CalibrationScript.put.pgbenchText.split(separator: "\n").count == 3)
        // pgbench takes ':name' for a variable; a cast '::bigint' is none.
        #expect(CalibrationScript.put.pgbenchText.contains("SELECT :draw0::bigint AS r"))
    }
}
