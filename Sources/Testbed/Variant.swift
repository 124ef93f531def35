import FoundationEssentials
import SpecReader

/// What is under test apart from hardware, as a variant file says it.
public struct Variant: Sendable {
    /// The first line of every variant file of this format.
    public static let format = "variant/1"

    /// One server setting, with its place for messages.
    public struct Setting: Sendable {
        /// As the server knows it.
        public let name: String
        /// As the file has it, with its unit.
        public var value: String
        /// Where it stands: the path as the user wrote it, and the place in that file.
        public let file: String
        /// Of its value in that file.
        public let place: SpecPlace

        /// A setting as described; nothing is checked.
        public init(name: String, value: String, file: String, place: SpecPlace) {
            self.name = name
            self.value = value
            self.file = file
            self.place = place
        }
    }

    /// As the file says it.
    public var name: String
    /// One line about it.
    public var summary: String
    /// PostgreSQL's first version number; `nil` takes what is there.
    public var postgresMajor: Int?
    /// Version of the archive's schema.
    public var schemaVersion: Int
    /// Whether the server keeps checksums of its pages.
    public var dataChecksums: Bool
    /// Memory of the machine that the settings were made for, bytes.
    public var designedForMemory: Int?
    /// Settings that shrink on a smaller machine.
    public var scaleWithMemory: [String]
    /// Server settings, in the file's order.
    public var settings: [Setting]
    /// What it is a difference from; `nil` for a variant that stands alone.
    public var baseline: Baseline?
    /// What it says of itself as a suggestion; `nil` for what is none.
    public var suggestion: Suggestion?
    /// What it changes in the archive's tables; `nil` for nothing.
    public var patch: Patch?
    /// The path as the user wrote it, and the file's text.
    public var file: String
    /// The file's text.
    public var text: String

    /// Reads and checks a variant file.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - read: sees the same mapping before it is closed, for sections that are another module's business.
    /// - Throws: `SpecProblems` with all problems of the file.
    public init(path: String, also read: (SpecMap) -> Void = { _ in }) throws {
        try self.init(document: SpecDocument(path: path), also: read)
    }

