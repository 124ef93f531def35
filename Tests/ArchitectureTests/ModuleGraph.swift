import FoundationEssentials
import Subprocess

/// A module as Package.swift declares it.
struct ModuleNode: Decodable, Equatable {
    let name: String
    let path: String
    let modules: Set<String>
    let products: Set<String>

    init(_ name: String, uses modules: Set<String> = [], products: Set<String> = []) {
        self.name = name
        self.path = "Sources/\(name)"
        self.modules = modules
        self.products = products
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        path = try values.decode(String.self, forKey: .path)
        modules = try values.decodeIfPresent(Set<String>.self, forKey: .targets) ?? []
        products = try values.decodeIfPresent(Set<String>.self, forKey: .products) ?? []
    }

    private enum Keys: String, CodingKey {
        case name, path
        case targets = "target_dependencies"
        case products = "product_dependencies"
    }
}

/// The modules under Sources and what each depends on.
struct ModuleGraph {
    let nodes: [ModuleNode]

    /// Why the graph could not be had.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Asks SwiftPM, once for all tests. Inside `swift test` the lock is taken, and without `--ignore-lock` the question
    /// would wait for ever; nothing is written or resolved to answer it.
    static func ofPackage() async throws -> ModuleGraph { try await asked.value }

    private static let asked = Task {
        let answer = try await run(
            .name("swift"),
            arguments: ["package", "--package-path", packageRoot, "--ignore-lock", "describe", "--type", "json"],
            output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        guard answer.terminationStatus.isSuccess else {
            throw Failure(description: "swift package describe: \(answer.standardError)")
        }
        return try ModuleGraph(description: answer.standardOutput)
    }

    init(nodes: [ModuleNode]) {
        self.nodes = nodes
    }

    /// Reads what `swift package describe --type json` printed.
    init(description text: String) throws {
        struct Package: Decodable { let targets: [ModuleNode] }
        let targets = try JSONDecoder().decode(Package.self, from: Data(text.utf8)).targets
        nodes = targets.filter { $0.path.hasPrefix("Sources/") }.sorted { $0.name < $1.name }
    }

    func node(_ name: String) -> ModuleNode? { nodes.first { $0.name == name } }

    /// Every module that can be got to from one, itself left out.
    func reach(of name: String) -> Set<String> {
        var reached: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            for module in node(next)?.modules ?? [] where reached.insert(module).inserted { open.append(module) }
        }
        return reached
    }

    /// Breaches of the table, in words; empty when all is well.
    func breaches(of rules: [ModuleRule] = ArchitectureTable.modules) -> [String] {
        let table = Dictionary(uniqueKeysWithValues: rules.map { ($0.name, $0) })
        let gone = Set(table.keys).subtracting(nodes.map(\.name))
        var breaches = gone.map { "\($0) is in the table and not in Package.swift" }
        for node in nodes {
            guard let rule = table[node.name] else {
                breaches.append("\(node.name) is not in the table: give it a level and what it may use")
                continue
            }
            for module in node.modules.subtracting(rule.mayUse) {
                breaches.append("\(node.name) may not depend on \(module)")
            }
            for product in node.products.subtracting(rule.products) {
                breaches.append("\(node.name) may not depend on the product \(product)")
            }
            for other in node.modules.compactMap({ table[$0] }) where other.level >= rule.level {
                breaches.append("\(node.name) (level \(rule.level)) depends on \(other.name) (level \(other.level))")
            }
            let reached = reach(of: node.name)
            if reached.contains(node.name) { breaches.append("\(node.name) depends on itself") }
            guard rule.half == .reading else { continue }
            for module in reached.compactMap({ table[$0] }) where module.half == .measuring || module.half == .wiring {
                breaches.append("\(node.name) reads records, yet reaches \(module.name)")
            }
            if reached.contains(ArchitectureTable.barredFromReading) {
                breaches.append("\(node.name) reads records, yet reaches \(ArchitectureTable.barredFromReading)")
            }
        }
        return Set(breaches).sorted()
    }
}
