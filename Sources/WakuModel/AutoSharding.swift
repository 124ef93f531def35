import CSHA256

extension ContentTopic {
    /// The shard that a network with automatic sharding files this topic under (51/WAKU2-RELAY-SHARDING, "Automatic
    /// Sharding"): the last eight bytes, big-endian, of SHA-256 over application and version, modulo the number of
    /// shards. Name and encoding have no say, so one version of one application is one shard.
    ///
    /// - Parameter shards: shards of the network in generation 0, at least 1.
    /// - Returns: 0 to `shards` - 1.
    public func automaticShard(of shards: Int) -> Int {
        var digest = SHA256()
        for var part in [application, version] {
            part.withUTF8 { digest.update($0.baseAddress, count: $0.count) }
        }
        return Int(digest.finish().words.3 % UInt64(max(shards, 1)))
    }
}
