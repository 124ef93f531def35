import FoundationEssentials
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// User instructions of one prepared round trip, counted by callgrind with schedule and histograms on, against the
/// numbers kept in Tests/EngineProbe/instructions.json.
@Suite(.serialized) struct EngineInstructionTests {
    /// A way of running the probe.
    private struct Case {
        /// As in the file of thresholds.
        let name: String
        let connections: Int
        let window: Int
        let syncEvery: Int
    }

    private static let cases = [
        Case(name: "select-1, 8 connections", connections: 8, window: 1, syncEvery: 1),
        Case(name: "select-1, 512 connections", connections: 512, window: 1, syncEvery: 1),
        Case(name: "pipelined", connections: 8, window: 200, syncEvery: 100),
    ]

    private static let valgrind = "/usr/bin/valgrind"
    private static let strip = "/usr/bin/strip"
    /// Share by which a number may be off, either way.
    private static let tolerance = 0.05

    private static var isEquipped: Bool {
        [valgrind, strip].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Beside the test program, where the build put it.
    private static let probe: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = own.split(separator: "/").dropLast().joined(separator: "/")
        let built = "/\(beside)/EngineProbe"
        return FileManager.default.isExecutableFile(atPath: built)
            ? built : "\(packageRoot)/.build/release/EngineProbe"
    }()

    /// What is wrong with a number, in a sentence; `nil` when it is as the file says.
    private static func objection(_ name: String, measured: Double, kept: Double) -> String? {
        let count = Int(measured.rounded())
        if measured > kept * (1 + tolerance) {
            return "\(name): \(count) instructions, more than the \(Int(kept)) kept: the engine became dearer"
        }
        if measured < kept * (1 - tolerance) {
            return
                "\(name): \(count) instructions, fewer than the \(Int(kept)) kept: it became better; write \(count) into Tests/EngineProbe/instructions.json"
        }
        return nil
    }

    @Test func bothDirectionsAreTold() {
        #expect(Self.objection("x", measured: 1_049, kept: 1_000) == nil)
        #expect(Self.objection("x", measured: 951, kept: 1_000) == nil)
        #expect(Self.objection("x", measured: 1_051, kept: 1_000)?.contains("became dearer") == true)
        #expect(Self.objection("x", measured: 949, kept: 1_000)?.contains("write 949 into") == true)
    }

    @Test(.enabled(if: isEquipped, "needs valgrind and strip (apt-get install valgrind binutils)"))
    func aRoundTripCostsWhatTheFileSays() async throws {
        let text = try readText("\(packageRoot)/Tests/EngineProbe/instructions.json")
        let kept = try JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
        #expect(Set(kept.keys) == Set(Self.cases.map(\.name)))
        // What pgbench takes is 4 900 without its log.
        #expect(kept["select-1, 8 connections"] ?? .infinity <= 4_600)
        let folder = try TemporaryFolder()
        // valgrind 3.19 cannot read Swift's debug information.
        let stripped = "\(folder.path)/probe"
        #expect(try ChildProcess.run(Self.strip, ["-g", "-o", stripped, Self.probe]).status == 0)
        let cluster = try await TestServers.privateCluster(["max_connections": "600"])
        let parameters = cluster.record.parameters(database: "postgres")
        var found: [String: Double] = [:]
        do {
            for one in Self.cases {
                var most = (kept[one.name] ?? 0) * (1 + Self.tolerance)
                if one.connections > 8, let few = found[Self.cases[0].name] { most = min(most, few * 1.10) }
                let ours = try Self.fewest(stripped, one, most, parameters, folder)
                let bare = try Self.instructions(stripped, one, "bare", parameters, folder)
                found[one.name] = ours
                print(
                    "\(one.name): ours \(Int(ours)), bare loop \(Int(bare)), ratio \((ours / bare * 100).rounded() / 100)"
                )
                // A tenth of what libpq takes would be something else than the engine.
                #expect(bare > 2_000 && ours > 1_000)
                if let objection = Self.objection(one.name, measured: ours, kept: kept[one.name] ?? 0) {
                    Issue.record("\(objection)")
                }
            }
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
        // Connections that have nothing to do cost nothing.
        let (few, many) = (found[Self.cases[0].name] ?? 0, found[Self.cases[1].name] ?? 0)
        #expect(abs(many - few) <= few * 0.10, "\(few) with 8 connections, \(many) with 512")
    }

    /// Ours, the fewest of up to four attempts to come to `most`: a busy host answers late, and each wake for a single answer costs more
    /// than one for several.
    private static func fewest(
        _ probe: String, _ one: Case, _ most: Double, _ parameters: ConnectionParameters, _ folder: TemporaryFolder
    ) throws -> Double {
        var fewest = Double.infinity
        for _ in 0..<4 where fewest > most {
            fewest = min(fewest, try instructions(probe, one, "open", parameters, folder))
        }
        return fewest
    }

    /// Instructions for one operation more: the difference of two runs, in which opening and preparing cancel out.
    private static func instructions(
        _ probe: String, _ one: Case, _ mode: String, _ parameters: ConnectionParameters, _ folder: TemporaryFolder
    ) throws -> Double {
        let (few, many) = (2_000, 12_000)
        let first = try total(probe, one, few, mode, parameters, folder)
        return Double(try total(probe, one, many, mode, parameters, folder) - first) / Double(many - few)
    }

    private static func total(
        _ probe: String, _ one: Case, _ operations: Int, _ mode: String, _ parameters: ConnectionParameters,
        _ folder: TemporaryFolder
    ) throws -> Int {
        let counts = "\(folder.path)/counts"
        let limit = Clock.now() + 120_000_000_000
        let ending = try ChildProcess.run(
            valgrind,
            [
                "--tool=callgrind", "--callgrind-out-file=\(counts)", probe, parameters.host, "\(parameters.port)",
                parameters.user, parameters.database, "select-1", "\(one.connections)", "\(operations)",
                "\(one.window)", "\(one.syncEvery)", mode,
            ], environment: ["PATH=/usr/bin:/bin"], isStopping: { Clock.now() > limit })
        #expect(ending.status == 0, "\(ending.errors.suffix(2_000))")
        #expect(ending.output.contains("completed \(operations) failed 0 "), "\(ending.output)")
        let line = try readText(counts).split(separator: "\n").first { $0.hasPrefix("summary: ") }
        return try #require(line.flatMap { Int($0.dropFirst(9).prefix { $0.isNumber }) })
    }
}
