import FoundationEssentials

extension RecordFolder {
    /// Reads `fit.json`; `nil` when the run's workload was not fitted to an archive.
    ///
    /// - Throws: `RecordFolder.Problem` when it is of another format, what the decoder finds wrong.
    public func readFit() throws -> FitRecord? {
        guard let data = FileManager.default.contents(atPath: path(of: .fit)) else { return nil }
        let fit = try JSONDecoder().decode(FitRecord.self, from: data)
        guard fit.formatVersion == FitRecord.currentFormat else {
            throw Problem(
                description:
                    "fit.json: format \(fit.formatVersion), this version reads \(FitRecord.currentFormat); use the version that wrote it"
            )
        }
        return fit
    }
}

extension FitRecord {
    /// The record as the text of `fit.json`.
    ///
    /// - Throws: what the encoder says of a number that is none.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
