import FoundationEssentials
import RunRecord

/// What of a record's folder goes into a bundle.
struct BundleFiles {
    /// One file of the folder.
    struct File {
        /// Path within the folder.
        let name: String
        /// Whether secrets and payload are taken out of it.
        let isText: Bool
    }

    /// By name.
    private(set) var kept: [File] = []
    /// Path within the folder and why it stays out, by name.
    private(set) var leftOut: [(name: String, reason: String)] = []

    /// Endings of files that people and programs read.
    private static let texts: Set = ["json", "jsonl", "yaml", "yml", "md", "html", "csv", "xml", "sql", "txt"]
    /// Deeper folders are not the tool's.
    private static let deepest = 6

    /// - Parameter folder: path of the record's folder.
    /// - Throws: ``BundleProblem`` when it cannot be read.
    init(_ folder: String) throws {
        try collect(folder, "", 0)
        kept.sort { $0.name < $1.name }
        leftOut.sort { $0.name < $1.name }
    }

    private mutating func collect(_ folder: String, _ prefix: String, _ depth: Int) throws {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)") } catch {
            throw BundleProblem(description: "\(folder)/\(prefix): cannot be read")
        }
        for one in names.sorted() {
            let name = prefix + one
            let type =
                try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.type] as? FileAttributeType
            if type == .typeDirectory {
                if depth >= Self.deepest {
                    leftOut.append((name + "/", "too deep a folder"))
                } else {
                    try collect(folder, name + "/", depth + 1)
                }
            } else if type == .typeRegular {
                sort(name)
            } else {
                leftOut.append((name, "not a file of its own"))
            }
        }
    }

    private mutating func sort(_ name: String) {
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        if ending == "hlog" {
            kept.append(File(name: name, isText: false))
        } else if Self.texts.contains(ending) {
            kept.append(File(name: name, isText: true))
        } else if name.hasSuffix("server.log") {
            leftOut.append((name, "a server’s log may quote what clients sent"))
        } else {
            leftOut.append((name, "not a kind of file that the tool writes"))
        }
    }
}

/// Why a bundle cannot be made; the text is one line for people.
public struct BundleProblem: Error, CustomStringConvertible {
    /// What is wrong, and with which file.
    public let description: String
}
