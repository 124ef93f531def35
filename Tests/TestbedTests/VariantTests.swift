import SpecReader
import TestSupport
import Testbed
import Testing

@Suite struct VariantTests {
    @Test func theShippedVariantIsTheFleets() throws {
        let variant = try Variant(path: "\(packageRoot)/Workloads/variants/status-prod.yaml")
        let settings = Dictionary(uniqueKeysWithValues: variant.settings.map { ($0.name, $0.value) })
        #expect(settings["max_locks_per_transaction"] == "2160")
        #expect(settings["shared_buffers"] == "4GB" && settings["autovacuum"] == "off")
        #expect(variant.schemaVersion == 8 && !variant.dataChecksums)
    }

    @Test func settingsShrinkWithTheHostAndSaySo() throws {
        let variant = try Variant(path: "\(packageRoot)/Workloads/variants/status-prod.yaml")
        let (small, adaptations) = variant.fitted(toMemory: 4 << 30)
        let settings = Dictionary(uniqueKeysWithValues: small.settings.map { ($0.name, $0.value) })
        #expect(settings["shared_buffers"] == "1048576kB")
        #expect(settings["effective_cache_size"] == "3145728kB")
        #expect(settings["max_wal_size"] == "4GB")
        #expect(adaptations.count == 4)
        #expect(adaptations[0].hasPrefix("shared_buffers: 4GB became 1048576kB, because this host has 4096 MiB"))
        #expect(variant.fitted(toMemory: 16 << 30).adaptations.isEmpty)
        #expect(variant.fitted(toMemory: 64 << 30).variant.settings.map(\.value) == variant.settings.map(\.value))
    }

    @Test(arguments: [
        ("settings: {listen_addresses: '*'}", "is set by ArchiveBench"),
        ("settings: {Shared Buffers: 1}", "is not the name"),
        ("schema: 6", "out of range"), ("postgres: fifteen", "not a whole number"),
        ("data-checksums: perhaps", "not known"),
        ("scale-with-memory: [work_mem]", "not among the settings"), ("sttings: {}", "unknown key"),
        ("designed-for-memory: 16", "has no unit"),
        (
            "settings: {work_mem: 99999999999GB}\nscale-with-memory: [work_mem]\ndesigned-for-memory: 1GB",
            "cannot be scaled"
        ),
        ("settings: {work_mem: 4096}\nscale-with-memory: [work_mem]\ndesigned-for-memory: 1GB", "cannot be scaled"),
    ])
    func wrongVariantsAreTold(_ line: String, _ reason: String) {
        do {
            _ = try Variant(
                document: SpecDocument(text: "archivebench: variant/1\nname: n\nsummary: s\n\(line)\n", file: "v.yaml"))
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(reason))
            #expect("\(error)".hasPrefix("v.yaml:4:"))
        }
    }

    /// A base beside a variant, in a folder of its own.
    private func variant(_ text: String, base: String) throws -> Variant {
        let folder = try TemporaryFolder()
        _ = try folder.write("archivebench: variant/1\nname: b\nsummary: s\n\(base)\n", as: "b.yaml")
        let path = try folder.write("archivebench: variant/1\nname: n\nsummary: s\n\(text)\n", as: "n.yaml")
        return try Variant(path: path)
    }

    @Test func aVariantIsADifferenceFromItsBase() throws {
        let base = """
            schema: 7
            data-checksums: on
            designed-for-memory: 8GiB
            scale-with-memory: [work_mem, shared_buffers]
            settings: {work_mem: 4MB, shared_buffers: 1GB, jit: off}
            """
        let found = try variant("base: b\nsettings: {work_mem: 8MB, autovacuum: off}", base: base)
        #expect(
            found.settings.map { "\($0.name)=\($0.value)" } == [
                "shared_buffers=1GB", "jit=off", "work_mem=8MB", "autovacuum=off",
            ])
        #expect(found.schemaVersion == 7 && found.dataChecksums && found.designedForMemory == 8 << 30)
        // What replaces a setting was not made for the base's machine.
        #expect(found.scaleWithMemory == ["shared_buffers"])
        #expect(
            found.name == "n" && found.text.contains("\n# settings: {work_mem: 4MB, shared_buffers: 1GB, jit: off}\n"))
        #expect(try variant("base: b\nschema: 8\ndata-checksums: off", base: base).schemaVersion == 8)
        // Each lies in another folder, and is the same all the same.
        let texts = try (0..<2).map { _ in try variant("base: b\nsettings: {work_mem: 8MB}", base: base).text }
        #expect(texts[0] == texts[1])
    }

    @Test(arguments: [
        ("base: c", "schema: 7", "n.yaml:4:7: base: there is no "),
        ("base: ../b", "schema: 7", "n.yaml:4:7: base: there is no "),
        ("base: b", "base: n", "has a 'base' of its own; choose one without"),
        ("base: b", "driver: {put: transaction}", "has a 'driver' of its own; choose one without"),
        ("base: b", "schema: 6", "b.yaml:4:9: schema: 6 is out of range"),
    ])
    func aWrongBaseIsTold(_ text: String, _ base: String, _ words: String) {
        do {
            _ = try variant(text, base: base)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }
}
