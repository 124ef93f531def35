/// A test report as build servers read it: JUnit's XML in the dialect of Jenkins and GitLab (`testsuites`, `testsuite`,
/// `testcase` with `failure`, `error` or `skipped`).
struct JUnit {
    /// How a case ended.
    enum Outcome {
        case passed
        case failed(String)
        /// It could not be judged because something else is wrong.
        case broken(String)
        case skipped(String)
    }

    struct Case {
        let name: String
        let outcome: Outcome
        /// What was found, for whoever opens the case.
        let output: String
    }

    struct Suite {
        let name: String
        let cases: [Case]
        /// Length of what was run, seconds.
        let seconds: Double
        /// ISO 8601, UTC.
        let startedAt: String

        fileprivate func count(_ isMeant: (Outcome) -> Bool) -> Int { cases.count { isMeant($0.outcome) } }
    }

    let name: String
    let suites: [Suite]

    /// The whole document.
    var text: String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"\(Self.safe(name))\">\n"
            + suites.map(Self.suite).joined() + "</testsuites>\n"
    }

    private static func suite(_ suite: Suite) -> String {
        let failures = suite.count { if case .failed = $0 { true } else { false } }
        let errors = suite.count { if case .broken = $0 { true } else { false } }
        let skipped = suite.count { if case .skipped = $0 { true } else { false } }
        let seconds = Quantity.plain.fixed(suite.seconds, 3)
        return "<testsuite name=\"\(safe(suite.name))\" tests=\"\(suite.cases.count)\" failures=\"\(failures)\" "
            + "errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(seconds)\" timestamp=\"\(safe(suite.startedAt))\">\n"
            + suite.cases.map { testCase($0, suite.name) }.joined() + "</testsuite>\n"
    }

    private static func testCase(_ one: Case, _ suite: String) -> String {
        let head = "<testcase classname=\"\(safe(suite))\" name=\"\(safe(one.name))\">\n"
        let outcome: String
        switch one.outcome {
        case .passed: outcome = ""
        case .failed(let why): outcome = "<failure message=\"\(safe(why))\"></failure>\n"
        case .broken(let why): outcome = "<error message=\"\(safe(why))\"></error>\n"
        case .skipped(let why): outcome = "<skipped message=\"\(safe(why))\"/>\n"
        }
        return head + outcome + "<system-out>\(safe(one.output))</system-out>\n</testcase>\n"
    }

    /// Escaped, and without what XML 1.0 cannot hold even escaped.
    private static func safe(_ text: String) -> String {
        var allowed = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 && ![0x9, 0xa, 0xd].contains(scalar.value)
            allowed.append(isControl || (0xfffe...0xffff).contains(scalar.value) ? "\u{fffd}" : scalar)
        }
        return SVG.escape(String(allowed))
    }
}
