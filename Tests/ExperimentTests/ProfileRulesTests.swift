import Experiment
import RunRecord
import SpecReader
import Testbed
import Testing

/// What was asked against what probes saw, on invented readings.
@Suite struct ProfileRulesTests {
    private static let reading = ProbeReading(
        processors: 1, coreSpeed: 1e9, memoryBandwidth: 1e10, flushP50: 2_000_000, flushP99: 5_000_000, flushes: 100,
        sequentialWrite: 1e8, sequentialRead: 1e8, randomReads: 500, randomWrites: 300, isDirect: true)

    private static func reading(_ change: (inout ProbeReading) -> Void) -> ProbeReading {
        var changed = reading
        change(&changed)
        return changed
    }

    private func profile(_ storage: String = "{read-iops: 500/s}") throws -> HardwareProfile {
        try HardwareProfile(
            document: SpecDocument(
                text:
                    "archivebench: profile/1\nname: p\nsummary: s\ncpus: {count: 1}\nmemory: 1GiB\nstorage: \(storage)\n",
                file: "p.yaml"))
    }

    private func finding(
        _ rule: String, _ profile: HardwareProfile?, _ before: ProbeReading?, _ after: ProbeReading?,
        memory: Int? = 1 << 30
    ) -> ValidityFinding? {
        ProfileRules.judge(profile, before: before, after: after, memoryLimit: memory).findings
            .first { $0.rule == rule }
    }

    @Test func whatWasAskedAndGotHolds() throws {
        let found = try #require(finding("profile", try profile(), Self.reading, Self.reading))
        #expect(found.holds && found.observed == "as asked: processors, random reads of 8 KiB, memory")
        #expect(found.threshold == "within 10.0 % of what was asked")
        #expect(finding("profile", nil, Self.reading, Self.reading) == nil)
    }

    @Test func eachDeviationIsNamed() throws {
        let more = Self.reading { $0.processors = 2 }
        let found = try #require(finding("profile", try profile(), more, more, memory: 2 << 30))
        #expect(!found.holds)
        #expect(found.observed == "processors 2 instead of 1; memory 2 GiB instead of 1 GiB")
        let unlimited = try #require(finding("profile", try profile(), Self.reading, Self.reading, memory: nil))
        #expect(unlimited.observed == "memory the host's instead of 1 GiB")
    }

    @Test func aProbeDisturbedByTheServerItselfIsForgivenOnceAndTooMuchNever() throws {
        let busy = Self.reading { $0.processors = 0.6 }
        #expect(finding("profile", try profile(), Self.reading, busy)?.holds == true)
        #expect(finding("profile", try profile(), busy, busy)?.holds == false)
        let faster = Self.reading { $0.randomReads = 600 }
        #expect(finding("profile", try profile(), Self.reading, faster)?.holds == false)
    }

    @Test func aModelledFlushIsHeldToItsMedianWithAFloor() throws {
        let model = try profile("{kind: modelled, flush-latency: 2ms}")
        #expect(finding("profile", model, Self.reading, Self.reading)?.holds == true)
        let slow = Self.reading { $0.flushP50 = 2_300_000 }
        #expect(finding("profile", model, slow, slow)?.holds == false)
        let short = try profile("{kind: modelled, flush-latency: 0.1ms}")
        let close = Self.reading { $0.flushP50 = 240_000 }
        #expect(finding("profile", short, close, close)?.holds == true)
    }

