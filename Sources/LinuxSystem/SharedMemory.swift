import CLinux
import Glibc

/// Shared memory that a killed PostgreSQL server leaves behind.
///
/// A server that ends in order removes its segments. After `kill -9` of the postmaster its System V segment and its
/// POSIX segments stay until the next start on the same data directory; a throwaway cluster has no next start.
/// Layouts: `PGShmemHeader` (storage/pg_shmem.h) and `dsm_control_header` (storage/ipc/dsm.c), unchanged from
/// PostgreSQL 14 to 18.
public enum SharedMemory {
    /// Removes what the dead server of one data directory left. A segment in use stays, and so does one whose header
    /// does not say that exactly this server made it for exactly this folder: identifiers are used again.
    ///
    /// - Parameters:
    ///   - segment: the System V identifier in `postmaster.pid`.
    ///   - postmaster: the process number in its first line.
    ///   - dataFolder: the data directory, which still exists.
    /// - Returns: how many segments were removed.
    @discardableResult
    public static func removeLeftovers(ofSegment segment: Int32, postmaster: Int32, dataFolder: String) -> Int {
        // struct PGShmemHeader { int32 magic; pid_t creatorPID; Size totalsize; Size freeoffset; dsm_handle dsm_control;
        // void *index; dev_t device; ino_t inode; } — newer versions without the index.
        var words = [UInt64](repeating: 0, count: 7)
        var folder = Glibc.stat()
        guard clinux_read_segment(segment, 0, &words, 56) == 0, stat(dataFolder, &folder) == 0 else { return 0 }
        let (magic, creator) = (UInt32(truncatingIfNeeded: words[0]), Int32(truncatingIfNeeded: words[0] >> 32))
        let place = [UInt64(folder.st_dev), UInt64(folder.st_ino)]
        guard magic == 679_834_894, creator == postmaster, place == Array(words[5...6]) || place == Array(words[4...5]),
            clinux_remove_unattached_segment(segment) == 1
        else { return 0 }
        let control = UInt32(truncatingIfNeeded: words[3])
        guard let handles = handles(inControlSegment: control) else { return 1 }
        return 1 + (handles + [control]).filter { unlink(path(of: $0)) == 0 }.count
    }

    /// POSIX segments of PostgreSQL that processes have mapped: what a server that is killed before it can clear up leaves.
    ///
    /// - Parameter processes: of one server, alive.
    /// - Returns: paths; none for processes that have ended.
    public static func mapped(by processes: [ProcessIdentity]) -> Set<String> {
        var found: Set<String> = []
        for process in processes {
            // Lines end with the path, and with "(deleted)" behind it once that is gone (proc_pid_maps(5)).
            for line in (Host.read("/proc/\(process.pid)/maps") ?? "").split(separator: "\n") {
                guard let path = line.split(separator: " ").last, path.hasPrefix(prefix),
                    UInt32(path.dropFirst(prefix.count)) != nil
                else { continue }
                found.insert(String(path))
            }
        }
        return found
    }

    /// Removes segments of a server that has ended.
    ///
    /// - Parameter paths: as ``mapped(by:)`` gave them while it ran; those that are gone are passed over.
    public static func remove(_ paths: Set<String>) {
        for path in paths where path.hasPrefix(prefix) { unlink(path) }
    }

    private static let prefix = "/dev/shm/PostgreSQL."

    private static func path(of handle: UInt32) -> String { "\(prefix)\(handle)" }

    /// struct { uint32 magic; uint32 nitems; uint32 maxitems; dsm_control_item item[]; }, an item being 40 bytes that
    /// start with its handle and its reference count (0 = free). `nil` when it is no control segment.
    private static func handles(inControlSegment control: UInt32) -> [UInt32]? {
        let descriptor = open(path(of: control), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var header = [UInt32](repeating: 0, count: 4)
        guard pread(descriptor, &header, 16, 0) == 16, header[0] == 0x9A50_3D32, header[1] <= header[2] else {
            return nil
        }
        return (0..<Int(header[1])).compactMap { index in
            var item = [UInt32](repeating: 0, count: 2)
            guard pread(descriptor, &item, 8, 16 + index * 40) == 8, item[1] != 0 else { return nil }
            return item[0]
        }
    }
}
