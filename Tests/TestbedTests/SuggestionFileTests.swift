import SpecReader
import TestSupport
import Testbed
import Testing

@Suite struct SuggestionFileTests {
    private static let words = "suggestion: {author: a, source: s, expectation: e, risk: r}"

    /// A variant with a base and two scripts beside it.
    private func variant(_ text: String) throws -> Variant {
        let folder = try TemporaryFolder()
        _ = try folder.write(
            "archivebench: variant/1\nname: b\nsummary: s\nsettings: {work_mem: 4MB, jit: off}\n", as: "b.yaml")
        _ = try folder.write("-- Makes it.\nCREATE TABLE t ();\n", as: "make.sql")
        _ = try folder.write("DROP TABLE t;", as: "unmake.sql")
        _ = try folder.write("-- nothing\n", as: "empty.sql")
        return try Variant(
            path: try folder.write("archivebench: variant/1\nname: n\nsummary: s\n\(text)\n", as: "n.yaml"))
    }

    @Test func aSuggestionIsReadWithItsScripts() throws {
        let found = try variant(
            "base: b\n\(Self.words)\nsql: {patch: make, undo: unmake}\nsettings: {jit: off, work_mem: 8MB}")
        #expect(found.suggestion?.author == "a" && found.suggestion?.risk == "r")
        #expect(found.patch?.apply.statements.map(\.text) == ["CREATE TABLE t ()"])
        #expect(found.patch?.undo?.statements.map(\.text) == ["DROP TABLE t"])
        #expect(found.baseline?.name == "b" && found.baseline?.settings == ["work_mem": "4MB", "jit": "off"])
        // What is said again as it was is no change.
        #expect(found.changedSettings.map { "\($0.name)=\($0.value)" } == ["work_mem=8MB"])
        // A record keeps all of it.
        #expect(found.text.contains("# CREATE TABLE t ();\n") && found.text.contains("# The script unmake.sql:"))
        let final = try variant("base: b\n\(Self.words)\nsql: {patch: make, undo: not reversible}")
        #expect(final.patch != nil && final.patch?.undo == nil)
    }

    @Test func whatAFittedVariantLeavesAloneIsNoChange() throws {
        let found = try Variant(path: "\(packageRoot)/Workloads/variants/jit-off.yaml")
        #expect(found.fitted(toMemory: 1 << 30).variant.changedSettings.map(\.name) == ["jit"])
    }

    @Test(arguments: [
        ("\(words)\nsettings: {jit: off}", "n.yaml:4:13: suggestion: is a difference from nothing"),
        ("base: b\n\(words)", "n.yaml:5:13: suggestion: changes nothing"),
        ("base: b\nsuggestion: {author: a, source: s, risk: r}\nschema: 7", "'suggestion.expectation' is missing"),
        ("base: b\n\(words.dropLast())\n, fame: f}\nschema: 7", "unknown key 'suggestion.fame'"),
        ("base: b\nsuggestion: {author: ' ', source: s, expectation: e, risk: r}\nschema: 7", "author: is empty"),
        ("sql: {patch: none, undo: unmake}", "n.yaml:4:14: sql.patch: there is no "),
        ("sql: {patch: ../make, undo: unmake}", "sql.patch: '../make' cannot be a name"),
        ("sql: {patch: make}", "'sql.undo' is missing"), ("sql: {undo: unmake}", "'sql.patch' is missing"),
        ("sql: {patch: make, undo: gone}", "without .sql, or write 'not reversible'"),
        ("sql: {patch: empty, undo: unmake}", "empty.sql has no statement"),
        ("sql: {patch: make, undo: unmake, redo: x}", "unknown key 'sql.redo'"), ("sql: make", "expected a mapping"),
    ])
    func wrongSuggestionsAreTold(_ text: String, _ words: String) {
        do {
            _ = try variant(text)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test func allProblemsComeAtOnce() {
        do {
            _ = try variant("base: b\nsuggestion: {author: a}\nsql: {patch: none, undo: gone}")
            Issue.record("accepted")
        } catch {
            #expect("\(error)".split(separator: "\n").count == 5, "\(error)")
        }
    }
}
