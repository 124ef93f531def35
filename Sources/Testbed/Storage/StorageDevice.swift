import SpecReader

/// A storage device as a model: how long its operations take, how many it takes, how much it holds.
///
/// It is the value of a profile's `storage:` section with `kind: modelled`:
/// ```yaml
/// storage:
///   kind: modelled                 # read by the profile
///   flush-latency: 2ms             # or {constant: 2ms}, {lognormal: {p50: 0.5ms, p99: 3ms}},
///                                  # {quantiles: [{share: 50%, latency: 0.5ms}, …]}
///   read-latency: 0.3ms            # of one operation that the page cache could not answer
///   write-latency: 0.3ms           # of one operation of write-back; the server's write itself goes to the page cache
///   sequential: 10%                # share of that latency when an operation begins where the last one ended
///   iops: 3000/s                   # all operations; read-iops and write-iops for one kind
///   bandwidth: 125MB/s             # all bytes; read-bandwidth and write-bandwidth for one kind
///   operation-size: 256KiB         # a larger operation counts as several
///   flush-operations: 1            # how many writes a flush counts as
///   burst: 0s                      # how long unused operations and bytes are kept
///   queue-depth: 32                # operations served at once
///   capacity: 100GB                # beyond it: no space left on device
///   dirty-limit: 20%               # of the page cache; a writer beyond it waits for write-back
/// ```
/// All keys may be missing: what is not said costs nothing and has no limit.
public struct StorageDevice: Sendable, Equatable {
    /// Of a flush.
    public var flushLatency = DeviceLatency.none
    /// Of a read operation.
    public var readLatency = DeviceLatency.none
    /// Of a write operation.
    public var writeLatency = DeviceLatency.none
    /// Share of the read or write latency of an operation that begins where the one before it ended, 0 to 1.
    public var sequentialShare = 1.0
    /// Operations a second: all, reads, writes; `nil` for no limit.
    public var iops: Double?
    /// Read operations a second; `nil` for no limit of their own.
    public var readIOPS: Double?
    /// Write operations a second; `nil` for no limit of their own.
    public var writeIOPS: Double?
    /// Bytes a second: all, reads, writes; `nil` for no limit.
    public var bandwidth: Int?
    /// Bytes read a second; `nil` for no limit of their own.
    public var readBandwidth: Int?
    /// Bytes written a second; `nil` for no limit of their own.
    public var writeBandwidth: Int?
    /// Bytes that count as one operation; more is several.
    public var operationBytes = 256 << 10
    /// Writes that a flush counts as, besides those of the data: with a filesystem's journal it may be more than one.
    public var flushOperations = 1.0
    /// For how long operations and bytes that were not used are kept, nanoseconds.
    public var burst: UInt64 = 0
    /// Operations served at once.
    public var queueDepth = 32
    /// Bytes that it holds; `nil` for no limit but the host's.
    public var capacity: Int?
    /// Share of the page cache beyond which a writer waits for write-back (`vm.dirty_ratio`). Write-back begins at half of
    /// it (`vm.dirty_background_ratio` is half of `vm.dirty_ratio` as Linux ships).
    public var dirtyLimit = 0.2

    /// Costs nothing, has no limit.
    public init() {}

    /// Reads a `storage:` section; problems are noted on the map. The caller reads the keys that are the profile's own
    /// (such as `kind`) and closes the map.
    public init(_ map: SpecMap) {
        flushLatency = .read(map, "flush-latency", default: flushLatency)
        readLatency = .read(map, "read-latency", default: readLatency)
        writeLatency = .read(map, "write-latency", default: writeLatency)
        sequentialShare = map.share("sequential", default: sequentialShare)
        iops = Self.rate(map, "iops")
        readIOPS = Self.rate(map, "read-iops")
        writeIOPS = Self.rate(map, "write-iops")
        bandwidth = Self.bandwidth(map, "bandwidth")
        readBandwidth = Self.bandwidth(map, "read-bandwidth")
        writeBandwidth = Self.bandwidth(map, "write-bandwidth")
        operationBytes = map.bytes("operation-size", in: 4_096...(64 << 20), default: operationBytes)
        flushOperations = map.number("flush-operations", in: 0...16, default: flushOperations)
        burst = map.duration("burst", in: 0...86_400_000_000_000, default: burst)
        queueDepth = map.integer("queue-depth", in: 1...Self.deepestQueue, default: queueDepth)
        capacity = map.has("capacity") ? map.bytes("capacity", in: 64_000_000...(1 << 50)) : nil
        dirtyLimit = map.share("dirty-limit", default: dirtyLimit)
        if dirtyLimit == 0, map.isSound("dirty-limit") {
            map.note("dirty-limit", "is nothing", remedy: "give at least 1%")
        }
    }

    /// Most operations that the model serves at once.
    static let deepestQueue = 128

    /// Operations a second.
    static func rate(_ map: SpecMap, _ key: String) -> Double? {
        map.has(key) ? map.rate(key, in: 1...1e8) : nil
    }

    /// `125MB/s`, in bytes a second.
    static func bandwidth(_ map: SpecMap, _ key: String) -> Int? {
        guard map.has(key), let text = map.string(key) else { return nil }
        if text.hasSuffix("/s"), case .success(let bytes) = QuantityParser.bytes(String(text.dropLast(2))),
            bytes >= 4_000
        {
            return bytes
        }
        map.note(key, "'\(text)' is not a bandwidth", remedy: "write it as 125MB/s, at least 4kB/s")
        return nil
    }
}
