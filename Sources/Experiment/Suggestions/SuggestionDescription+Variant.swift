import ArchiveDriver
import RunRecord
import Testbed

extension SuggestionDescription {
    /// What a variant's file says of its suggestion, for records; `nil` for a variant that is none.
    ///
    /// - Parameters:
    ///   - variant: as its file has it, not fitted to the host.
    ///   - driver: how its driver works.
    public init?(_ variant: Variant, driver: DriverBehaviour) {
        guard let suggestion = variant.suggestion, let base = variant.baseline else { return nil }
        self.init(
            base: base.name, author: suggestion.author, source: suggestion.source,
            expectation: suggestion.expectation, risk: suggestion.risk,
            changes: Self.changes(variant, base, driver), undo: Self.undo(variant, base))
    }

    private static func changes(
        _ variant: Variant, _ base: Variant.Baseline, _ driver: DriverBehaviour
    ) -> [String] {
        var changes: [String] = []
        if let major = variant.postgresMajor, major != base.postgresMajor {
            changes.append("PostgreSQL: \(base.postgresMajor.map(String.init) ?? "the newest installed") → \(major)")
        }
        if variant.schemaVersion != base.schemaVersion {
            changes.append("schema: \(base.schemaVersion) → \(variant.schemaVersion)")
        }
        changes += variant.changedSettings.map {
            "\($0.name): \(base.settings[$0.name] ?? "the server's default") → \($0.value)"
        }
        if let patch = variant.patch { changes.append("\(patch.apply.name).sql: \(patch.apply.summary)") }
        return changes + driver.changes
    }

    /// How it is undone: settings and driver by setting them back, a patch by its script.
    private static func undo(_ variant: Variant, _ base: Variant.Baseline) -> String? {
        if let patch = variant.patch { return patch.undo.map { "\($0.name).sql" } }
        if variant.schemaVersion != base.schemaVersion { return nil }
        if let major = variant.postgresMajor, major != base.postgresMajor { return nil }
        return "set back"
    }
}
