import FoundationEssentials
import RunRecord

/// Puts what is known of a workload's fit beside the record of a run on it.
enum FitCopy {
    /// - Parameters:
    ///   - path: as the workload has it; `nil` for one that was not fitted.
    ///   - folder: of the run.
    /// - Returns: why there is no copy, for the record; `nil` when there is, or need not be.
    /// - Throws: `RecordFolder.Problem` when it cannot be written.
    static func copy(_ path: String?, to folder: RecordFolder) throws -> String? {
        guard let path else { return nil }
        // Where it lay is no business of whoever reads the record.
        let name = path.split(separator: "/").last ?? ""
        guard let data = FileManager.default.contents(atPath: path) else {
            return "how well the workload resembles its archive: there is no \(name)"
        }
        guard (try? JSONDecoder().decode(FitRecord.self, from: data)) != nil else {
            return "how well the workload resembles its archive: \(name) is not what `archivebench characterize` writes"
        }
        try folder.write(String(decoding: data, as: UTF8.self), to: .fit)
        return nil
    }
}
