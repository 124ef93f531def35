import LinuxSystem
import Testing

@Suite struct ChildProcessTests {
    private func shell(_ script: String, isStopping: () -> Bool = { false }) throws -> ChildProcess {
        try ChildProcess.run("/bin/sh", ["-c", script], environment: ["WORD=blue"], isStopping: isStopping)
    }

    @Test func outputAndStatusComeBack() throws {
        let ended = try shell("echo $WORD; echo red >&2; exit 3")
        #expect(ended.status == 3)
        #expect(ended.output == "blue\n" && ended.errors == "red\n")
    }

    @Test func nothingElseOfTheEnvironmentIsPassedOn() throws {
        #expect(try shell("echo \"${HOME}\"").output == "\n")
    }

    /// What a child writes need not fit into any pipe.
    @Test func muchOutputIsNoTrouble() throws {
        #expect(try shell("head -c 3000000 /dev/zero | tr '\\0' x").output.utf8.count == 3_000_000)
    }

    @Test func itsOwnUseIsCounted() throws {
        let idle = try shell("sleep 0.1")
        let busy = try shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 0.1")
        #expect(busy.cpu > idle.cpu)
        // A shell is of a megabyte or so; the test process is many times that.
        let peak = try #require(busy.peakMemory)
        #expect((100_000...20_000_000).contains(peak))
    }

    @Test func itCanBeEnded() throws {
        #expect(try shell("exec sleep 60", isStopping: { true }).status == -15)
    }

    @Test func aProgramThatIsNotThereIsAnError() {
        #expect(throws: SystemError.self) { try ChildProcess.run("/no/such/program", []) }
    }
}
