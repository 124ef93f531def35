import RunRecord
import Testbed

extension BuiltArchive {
    /// Runs a variant's patch on the archive; its settings are in force since the server was made.
    ///
    /// - Parameter variant: fitted to the host.
    /// - Returns: how each part was put in force, one line each; nothing for a variant without a patch.
    /// - Throws: as `SuggestionApplication.apply()`.
    public func patched(by variant: Variant) async throws -> [String] {
        variant.patch == nil ? [] : try await SuggestionApplication.apply(variant, to: cluster)
    }
}
