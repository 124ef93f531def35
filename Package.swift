// swift-tools-version: 6.2
import PackageDescription

/// Hot members cross module borders; without the first flag a public generic costs forty nanoseconds a call. Checking at
/// run time that no two accesses to a class's property overlap costs ten thousand instructions an operation, twice what
/// libpq takes; debug builds check.
let optimised: [SwiftSetting] = [
    .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: optimised)
}

/// Tests themselves are not optimised, which shortens a first build; what they test is.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"],
        swiftSettings: optimised + [.unsafeFlags(["-Onone"], .when(configuration: .release))])
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "archivebench",
    products: [
        .executable(name: "archivebench", targets: ["archivebench"]),
        // Loaded into a server's processes, so it is a file of its own.
        .library(name: "CStorageModel", type: .dynamic, targets: ["CStoragePreload"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // Level 0
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev", "pkg-config"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev", "pkg-config"])]),
        .target(name: "CLinux"),
        // libpq's package brings it along, and a build of its own would take minutes.
        .target(name: "CSHA256", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CStorageModel"),
        module("Measurement", [histogram]),
        module("SpecReader", [yams]),
        module("Statistics", []),
        // Level 1
        module("WakuModel", ["CSHA256"]),
        .target(name: "CBareLoop", dependencies: ["CLibpq"]),
        // Nothing of Swift in what is loaded into a server: the driver's start-up object and unused libraries stay out.
        .target(
            name: "CStoragePreload", dependencies: ["CStorageModel"],
            linkerSettings: [.unsafeFlags(["-nostartfiles", "-Xlinker", "--as-needed"])]),
        module("LinuxSystem", ["CLinux"]),
        module("RunRecord", ["CZlib", "Measurement"]),
        // Level 2
        module("Workload", ["CSHA256", "WakuModel", "Measurement", "SpecReader"]),
        module("PostgresClient", ["CLibpq", "LinuxSystem"]),
        module("Comparison", ["Measurement", "RunRecord", "Statistics"]),
        // Level 3
        module("LoadRunner", ["Workload", "Measurement", "LinuxSystem"]),
        module("Telemetry", ["LinuxSystem", "PostgresClient", "RunRecord"]),
        module(
            "Testbed",
            ["CSHA256", "CStorageModel", "LinuxSystem", "PostgresClient", "SpecReader", subprocess, system]),
        module(
            "Report", ["Comparison", "RunRecord", "Measurement", "Statistics", mustache],
            resources: [.embedInCode("Templates")]),
        // Level 4
        module(
            "ArchiveDriver",
            ["WakuModel", "Workload", "PostgresClient", "LoadRunner", "LinuxSystem", "SpecReader"]),
        // Level 5
        module(
            "Experiment",
            [
                "ArchiveDriver", "CBareLoop", "CSHA256", "Comparison", "LinuxSystem", "LoadRunner", "Measurement",
                "PostgresClient", "RunRecord",
                "SpecReader", "Statistics", "Telemetry", "Testbed", "WakuModel", "Workload",
            ]),
        // Level 6
        .executableTarget(
            name: "archivebench",
            dependencies: [
                "ArchiveDriver", "Comparison", "Experiment", "LinuxSystem", "PostgresClient", "Report", "RunRecord",
                "SpecReader", "Statistics", "Testbed", "WakuModel", "Workload", arguments,
            ],
            swiftSettings: optimised),
        // Tests
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        .target(
            name: "TestSupport",
            dependencies: ["ArchiveDriver", "LinuxSystem", "PostgresClient", "SpecReader", "Testbed", "Workload"],
            path: "Tests/TestSupport", swiftSettings: optimised),
        .executableTarget(
            name: "EngineProbe",
            dependencies: ["Experiment", "LinuxSystem", "LoadRunner", "Measurement", "PostgresClient", "Workload"],
            path: "Tests/EngineProbe", exclude: ["instructions.json"], swiftSettings: optimised),
        tests("ArchitectureTests", [subprocess, system]),
        tests("WakuModelTests", ["WakuModel"]),
        tests("MeasurementTests", ["Measurement"]),
        tests("SpecReaderTests", ["SpecReader"]),
        tests("StatisticsTests", ["Statistics"]),
        tests("LinuxSystemTests", ["LinuxSystem"]),
        tests("WorkloadTests", ["Workload", "WakuModel"]),
        tests("LoadRunnerTests", ["LoadRunner", "LinuxSystem", "Measurement", "WakuModel", "Workload"]),
        tests("RunRecordTests", ["RunRecord", "CZlib", "Measurement", subprocess, system]),
        tests("PostgresClientTests", ["PostgresClient", "LinuxSystem"]),
        tests("ComparisonTests", ["Comparison", "Measurement", "RunRecord", "Statistics"]),
        tests("ReportTests", ["Comparison", "Measurement", "Report", "RunRecord", subprocess, system]),
        tests(
            "CommandLineTests",
            ["archivebench", "LinuxSystem", "PostgresClient", "RunRecord", "Workload", subprocess, system]),
        tests(
            "ExperimentTests",
            [
                "ArchiveDriver", "CAllocationCount", "Comparison", "Experiment", "LinuxSystem", "LoadRunner",
                "Measurement",
                "PostgresClient", "Report", "RunRecord", "SpecReader", "Statistics", "Telemetry", "Testbed",
                "WakuModel", "Workload",
            ]),
        tests("TelemetryTests", ["Telemetry", "LinuxSystem", "PostgresClient", "RunRecord", "Testbed"]),
        tests("TestbedTests", ["CStorageModel", "Testbed", "LinuxSystem", "PostgresClient", "SpecReader"]),
        tests(
            "ArchiveDriverTests",
            [
                "ArchiveDriver", "CAllocationCount", "LinuxSystem", "LoadRunner", "Measurement", "PostgresClient",
                "SpecReader",
                "Testbed", "WakuModel", "Workload",
            ]),
    ]
)
