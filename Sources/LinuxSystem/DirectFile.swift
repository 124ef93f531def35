import CLinux
import Glibc

/// A file read and written in whole blocks from memory aligned for it, past the page cache where the filesystem allows.
///
/// For probes of a device. Belongs to one thread.
public final class DirectFile {
    private let descriptor: Int32
    private let buffer: UnsafeMutableRawPointer
    private let blockBytes: Int
    /// Whether the page cache is passed by.
    public let isDirect: Bool

    /// Opens or makes the file.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - blockBytes: of each operation; a multiple of 4096.
    ///   - direct: whether to pass by the page cache if that is possible.
    /// - Throws: ``SystemError``.
    public init(path: String, blockBytes: Int, direct: Bool) throws(SystemError) {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC
        var found: Int32 = direct ? open(path, flags | clinux_direct_flag(), 0o600) : -1
        isDirect = found >= 0
        if found < 0 { found = open(path, flags, 0o600) }
        guard found >= 0 else { throw SystemError("open \(path)") }
        guard let memory = aligned_alloc(4_096, blockBytes) else {
            close(found)
            throw SystemError("aligned_alloc")
        }
        memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: blockBytes)
        (descriptor, buffer, self.blockBytes) = (found, memory, blockBytes)
    }

    deinit {
        close(descriptor)
        free(buffer)
    }

    /// Reads one block.
    public func read(block: Int) throws(SystemError) {
        guard pread(descriptor, buffer, blockBytes, block * blockBytes) == blockBytes else {
            throw SystemError("pread")
        }
    }

    /// Writes one block.
    public func write(block: Int) throws(SystemError) {
        guard pwrite(descriptor, buffer, blockBytes, block * blockBytes) == blockBytes else {
            throw SystemError("pwrite")
        }
    }

    /// Waits until what was written is on the device (fdatasync(2)).
    public func flush() throws(SystemError) {
        guard fdatasync(descriptor) == 0 else { throw SystemError("fdatasync") }
    }

    /// Lets the kernel forget its copy of the file.
    public func forget() { posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
}
