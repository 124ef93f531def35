import RunRecord

/// What the archive and the server looked like: sizes, dead rows, locks, connections, memory.
extension ServerTables {
    var growth: ReportTable {
        let largest = Double(max(1, server.relations.map { abs($0.growthBytes) }.max() ?? 1))
        return ReportTable(
            [
                .init("relation", .text), .init("kind", .word), .init("of them", .number), .init("before", .number),
                .init("after", .number), .init("growth", .number), .init("", .word),
            ],
            server.relations.map { row in
                [
                    .init(row.name), .init(row.kind == .toast ? "TOAST" : row.kind.rawValue),
                    .init(quantity.count(row.relations)), .init(quantity.bytes(row.startBytes)),
                    .init(quantity.bytes(row.endBytes)),
                    .init((row.growthBytes < 0 ? "−" : "+") + quantity.bytes(abs(row.growthBytes))),
                    .init("", bar: row.growthBytes > 0 ? Double(row.growthBytes) / largest * 100 : nil),
                ]
            })
    }

    var bloat: ReportTable {
        ReportTable(
            [
                .init("relation", .text), .init("kind", .word), .init("size", .number), .init("dead rows", .number),
                .init("free", .number), .init("how", .word),
            ],
            server.bloat.map { row in
                [
                    .init(row.relation), .init(row.kind == .toast ? "TOAST" : row.kind.rawValue),
                    .init(quantity.bytes(row.bytes)), share(row.deadShare, "no rows"), share(row.freeShare, "not told"),
                    .init(row.isApproximate ? "sampled" : "read whole"),
                ]
            })
    }

    /// How near the server came to limits that fail rather than slow down.
    var limits: ReportTable {
        var rows: [[ReportTable.Cell]] = []
        func add(_ name: String, _ peak: Int, _ limit: Int) {
            let used = Double(peak) / Double(max(1, limit))
            rows.append([
                .init(name), .init(quantity.count(peak)), .init(quantity.count(limit)),
                .init(quantity.share(used), used >= 0.8 ? .worse : nil), .init("", bar: used * 100),
            ])
        }
        if let locks = server.locks {
            add(locks.peakHolders == nil ? "lock table" : "lock table, objects", locks.peak, locks.capacity)
            if let holders = locks.peakHolders { add("lock table, holders", holders, locks.holderCapacity) }
        }
        if let connections = server.connections { add("connections", connections.peak, connections.limit) }
        return ReportTable(
            [
                .init("", .word), .init("most seen", .number), .init("limit", .number), .init("used", .number),
                .init("", .word),
            ], rows)
    }

    var limitFacts: ReportTable {
        var rows: [(String, String)] = []
        if let locks = server.locks {
            rows.append(("locks on the fast path, most", quantity.count(locks.peakFastPath)))
            rows.append(("locks waited for, most", quantity.count(locks.peakWaiting)))
        }
        if let connections = server.connections {
            rows.append(("clients executing, most", quantity.count(connections.peakActive)))
            rows.append(
                (
                    "wait for a connection of the node’s pool",
                    "mean \(quantity.time(connections.poolWaitMeanMs)), largest p99 of a class \(quantity.time(connections.poolWaitP99Ms))"
                ))
        }
        return plain(rows)
    }

    var cache: ReportTable {
        let rows = [("before the load", server.cacheAtStart), ("after the load", server.cacheAtEnd)]
        return ReportTable(
            [
                .init("", .word), .init("relations touched", .number), .init("of them in shared buffers", .number),
                .init("in the page cache", .number), .init("shared buffers in use", .number),
            ],
            rows.compactMap { name, state in
                state.map {
                    [
                        .init(name), .init(quantity.bytes($0.touchedBytes)), share($0.sharedBuffersShare),
                        share($0.pageCacheShare), share($0.sharedBuffersUsed),
                    ]
                }
            })
    }

    /// The machine in the measure phase, as means over the looks; pressure and stolen time as they are.
    var host: ReportTable {
        let hosts = samples.compactMap { sample in sample.host.map { (sample.intervalSeconds, $0) } }
        let seconds = hosts.reduce(0) { $0 + $1.0 }
        guard seconds > 0 else { return plain([]) }
        func sum(_ value: (HostSample) -> Double?) -> Double? {
            let found = hosts.compactMap { value($0.1) }
            return found.isEmpty ? nil : found.reduce(0, +)
        }
        func mean(_ value: (HostSample) -> Double?) -> Double? {
            let found = hosts.compactMap { look in value(look.1).map { ($0 * look.0, look.0) } }
            let weight = found.reduce(0) { $0 + $1.1 }
            return weight > 0 ? found.reduce(0) { $0 + $1.0 } / weight : nil
        }
        func cores(_ value: Double?) -> String {
            value.map { "\(quantity.digits($0 / seconds)) processors busy" } ?? Quantity.missing
        }
        func most(_ value: (HostSample) -> Int?) -> Int? { hosts.compactMap { value($0.1) }.max() }
        var rows = [
            ("processor time of the server", cores(sum(\.serverCpuSeconds))),
            ("processor time of the load generator", cores(sum(\.generatorCpuSeconds))),
            ("all processors busy", quantity.percent(mean(\.busyShare))),
            ("waiting for I/O", quantity.percent(mean(\.waitingForIoShare))),
            ("stolen by other guests", mean(\.stolenShare).map(quantity.share) ?? Quantity.missing),
            ("running or ready to run, most", most(\.runQueue).map(quantity.count) ?? Quantity.missing),
            ("memory available, least", quantity.bytes(hosts.compactMap(\.1.memoryAvailableBytes).min())),
            ("dirty pages, most", quantity.bytes(most(\.dirtyBytes))),
        ]
        if let held = sum({ $0.throttling?.throttledMs }) {
            rows.append(("held back by the processor quota", quantity.time(held)))
        }
        for (name, value) in [
            ("processors", mean { $0.pressure?.cpuSome }), ("I/O", mean { $0.pressure?.ioSome }),
            ("memory", mean { $0.pressure?.memorySome }),
        ] {
            if let value { rows.append(("some task stood still for \(name)", quantity.share(value))) }
        }
        return plain(rows)
    }

    var cost: ReportTable {
        let cost = server.cost
        return plain([
            ("looks", quantity.count(cost.samples)), ("queries", quantity.count(cost.queries)),
            ("time of its queries", "\(quantity.time(cost.querySeconds * 1_000)), \(quantity.share(cost.share))"),
            ("longest query", quantity.time(cost.longestQueryMs)),
            (
                "lost connections, failed queries",
                "\(quantity.count(cost.reconnects)), \(quantity.count(cost.failures))"
            ),
        ])
    }
}
