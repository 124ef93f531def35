import SpecReader
import TestSupport
import Testing
import Workload

/// The reference of the language names everything that the readers ask for, and what it shows is right.
@Suite struct LanguageReferenceTests {
    private static func reference() throws -> String { try readText("\(packageRoot)/Workloads/README.md") }

    /// Words in backticks, outside blocks of code.
    private static func named(_ text: String) -> Set<String> {
        let blocks = text.split(separator: "```", omittingEmptySubsequences: false)
        let prose = blocks.enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined()
        return Set(prose.split(separator: "`", omittingEmptySubsequences: false).map(String.init))
    }

    /// The texts of all source files of a folder and of those below it.
    private static func sources(_ folder: String = "\(packageRoot)/Sources/Workload") throws -> [String] {
        try names(in: folder).flatMap { name in
            name.hasSuffix(".swift")
                ? [try readText("\(folder)/\(name)")] : try sources("\(folder)/\(name)")
        }
    }

    @Test func everyKeyIsNamed() throws {
        let getter =
            /\.(?:text|name|string|texts|strings|rate|duration|integer|number|share|bytes|flag|instant|map|maps|byteList|numberList|durationRange|integerRange|choice|window|classes|read)\(\s*"([a-z][a-z-]*)"/
        var keys: Set<String> = []
        for source in try Self.sources() { keys.formUnion(source.matches(of: getter).map { String($0.1) }) }
        // Keys that are asked for by another name than a literal.
        keys.formUnion(ClockworkSpec.JobKind.allCases.map(\.rawValue))
        keys.formUnion(TopicKinds.all.map { $0.read(Self.empty()).countKey })
        #expect(keys.count > 90, "\(keys.sorted())")
        let missing = keys.subtracting(Self.named(try Self.reference()))
        #expect(missing.isEmpty, "not in Workloads/README.md: \(missing.sorted())")
    }

    @Test func everyNameOfARegistryIsNamed() throws {
        let registered =
            ArrivalProcesses.all.map { $0.name } + SizeDistributions.all.map { $0.key } + TopicKinds.all.map { $0.name }
            + QueryShapes.all.flatMap { $0.names } + ClientKinds.all.map { $0.name }
        let missing = Set(registered).subtracting(Self.named(try Self.reference()))
        #expect(missing.isEmpty, "not in Workloads/README.md: \(missing.sorted())")
    }

    /// The examples of the sections make one workload, and the last of them is an overlay; experiments are another
    /// module's.
    @Test func theExamplesAreRight() throws {
        let text = try Self.reference()
        var examples = text.matches(of: /```yaml\n((?:[^`]|`(?!``))*)```/).map { String($0.1) }
            .filter { !$0.hasPrefix("archivebench: experiment/1") }
        let overlay = try Overlay(document: SpecDocument(text: examples.removeLast(), file: "overlay"))
        // Examples of a single value stand in the example before or after them.
        func take(_ beginning: String) throws -> String {
            let index = try #require(examples.firstIndex { $0.hasPrefix(beginning) }, "\(beginning)")
            return examples.remove(at: index)
        }
        let payload = try take("payload:").trimmingSuffix()
        let arrivals = try take("arrivals:").trimmingSuffix()
        let patient = try take("  - {name: web")
        let clients = try take("clients:")
        let workload = examples.joined() + clients + patient
        let changed = workload.replacing("payload: {lognormal: {mean: 606B, sigma: 0.3}}", with: payload)
            .replacing("arrivals: {process: poisson, rate: 10/s}", with: arrivals)
        #expect(changed != workload)
        let spec = try WorkloadSpec(document: SpecDocument(text: changed, file: "workload"))
        #expect(try spec.applying(overlay).name == "my-fleet+x10-autovacuum")
    }

    /// What a reader finds when nothing is written.
    private static func empty() -> SpecMap {
        do { return try SpecDocument(text: "{}", file: "empty").top } catch { fatalError("\(error)") }
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String { hasSuffix("\n") ? String(dropLast()) : self }
}
