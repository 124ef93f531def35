import SpecReader
import Testing

@Suite struct SpecMapTests {
    private func problems(_ text: String, _ read: (SpecMap) -> Void) -> [String] {
        do {
            let document = try SpecDocument(text: text, file: "f.yaml")
            let top = document.top
            read(top)
            top.close()
            try document.finish()
            return []
        } catch let error as SpecProblems {
            return error.problems.map(\.description)
        } catch {
            return ["unexpected: \(error)"]
        }
    }

    @Test func allProblemsOfAFileComeAtOnceWithTheirPlaces() {
        let found = problems("rate: 10\nsize: big\nnmae: x\n") { top in
            _ = top.rate("rate", in: 0...10)
            _ = top.bytes("size")
            _ = top.text("name")
        }
        #expect(
            found == [
                "f.yaml:1:7: rate: '10' has no unit; write 10/s, 1100/min or 5/h",
                "f.yaml:2:7: size: 'big' is not understood; write 340B, 2kB or 768KiB",
                "f.yaml:3:1: unknown key 'nmae'; did you mean 'name'?",
            ])
    }

    @Test func rangesAndNestedPathsAreNamed() {
        let found = problems("a:\n  b: 12\nlist:\n  - x: 1\n  - 5\n") { top in
            let inner = top.map("a")
            _ = inner?.integer("b", in: 1...10)
            inner?.close()
            for entry in top.maps("list") {
                _ = entry.integer("y", in: 1...2, default: 1)
                entry.close()
            }
        }
        #expect(
            found == [
                "f.yaml:2:6: a.b: 12 is out of range; use 1 to 10",
                "f.yaml:4:5: unknown key 'list[0].x'; did you mean 'y'?",
                "f.yaml:5:5: list[1]: expected a mapping; write '- key: value'",
            ])
    }

    @Test(arguments: [
        ("a: [1, 2", "is not YAML"), ("a: 1\na: 2\n", "key given twice"), ("- 1\n", "is not a mapping"),
        ("", "is empty"),
        ("a: \"x\n", "is not YAML"),
    ])
    func brokenYAMLSaysWhereAndWhat(_ text: String, _ reason: String) throws {
        let found = problems(text) { _ = $0.allKeys() }
        let first = try #require(found.first)
        #expect(first.hasPrefix("f.yaml:"))
        #expect(first.contains(reason))
    }

    @Test func missingFilesAndFoldersAreTold() {
        #expect(throws: SpecProblems.self) { try SpecDocument(path: "/nonexistent/w.yaml") }
        do {
            _ = try SpecDocument(path: "/tmp")
        } catch {
            #expect("\(error)".contains("is a folder"))
        }
    }
}
