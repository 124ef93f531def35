import LinuxSystem

/// A statement by which a node's job changed the tables themselves, as an event of the target tells it.
public struct MaintenanceStatement: Sendable, Equatable {
    /// Of the event.
    public static let kind = "partition.statement"

    /// Such as `node 0: partition.create, messages_1763726400_1763730000`.
    public var what: String
    /// From sending to done, nanoseconds.
    public var duration: Nanoseconds

    init(what: String, duration: Nanoseconds) {
        self.what = what
        self.duration = duration
    }

    /// A statement of a job; `nil` when it changes no table.
    package init?(_ text: String, node: Int, duration: Nanoseconds) {
        guard let shape = StatementShapes.name(of: text), Self.shapes.contains(shape) else { return nil }
        let table = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.first {
            HourPartition(named: String($0)) != nil || HourPartition(named: String($0), prefix: "lookup_") != nil
        }
        self.init(what: "node \(node): \(shape)\(table.map { ", \($0)" } ?? "")", duration: duration)
    }

    /// Reads an event's detail back; `nil` when it is none.
    public init?(detail: String) {
        let parts = detail.split(separator: " for ")
        guard parts.count == 2, parts[1].hasSuffix(" us"), let micros = UInt64(parts[1].dropLast(3)) else { return nil }
        self.init(what: String(parts[0]), duration: micros * 1_000)
    }

    /// As the event's detail.
    package var detail: String { "\(what) for \(duration / 1_000) us" }

    private static let shapes: Set<String> = [
        "partition.create", "partition.attach", "partition.constraint", "partition.detach", "partition.drop",
        "partition.backfill", "retention.delete", "job.analyze",
    ]
}
