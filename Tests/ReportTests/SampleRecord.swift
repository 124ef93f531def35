import RunRecord

/// A record with invented numbers, for tests of layout and words only.
enum SampleRecord {
    static func record(className: String = "put", setting: String = "4GB") -> RunRecord {
        var record = RunRecord(
            runId: "sample", toolVersion: "0", startedAt: "2026-01-01T00:00:00Z", digest: "abc", seed: 1,
            variant: VariantDescription(
                name: "v", summary: "s", schemaVersion: 8, driver: "faithful",
                settings: [
                    SettingRow(
                        name: "shared_buffers", value: setting, defaultValue: "128 MB", origin: "variant",
                        meaning: "memory")
                ], adaptations: ["shared_buffers: 4GB became 2GB"]),
            profile: ProfileDescription(
                name: "host", requested: [:], enforced: [:], observed: ["memory": "1 GiB"], notEnforced: ["all of it"]),
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1_000, kernel: "k", operatingSystem: "o",
                filesystem: "f"),
            workload: WorkloadDescription(
                name: "w", summary: "s", fileDigest: "d", rateScale: 1, nodes: 2, archiveEpoch: "e", shards: ["/a"]),
            phases: PhaseDescription(warmUpSeconds: 1, measureSeconds: 3, drainLimitSeconds: 3),
            command: "archivebench run --seed 1")
        let times = LatencyQuantiles(count: 500, mean: 2, p50: 1.25, p90: 4, p95: 8, p99: 20, p999: nil, max: 31.5)
        record.classes[className] = ClassSummary(
            offeredPerSecond: 10, achievedPerSecond: 9.9, goodputPerSecond: nil, responseMs: times, serviceMs: times,
            lagMs: times,
            curve: (0..<100).map { CurvePoint(percentile: Double($0), responseMs: 1 + Double($0) / 10, serviceMs: 1) },
            rows: 0, chainsCut: 0)
        var account = Accounting()
        account.scheduled = 510
        account.completed = 500
        account.failed = 6
        account.abandoned = 4
        account.backlog = 4
        account.errors = ["57P01": 2, "connection-lost": 4]
        record.accounting[className] = account
        record.validity = [
            ValidityFinding(
                rule: "failures", holds: true, observed: "6 of 510", threshold: "at most 2 %", reason: "why")
        ]
        record.valid = true
        record.ending = .completed
        record.phases.measuredSeconds = 3
        record.objectives = [
            ObjectiveFinding(
                objective: "p95 of put below 10 ms", classes: "put", quantile: 0.95, limitMs: 10, observedMs: 8,
                operations: 500, holds: true)
        ]
        record.events = [TrialEvent(atSeconds: 2, kind: "connection.lost", detail: "gone")]
        return record
    }

    static func samples(className: String = "put") -> [SecondSample] {
        (0..<4).map { second in
            SecondSample(
                second: second, phase: "measure",
                classes: [
                    className: ClassSecond(scheduled: 10, completed: 9, failed: 1, p50Ms: 1, p99Ms: 5, maxMs: 6)
                ])
        }
    }
}
