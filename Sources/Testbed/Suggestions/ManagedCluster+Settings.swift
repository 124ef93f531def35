import LinuxSystem

extension ManagedCluster {
    /// Ends the server and starts it with other settings, in the place of those of the same name.
    ///
    /// - Parameter changes: what to start it with.
    /// - Throws: ``TestbedProblem`` with the reason and the end of its log when it does not start so; it then runs with
    ///   its former settings again.
    public func restart(with changes: [Variant.Setting]) async throws {
        let former = (arguments, settings)
        // Of two that name the same setting, the server takes the last.
        arguments += changes.flatMap { ["-c", "\($0.name)=\($0.value)"] }
        settings = settings.filter { old in !changes.contains { $0.name == old.name } } + changes
        let before = logLength()
        do {
            try await restart()
        } catch {
            let end = logEnd(since: before)
            (arguments, settings) = former
            try await start()
            throw TestbedProblem("\(error); its former settings are in force again; its log ended with:\n\(end)")
        }
    }

    /// Ends the server and starts it with the settings it was made with.
    func restartAsMade() async throws {
        arguments = record.arguments
        try await restart()
    }

    /// The last lines after an offset, indented.
    func logEnd(since offset: Int) -> String {
        let text = String(decoding: Array((Host.read(record.logFile) ?? "").utf8.dropFirst(offset)), as: UTF8.self)
        return text.split(separator: "\n").suffix(8).map { "  \($0)" }.joined(separator: "\n")
    }
}
