import SpecReader
import TestSupport
import Testing
import Workload

/// Workload and overlay files with one mistake: one problem, at its place, with the reason and what to do about it.
@Suite struct WrongSpecTests {
    @Test func theBaseTextsAreRight() throws {
        let workload = try WorkloadSpec(document: SpecDocument(text: WrongSpecs.workload, file: "w.yaml"))
        let overlay = try Overlay(document: SpecDocument(text: WrongSpecs.overlay, file: "o.yaml"))
        // Every kind of thing that the language knows stands in the base.
        let text = WrongSpecs.workload + WrongSpecs.overlay
        for name in ArrivalProcesses.all.map({ $0.name }) { #expect(text.contains("process: \(name),"), "\(name)") }
        for name in ClientKinds.all.map({ $0.name }) { #expect(text.contains("kind: \(name)"), "\(name)") }
        for name in TopicKinds.all.map({ $0.name }) { #expect(text.contains("kind: \(name)"), "\(name)") }
        for name in SizeDistributions.all.map({ $0.key }) { #expect(text.contains("{\(name): "), "\(name)") }
        for name in QueryShapes.all.flatMap({ $0.names }) { #expect(text.contains("ask: \(name)"), "\(name)") }
        #expect(try workload.applying(overlay).timeScale == 60)
    }

    @Test(arguments: WrongSpecs.all)
    func oneMistakeIsOneProblemAtItsPlace(_ wrong: WrongSpec) throws {
        let text = try wrong.text()
        let found = Self.problems(of: text, isOverlay: wrong.isOverlay)
        #expect(found == [wrong.line], "\(found.joined(separator: "\n"))")
    }

    @Test func theTableIsLong() { #expect(WrongSpecs.all.count >= 65) }

    @Test func allMistakesOfAFileComeAtOnceInTheOrderOfItsLines() throws {
        var text = WrongSpecs.workload
        let changes = WrongSpecs.together
        for change in changes { text = try WrongSpec.replacing(change.from, with: change.to, in: text) }
        let found = Self.problems(of: text, isOverlay: false)
        #expect(found.count == 12, "\(found.joined(separator: "\n"))")
        for (problem, change) in zip(found, changes) {
            #expect(problem.contains(change.words), "\(problem)")
            #expect(problem.wholeMatch(of: /w\.yaml:[0-9]+:[0-9]+: .+; .+/) != nil, "\(problem)")
        }
        let lines = found.compactMap { $0.split(separator: ":").dropFirst().first.flatMap { Int($0) } }
        #expect(lines == lines.sorted() && lines.count == 12)
    }

    @Test func foldersAndMissingFilesAreTold() throws {
        let folder = try TemporaryFolder()
        #expect(
            Self.problems(ofFile: folder.path) == [
                "\(folder.path): is a folder; check the path; shipped files are in Workloads/"
            ])
        let missing = "\(folder.path)/none.yaml"
        #expect(
            Self.problems(ofFile: missing) == [
                "\(missing): no such file, or not readable; check the path; shipped files are in Workloads/"
            ])
    }

    /// Whatever stands in a value's place, reading ends with an answer.
    @Test(arguments: [
        "1e400", "-1e400", "nan", "-nan", "inf", "9223372036854775807", "9223372036854775808B", "-9223372036854775808",
        "99999999999999999999d", "9e18ns", "8.9e18B", "1e308/s", "0", "-0", "0B", "0s", "0%", "100%", "1ns", "1B",
        "16/1023",
        "65535/0..1023", "/", "..", "16/..", "\"\"", "\" \"", "\"a\\nb\"", "\"\\0\"", "~", "{}", "[]", "[[]]", "[~]",
        "{a: b}",
        "{? [x] : y}", "*none", "&x [*x]", "!!binary x", "2026-01-05T18:00:00Z", "2199-12-31T23:00:00Z", "on", "off",
    ])
    func noValueAnywhereTraps(_ value: String) throws {
        for (base, isOverlay) in [(WrongSpecs.workload, false), (WrongSpecs.overlay, true)] {
            // Every third place, another third for each value.
            let places = base.matches(of: /: ([^\s,{}\[\]]+)(?=[,}\n])/).enumerated()
            for (number, place) in places where (number + value.utf8.count) % 3 == 0 {
                var text = base
                text.replaceSubrange(place.1.startIndex..<place.1.endIndex, with: value)
                for problem in Self.problems(of: text, isOverlay: isOverlay) {
                    #expect(!problem.contains("\n") && problem.contains("; "), "\(problem)")
                }
            }
        }
    }

    @Test func deepAndLongFilesAreToldNotRead() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000), String(repeating: "a: &a ", count: 1_000),
            "name: \(String(repeating: "x", count: 1_000_000))",
        ] {
            let found = Self.problems(of: text, isOverlay: false)
            #expect(!found.isEmpty && found.allSatisfy { $0.count < 1_000 })
        }
    }

    /// What an overlay's own file cannot tell is told when it is laid over a workload.
    @Test(arguments: [
        ("drop-clients: [web, counter]", "drop-clients: [wbe]", "workload base has no client 'wbe'"),
        ("senders: 10", "senders: 10, classes: [caht]", "has no message class 'caht'; it has "),
        (
            "kind: store-resume", "kind: js-waku, follows: [{topics: aps, count: 1}]",
            "has no topics 'aps'; it has apps, "
        ),
        ("topics: 2", "topics: 100000", "has more than 5000000 topics; multiply topics by less"),
    ])
    func overlaysThatDoNotFitAreTold(_ from: String, _ to: String, _ words: String) throws {
        let workload = try WorkloadSpec(document: SpecDocument(text: WrongSpecs.workload, file: "w.yaml"))
        let text = try WrongSpec.replacing(from, with: to, in: WrongSpecs.overlay)
        let overlay = try Overlay(document: SpecDocument(text: text, file: "o.yaml"))
        do {
            _ = try workload.applying(overlay)
            Issue.record("accepted")
        } catch {
            #expect(error.description.hasPrefix("overlay other: workload base") && error.description.contains(words))
        }
    }

    private static func problems(of text: String, isOverlay: Bool) -> [String] {
        lines {
            let document = try SpecDocument(text: text, file: isOverlay ? "o.yaml" : "w.yaml")
            if isOverlay { _ = try Overlay(document: document) } else { _ = try WorkloadSpec(document: document) }
        }
    }

    private static func problems(ofFile path: String) -> [String] { lines { _ = try WorkloadSpec(path: path) } }

    private static func lines(_ read: () throws -> Void) -> [String] {
        do {
            try read()
            return []
        } catch let error as SpecProblems {
            return error.problems.map(\.description)
        } catch {
            return ["not a SpecProblems: \(error)"]
        }
    }
}
