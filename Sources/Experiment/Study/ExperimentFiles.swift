import ArchiveDriver
import SpecReader
import Testbed
import Workload

/// All files that an experiment names, read and checked, by the names that it uses.
package struct ExperimentFiles: Sendable {
    /// A variant with what other modules read of it.
    package struct ReadVariant: Sendable {
        package var variant: Variant
        package var driver: DriverBehaviour
        /// The variant that it is a difference to; `nil` for one that stands for itself.
        package var base: Variant?
        /// Its file's text, that of its base, and the scripts that it runs.
        package var text: String
    }

    package private(set) var workloads: [String: WorkloadSpec] = [:]
    package private(set) var overlays: [String: Overlay] = [:]
    package private(set) var variants: [String: ReadVariant] = [:]
    package private(set) var profiles: [String: HardwareProfile] = [:]

    /// Reads what there is.
    ///
    /// - Parameters:
    ///   - names: by folder.
    ///   - find: paths; what it does not find was told already.
    ///   - problems: gets all problems of all files.
    package init(_ names: [ShippedFolder: Set<String>], find: FileFinder, problems: inout [SpecProblem]) {
        workloads = Self.read(names[.traffic], .traffic, find, &problems) { try WorkloadSpec(path: $0) }
        overlays = Self.read(names[.overlays], .overlays, find, &problems) { try Overlay(path: $0) }
        variants = Self.read(names[.variants], .variants, find, &problems) { try Self.variant($0) }
        profiles = Self.read(names[.hardware], .hardware, find, &problems) { try HardwareProfile(path: $0) }
    }

    private static func read<Value>(
        _ names: Set<String>?, _ folder: ShippedFolder, _ find: FileFinder, _ problems: inout [SpecProblem],
        _ body: (String) throws -> Value
    ) -> [String: Value] {
        var values: [String: Value] = [:]
        for name in (names ?? []).sorted() {
            guard let path = find(name, folder) else { continue }
            do { values[name] = try body(path) } catch let error as SpecProblems {
                problems += error.problems
            } catch {
                problems.append(
                    SpecProblem(file: path, line: nil, column: nil, what: "\(error)", remedy: "check the file"))
            }
        }
        return values
    }

    private static func variant(_ path: String) throws -> ReadVariant {
        var driver = DriverBehaviour.faithful
        var name: String?
        let variant = try Variant(path: path) { map in
            driver = DriverBehaviour(variant: map)
            name = map.string("base")
        }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        let base = try name.map { try Variant(path: "\(folder)\($0).yaml") }
        return ReadVariant(variant: variant, driver: driver, base: base, text: variant.text)
    }
}
