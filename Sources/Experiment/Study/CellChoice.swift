import Workload

/// What one cell of an experiment is made from, by the names that the specification uses. The base is one; each level of
/// a factor changes one thing of it.
package struct CellChoice: Sendable {
    package var workload = "status-prod-steady"
    package var overlays: [String] = []
    package var variant = "status-prod"
    /// Variants that are a difference to a base, of which only the difference is taken over.
    package var suggestions: [String] = []
    package var profile: String?
    package var schema: Int?
    package var settings: [ChosenSetting] = []
    package var history: HistorySize?
    package var partitions: Int?
    package var retention: [RetentionPolicy]?
    package var rateScale = 1.0
    /// Archive seconds in one second; the workload's when `nil`.
    package var timeScale: Int?
    /// Nanoseconds; the workload's when `nil`.
    package var warmUp: UInt64?
    package var measure: UInt64?
    package var drainLimit: UInt64?

    package init() {}

    /// Takes a level over.
    package mutating func apply(_ change: LevelChange) {
        switch change {
        case .nothing: break
        case .workload(let name): workload = name
        case .overlay(let name): overlays.append(name)
        case .profile(let name): profile = name
        case .variant(let name): variant = name
        case .suggestion(let name): suggestions.append(name)
        case .schema(let version): schema = version
        case .setting(let setting): settings.append(setting)
        case .history(let size): history = size
        case .partitions(let count): partitions = count
        case .retention(let policies): retention = policies
        case .rate(let factor): rateScale = factor
        }
    }
}

/// One server setting of a factor, with its place for messages.
package struct ChosenSetting: Sendable {
    package let name: String
    package let value: String
    package let file: String
    package let line: Int
    package let column: Int
}

/// What a level changes.
package enum LevelChange: Sendable {
    /// No overlay, no suggestion, the host as it is.
    case nothing
    case workload(String)
    case overlay(String)
    case profile(String)
    case variant(String)
    case suggestion(String)
    case schema(Int)
    case setting(ChosenSetting)
    case history(HistorySize)
    case partitions(Int)
    case retention([RetentionPolicy])
    case rate(Double)
}

/// Messages loaded before a trial.
package enum HistorySize: Sendable, Equatable {
    case rows(Int)
    /// Of the whole database.
    case bytes(Int)
}
