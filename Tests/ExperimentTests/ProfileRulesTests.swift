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
