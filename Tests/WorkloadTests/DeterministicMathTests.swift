import Glibc
import Testing
import Workload

@Suite struct DeterministicMathTests {
    @Test func agreesWithTheSystemsLibrary() {
        for step in -400...400 {
            let x = Double(step) * 0.731
            #expect(abs(DeterministicMath.exp(x) / Glibc.exp(x) - 1) < 1e-13)
        }
        for step in 1...2_000 {
            let x = Double(step) * Double(step) * 1e-5
            #expect(abs(DeterministicMath.log(x) - Glibc.log(x)) < 1e-14 * max(1, abs(Glibc.log(x))))
        }
        for rank in 1...500 {
            #expect(abs(DeterministicMath.power(Double(rank), -1.2) / Glibc.pow(Double(rank), -1.2) - 1) < 1e-13)
        }
    }

    /// Values from SciPy's `norm.ppf`.
    @Test(arguments: [
        (0.5, 0.0), (0.975, 1.959963984540054), (0.025, -1.959963984540054), (0.999, 3.090232306167813),
        (1e-10, -6.361340902404056), (0.1, -1.2815515655446004),
    ])
    func normalQuantileIsRight(_ probability: Double, _ value: Double) {
        #expect(abs(DeterministicMath.normalQuantile(probability) - value) < 1e-12)
    }

    @Test func edgesDoNotOverflow() {
        #expect(DeterministicMath.exp(1_000) == .infinity)
        #expect(DeterministicMath.exp(-1_000) == 0)
        #expect(DeterministicMath.exp(0) == 1)
        #expect(DeterministicMath.log(1) == 0)
    }
}
