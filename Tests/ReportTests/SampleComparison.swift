import Measurement
import Report
import RunRecord

/// Comparisons with invented numbers, for tests of layout, words and sums only.
enum SampleComparison {
    static let base = "status-prod"
    static let candidate = "wal-compression-lz4"

    static func report(hostile: String? = nil) -> ComparisonReport {
        let slices = slices(put: hostile ?? "put")
        return ComparisonReport(
            record: record(hostile: hostile), slices: slices, histograms: histograms(slices, put: hostile ?? "put"))
    }

    static func record(hostile: String? = nil) -> ComparisonRecord {
        let sample = SampleRecord.record()
        let put = hostile ?? "put"
        var record = ComparisonRecord(
            comparisonId: "invented", toolVersion: "0", startedAt: "2026-01-01T00:00:00Z",
            command: "archivebench compare status-prod wal-compression-lz4 --workload status-prod-steady --seed 7",
            seed: 7,
            digest: "5f1d", workload: sample.workload, host: sample.host,
            profile: ProfileDescription(
                name: "do-4vcpu-8gb", requested: ["processors": "4 processors", "price": "48 USD a month (x)"],
                enforced: ["processors": "4 (cpuset)"], observed: ["processors": "4"],
                notEnforced: ["network round trip"]),
            rule: ComparisonRule(
                margin: 0.03, confidence: 0.95, mode: .short, isOpenLoop: true, clients: nil, sliceSeconds: 2,
                looks: [24, 48, 72, 96], budgetSeconds: 600, leastPerSlice: 50,
                primary: ["response.p99:put", "response.p50:put", "server.cpu", "wal.bytes"], isAA: false),
            sides: [side(base, put: put), side(candidate, put: put)])
        record.endedAt = "2026-01-01T00:10:00Z"
        record.valid = true
        record.validity = sample.validity
        record.pairs = [pair(put: put)]
        record.calibration = [CalibrationLine(name: "A/A, false verdicts", value: 0.025, low: 0.005, high: 0.07)]
        record.threats = ["the generator shares the host’s processors"]
        record.notCollected = ["pg_buffercache is not installed"]
        if let hostile {
            record.sides[1].variant.settings[0].value = hostile
            record.sides[1].suggestion?.source = hostile
            record.command = hostile
            record.pairs[0].stopped = hostile
            record.pairs[0].metrics[0].reason = hostile
            record.sides[1].plans[0].outline = hostile
        }
        return record
    }

    static func ratio(_ value: Double, _ low: Double, _ high: Double) -> RatioInterval {
        RatioInterval(value: value, low: low, high: high, blocks: 96, deviation: 0.19, autocorrelation: 0.12)
    }

    static func metric(
        _ name: String, _ unit: String, _ base: Double, _ ratio: RatioInterval, _ verdict: Verdict?
    ) -> MetricVerdict {
        var metric = MetricVerdict(
            metric: name, unit: unit, lessIsBetter: !name.hasPrefix("throughput"), base: base,
            candidate: base * ratio.value, ratio: ratio, verdict: verdict,
            reason: verdict == nil ? "carries none: exploratory" : "the interval decides")
        if verdict != nil {
            metric.probability = verdict == .inconclusive ? 0.31 : 0.0004
            metric.smallestEffect = 0.048
        }
        if verdict == .inconclusive { metric.blocksToSettle = 310 }
        return metric
    }

    static func pair(put: String = "put") -> ComparedPair {
        ComparedPair(
            candidate: candidate,
            metrics: [
                metric("response.p99:\(put)", "ms", 11.3, ratio(0.82, 0.78, 0.86), .better),
                metric("response.p50:\(put)", "ms", 2.1, ratio(0.996, 0.984, 1.008), .equivalent),
                metric("response.p95:store.hashes.presence", "ms", 4.1, ratio(1.006, 0.991, 1.021), .equivalent),
                metric("response.p90:store.topics.data.first", "ms", 6.2, ratio(0.989, 0.974, 1.005), .equivalent),
                metric("response.p90:store.topics.data.next", "ms", 9, ratio(1.04, 0.97, 1.11), .inconclusive),
                metric("server.cpu", "ms/message", 1.46, ratio(1.048, 1.036, 1.06), .worse),
                metric("wal.bytes", "B/message", 7_900, ratio(0.64, 0.636, 0.644), .better),
                metric("planning.time:store.topics.data.first", "µs", 1_200, ratio(1.01, 0.95, 1.07), nil),
                metric("disk.bytes", "B/message", 2_400, ratio(3, 2.2, 7), nil),
            ],
            curves: [
                curve(put, 2, 0.82), curve("store.hashes.presence", 1.1, 1.006),
                curve("store.topics.data.first", 1.9, 0.989),
            ],
            blocks: 96, excluded: ["a checkpoint of one side only": 2], stopped: "every metric but one is settled",
            keptUp: .both)
    }

    static func curve(_ name: String, _ median: Double, _ last: Double) -> ShiftCurve {
        let percentiles = [10.0, 25, 50, 75, 90, 95, 99, 99.5, 99.9]
        return ShiftCurve(
            requestClass: name, operations: 61_440,
            points: percentiles.enumerated().map { index, percentile in
                let share = Double(index) / 8
                let base = median * (0.6 + Double(index * index * index) * 0.03)
                let ratio = 1 + (last - 1) * share
                let width = 0.01 + 0.05 * share
                return ShiftCurve.Point(
                    percentile: percentile, baseMs: base, candidateMs: base * ratio, ratio: ratio, low: ratio - width,
                    high: ratio + width)
            })
    }