    /// A flush behind a write takes both, as every commit does.
    @Test func aModelledDiskIsHeldToAllThatItIsSaidToBe() throws {
        let disk =
            "{kind: modelled, flush-latency: {lognormal: {p50: 1ms, p99: 4ms}}, write-latency: {lognormal: {p50: 0.8ms, p99: 3ms}}, read-latency: 0.8ms, iops: 3000/s, bandwidth: 131MB/s}"
        let model = try profile(disk)
        let good = Self.reading {
            ($0.flushP50, $0.randomReads, $0.randomWrites) = (1_950_000, 2_950, 3_050)
            ($0.sequentialRead, $0.sequentialWrite) = (1.25e8, 1.2e8)
        }
        let found = try #require(finding("profile", model, good, good))
        #expect(found.holds, "\(found.observed)")
        #expect(
            found.observed
                == "as asked: processors, flush, median, written in a row, read in a row, random reads of 8 KiB, random writes of 8 KiB, memory"
        )
        let changes: [(String, (inout ProbeReading) -> Void)] = [
            ("flush, median", { $0.flushP50 = 1_000_000 }), ("flush, median", { $0.flushP50 = 2_800_000 }),
            ("random reads", { $0.randomReads = 3_600 }), ("random writes", { $0.randomWrites = 2_000 }),
            ("read in a row", { $0.sequentialRead = 1e8 }), ("written in a row", { $0.sequentialWrite = 1.6e8 }),
        ]
        for (name, change) in changes {
            var bad = good
            change(&bad)
            let found = try #require(finding("profile", model, bad, bad))
            #expect(!found.holds && found.observed.hasPrefix(name), "\(name): \(found.observed)")
        }
    }

    @Test func aDeviceFasterThanThisHostCanWaitForIsSaidToBeSo() throws {
        let model = try profile("{kind: modelled, flush-latency: 0.03ms, read-latency: 0.01ms, iops: 400000/s}")
        let seen = Self.reading { ($0.flushP50, $0.randomReads, $0.randomWrites) = (60_000, 40_000, 30_000) }
        let found = try #require(finding("profile", model, seen, seen))
        #expect(found.holds)
        #expect(
            found.observed
                == "as asked: processors, flush, median, memory; faster than can be shown here: random reads of 8 KiB (400000 /s asked, 40000 /s seen), random writes of 8 KiB (400000 /s asked, 30000 /s seen)"
        )
    }

    @Test func whatWasNotObservedIsNamed() throws {
        let found = try #require(finding("profile", try profile(), nil, nil))
        #expect(!found.holds)
        #expect(
            found.observed
                == "processors not observed, 1 asked; random reads of 8 KiB not observed, 500 /s asked")
        // Reads that did not reach the disk say nothing of it.
        let cached = Self.reading { $0.isDirect = false }
        #expect(
            finding("profile", try profile(), cached, cached)?.observed
                == "random reads of 8 KiB not observed, 500 /s asked")
    }

    @Test func aMachineThatChangedMeanwhileIsNoEvidence() throws {
        #expect(finding("machine", nil, Self.reading, Self.reading)?.holds == true)
        #expect(finding("machine", nil, Self.reading, nil) == nil)
        let slower = Self.reading { $0.coreSpeed = 0.7e9 }
        let found = try #require(finding("machine", nil, Self.reading, slower))
        #expect(!found.holds && found.observed == "speed of a core from 1000 million steps/s to 700 million steps/s")
        let noisy = Self.reading { $0.sequentialWrite = 0.4e8 }
        #expect(finding("machine", nil, Self.reading, noisy)?.holds == true)
        let stuck = Self.reading { $0.sequentialWrite = 0.3e8 }
        #expect(finding("machine", nil, Self.reading, stuck)?.holds == false)
    }

    @Test func rowsSayWhatWasAskedAndGot() throws {
        let rows = ProfileRules.judge(try profile(), before: Self.reading, after: nil, memoryLimit: 1 << 30).rows
        let reads = try #require(rows.first { $0.name == "random reads of 8 KiB" })
        #expect(reads.asked == 500 && reads.before == 500 && reads.after == nil && reads.holds == true)
        let flush = try #require(rows.first { $0.name == "flush, median" })
        #expect(flush.before == 2 && flush.unit == "ms" && flush.asked == nil)
        // Without direct access the rates of reading are the memory's.
        let cached = Self.reading { $0.isDirect = false }
        let dull = ProfileRules.judge(nil, before: cached, after: cached, memoryLimit: nil).rows
        #expect(dull.first { $0.name == "random reads of 8 KiB" }?.before == nil)
    }
}
