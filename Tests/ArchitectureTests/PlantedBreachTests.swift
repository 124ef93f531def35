import Testing

/// Breaches planted in small texts, so that the architecture tests are known to be able to fail.
@Suite struct PlantedBreachTests {
    /// A graph that keeps the rules, with some modules declared otherwise.
    private func graph(_ changed: ModuleNode...) -> ModuleGraph {
        let kept = ArchitectureTable.modules.filter { rule in !changed.contains { $0.name == rule.name } }
        return ModuleGraph(nodes: kept.map { ModuleNode($0.name, uses: $0.mayUse, products: $0.products) } + changed)
    }

    private func breaches(_ text: String, in module: String, declared: ModuleNode? = nil) throws -> [Breach] {
        let rule = try #require(ArchitectureTable.rule(for: module))
        return SwiftSource(module: module, path: "planted.swift", text: text)
            .breaches(declared: declared ?? ModuleNode(module, uses: rule.mayUse, products: rule.products))
    }

    @Test func `the table itself is no breach`() {
        #expect(graph().breaches() == [])
    }

    @Test func `a dependency upwards`() {
        let found = graph(ModuleNode("Workload", uses: ["WakuModel", "SpecReader", "ArchiveDriver"])).breaches()
        #expect(found.contains("Workload may not depend on ArchiveDriver"))
        #expect(found.contains("Workload (level 2) depends on ArchiveDriver (level 4)"))
        #expect(found.contains("Workload depends on itself"))
    }

    @Test func `a dependency sideways`() {
        let found = graph(ModuleNode("Workload", uses: ["PostgresClient"])).breaches()
        #expect(found.contains("Workload (level 2) depends on PostgresClient (level 2)"))
    }

    @Test func `a report that reaches libpq through another module`() {
        let found = graph(ModuleNode("Report", uses: ["RunRecord", "PostgresClient"])).breaches()
        #expect(found.contains("Report reads records, yet reaches CLibpq"))
        #expect(found.contains("Report reads records, yet reaches LinuxSystem"))
    }

    @Test func `a foreign product, an unknown module, a missing one`() {
        var found = graph(ModuleNode("WakuModel", uses: ["CSHA256"], products: ["Yams"])).breaches()
        #expect(found == ["WakuModel may not depend on the product Yams"])
        found = graph(ModuleNode("Tuning")).breaches()
        #expect(found == ["Tuning is not in the table: give it a level and what it may use"])
        found = ModuleGraph(nodes: []).breaches()
        #expect(found.count == ArchitectureTable.modules.count)
    }

    @Test func `the description of a package is read`() throws {
        let graph = try ModuleGraph(
            description: """
                {"targets": [
                    {"name": "B", "path": "Sources/B", "target_dependencies": ["A"], "product_dependencies": ["Yams"]},
                    {"name": "A", "path": "Sources/A", "type": "library"},
                    {"name": "ATests", "path": "Tests/ATests", "target_dependencies": ["A"]}
                ]}
                """)
        #expect(graph.nodes == [ModuleNode("A"), ModuleNode("B", uses: ["A"], products: ["Yams"])])
    }

    @Test(arguments: [
        "print(1)", "    Swift.print(1)", "x.map { print($0) }", "debugPrint(x)", "exit(1)", "Glibc.exit (1)",
        "_exit(2)",
        "fputs(text, stdout)", "write(STDOUT_FILENO, p, n)", "write(1, p, n)", "FileHandle.standardOutput.write(data)",
        "FileDescriptor.standardOutput", "return .standardOutput", "let o: Output = .standardOutput",
        "try run(output: .standardOutput)", #"let s = "a \(print(1)) b""#,
        "printf(f)", "puts(s)",
    ])
    func `printing and exiting`(_ text: String) throws {
        for module in ["PostgresClient", "Report", "Experiment", "LinuxSystem"] {
            let found = try breaches(text, in: module)
            #expect(found.count == 1, "\(module): \(found)")
        }
        #expect(try breaches(text, in: "archivebench") == [])
    }

    @Test(arguments: [
        "getenv(name)", "let read = getenv", "ProcessInfo.processInfo.environment", "environ[0]",
        "let a = CommandLine.arguments",
        "Glibc.getenv(n)", "setenv(a, b, 1)",
    ])
    func `the environment`(_ text: String) throws {
        for module in ["Testbed", "LinuxSystem", "RunRecord"] {
            #expect(try breaches(text, in: module).count == 1, "\(module)")
        }
        #expect(try breaches(text, in: "Experiment") == [])
    }

    @Test(arguments: [
        "let d = Date()", "Date ( )", "Date.now", "ContinuousClock.now", "let c: SuspendingClock",
        "clock_gettime(c, &t)",
        "time(nil)", "Glibc.time(nil)", "time(&t)", "DispatchTime.now()", "gettimeofday(&t, nil)",
        "Clock.wallSeconds()",
        #"name("run-\(Date())")"#,
    ])
    func `clocks`(_ text: String) throws {
        for module in ["LoadRunner", "Report", "WakuModel"] {
            #expect(try breaches(text, in: module).count == 1, "\(module)")
        }
        #expect(try breaches(text, in: "LinuxSystem") == [], "clocks are made here")
        #expect(try breaches(text, in: "Experiment") == [])
    }

