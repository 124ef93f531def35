import Report
import RunRecord

/// The server's side of ``SampleRecord`` with invented numbers, for tests of layout, words and sums only.
enum SampleServer {
    /// A measure phase of 40 seconds with a checkpoint from second 11 to 20, in which the p99 is four times as high.
    static func report() -> TrialReport {
        var record = SampleRecord.record()
        record.phases.warmUpSeconds = 1
        record.phases.measureSeconds = 40
        record.phases.measuredSeconds = 40
        record.server = summary()
        record.aspects = aspects
        record.stalls = [
            Stall(
                atSeconds: 12, seconds: 2, classes: ["put"], detail: "2 s from 12 s on",
                serverEvents: ["checkpoint <x>"])
        ]
        return TrialReport(
            record: record, samples: seconds,
            server: ServerEvidence(samples: looks, statements: statements, plans: plans))
    }

    static let seconds: [SecondSample] = (0..<41).map { second in
        let p99 = (11...20).contains(second) ? 40.0 : 10
        return SecondSample(
            second: second, phase: second < 1 ? "warm-up" : "measure",
            classes: ["put": ClassSecond(scheduled: 10, completed: 10, failed: 0, p50Ms: 1, p99Ms: p99, maxMs: p99)])
    }

    static func row(_ name: String, calls: Int, plan: Double?, exec: Double, read: Double?) -> StatementRow {
        var blocks = StatementBlocks()
        blocks.sharedHit = 900
        blocks.sharedRead = 100
        return StatementRow(
            name: name, text: "SELECT <\(name)>", texts: 1, calls: calls, plans: plan == nil ? nil : calls,
            planMs: plan, execMs: exec, longestExecMs: 9, rows: 10 * calls, blocks: blocks, blockReadMs: read,
            blockWriteMs: read == nil ? nil : 0, walRecords: 0, walFullPageImages: 0, walBytes: 1_000 * calls)
    }

    static let statements = ServerStatements(
        fromSeconds: 1, toSeconds: 41, tracksPlanning: true, tracksBlockTimes: true,
        shapes: [
            row("query.page.first", calls: 100, plan: 600, exec: 200, read: 50),
            row("messages.insert", calls: 400, plan: 0, exec: 200, read: 0),
        ], others: [], forgottenEntries: 3)

    static let plans: [PlanRecord] = [PlanRecord.Moment.before, .after].map { when in
        PlanRecord(
            shape: "query.page.first", when: when, file: "plans/x.json", atSeconds: nil, planningMs: 6, executionMs: 2,
            fingerprint: when == .before ? "1111111111111111" : "2222222222222222", outline: "Limit > Append",
            partitionsPlanned: 24, partitionsExecuted: 1, rows: 20, blocks: StatementBlocks(), planningBlocks: nil,
            walBytes: nil)
    }

    /// Each second 10 writes of 2 ms, half the time busy, a megabyte of WAL, half a processor.
    static let looks: [ServerSample] = (0...41).map { second in
        var look = ServerSample(atSeconds: Double(second), intervalSeconds: second == 0 ? 0 : 1)
        var (disk, wal, host) = (DiskCounters(device: "vda"), WalCounters(), HostSample())
        disk.writes = 10
        disk.writtenBytes = 80_000
        disk.writeMs = 20
        disk.busyShare = 0.5
        wal.bytes = 1_000_000
        host.serverCpuSeconds = 0.5
        host.disk = disk
        look.wal = wal
        look.host = host
        return look
    }

    static func summary() -> ServerSummary {
        var server = ServerSummary(cost: TelemetryCost())
        server.relations = [
            RelationGrowth(name: "messages", kind: .table, relations: 24, startBytes: 1_000_000, endBytes: 4_000_000),
            RelationGrowth(name: "messages TOAST", kind: .toast, relations: 24, startBytes: 10, endBytes: 10),
        ]
        server.cacheAtStart = CacheState(
            touchedBytes: 1_000_000, sharedBuffersShare: 0.25, pageCacheShare: nil, sharedBuffersUsed: nil)
        server.cacheAtEnd = CacheState(
            touchedBytes: 4_000_000, sharedBuffersShare: 0.75, pageCacheShare: 1, sharedBuffersUsed: nil)
        server.waits = [
            WaitCount(backend: "client backend", type: "IO", event: "WALSync", count: 60),
            WaitCount(backend: "client backend", type: "CPU", event: "CPU", count: 40),
            WaitCount(backend: "checkpointer", type: "Timeout", event: "CheckpointWriteDelay", count: 7),
        ]
        server.activityLooks = 400
        server.locks = LockUse(capacity: 1_000, peak: 900, peakFastPath: 16, peakWaiting: 2)
        server.checkpoints = [
            CheckpointRow(
                fromSeconds: 11, toSeconds: 20.5, cause: "time", buffers: 100, writeSeconds: 9, syncSeconds: 0.4,
                totalSeconds: 9.5, filesSynced: 7, longestSyncSeconds: 0.2, distanceBytes: 1_000)
        ]
        server.checkpointDistance = CheckpointDistance(
            timeoutSeconds: 300, walLimitBytes: 1 << 30, intervalSeconds: 300, begun: 1, sinceLastSeconds: nil)
        server.notes = ["a note with <markup>"]
        return server
    }

    static let aspects: RequestAspects = {
        func row(_ from: Double, _ to: Double?, _ p99: Double) -> AspectRow {
            AspectRow(
                requestClass: "store.topics.data", from: from, to: to,
                responseMs: LatencyQuantiles(
                    count: 50, mean: 5, p50: 4, p90: 8, p95: 9, p99: p99, p999: nil, max: 2 * p99))
        }
        return RequestAspects(
            byPage: [row(1, 1, 10), row(2, 5, 20), row(6, nil, 40)],
            byAge: [row(0, 60, 10), row(60, 3_600, 20), row(86_400, nil, 70)])
    }()
}
