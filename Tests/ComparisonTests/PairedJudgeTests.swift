import Comparison
import RunRecord
import Testing

struct PairedJudgeTests {
    @Test func nothingIsSettledBeforeTheFirstLook() {
        let rule = ComparisonRule(
            margin: 0.03, confidence: 0.95, mode: .short, isOpenLoop: true, clients: nil, sliceSeconds: 2,
            looks: [8, 16], budgetSeconds: 60, leastPerSlice: 50, primary: ["response.p50:put"], isAA: false)
        let judgement = PairedJudge(rule: rule, base: "base", candidates: ["other"])
            .judge([], histograms: [:], isFinal: false)
        #expect(!judgement.isSettled)
    }
}