    /// Reads and checks a variant.
    ///
    /// - Parameters:
    ///   - document: of the variant; `base` is looked for beside its file.
    ///   - read: sees the same mapping before it is closed, for sections that are another module's business.
    /// - Throws: `SpecProblems` with all its problems, or those of its base.
    public init(document: SpecDocument, also read: (SpecMap) -> Void = { _ in }) throws {
        let top = document.top
        let base = try Self.base(of: top, beside: document.file)
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note("archivebench", "'\(format)' is not a variant", remedy: "write 'archivebench: \(Self.format)'")
        }
        file = document.file
        suggestion = Self.suggestion(top)
        patch = Self.patch(top, beside: document.file)
        // The base's name, not where it lies: what goes into a digest is the same on every machine.
        text =
            document.text + (base.map { Self.quoted("The base, \(top.string("base") ?? $0.name).yaml", $0.text) } ?? "")
            + (patch.map { Self.quoted($0) } ?? "")
        name = top.name("name")
        summary = top.text("summary")
        _ = top.string("source")
        postgresMajor = Self.postgresMajor(top) ?? base?.postgresMajor
        schemaVersion = top.integer("schema", in: 7...8, default: base?.schemaVersion ?? 8)
        dataChecksums = top.choice("data-checksums", default: base?.dataChecksums == true ? Switch.on : .off) == .on
        designedForMemory =
            top.has("designed-for-memory")
            ? top.bytes("designed-for-memory", in: 1_000_000...Int.max) : base?.designedForMemory
        let own = Self.settings(top)
        baseline = base.map { Baseline($0, file: top.string("base") ?? $0.name, changed: own) }
        func isOwn(_ name: String) -> Bool { own.contains { $0.name == name } }
        // A setting that replaces the base's was not made for the base's machine.
        let inherited = base?.scaleWithMemory.filter { !isOwn($0) } ?? []
        scaleWithMemory = top.has("scale-with-memory") ? top.strings("scale-with-memory") : inherited
        settings = (base?.settings.filter { !isOwn($0.name) } ?? []) + own
        read(top)
        for name in scaleWithMemory where !settings.contains(where: { $0.name == name }) {
            top.note(
                "scale-with-memory", "'\(name)' is not among the settings", remedy: "add it there, or leave it out")
        }
        for setting in settings where scaleWithMemory.contains(setting.name) && Self.memoryBytes(setting.value) == nil {
            document.note(
                at: setting.place, "settings.\(setting.name): '\(setting.value)' cannot be scaled",
                remedy: "write it with a unit, such as 4GB")
        }
        if !scaleWithMemory.isEmpty && designedForMemory == nil {
            top.note("scale-with-memory", "nothing to scale by", remedy: "add designed-for-memory")
        }
        top.close()
        try document.finish()
    }

    /// `postgres: {version: 18}`; `postgres: 18` means the same.
    private static func postgresMajor(_ top: SpecMap) -> Int? {
        guard top.has("postgres") else { return nil }
        let majors = PostgresInstallation.oldestMajor...99
        if top.isScalar("postgres") { return top.integer("postgres", in: majors) }
        guard let map = top.map("postgres") else { return nil }
        defer { map.close() }
        return map.integer("version", in: majors)
    }

    /// The variant that another one is a difference from: a file beside it.
    private static func base(of top: SpecMap, beside file: String) throws -> Variant? {
        guard top.has("base"), let name = top.string("base") else { return nil }
        let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
        let path = "\(folder)\(name).yaml"
        guard FileManager.default.fileExists(atPath: path), !name.contains("/") else {
            top.note("base", "there is no \(path)", remedy: "name a variant that lies beside this one, without .yaml")
            return nil
        }
        let document = try SpecDocument(path: path)
        for key in ["base", "driver", "sql"] where document.top.has(key) {
            top.note("base", "\(path) has a '\(key)' of its own", remedy: "choose one without")
            return nil
        }
        return try Variant(document: document)
    }

    /// Takes over other settings, in the place of those of the same name.
    ///
    /// - Parameters:
    ///   - changes: what to set.
    ///   - name: whose idea it is, for the variant's name.
    /// - Throws: `SpecProblems` for settings that a variant has no say in.
    public mutating func set(_ changes: [Setting], from name: String) throws {
        let problems = changes.filter { Self.ownSettings.contains($0.name) }.map {
            SpecProblem(
                file: $0.file, line: $0.place.line, column: $0.place.column,
                what: "\($0.name): is set by ArchiveBench to keep its server private", remedy: "leave it out")
        }
        if !problems.isEmpty { throw SpecProblems(problems) }
        guard !changes.isEmpty else { return }
        settings.removeAll { old in changes.contains { $0.name == old.name } }
        scaleWithMemory.removeAll { old in changes.contains { $0.name == old } }
        settings += changes
        self.name += "+\(name)"
    }

    /// The variant with its memory settings fitted to a smaller machine.
    ///
    /// - Parameter memory: of this machine, bytes.
    /// - Returns: the fitted variant, and one sentence for each change.
    public func fitted(toMemory memory: Int) -> (variant: Variant, adaptations: [String]) {
        guard let designed = designedForMemory, memory < designed else { return (self, []) }
        var fitted = self
        var adaptations: [String] = []
        let factor = Double(memory) / Double(designed)
        for index in settings.indices where scaleWithMemory.contains(settings[index].name) {
            guard let bytes = Self.memoryBytes(settings[index].value) else { continue }
            let kilobytes = max(64, Int(Double(bytes) * factor) / 1_024)
            fitted.settings[index].value = "\(kilobytes)kB"
            adaptations.append(
                "\(settings[index].name): \(settings[index].value) became \(kilobytes)kB, because this host has \(memory >> 20) MiB of memory and the file was made for \(designed >> 20) MiB"
            )
        }
        return (fitted, adaptations)
    }

    /// Bytes of a memory setting in PostgreSQL's own units, which count in 1024; `nil` for anything else.
    public static func memoryBytes(_ text: String) -> Int? {
        let units: [(String, Int)] = [("kB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30), ("TB", 1 << 40), ("B", 1)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Int(text.dropLast(unit.count)), number >= 0 else { return nil }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : bytes
        }
        return nil
    }

    private enum Switch: String, CaseIterable {
        case on
        case off
    }

    /// Settings by which a managed cluster is kept private; a variant has no say in them.
    private static let ownSettings: Set<String> = [
        "listen_addresses", "unix_socket_directories", "port", "data_directory", "hba_file", "ident_file",
        "config_file", "external_pid_file", "logging_collector", "log_destination",
    ]

    private static func settings(_ top: SpecMap) -> [Setting] {
        guard let map = top.map("settings") else { return [] }
        return map.allKeys().map { name in
            let allowed = name.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 46
            }
            if !allowed || name.isEmpty {
                map.note(name, "is not the name of a setting", remedy: "use lower-case letters, digits, _ and .")
            }
            if ownSettings.contains(name) {
                map.note(name, "is set by ArchiveBench to keep its server private", remedy: "leave it out")
            }
            return Setting(
                name: name, value: map.string(name, required: true) ?? "", file: map.document.file,
                place: map.place(of: name))
        }
    }
}
