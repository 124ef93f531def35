import Experiment
import RunRecord
import Testbed
import Testing

/// Words of other programs, read for what they mean.
@Suite struct ForeignTextTests {
    @Test(arguments: [
        ("1024MB", "1GB", true), ("300s", "5min", true), ("1.0", "1", true), ("true", "on", true),
        ("1gb", "1024MB", true), ("8kB", "8192B", true), ("2", "2ms", false), ("off", "on", false),
        ("replica", "logical", false), ("1d", "24h", true), ("Replica", "replica", true),
    ])
    func settingsAreComparedByWhatTheyMean(_ one: String, _ other: String, _ same: Bool) {
        #expect((SettingValue(one) == SettingValue(other)) == same)
    }

    @Test(arguments: [
        ("metrics-1767636000.txt", 1_767_636_000.0), ("metrics-1767636000500.txt", 1_767_636_000.5),
        ("metrics-2026010518.txt", nil), ("metrics-20260105T180000Z.txt", 1_767_636_000), ("a.txt", nil),
    ])
    func tenDigitsOfTheFutureAreNoTime(_ name: String, _ seconds: Double?) {
        let found = SnapshotTime.named(name)
        #expect(found == seconds)
    }

    /// Three parts in a second, and one alone.
    @Test func aPercentileOfSeveralPartsIsNobodys() {
        var even = EvenSeconds()
        for (at, p50) in [(0.0, 1.0), (0.3, nil), (0.4, 3.0), (1.0, 4.0)] {
            var known = KnownLatency(count: 10)
            known.p50 = p50
            even.add(
                ImportedInterval(atSeconds: at, seconds: 0.3, requestClass: "put", known: known, failed: nil))
        }
        let seen = even.samples.map { $0.classes["put"]?.p50Ms }
        #expect(seen == [nil, 4])
        #expect(even.samples.first?.classes["put"]?.completed == 30)
    }
}