    static func slices(put: String = "put") -> [SliceRecord] {
        (0..<96).flatMap { block in
            [0, 1].map { place in
                let isBase = (block * 7 + place) % 2 == 0
                var slice = SliceRecord(
                    block: block, place: place, side: isBase ? base : candidate,
                    atSeconds: Double(block * 2 + place) * 3,
                    seconds: 2)
                slice.drainSeconds = 0.4
                slice.scheduled = [put: 320]
                slice.completed = [put: 320]
                slice.metrics = ["response.p95:store.hashes.presence": isBase ? 4.1 : 4.2]
                if block == 33 || block == 34 { slice.excluded = "a checkpoint of one side only" }
                return slice
            }
        }
    }

    static func histograms(_ slices: [SliceRecord], put: String = "put") -> [ComparisonFolder.SliceHistograms] {
        slices.map { slice in
            var histogram = LatencyHistogram(.interval)
            let slow: UInt64 = slice.block % 37 > 31 ? 3 : 1
            let factor: UInt64 = slice.side == base ? 100 : 82
            for number in 0..<UInt64(200) {
                histogram.record(
                    (500_000 + number * number * 200 * slow + UInt64(slice.block % 7) * 90_000) * factor / 100)
            }
            return ComparisonFolder.SliceHistograms(
                block: slice.block, place: slice.place, side: slice.side, classes: [put: histogram])
        }
    }

    // MARK: Sides

    static func side(_ name: String, put: String = "put") -> ComparedSide {
        let isBase = name == base
        let sample = SampleRecord.record()
        var variant = sample.variant
        variant.name = name
        variant.summary = isBase ? "what status.prod runs" : "WAL compressed with lz4"
        variant.settings.append(
            SettingRow(
                name: "wal_compression", value: isBase ? "off" : "lz4", defaultValue: "off", origin: "variant",
                meaning: "Compresses full-page writes written in WAL file with specified method."))
        var side = ComparedSide(
            name: name, variant: variant,
            target: TargetDescription(
                kind: "managed", serverVersion: "15.18 (Debian)", schemaVersion: 8,
                history: HistoryDescription(
                    rows: 2_100_000, bytes: 8_400_000_000, partitions: 720, loadSeconds: 90, state: "vacuumed"),
                binaries: "15", dataChecksums: true, sizes: [SizeRow(name: "messages", bytes: 1)]),
            suggestion: isBase
                ? nil
                : SuggestionDescription(
                    base: base, author: "nobody", source: "invented", expectation: "less WAL", risk: "more CPU",
                    changes: ["wal_compression: off → lz4"], undo: "wal_compression: off"))
        side.applied = isBase ? [] : ["wal_compression: read back as lz4"]
        var account = Accounting()
        (account.scheduled, account.completed, account.failed) = (30_720, 30_719, 1)
        account.errors = ["57014": 1]
        side.accounting = [put: account]
        side.statements = statements(isBase)
        side.server = server(isBase)
        side.plans = plans(isBase)
        return side
    }

    private static func statements(_ isBase: Bool) -> ServerStatements {
        ServerStatements(
            fromSeconds: 0, toSeconds: 576, tracksPlanning: true, tracksBlockTimes: true,
            shapes: [
                SampleServer.row(
                    "messages.insert", calls: 30_720, plan: 1_000, exec: isBase ? 126_000 : 101_000, read: 40),
                SampleServer.row("query.page.first", calls: 4_000, plan: 4_800, exec: 15_000, read: 700),
            ], others: [], forgottenEntries: 0)
    }

    private static func server(_ isBase: Bool) -> ServerSummary {
        var server = SampleServer.summary()
        server.wal = WalCounters()
        server.wal?.bytes = isBase ? 242_000_000 : 155_000_000
        server.wal?.syncs = 30_000
        server.wal?.syncMs = isBase ? 61_000 : 44_000
        server.statementWaits = [
            WaitCount(
                backend: "client backend", type: "IO", event: "WALSync", statement: "messages.insert",
                count: isBase ? 450 : 210),
            WaitCount(
                backend: "client backend", type: "CPU", event: "CPU", statement: "messages.insert",
                count: isBase ? 550 : 790),
        ]
        server.checkpoints = [
            CheckpointRow(
                fromSeconds: isBase ? 200 : 206, toSeconds: 250, cause: "time", buffers: 4_100, writeSeconds: 40,
                syncSeconds: 0.4, totalSeconds: 44, filesSynced: 7, longestSyncSeconds: 0.2, distanceBytes: 1_000)
        ]
        server.autovacuum = [
            AutovacuumRow(fromSeconds: 400, toSeconds: 412, table: "public.messages", kind: .vacuum)
        ]
        return server
    }

    private static func plans(_ isBase: Bool) -> [PlanRecord] {
        ["messages.insert", "query.page.first"].map { shape in
            let changes = shape == "query.page.first" && !isBase
            return PlanRecord(
                shape: shape, when: .after, file: "plans/x.json", atSeconds: nil, planningMs: 1.2,
                executionMs: changes ? 2.1 : 2.9, fingerprint: changes ? "2222222222222222" : "1111111111111111",
                outline: changes ? "Limit > Merge Append > Index Scan" : "Limit > Sort > Append > Seq Scan",
                partitionsPlanned: 720, partitionsExecuted: 2, rows: 20, blocks: StatementBlocks(), planningBlocks: nil,
                walBytes: nil)
        }
    }
}
