import Testing
import Workload

@Suite struct RetentionPolicyTests {
    @Test(arguments: [
        ("time:172800", [RetentionPolicy.time(seconds: 172_800)]),
        ("size:250GB;time:2764800", [.size(bytes: 250 << 30), .time(seconds: 2_764_800)]),
        ("size:50MB", [.size(bytes: 50 << 20)]), ("capacity:1000", [.capacity(messages: 1_000)]), ("none", []),
        ("time:1; capacity:2", [.time(seconds: 1), .capacity(messages: 2)]),
    ])
    func policiesAreTheNodesWords(_ text: String, _ expected: [RetentionPolicy]) {
        #expect(RetentionPolicy.parse(text) == .success(expected))
    }

    @Test(arguments: [
        ("", "is not a retention policy"), ("time", "is not"), ("time:", "is not"), ("time:x", "is not"),
        ("time:-5", "is not"), ("size:250", "is not"), ("size:GB", "is not"), ("size:9999999999GB", "is not"),
        ("capacity:0", "is not"), ("age:5", "is not"), ("time:1;;size:1GB", "is not"), ("time:1;time:2", "given twice"),
    ])
    func otherTextsAreTold(_ text: String, _ words: String) {
        guard case .failure(let problem) = RetentionPolicy.parse(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(problem.what.contains(words) && !problem.remedy.isEmpty)
    }
}
