import Testing

/// The rules of ARCHITECTURE.md, held against the package as it is.
@Suite struct ArchitectureTests {
    @Test func `modules depend only downwards and only on what the table allows`() async throws {
        let breaches = try await ModuleGraph.ofPackage().breaches()
        #expect(breaches.isEmpty, "\(breaches.joined(separator: "\n"))")
    }

    @Test(arguments: ArchitectureTable.modules.filter { $0.half == .reading }.map(\.name))
    func `the reading half needs no server`(_ module: String) async throws {
        let reached = try await ModuleGraph.ofPackage().reach(of: module)
        #expect(!reached.contains(ArchitectureTable.barredFromReading))
    }

    @Test func `sources keep the rules on imports, calls and length`() async throws {
        let graph = try await ModuleGraph.ofPackage()
        let sources = try sourcesOfPackage()
        #expect(sources.count >= graph.nodes.count - 3, "the scan must see a file of each module but the three in C")
        let breaches = try sources.flatMap { source in
            let declared = try #require(graph.node(source.module), "\(source.path) belongs to no module")
            return source.breaches(declared: declared)
        }
        #expect(breaches.isEmpty, "\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test func `public declarations say what they mean`() throws {
        let breaches = DocumentationRule.breaches(try sourcesOfPackage(), in: ArchitectureTable.documented)
        #expect(breaches.isEmpty, "\(breaches.map(\.description).joined(separator: "\n"))")
    }

    @Test func `the table agrees with itself`() {
        let names = ArchitectureTable.modules.map(\.name)
        #expect(Set(names).count == names.count)
        for rule in ArchitectureTable.modules {
            for used in rule.mayUse {
                let level = ArchitectureTable.rule(for: used)?.level
                #expect(level.map { $0 < rule.level } == true, "\(rule.name) may use \(used)")
            }
        }
    }
}
