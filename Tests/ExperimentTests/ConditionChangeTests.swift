import Experiment
import RunRecord
import Testing

/// An experiment goes on where and with what it began, or not at all.
@Suite struct ConditionChangeTests {
    private static let begun = ExperimentConditions(
        programs: "/pg/15", dataFolder: "/data", usesCache: true, hasTelemetry: true, servers: ["15.1", "15.1"])

    private func record(_ conditions: ExperimentConditions? = begun) throws -> ExperimentRecord {
        let text = """
            archivebench: experiment/1
            name: tiny
            summary: s
            base: {history: 100, partitions: 1}
            factors: [{of: rate, levels: [1, 2]}]
            metrics: ['response.p95:put']
            """
        var record = try ExperimentPlans.plan(text).record(
            id: "tiny", budget: nil, host: ExperimentPlans.host, toolVersion: "0", command: "c", now: 0)
        record.conditions = conditions
        return record
    }

    private func wanted(_ change: (inout ExperimentConditions) -> Void = { _ in }) -> ExperimentConditions {
        var wanted = ExperimentConditions(
            programs: nil, dataFolder: nil, usesCache: true, hasTelemetry: true, servers: [])
        change(&wanted)
        return wanted
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "none"
        } catch { return "\(error)" }
    }

    @Test func optionsAreThoseItBeganWith() throws {
        let record = try record()
        #expect(try ConditionChange.resumed(record, wanted: wanted()) == Self.begun)
        var moved = Self.begun
        moved.programs = "/other/15"
        #expect(try ConditionChange.resumed(record, wanted: wanted { $0.programs = "/other/15" }) == moved)
        var plain = Self.begun
        (plain.usesCache, plain.hasTelemetry) = (false, false)
        #expect(try ConditionChange.resumed(self.record(plain), wanted: wanted()) == plain)
        // From before they were kept.
        #expect(try ConditionChange.resumed(self.record(nil), wanted: wanted()) == wanted())
    }

    @Test func otherOptionsAreRefused() throws {
        let record = try record()
        func refused(_ change: @escaping (inout ExperimentConditions) -> Void) -> String {
            refusal { _ = try ConditionChange.resumed(record, wanted: wanted(change)) }
        }
        #expect(
            refused { $0.dataFolder = "/other" }.hasPrefix("--data-dir /other: tiny began with /data; leave it out"))
        #expect(refused { $0.usesCache = false }.hasPrefix("--no-cache: tiny began with the cache; leave it out"))
        #expect(refused { $0.hasTelemetry = false }.hasPrefix("--no-telemetry: tiny began with telemetry"))
        #expect(refused { $0.dataFolder = "/data" } == "none")
    }

    @Test func anotherMachineIsRefused() throws {
        let record = try record()
        func refused(_ change: (inout HostDescription) -> Void) -> String {
            var host = record.host
            change(&host)
            return refusal { try ConditionChange.check(record, host: host) }
        }
        #expect(refused { $0.processorModel = "q" }.contains("(processor was p, is q)"))
        #expect(refused { $0.processors = 2 }.contains("processors was 16, is 2"))
        #expect(refused { $0.memoryBytes /= 2 }.contains("memory was 65536 MiB, is 32768 MiB"))
        #expect(refused { $0.filesystem = "xfs" }.contains("filesystem was f, is xfs"))
        // Another kernel counts a little otherwise.
        #expect(refused { $0.memoryBytes -= 100 << 20 } == "none" && refused { $0.kernel = "new" } == "none")
    }

    @Test func anotherServerIsRefused() throws {
        let record = try record()
        try ConditionChange.check(record, servers: ["15.1", "15.1"])
        let words = refusal { try ConditionChange.check(record, servers: ["15.1", "16.2"]) }
        #expect(words.hasPrefix("tiny: PostgreSQL was 15.1, is 16.2; name the folder") && !words.contains("\n"))
        try ConditionChange.check(self.record(nil), servers: ["16.2", "16.2"])
    }
}
