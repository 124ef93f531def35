import Subprocess
import TestSupport
import Testing

/// Calibrations that are ended early: the exit code of an interruption, and nothing left, neither server nor pgbench nor
/// folder.
@Suite(.ownThreads) struct CalibrateTests {
    @Test(arguments: ["making the cluster", "loading once", "loading ten times"])
    func oneSignalEndsTheCalibrationOfHistories(_ stage: String) async throws {
        let tool = Tool()
        let ending = try await tool.interrupt(["calibrate", "history"], at: stage, [.terminate])
        #expect(ending.status == 4)
        #expect(ending.error.contains("ending early: removing the server"))
        #expect(!ending.error.contains("record"))
        #expect(tool.isClean())
    }

    @Test(arguments: ["making the tables", "looking how fast", "block 1 of"])
    func oneSignalEndsTheCalibrationOfTheEngine(_ stage: String) async throws {
        let tool = Tool()
        let ending = try await tool.interrupt(
            ["calibrate", "engine", "--only", "point, 8"], at: stage, [.interrupt])
        #expect(ending.status == 4)
        #expect(tool.isClean())
    }

    @Test func twoSignalsEndTheCalibrationOfTheEngineAtOnce() async throws {
        let tool = Tool()
        let ending = try await tool.interrupt(
            ["calibrate", "engine", "--only", "point, 8"], at: "looking how fast", [.interrupt, .interrupt])
        #expect(ending.status == 4)
        #expect(tool.isClean())
    }
}
