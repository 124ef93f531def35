import SpecReader

/// Senders with a quota for each epoch, many of whom spend it as soon as the epoch begins: a share of the messages comes
/// within the edge, the rest evenly after it. Rate-limited networks have epochs of 600 s.
public struct EpochEdgeArrivals: ArrivalProcess {
    public static let name = "epoch-edge"
    public static let summary = "a rush when each epoch begins; rate (mean), epoch, edge, edge-share"
    /// Mean over an epoch, arrivals per second.
    public let rate: Double
    /// Nanoseconds.
    public let epoch: UInt64
    public let edge: UInt64
    /// Share of an epoch's arrivals that come within the edge.
    public let edgeShare: Double

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> EpochEdgeArrivals {
        let epoch = map.duration("epoch", in: ArrivalProcesses.periods, default: 600_000_000_000)
        let edge = map.duration("edge", in: ArrivalProcesses.periods, default: min(30_000_000_000, epoch / 2))
        if map.isSound("epoch"), edge >= epoch {
            map.note("edge", "is not shorter than the epoch", remedy: "use less than the epoch")
        }
        return EpochEdgeArrivals(
            rate: map.rate("rate", in: ArrivalProcesses.rates), epoch: epoch, edge: min(edge, epoch - 1),
            edgeShare: map.share("edge-share", default: 0.5))
    }

    public func scaled(by factor: Double) -> EpochEdgeArrivals {
        EpochEdgeArrivals(rate: rate * factor, epoch: epoch, edge: edge, edgeShare: edgeShare)
    }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        let (epoch, edge) = (Int64(epoch), Int64(edge))
        let position = (time % epoch + epoch) % epoch
        let perEpoch = rate * Double(epoch)
        return position < edge
            ? ArrivalLevel(rate: perEpoch * edgeShare / Double(edge), until: time + edge - position)
            : ArrivalLevel(rate: perEpoch * (1 - edgeShare) / Double(epoch - edge), until: time + epoch - position)
    }
}
