import WakuModel
import Workload

/// The databases of an archive whose shards have one each.
public enum ArchiveDatabases {
    /// Names by number of the database, such as `archive_16_128` for shard 16/128.
    ///
    /// - Parameter spec: says whether shards have databases of their own, and which there are.
    /// - Returns: none where all nodes share one database, whose name is the caller's affair.
    public static func names(of spec: WorkloadSpec) -> [String] {
        guard spec.fleet.isDivided else { return [] }
        return spec.shards.enumerated().map { number, topic in
            topic.shard.map { "archive_\($0.cluster)_\($0.index)" } ?? "archive_\(number)"
        }
    }
}
