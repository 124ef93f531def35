import Glibc

/// Appends whole lines to a file with one `write(2)` each call, so that a reader never sees half a line.
struct LineAppender: ~Copyable {
    private let descriptor: Int32

    /// `nil` when the file cannot be opened for appending.
    init?(path: String) {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { return nil }
    }

    /// `false` when the system took fewer bytes than given.
    func append(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) == $0.count }
    }

    deinit { close(descriptor) }
}
