import PostgresClient
import SpecReader
import Subprocess
import SystemPackage

/// Asks PostgreSQL itself whether it takes a variant's settings, before anything is made.
///
/// `postgres -C name -c name=value` reads the same table that `pg_settings` shows, without a data directory: names, units,
/// ranges, allowed words, and what may be set at all, also for settings that `--describe-config` leaves out.
public enum SettingsCheck {
    /// Checks all settings of a variant.
    ///
    /// - Throws: `SpecProblems` with all that the server would refuse, each at its place in its file; ``TestbedProblem``
    ///   when the server cannot be asked.
    public static func check(_ variant: Variant, on installation: PostgresInstallation) async throws {
        var problems = libraryProblems(variant, installation)
        for setting in variant.settings {
            if let answer = try await refusal(of: setting, on: installation) {
                problems.append(try await problem(setting, answer, installation))
            }
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
    }

    /// Checks the settings of extensions, which only a server knows that has loaded them.
    ///
    /// - Parameters:
    ///   - variant: what the server was started with.
    ///   - connection: to the running server.
    /// - Throws: `SpecProblems` with all that no loaded library took over; `PostgresError`.
    public static func checkExtensions(of variant: Variant, on connection: Connection) throws {
        let settings = variant.settings.filter { $0.name.contains(".") }
        if settings.isEmpty { return }
        // Most libraries are loaded at the server's start, this one by its first function.
        if settings.contains(where: { $0.name.hasPrefix("plpgsql.") }) { try connection.run("LOAD 'plpgsql'") }
        let rows = try connection.run("SELECT name, source FROM pg_settings WHERE name LIKE '%.%'")
        let sources = Dictionary(rows.map { ($0[0] ?? "", $0[1] ?? "") }) { first, _ in first }
        let problems = settings.compactMap { setting -> SpecProblem? in
            switch sources[setting.name] {
            case "command line"?: nil
            case nil:
                place(
                    setting, "no loaded library knows this setting",
                    remedy: remedy(for: setting.name, among: Array(sources.keys)))
            default:
                place(
                    setting, "the library refuses '\(setting.value)'",
                    remedy: "correct the value; the server's log says what is allowed")
            }
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
    }

    // MARK: Asking

    /// The server's `FATAL` and `HINT`.
    private struct Refusal {
        let reason: String
        let hint: String?
    }

    private static func refusal(
        of setting: Variant.Setting, on installation: PostgresInstallation
    ) async throws -> Refusal? {
        let arguments = [
            "-C", setting.name, "-D", "/", "-c", "config_file=/dev/null", "-c", "\(setting.name)=\(setting.value)",
        ]
        let result = try await ask(installation, arguments)
        if result.isSuccess { return nil }
        func text(after mark: String) -> String? {
            result.error.split(separator: "\n").lazy.compactMap { line in
                line.firstRange(of: mark).map { String(line[$0.upperBound...]) }
            }.first
        }
        guard let reason = text(after: "FATAL:  ") else {
            throw TestbedProblem(
                "\(installation.folder)/postgres: cannot be asked about \(setting.name) (\(result.error.split(separator: "\n").first ?? "no reason given")); check that it runs here"
            )
        }
        return Refusal(reason: reason, hint: text(after: "HINT:  "))
    }

    private static func problem(
        _ setting: Variant.Setting, _ answer: Refusal, _ installation: PostgresInstallation
    ) async throws -> SpecProblem {
        let server = "PostgreSQL \(installation.version.prefix { $0 != " " })"
        if answer.reason.hasPrefix("unrecognized configuration parameter") {
            let names = try await ask(installation, ["--describe-config"]).out.split(separator: "\n").compactMap {
                $0.split(separator: "\t").first.map(String.init)
            }
            return place(setting, "\(server) has no such setting", remedy: remedy(for: setting.name, among: names))
        }
        let what = "\(server) refuses '\(setting.value)': \(answer.reason)"
        if answer.reason.hasSuffix("cannot be changed") { return place(setting, what, remedy: "leave it out") }
        let hint = answer.hint.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        return place(setting, what, remedy: hint ?? "correct the value")
    }

    private static func remedy(for name: String, among known: [String]) -> String {
        Spelling.nearest(to: name, among: known).map { "did you mean '\($0)'?" } ?? "correct the name, or leave it out"
    }

    static func place(_ setting: Variant.Setting, _ what: String, remedy: String) -> SpecProblem {
        SpecProblem(
            file: setting.file, line: setting.place.line, column: setting.place.column,
            what: "settings.\(setting.name): \(what)", remedy: remedy)
    }

    static func ask(
        _ installation: PostgresInstallation, _ arguments: [String]
    ) async throws -> (isSuccess: Bool, out: String, error: String) {
        do {
            let result = try await run(
                .path(FilePath("\(installation.folder)/postgres")), arguments: Arguments(arguments),
                environment: ManagedCluster.environment, workingDirectory: "/",
                platformOptions: ManagedCluster.ownSession, input: .none, output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            return (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
        } catch {
            throw TestbedProblem("\(installation.folder)/postgres: does not run here (\(error))")
        }
    }

    // MARK: Libraries

    private static let preloads = ["shared_preload_libraries", "session_preload_libraries", "local_preload_libraries"]

    /// Loaded without being asked for: by the server itself, or for looking at it.
    private static let loadedAnyway = ["plpgsql", "pg_stat_statements", "auto_explain"]

    /// Libraries that are not there, and settings of libraries that nothing loads: the server would take any name with a
    /// dot and ignore it.
    private static func libraryProblems(
        _ variant: Variant, _ installation: PostgresInstallation
    ) -> [SpecProblem] {
        let loading = variant.settings.filter { preloads.contains($0.name) }
        var problems: [SpecProblem] = []
        for setting in loading {
            for name in libraries(setting.value) where isMissing(name, installation) {
                problems.append(
                    place(
                        setting, "there is no library '\(name)' for PostgreSQL \(installation.version)",
                        remedy: "install the package that holds it, or leave it out"))
            }
        }
        if loading.allSatisfy({ libraries($0.value).isEmpty }) {
            for setting in variant.settings where setting.name.contains(".") {
                let library = String(setting.name.prefix { $0 != "." })
                if loadedAnyway.contains(library) { continue }
                problems.append(
                    place(
                        setting, "is the setting of a library, and none is loaded",
                        remedy: "add 'shared_preload_libraries: \(library)', or leave it out"))
            }
        }
        return problems
    }

    private static func libraries(_ value: String) -> [String] {
        value.split { $0 == "," || $0 == " " || $0 == "\"" || $0 == "'" }.map(String.init)
    }

    /// Whether a library is surely not there: its folder is known by a library that every server has.
    private static func isMissing(_ name: String, _ installation: PostgresInstallation) -> Bool {
        guard !name.contains("/"), installation.hasLibrary("plpgsql") else { return false }
        return !installation.hasLibrary(name.hasSuffix(".so") ? String(name.dropLast(3)) : name)
    }
}
