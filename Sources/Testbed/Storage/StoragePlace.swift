import LinuxSystem

/// Where the data of a modelled device lies: in memory, so that no disk of the host has a say, or else on its disk.
public struct StoragePlace: Sendable, Equatable {
    /// An existing folder.
    public let folder: String
    /// Why it is not memory; `nil` when it is.
    public let fallback: String?

    /// Whether the data lie in memory.
    public var isMemory: Bool { fallback == nil }

    /// Memory that stays free besides, as a share of what is available: for the tool and the server's own processes.
    private static let spare = 0.1

    /// Looks for a filesystem in memory with enough room.
    ///
    /// - Parameters:
    ///   - bytes: for data, WAL and the model's own tables.
    ///   - others: bytes of memory that the server's processes take besides.
    ///   - folders: to be tried in this order.
    ///   - disk: where the data goes otherwise.
    ///   - look: free bytes and kind of the filesystem of a folder.
    ///   - memory: bytes that can be had without swapping; a filesystem in memory promises more than there is.
    /// - Returns: the first that fits, or the disk.
    static func find(
        bytes: Int, beside others: Int = 0, in folders: [String], else disk: String,
        look: (String) -> (freeBytes: Int, filesystem: String)? = Host.storage, memory: Int = Host.availableMemoryBytes
    ) -> StoragePlace {
        func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }
        var reasons: [String] = []
        for folder in folders {
            guard let found = look(folder), found.filesystem == "tmpfs" else {
                reasons.append("\(folder) is not in memory")
                continue
            }
            let free = min(found.freeBytes, Int(Double(memory) * (1 - spare)) - others)
            if free >= bytes { return StoragePlace(folder: folder, fallback: nil) }
            reasons.append("\(folder) has room for \(gigabytes(max(0, free))), \(gigabytes(bytes)) are needed")
        }
        return StoragePlace(
            folder: disk,
            fallback:
                "modelled storage lies on this host's disk at \(disk), whose own delays come on top of the model's: \(reasons.joined(separator: "; "))"
        )
    }
}
