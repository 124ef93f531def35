import ArchiveDriver
import Experiment
import Glibc
import LinuxSystem
import TestSupport
import Testbed
import Testing
import Workload

/// More connections than the process may open are told before anything is made. In processes of their own, because
/// limits belong to all tests.
@Suite struct DescriptorTests {
    private static func set(soft: Int, hard: Int) -> Bool {
        var limit = rlimit(rlim_cur: rlim_t(soft), rlim_max: rlim_t(hard))
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    }

    @Test func theSoftLimitIsRaisedToTheHardOne() async {
        await #expect(processExitsWith: .success) { () async throws -> Void in
            #expect(Self.set(soft: 200, hard: 300))
            let before = DescriptorLimit.current
            #expect(before.soft == 200 && before.hard == 300)
            #expect(DescriptorLimit.raise().soft == 300)
            #expect(DescriptorLimit.current.soft == 300 && DescriptorLimit.current.hard == 300)
        }
    }

    @Test func moreConnectionsThanDescriptorsAreRefusedInOneLine() async {
        await #expect(processExitsWith: .success) { () async throws -> Void in
            // 2 nodes with 500 and 524 connections, and 128 besides: 2 176.
            var spec = try TestWorkloads.everything()
            (spec.writers.writeConnections, spec.writers.readConnections) = (500, 524)
            #expect(Self.set(soft: 2_176, hard: 2_176))
            try TrialPlan.checkDescriptors(spec)
            #expect(Self.set(soft: 2_175, hard: 2_175))
            // A driver has sizes of its own: 2 nodes with 499 and 524.
            var driver = DriverBehaviour.faithful
            driver.writeConnections = 499
            try TrialPlan.checkDescriptors(spec, driver)
            driver.readConnections = 10_000
            #expect(throws: TestbedProblem.self) { try TrialPlan.checkDescriptors(spec, driver) }
            do {
                try TrialPlan.checkDescriptors(spec)
                Issue.record("2 176 descriptors fit into 2 175")
            } catch {
                let words = "\(error)"
                #expect(words.contains("may open 2175 files") && words.contains("need up to 2176"))
                #expect(words.contains("as root run 'ulimit -Hn 2176'") && !words.contains("\n"))
            }
        }
    }
}
