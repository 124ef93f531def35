import LinuxSystem
import PostgresClient
import SpecReader

/// Puts a variant's settings in force on a running managed server, and sees that they are.
///
/// What is as asked already is left alone. The rest is reloaded; when one of them waits for a restart, or stands on the
/// server's command line, which no reload can overrule, the server is started again with all of them.
struct SettingsApplication {
    let cluster: ManagedCluster
    let variant: Variant
    let installation: PostgresInstallation

    init(_ variant: Variant, _ cluster: ManagedCluster) async throws {
        self.cluster = cluster
        self.variant = variant
        installation = try await PostgresInstallation(folder: cluster.record.binaries)
    }

    /// - Returns: one line for each setting that the base has otherwise, one for all others together.
    /// - Throws: `SpecProblems` for settings that the server refuses or does not take over, at their places;
    ///   ``TestbedProblem`` when it does not start with them. The former settings are then in force again.
    func apply() async throws -> [String] {
        try await SettingsCheck.check(variant, on: installation)
        var asked: [Asked] = []
        for setting in variant.settings {
            asked.append(Asked(setting: setting, canonical: try await canonical(setting)))
        }
        var rows = try await read()
        let wrong = asked.filter { !isInForce($0, rows[$0.setting.name]) }
        var way = "as the server was started"
        if !wrong.isEmpty {
            let needsRestart = wrong.contains { Self.needsRestart(rows[$0.setting.name]) }
            way = needsRestart ? "after a restart" : "after a reload"
            if needsRestart {
                try await cluster.restart(with: wrong.map(\.setting))
            } else {
                try await reload(wrong)
            }
            rows = try await read()
        }
        let refused = asked.filter { !isInForce($0, rows[$0.setting.name]) }
        if !refused.isEmpty {
            try await takeBack(wrong)
            throw SpecProblems(refused.map { Self.problem($0, rows[$0.setting.name]) })
        }
        return lines(asked, rows, changed: Set(wrong.map(\.setting.name)), way)
    }

    // MARK: What was asked for

    private struct Asked {
        let setting: Variant.Setting
        /// As `pg_settings` has it; `nil` for what only a loaded library knows.
        let canonical: String?
    }

    /// The server's own reading of a value: in the setting's base unit, words in their official spelling.
    private func canonical(_ setting: Variant.Setting) async throws -> String? {
        if setting.name.contains(".") { return nil }
        let answer = try await SettingsCheck.ask(
            installation,
            ["-C", setting.name, "-D", "/", "-c", "config_file=/dev/null", "-c", "\(setting.name)=\(setting.value)"])
        return answer.isSuccess ? String(answer.out.prefix { !$0.isNewline }) : nil
    }

    // MARK: What is in force

    private struct Row: Sendable {
        let setting: String
        let shown: String
        let context: String
        let source: String
        let isPending: Bool
    }

    /// Read by a new connection: those that are open may not have heard of a change yet.
    private func read() async throws -> [String: Row] {
        let parameters = cluster.record.parameters()
        return try await WorkerThread.run {
            Result {
                let rows = try Connection.open(parameters).run(
                    "SELECT name, setting, current_setting(name), context, source, pending_restart FROM pg_settings")
                return Dictionary(
                    rows.map {
                        (
                            $0[0] ?? "",
                            Row(
                                setting: $0[1] ?? "", shown: $0[2] ?? "", context: $0[3] ?? "", source: $0[4] ?? "",
                                isPending: $0[5] == "t")
                        )
                    }
                ) { first, _ in first }
            }
        }.get()
    }

    private func isInForce(_ asked: Asked, _ row: Row?) -> Bool {
        guard let row, !row.isPending else { return false }
        if Self.librarySettings.contains(asked.setting.name) {
            // Libraries for looking at the server may come on top.
            return Self.words(asked.setting.value).isSubset(of: Self.words(row.setting))
        }
        return row.setting == asked.canonical ?? asked.setting.value || row.shown == asked.setting.value
    }

    private static let librarySettings: Set<String> = [
        "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries",
    ]

    private static func words(_ list: String) -> Set<String> {
        Set(list.split { ", \"'".contains($0) }.map(String.init))
    }

    private static func needsRestart(_ row: Row?) -> Bool {
        guard let row else { return true }
        return row.context == "postmaster" || row.source == "command line"
    }

    // MARK: Changing

    /// Reloads the server's settings with others; those before one that fails are taken back.
    private func reload(_ asked: [Asked]) async throws {
        do { try await change(asked) } catch {
            do { try await takeBack(asked) } catch let second {
                throw TestbedProblem("\(error); its former settings could not be put back: \(second)")
            }
            throw error
        }
    }

    private func change(_ asked: [Asked]) async throws {
        try await alter(asked.map { "ALTER SYSTEM SET \($0.setting.name) = \(SQLLiteral.of($0.setting.value))" })
        // The server takes its time to read its files; what waits for a restart after all will not come.
        for _ in 0..<100 {
            let rows = try await read()
            if asked.allSatisfy({ isInForce($0, rows[$0.setting.name]) || rows[$0.setting.name]?.isPending == true }) {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Nothing of a refused variant stays: what a reload brought is reset, what a restart brought goes with another one.
    private func takeBack(_ asked: [Asked]) async throws {
        try await alter(asked.map { "ALTER SYSTEM RESET \($0.setting.name)" })
        try await cluster.restartAsMade()
    }

    private func alter(_ statements: [String]) async throws {
        let parameters = cluster.record.parameters()
        try await WorkerThread.run {
            Result {
                let connection = try Connection.open(parameters)
                for statement in statements + ["SELECT pg_reload_conf()"] { try connection.run(statement) }
            }
        }.get()
    }

    // MARK: Words

    private static func problem(_ asked: Asked, _ row: Row?) -> SpecProblem {
        let found = row.map { $0.isPending ? "still waits for a restart" : "is \($0.shown)" } ?? "is not known"
        return SettingsCheck.place(
            asked.setting, "asked for \(asked.setting.value), and on the running server it \(found)",
            remedy: "correct the value, or leave it out")
    }

    private func lines(
        _ asked: [Asked], _ rows: [String: Row], changed: Set<String>, _ way: String
    ) -> [String] {
        let own = Set(variant.changedSettings.map(\.name))
        var lines = asked.filter { own.contains($0.setting.name) || changed.contains($0.setting.name) }.map { asked in
            let name = asked.setting.name
            let how = changed.contains(name) ? way : "as the server was started"
            return "\(name): read back as \(rows[name]?.shown ?? "unknown") \(how)"
        }
        let others = asked.count - lines.count
        if others > 0 { lines.append("\(others) setting\(others == 1 ? "" : "s") of the base: read back as asked for") }
        return lines
    }
}
