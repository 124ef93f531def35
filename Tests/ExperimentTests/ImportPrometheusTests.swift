import Experiment
import RunRecord
import TestSupport
import Testing

/// Snapshots of a node's metrics become a record of what came on top in between.
@Suite struct ImportPrometheusTests {
    /// A page as a node shows it; counts of inserts up to 5 ms, 10 ms, and in all.
    private func page(
        _ inserts: [Int], sum: Double, queries: Int = 0, prefix: String = "logos_delivery_", started: Double? = nil,
        stamp: String = ""
    ) -> String {
        let name = "\(prefix)archive_insert_duration_seconds"
        let lines = [
            "# HELP \(name) message insertion duration", "# TYPE \(name) histogram",
            "\(name)_sum \(sum)\(stamp)", "\(name)_count \(inserts[2]).0\(stamp)", "\(name)_created 1.7e9\(stamp)",
            "\(name)_bucket{le=\"0.005\"} \(inserts[0]).0\(stamp)",
            "\(name)_bucket{le=\"0.01\"} \(inserts[1]).0\(stamp)",
            "\(name)_bucket{le=\"+Inf\"} \(inserts[2]).0\(stamp)", "# TYPE \(prefix)store_queries gauge",
            "\(prefix)store_queries \(queries)\(stamp)", "\(prefix)archive_messages{type=\"stored\"} 5000",
            "logos_delivery_query_count{query=\"content_topic\"} \(queries * 2)",
        ]
        return (lines + (started.map { ["process_start_time_seconds \($0)"] } ?? [])).map { $0 + "\n" }.joined()
    }

    private func files(_ pages: String...) -> [(name: String, text: String)] {
        pages.enumerated().map { ("metrics-20231114T2213\(20 + $0 * 10)Z.txt", $1) }
    }

