/// Which side of the run record a module is on.
enum Half {
    case shared, measuring, reading, wiring
}

/// What a module may do: its place in the order of levels and everything it may depend on.
struct ModuleRule {
    let name: String
    let level: Int
    let half: Half
    /// Modules of ours that it may depend on.
    let mayUse: Set<String>
    /// Products of other packages that it may depend on.
    let products: Set<String>

    init(_ name: String, level: Int, _ half: Half, uses mayUse: Set<String> = [], products: Set<String> = []) {
        self.name = name
        self.level = level
        self.half = half
        self.mayUse = mayUse
        self.products = products
    }
}

/// The rules of ARCHITECTURE.md as data. A new module is one line here.
enum ArchitectureTable {
    static let modules: [ModuleRule] = [
        ModuleRule("CLibpq", level: 0, .measuring),
        ModuleRule("CLinux", level: 0, .measuring),
        ModuleRule("CSHA256", level: 0, .measuring),
        ModuleRule("CStorageModel", level: 0, .measuring),
        ModuleRule("CZlib", level: 0, .shared),
        ModuleRule("Measurement", level: 0, .shared, products: ["Histogram"]),
        ModuleRule("SpecReader", level: 0, .measuring, products: ["Yams"]),
        ModuleRule("Statistics", level: 0, .shared),

        ModuleRule("CBareLoop", level: 1, .measuring, uses: ["CLibpq"]),
        ModuleRule("CStoragePreload", level: 1, .measuring, uses: ["CStorageModel"]),
        ModuleRule("LinuxSystem", level: 1, .measuring, uses: ["CLinux"]),
        ModuleRule("WakuModel", level: 1, .measuring, uses: ["CSHA256"]),
        ModuleRule("RunRecord", level: 1, .reading, uses: ["CZlib", "Measurement"]),

        ModuleRule("PostgresClient", level: 2, .measuring, uses: ["CLibpq", "LinuxSystem"]),
        ModuleRule(
            "Workload", level: 2, .measuring, uses: ["CSHA256", "Measurement", "SpecReader", "WakuModel"]),

        ModuleRule("Comparison", level: 2, .reading, uses: ["Measurement", "RunRecord", "Statistics"]),

        ModuleRule("LoadRunner", level: 3, .measuring, uses: ["LinuxSystem", "Measurement", "Workload"]),
        ModuleRule(
            "ArchiveDriver", level: 4, .measuring,
            uses: ["LinuxSystem", "LoadRunner", "PostgresClient", "SpecReader", "WakuModel", "Workload"]),
        ModuleRule("Telemetry", level: 3, .measuring, uses: ["LinuxSystem", "PostgresClient", "RunRecord"]),
        ModuleRule(
            "Testbed", level: 3, .measuring,
            uses: ["CSHA256", "CStorageModel", "LinuxSystem", "PostgresClient", "SpecReader"],
            products: ["Subprocess", "SystemPackage"]),
        ModuleRule(
            "Report", level: 3, .reading, uses: ["Comparison", "Measurement", "RunRecord", "Statistics"],
            products: ["Mustache"]),

        ModuleRule(
            "Experiment", level: 5, .wiring,
            uses: [
                "ArchiveDriver", "CBareLoop", "CSHA256", "Comparison", "LinuxSystem", "LoadRunner", "Measurement",
                "PostgresClient", "RunRecord", "SpecReader", "Statistics", "Telemetry", "Testbed", "WakuModel",
                "Workload",
            ]),
        ModuleRule(
            "archivebench", level: 6, .wiring,
            uses: [
                "ArchiveDriver", "Comparison", "Experiment", "LinuxSystem", "PostgresClient", "Report", "RunRecord",
                "SpecReader", "Statistics", "Testbed", "WakuModel", "Workload",
            ],
            products: ["ArgumentParser"]),
    ]

    /// Modules that only these may import, besides being declared as a dependency.
    static let importers: [String: Set<String>] = [
        "CBareLoop": ["Experiment"],
        "CLibpq": ["PostgresClient"],
        "CLinux": ["LinuxSystem"],
        "CSHA256": ["Experiment", "Testbed", "WakuModel", "Workload"],
        "CStorageModel": ["Testbed"],
        "CZlib": ["RunRecord"],
        "WakuModel": ["ArchiveDriver", "Experiment", "Workload", "archivebench"],
    ]

    /// What the reading half must never reach, through however many modules.
    static let barredFromReading = "CLibpq"

    /// Rules of use hold below this level: what happens there is passed in from here.
    static let experimentLevel = 5

    /// The module that prints and ends the process.
    static let speaker = "archivebench"

    /// The module in which clocks are implemented.
    static let clockMaker = "LinuxSystem"

    /// Modules of the toolchain that anyone may import.
    static let toolchain: Set<String> = ["Dispatch", "FoundationEssentials", "Glibc", "Synchronization"]

    /// Modules that may import the whole of Foundation, each with its reason. None needs it.
    static let foundationUsers: Set<String> = []

    static let longestFile = 500

    /// Modules in which every public declaration says what it means; more may come, none goes.
    static let documented: Set<String> = [
        "Comparison", "LinuxSystem", "LoadRunner", "Measurement", "PostgresClient", "Report", "SpecReader",
        "Statistics",
        "Telemetry", "Testbed", "WakuModel",
    ]

    static func rule(for module: String) -> ModuleRule? { modules.first { $0.name == module } }
}
