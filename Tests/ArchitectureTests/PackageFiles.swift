import FoundationEssentials

/// The folder of Package.swift.
let packageRoot = {
    let file = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return file.dropLast(3).joined(separator: "/")
}()

/// Every Swift file under Sources.
func sourcesOfPackage() throws -> [SwiftSource] {
    let folder = packageRoot + "/Sources"
    return try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        .filter { $0.hasSuffix(".swift") }
        .map { path in
            let data = FileManager.default.contents(atPath: "\(folder)/\(path)") ?? Data()
            return SwiftSource(
                module: String(path.prefix { $0 != "/" }), path: "Sources/\(path)",
                text: String(decoding: data, as: UTF8.self))
        }
}
