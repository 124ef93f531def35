import SpecReader

/// Server settings by which data would go past the storage model.
public enum StorageRefusals {
    /// What is refused, and why.
    private static let refused: [(name: String, value: String, reason: String, remedy: String)] = [
        (
            "io_method", "io_uring", "goes to the kernel past the C library, where the storage model does not see it",
            "use worker or sync with modelled storage"
        ),
        (
            "dynamic_shared_memory_type", "mmap", "keeps files below the data directory that are mapped, not written",
            "use posix with modelled storage"
        ),
    ]

    /// Settings that name programs which the model would not cover, or folders that it does not.
    private static let elsewhere = ["archive_command", "archive_library", "restore_command", "temp_tablespaces"]

    /// Checks a variant before its server is started.
    ///
    /// - Throws: `SpecProblems` with every setting that the model cannot cover.
    public static func check(_ variant: Variant) throws {
        var problems: [SpecProblem] = []
        func note(_ setting: Variant.Setting, _ what: String, _ remedy: String) {
            problems.append(
                SpecProblem(
                    file: setting.file, line: setting.place.line, column: setting.place.column,
                    what: "settings.\(setting.name): \(what)", remedy: remedy))
        }
        for setting in variant.settings {
            let value = setting.value.lowercased()
            if let rule = refused.first(where: { $0.name == setting.name && $0.value == value }) {
                note(setting, "\(rule.value) \(rule.reason)", rule.remedy)
            }
            if elsewhere.contains(setting.name), !setting.value.isEmpty {
                note(setting, "puts data where no storage is modelled", "leave it out with modelled storage")
            }
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
    }
}
