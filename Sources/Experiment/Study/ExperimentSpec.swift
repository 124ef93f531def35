import RunRecord
import SpecReader
import Workload

/// What an experiment's file says, checked.
package struct ExperimentSpec: Sendable {
    /// The first line of every experiment file of this format.
    package static let format = "experiment/1"

    /// Something that is varied.
    package struct Factor: Sendable {
        package var name: String
        package var kind: FactorKind
        /// At least two; the first is the base's.
        package var levels: [Level]
    }

    /// One level as it is written, and what it changes.
    package struct Level: Sendable {
        package var text: String
        package var change: LevelChange
    }

    /// How cells are chosen.
    package enum DesignChoice: Sendable {
        case full
        case oneAtATime
        /// One run a line, one level's place for each factor.
        case listed([[Int]])
        /// The smallest design with at least this resolution.
        case screening(resolution: Int)
        case plackettBurman(folded: Bool)
        /// Generators by factors' places.
        case fractional([GeneratorChoice])
    }

    /// One factor as the product of others.
    package struct GeneratorChoice: Sendable {
        package var factor: Int
        package var product: [Int]
    }

    /// What becomes of profiles that the host is too small for.
    package enum TooLarge: String, Sendable, CaseIterable {
        case refuse
        case scale
        case leaveOut = "leave-out"
    }

    package var name: String
    package var summary: String
    package var base: CellChoice
    package var tooLarge: TooLarge
    package var factors: [Factor]
    package var design: DesignChoice
    package var repeats: Int
    /// Nanoseconds; `nil` for as long as it takes.
    package var budget: UInt64?
    package var metrics: [ExperimentMetric]
    /// Beside those of the workloads.
    package var objectives: [ObjectiveSpec]
    /// Difference that matters, as a share.
    package var margin: Double
    package var seed: UInt64
    /// The path as the user wrote it, and the file's text.
    package var file: String
    package var text: String

    /// Times that each cell can be run.
    package static let repeatRange = 1...100
    /// Factors of one experiment.
    package static let mostFactors = 23
}

/// What a factor varies.
package enum FactorKind: String, Sendable, CaseIterable {
    case workload
    case overlay
    case profile
    case variant
    case suggestion
    case schema
    case setting
    case history
    case partitions
    case retention
    case rate

    /// Whether there may be several factors of the kind.
    var mayRepeat: Bool { [.overlay, .suggestion, .setting].contains(self) }

    /// The folder of `Workloads/` that its levels name files of; `nil` for others.
    var folder: ShippedFolder? {
        switch self {
        case .workload: .traffic
        case .overlay: .overlays
        case .profile: .hardware
        case .variant, .suggestion: .variants
        default: nil
        }
    }

    /// Whether a level may say that there is none.
    var knowsNone: Bool { [.overlay, .profile, .retention].contains(self) }
}

/// Folders of `Workloads/`.
package enum ShippedFolder: String, Sendable, CaseIterable {
    case traffic
    case overlays
    case variants
    case hardware
}

/// Finds the files that an experiment names; the program knows where shipped ones lie.
package typealias FileFinder = @Sendable (_ name: String, _ folder: ShippedFolder) -> String?