    @Test func countersBecomeRatesAndPercentiles() throws {
        let record = try Imported(
            files(page([10, 10, 10], sum: 1, queries: 7), page([60, 100, 110], sum: 2, queries: 27))
        )
        .prometheus().record
        let put = try #require(record.classes["put"])
        let known = try #require(put.knownMs)
        #expect(record.isSoundImport() && record.phases.measuredSeconds == 10)
        #expect(record.startedAt == "2023-11-14T22:13:20Z" && record.endedAt == "2023-11-14T22:13:30Z")
        // 50 up to 5 ms, 40 up to 10 ms, 10 beyond; a second in all.
        #expect(known.count == 100 && put.achievedPerSecond == 10 && known.mean == 10)
        #expect(known.p50 == 5 && known.p90 == 10)
        #expect(known.p95 == nil && known.p99 == nil && known.max == nil && known.min == nil)
        #expect(
            known.buckets == [
                DurationBucket(upToMs: 5, count: 50), DurationBucket(upToMs: 10, count: 40),
                DurationBucket(upToMs: nil, count: 10),
            ])
        #expect(put.responseMs == nil && record.accounting.isEmpty && record.paceInWords == "not known")
        let counters = record.imported?.counters ?? []
        #expect(
            counters.map(\.name) == [
                "logos_delivery_query_count{query=\"content_topic\"}", "logos_delivery_store_queries",
            ])
        #expect(counters.map(\.increase) == [40, 20] && counters.map(\.perSecond) == [4, 2])
    }

    @Test func theMiddleOfABucketIsInterpolated() throws {
        let record = try Imported(files(page([0, 0, 0], sum: 0), page([40, 100, 100], sum: 1))).prometheus().record
        // Rank 50 is the tenth of 60 between 5 and 10 ms.
        #expect(record.classes["put"]?.knownMs?.p50 == 5.833)
        #expect(record.classes["put"]?.knownMs?.p99 == 9.917)
    }

    @Test(arguments: ["waku_", ""]) func namesOfOlderNodesAreKnown(prefix: String) throws {
        let record = try Imported(
            files(page([0, 0, 0], sum: 0, prefix: prefix), page([10, 10, 10], sum: 1, prefix: prefix))
        ).prometheus().record
        #expect(record.classes["put"]?.known?.count == 10)
        #expect(record.imported?.counters.contains { $0.name == "\(prefix)store_queries" } == true)
    }

    @Test func aRestartLosesNoMoreThanIsSaid() throws {
        let pages = [
            page([10, 10, 10], sum: 1, queries: 100, started: 1), page([20, 20, 20], sum: 2, queries: 110, started: 1),
            page([5, 5, 5], sum: 0.5, queries: 3, started: 1_000),
            page([15, 15, 15], sum: 1, queries: 8, started: 1_000),
        ]
        let record = try Imported(files(pages[0], pages[1], pages[2], pages[3])).prometheus().record
        #expect(record.classes["put"]?.known?.count == 10 + 5 + 10)
        let queries: Double = 10 + 3 + 5
        #expect(record.imported?.counters.first { $0.name.hasSuffix("store_queries") }?.increase == queries)
        #expect(record.events.map(\.kind) == ["node.restarted"] && record.events.first?.atSeconds == 20)
        #expect(record.imported?.limits.contains { $0.contains("started anew once") } == true)
    }

    @Test func whatFallsWithoutARestartCountsNothing() throws {
        let record = try Imported(
            files(page([1, 1, 1], sum: 1, queries: 9, started: 1), page([2, 2, 2], sum: 2, queries: 5, started: 1))
        ).prometheus().record
        #expect(record.imported?.counters.isEmpty == true && record.classes["put"]?.known?.count == 1)
        #expect(record.imported?.limits.contains { $0.hasPrefix("Left out, because they fell") } == true)
    }

    @Test func threeSnapshotsAreTwoIntervals() throws {
        let folder = try TemporaryFolder()
        let read = try Imported(
            files(page([0, 0, 0], sum: 0), page([10, 10, 10], sum: 1), page([40, 40, 40], sum: 2))
        ).prometheus()
        #expect(read.record.imported?.intervals.map(\.known.count) == [10, 30])
        let samples = try read.write(to: "\(folder.path)/r").readSamples()
        #expect(
            samples.compactMap { $0.classes["put"]?.completed } == Array(repeating: 1, count: 10)
                + Array(repeating: 3, count: 10))
    }

    // MARK: Times

    @Test(arguments: [
        "m-2023-11-14T22:13:20Z", "m_2023-11-14_22-13-20.prom", "20231114-221320", "m.1700000000.txt",
        "node7-1700000000000", "m-1700000000-000001.txt",
    ]) func namesTellTheTime(name: String) throws {
        let record = try Imported([
            (name, page([0, 0, 0], sum: 0)), ("m-20231114T221400Z", page([10, 10, 10], sum: 1)),
        ]).prometheus().record
        #expect(record.startedAt == "2023-11-14T22:13:20Z" && record.phases.measuredSeconds == 40)
        #expect(record.imported?.limits.contains { $0.contains("in the names of the files") } == true)
    }

    @Test func linesTellTheTimeWhereNamesDoNot() throws {
        let record = try Imported([
            ("b", page([10, 10, 10], sum: 1, stamp: " 1700000030500")),
            ("a", page([0, 0, 0], sum: 0, stamp: " 1700000000000")),
        ]).prometheus().record
        #expect(record.phases.measuredSeconds == 30.5 && record.classes["put"]?.known?.count == 10)
        let words = Imported.problems {
            try Imported([("a", page([0, 0, 0], sum: 0)), ("b", page([1, 1, 1], sum: 1))]).prometheus()
        }
        #expect(words.contains("--every 15s"), "\(words)")
        let told = try Imported([("a", page([0, 0, 0], sum: 0)), ("b", page([1, 1, 1], sum: 1))]).prometheus(every: 15)
            .record
        #expect(told.phases.measuredSeconds == 15 && told.startedAt == "not known")
    }

    // MARK: What is wrong

    @Test func snapshotsThatTellNothingAreRefused() throws {
        let good = page([0, 0, 0], sum: 0)
        let cases: [(pages: [(name: String, text: String)], words: String)] = [
            (files(good), "one snapshot of counters tells no rate"),
            (files(good, "process_cpu_seconds_total 3\n"), "has no metric of a store node's archive"),
            (files(good, "{\"status\": 1}\n"), "is no snapshot of metrics; it looks like JSON"),
            (files(good, page([1, 1, 1], sum: 1).replacing("0.01", with: "0.02")), "has other buckets"),
            ([("m1700000000", good), ("n1700000000", page([1, 1, 1], sum: 1))], "has the time of m1700000000"),
            (files(good, String(page([1, 1, 1], sum: 1).dropLast(9))), "was cut short"),
            (
                files(good, page([1, 1, 1], sum: 1).replacing("le=\"0.01\"", with: "le=\"0.005\",n=\"2\"")),
                "cannot be read"
            ),
        ]
        for one in cases {
            let words = Imported.problems { try Imported(one.pages).prometheus() }
            #expect(words.contains(one.words), "\(words)")
        }
    }

    @Test func allBadLinesAreNamed() throws {
        let bad = page([1, 1, 1], sum: 1) + "waku_x{type=\"a} 1\nwaku_y\n{a=\"b\"} 1\nwaku_z 1 soon\n"
        let words = Imported.problems { try Imported(files(page([0, 0, 0], sum: 0), bad)).prometheus() }
        let places = words.split(separator: "\n").map { $0.split(separator: ": ")[0].split(separator: ":").dropFirst() }
        #expect(places.map { $0.first.map(String.init) } == ["13", "14", "15", "16"], "\(words)")
        #expect(words.contains(":14:7: no value of the metric here"), "\(words)")
    }

    @Test func labelsMayHoldAnything() throws {
        let line = "logos_delivery_archive_errors{type=\"a \\\"b\\\" {c}\",n=\"1\"} 4\n"
        let record = try Imported(files(page([0, 0, 0], sum: 0), page([1, 1, 1], sum: 1) + line)).prometheus().record
        #expect(record.imported?.counters.first?.name == "logos_delivery_archive_errors{type=\"a \"b\" {c}\",n=\"1\"}")
        #expect(record.imported?.counters.first?.increase == 4)
    }
}