    @Test(arguments: [
        "// print(1)", "/* exit(1) /* getenv(x) */ Date() */", #"let s = "print(1) \" getenv(x)""#, "printer.print(1)",
        ##"let s = #"a "getenv(x)" \(Date())"#"##, "\"\"\"\n  ContinuousClock \" time(nil)\n\"\"\"",
        "func print(_ x: Int) {}",
        "sprint(1)", "let standardOutput = result.standardOutput", "result?.standardOutput", "onexit(1)", "uptime(nil)",
        "let dates = UpDate()", #"let r = /print(1) "/ ; let t = "exit(2)""#, "let r = #/exit(1) \"/#",
        "write(2, p, n)", "run { $0 }.standardOutput", "[Span.now, x.now]", "time(limit)",
        "Date(timeIntervalSince1970: 0)",
        "let c = a / b // time(nil)", #""\(names.map { "getenv(\($0))" }) exit(1)""#,
    ])
    func `innocent texts`(_ text: String) throws {
        #expect(try breaches(text, in: "LoadRunner") == [])
    }

    @Test(arguments: [
        ("import CLibpq", "ArchiveDriver"), ("@preconcurrency import CLibpq", "Testbed"),
        ("import CLinux", "PostgresClient"),
        ("import WakuModel", "LoadRunner"), ("internal import struct WakuModel.Message", "Testbed"),
        ("import Foundation", "Report"), ("import struct Foundation.Date", "SpecReader"),
        ("import FoundationNetworking", "Report"),
        ("import LinuxSystem", "RunRecord"), ("public import PostgresClient", "LoadRunner"),
        ("import Yams", "Workload"),
        ("#if os(Linux)\n    import CLibpq\n#endif", "Report"), ("import XCTest", "Report"),
    ])
    func `imports that are not allowed`(_ text: String, _ module: String) throws {
        #expect(try breaches(text, in: module).count == 1)
    }

    @Test(arguments: [
        ("import CLibpq\nimport Glibc\nimport LinuxSystem", "PostgresClient"), ("import CLinux", "LinuxSystem"),
        ("import FoundationEssentials", "Report"), ("// import Foundation", "Report"), ("import Yams", "SpecReader"),
        ("package import WakuModel", "Workload"), ("let x = \"\"\"\nimport Foundation\n\"\"\"", "Report"),
    ])
    func `imports that are allowed`(_ text: String, _ module: String) throws {
        #expect(try breaches(text, in: module) == [])
    }

    @Test func `an import that Package.swift does not declare`() throws {
        let found = try breaches("import LinuxSystem", in: "LoadRunner", declared: ModuleNode("LoadRunner"))
        #expect(found.map(\.line) == [1])
    }

    private func undocumented(_ text: String) -> [Int] {
        DocumentationRule.breaches([SwiftSource(module: "Report", path: "p", text: text)], in: ["Report"]).map(\.line)
    }

    @Test(arguments: [
        "public struct A {}", "@frozen public enum A {}", "public let a = 1, b = 2",
        "/// A.\npublic struct A {\n    public init() {}\n}",
        "/// A.\npublic struct A {\n    /// B.\n    public let b = 1\n    public private(set) var c = 1\n}",
        "// Not for readers.\npublic func a() {}", "/// A.\n\npublic func a() {}",
        "/// A.\npublic struct A {\n    public static func == (a: A, b: A) -> Bool { true }\n}",
        // A requirement of a protocol that the type does not have.
        "protocol P {\n    /// Runs.\n    func run()\n}\n\n/// A.\npublic struct A {\n    public func run() {}\n}",
        // One that says nothing itself.
        "protocol P {\n    func run()\n}\n\n/// A.\npublic struct A: P {\n    public func run() {}\n}",
    ])
    func `a public declaration without a comment`(_ text: String) {
        #expect(undocumented(text).count == 1)
    }

    @Test(arguments: [
        "struct A {\n    package let b = 1\n}", "public extension A {}", "let s = \"public struct A {}\"",
        "/// A.\n@frozen\npublic struct A {}", "/// A.\n@inlinable public func a() {}",
        "/// A.\npublic struct A: CustomStringConvertible {\n    public var description: String { \"\" }\n}",
        "protocol P {\n    /// Runs.\n    func run()\n}\n\n/// A.\npublic struct A: B,\n    P\n{\n    public func run() {}\n}",
        "protocol P {\n    /// Runs.\n    func run()\n}\n\nextension A: P {\n    public func run() {}\n}",
        "protocol P {\n    /// Runs.\n    func run()\n}\n\nextension P {\n    public func run() {}\n}",
    ])
    func `declarations that need no comment or have one`(_ text: String) {
        #expect(undocumented(text) == [])
    }

    @Test func `a file that is too long`() throws {
        let line = "let a = 1\n"
        #expect(try breaches(String(repeating: line, count: 500), in: "Workload") == [])
        #expect(try breaches(String(repeating: line, count: 501), in: "Workload").map(\.line) == [501])
    }

    @Test func `lines and columns are kept`() {
        let text = "let a = \"é(\" /* b\n c */ + f(\"\\(g(1)) x\") // é\nlet d"
        let source = SwiftSource(module: "m", path: "p", text: text)
        #expect(source.lineCount == 3)
        #expect(source.lines[1].hasSuffix("+ f(  (g(1))   )      "), "\(source.lines[1])")
        #expect(source.lines[2] == "let d")
    }
}
