import ArchiveDriver
import Experiment
import LinuxSystem
import PostgresClient
import RunRecord
import SpecReader
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

/// What is read of an archive is what it was made with.
@Suite(.ownThreads) struct CharacterizationTests {
    /// The shared server has other tests' load, so load is no reason to refuse.
    static func manners(sample: Int = 100_000) -> ReadingManners {
        var manners = ReadingManners(salt: "pepper", seed: 1)
        manners.sampleRows = sample
        manners.share = 1
        manners.ignoresLoad = true
        manners.statementTimeout = 20_000_000_000
        return manners
    }

    static func characterization(
        _ parameters: ConnectionParameters, _ manners: ReadingManners = CharacterizationTests.manners()
    ) throws -> Characterization {
        let survey = try ArchiveSurveyor(parameters, manners: manners).survey()
        return try Characterization(
            survey,
            Characterization.Heading(
                name: "mine", toolVersion: "0", readAt: 1_770_000_000, manners: manners))
    }

    // MARK: An archive that this tool filled

    private static let rows = 24_000
    private static let hours = 48

    private static func ownArchive(_ schema: Int) async throws -> ConnectionParameters {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: known
            summary: known parameters
            archive-epoch: 2026-01-05T18:00:00Z
            topics:
              - {name: wide, shard: 16/32, count: 300, zipf: 1.0}
              - {name: flat, shard: 16/64, count: 50}
            messages:
              streams:
                - name: day
                  arrivals: {process: poisson, rate: 3/s, day-amplitude: 60%, peak-hour: 18}
                  to: [{topics: wide}]
                  classes: [{name: chat, payload: {lognormal: {mean: 800B, sigma: 0.6}}}]
                - name: steady
                  arrivals: {process: constant, rate: 1/s}
                  to: [{topics: flat}]
                  classes: [{name: fixed, payload: {constant: 220B}}]
            history: {partitions: \(hours), rows: \(rows)}
            """)
        let parameters = try await TestServers.database()
        let connection = try Connection.open(parameters)
        let archive = try ArchiveSchema(version: schema, folder: "\(packageRoot)/sql/schema")
        try archive.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: archive, connection: connection).load { _ in true }
        return parameters
    }

    @Test(arguments: [7, 8]) func knownParametersAreRecovered(_ schema: Int) async throws {
        let found = try Self.characterization(try await Self.ownArchive(schema))
        let fit = found.fit
        #expect(fit.schemaVersion == schema && fit.archive.rows == Self.rows && fit.archive.isCounted)
        #expect(fit.archive.partitionSeconds == 3_600 && fit.archive.duplicateShare == nil)
        let (wide, flat) = (try #require(fit.shards.first), try #require(fit.shards.last))
        #expect(fit.shards.map(\.shard) == ["/waku/2/rs/16/32", "/waku/2/rs/16/64"])
        // Three of four messages, over two days.
        let perSecond = Double(Self.rows) / Double(Self.hours * 3_600)
        #expect(abs(wide.perSecond / (0.75 * perSecond) - 1) < 0.03, "\(wide)")
        #expect(abs(flat.perSecond / (0.25 * perSecond) - 1) < 0.05, "\(flat)")
        #expect(abs(wide.zipf - 1) < 0.06 && abs(Double(wide.topicsFitted) / 300 - 1) < 0.1, "\(wide)")
        #expect(flat.zipf < 0.15 && abs(flat.topicsFitted - 50) <= 2, "\(flat)")
        // A lognormal's quantiles: exp(mu + sigma z), mu = ln 800 − 0.18.
        let sizes = try #require(fit.comparisons.first { $0.aspect == .sizes && $0.subject == wide.shard })
        for (share, bytes) in [(0.1, 309.7), (0.5, 668.2), (0.9, 1_441.6), (0.99, 2_698.0)] {
            let point = try #require(sizes.points.first { $0.share == share })
            #expect(abs(point.real / bytes - 1) < 0.05, "\(point)")
            #expect(abs(point.synthetic / bytes - 1) < 0.06, "\(point)")
        }
        #expect(abs(wide.meanBytes / 800 - 1) < 0.03 && flat.meanBytes == 220)
        try Self.checkHours(found.workload)
        // Whatever is left is no more than an eye would overlook.
        for row in fit.comparisons where row.aspect != .rates {
            #expect(row.distance.kolmogorovSmirnov < 0.05, "\(row.aspect) of \(row.subject): \(row.distance)")
        }
        #expect(fit.comparisons.count == 6)
    }

    /// Hours rise and fall as they did: three of four messages by 1 + 0.6 cos(2π (hour − 18) / 24), the rest not; which shard
    /// a message of the history is of does not hang on its hour.
    private static func checkHours(_ spec: WorkloadSpec) throws {
        let epoch = spec.archiveEpoch / 3_600
        let rates = (0..<24).map { spec.rate(ofStream: 0, inHour: epoch + $0) }
        let mean = rates.reduce(0, +) / 24
        let cosines = [1.0, 0.866, 0.5, 0, -0.5, -0.866, -1]
        for (away, cosine) in cosines.enumerated() {
            let hour = (18 + 2 * away) % 24
            let place = ((hour - epoch % 24) % 24 + 24) % 24
            #expect(abs(rates[place] / mean - (1 + 0.45 * cosine)) < 0.12, "hour \(hour): \(rates[place] / mean)")
        }
    }

    /// A tenth of the blocks says nearly the same, and what it says is marked as an estimate.
    @Test func aSampleSaysNearlyTheSame() async throws {
        let fit = try Self.characterization(try await Self.ownArchive(8), Self.manners(sample: 4_000)).fit
        #expect(!fit.archive.isCounted && (2_000..<9_000).contains(fit.sampling.rows), "\(fit.sampling)")
        #expect(abs(Double(fit.archive.rows) / Double(Self.rows) - 1) < 0.1, "\(fit.archive)")
        let wide = try #require(fit.shards.first)
        #expect(abs(wide.meanBytes / 800 - 1) < 0.1 && abs(wide.zipf - 1) < 0.15, "\(wide)")
        #expect(abs(wide.perSecond / (0.75 * Double(Self.rows) / Double(Self.hours * 3_600)) - 1) < 0.15, "\(wide)")
    }

    // MARK: An archive that this tool did not fill

    @Test func aForeignArchiveIsRecovered() async throws {
        let found = try Self.characterization(try await ForeignArchive.make())
        let fit = found.fit
        #expect(fit.schemaVersion == 7 && fit.archive.rows == ForeignArchive.rows && fit.archive.isCounted)
        #expect(fit.archive.oldest == ForeignArchive.start && fit.archive.partitions == ForeignArchive.hours)
        #expect(fit.shards.map(\.shard) == ForeignArchive.shards)
        let (first, second) = (try #require(fit.shards.first), try #require(fit.shards.last))
        #expect(abs(first.zipf - ForeignArchive.zipf) < 0.1, "\(first)")
        #expect(abs(first.topicsFitted - ForeignArchive.topics) <= 12, "\(first)")
        #expect(second.zipf < 0.2 && second.topicsFitted == ForeignArchive.otherTopics, "\(second)")
        #expect(second.meanBytes == 64 && second.isProtected && !first.isProtected)
        // Even hours have twice as many as odd ones, to the message.
        let epoch = found.workload.archiveEpoch / 3_600
        #expect(found.workload.archiveEpoch == ForeignArchive.start + ForeignArchive.hours * 3_600)
        for hour in 0..<24 {
            let messages = found.workload.rate(ofStream: 0, inHour: epoch + hour) * 3_600
            #expect(abs(messages - (hour % 2 == 0 ? 320 : 160)) < 0.01, "\(hour): \(messages)")
        }
        let sizes = try #require(fit.comparisons.first { $0.aspect == .sizes && $0.subject == first.shard })
        let median = try #require(sizes.points.first { $0.share == 0.5 })
        #expect(median.real == 150 && median.synthetic == 150)
        let ninth = try #require(sizes.points.first { $0.share == 0.9 })
        #expect(abs(ninth.real / 7_000 - 1) < 0.05 && abs(ninth.synthetic / ninth.real - 1) < 0.05)
        #expect(found.survey.indexes.added.count == 1 && found.survey.indexes.missing == ["idx_query_contenttopic"])
    }

    /// No payload, no content topic, and no address stands in any file; all of them are read by this tool.
    @Test func filesAreReadAndTellNoSecrets() async throws {
        let parameters = try await ForeignArchive.make()
        let found = try Self.characterization(parameters)
        let folder = try TemporaryFolder()
        for file in found.files {
            for word in [ForeignArchive.topicWord, ForeignArchive.payloadWord, parameters.host, "pepper"] {
                #expect(!file.text.contains(word), "\(word) in \(file.name)")
            }
            _ = try folder.write(file.text, as: file.name)
        }
        #expect(
            found.files.map(\.name) == ["workload.yaml", "fit.json", "variant.yaml", "profile.yaml", "indexes.sql"])
        let spec = try WorkloadSpec(path: "\(folder.path)/workload.yaml")
        #expect(spec.fit == "\(folder.path)/fit.json")
        let variant = try Variant(path: "\(folder.path)/variant.yaml")
        #expect(variant.schemaVersion == 7 && variant.patch != nil)
        #expect(variant.settings.contains { $0.name == "max_connections" && $0.value == "300" })
        #expect(!variant.settings.contains { $0.name == "listen_addresses" || $0.name == "port" })
        // A stub says what is missing where it is read.
        #expect(throws: SpecProblems.self) { _ = try HardwareProfile(path: "\(folder.path)/profile.yaml") }
        let known = try readText("\(folder.path)/profile.yaml").replacing("count: unknown", with: "count: 4")
        #expect(try HardwareProfile(path: folder.write(known, as: "known.yaml")).processors.count == 4)
    }
}
