import CLinux
import Glibc

/// Shared memory that a killed PostgreSQL server leaves behind.
///
/// A server that ends in order removes its segments. After `kill -9` of the postmaster its System V segment and its
/// POSIX segments stay until the next start on the same data directory; a throwaway cluster has no next start.
/// Layouts: `PGShmemHeader` (storage/pg_shmem.h) and `dsm_control_header` (storage/ipc/dsm.c), unchanged from
/// PostgreSQL 14 to 18.
public enum SharedMemory {
    /// Removes what the dead server of one data directory left. Segments in use, and those of others, stay.
    ///
    /// - Parameter segment: the System V identifier in the last line of `postmaster.pid`.
    /// - Returns: how many segments were removed.
    @discardableResult
    public static func removeLeftovers(ofSegment segment: Int32) -> Int {
        var control: UInt32 = 0
        // struct PGShmemHeader { int32 magic; pid_t creatorPID; Size totalsize; Size freeoffset; dsm_handle dsm_control; … }
        let known = clinux_read_segment(segment, 24, &control, 4) == 0
        guard clinux_remove_unattached_segment(segment) == 1 else { return 0 }
        guard known, control != 0 else { return 1 }
        let handles = handles(inControlSegment: control)
        return 1 + (handles + [control]).filter { unlink(path(of: $0)) == 0 }.count
    }

    private static func path(of handle: UInt32) -> String { "/dev/shm/PostgreSQL.\(handle)" }

    /// struct { uint32 magic; uint32 nitems; uint32 maxitems; dsm_control_item item[]; }, an item being 40 bytes that
    /// start with its handle and its reference count (0 = free).
    private static func handles(inControlSegment control: UInt32) -> [UInt32] {
        let descriptor = open(path(of: control), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var header = [UInt32](repeating: 0, count: 4)
        guard pread(descriptor, &header, 16, 0) == 16, header[0] == 0x9A50_3D32, header[1] <= header[2] else {
            return []
        }
        return (0..<Int(header[1])).compactMap { index in
            var item = [UInt32](repeating: 0, count: 2)
            guard pread(descriptor, &item, 8, 16 + index * 40) == 8, item[1] != 0 else { return nil }
            return item[0]
        }
    }
}
