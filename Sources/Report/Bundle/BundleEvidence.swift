import FoundationEssentials
import RunRecord

/// Settings and fingerprints of all that a folder's records tell, as tables of their own.
struct BundleEvidence {
    /// Something that ran: a run, a side of a comparison, a trial of an experiment.
    private struct Subject {
        let name: String
        let variant: VariantDescription
        let plans: [PlanRecord]
        let probes: [ProbeRow]
    }

    private let subjects: [Subject]

    /// - Parameter folder: path of a run, a comparison or an experiment; what cannot be read is left out.
    init(_ folder: String) {
        if let record = try? ComparisonFolder(path: folder).readRecord() {
            subjects = record.sides.map {
                Subject(name: $0.name, variant: $0.variant, plans: $0.plans, probes: record.profile?.probes ?? [])
            }
        } else if let record = try? ExperimentFolder(path: folder).readRecord() {
            subjects = record.trials.compactMap { trial in
                Self.run(ExperimentFolder(path: folder).folder(of: trial), trial.folder)
            }
        } else {
            subjects = [Self.run(RecordFolder(path: folder), "run")].compactMap { $0 }
        }
    }

    private static func run(_ folder: RecordFolder, _ name: String) -> Subject? {
        guard let record = try? folder.readRecord() else { return nil }
        return Subject(
            name: name, variant: record.variant, plans: (try? folder.readPlans()) ?? [],
            probes: record.profile.probes ?? [])
    }

    /// Files and their rows, the head first.
    var tables: [(name: String, rows: [[String]])] {
        [
            (
                "settings.csv",
                [["subject", "setting", "value", "default", "origin"]]
                    + subjects.flatMap { subject in
                        subject.variant.settings.map { [subject.name, $0.name, $0.value, $0.defaultValue, $0.origin] }
                    }
            ),
            (
                "fingerprints.csv",
                [["subject", "kind", "name", "when", "fingerprint", "detail"]]
                    + subjects.flatMap { subject in
                        subject.plans.map {
                            [subject.name, "plan", $0.shape, $0.when.rawValue, $0.fingerprint, $0.outline]
                        } + subject.probes.flatMap { probe in Self.rows(probe, subject.name) }
                    }
            ),
        ]
    }

    private static func rows(_ probe: ProbeRow, _ subject: String) -> [[String]] {
        [("before", probe.before), ("after", probe.after)].map { when, value in
            [subject, "probe", probe.name, when, value.map { "\($0)" } ?? "not measured", probe.unit]
        }
    }
}
