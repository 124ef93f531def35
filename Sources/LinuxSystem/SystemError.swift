import Glibc

/// A system call that failed: which one, on what, and the kernel's reason.
public struct SystemError: Error, CustomStringConvertible, Sendable {
    public let call: String
    public let code: Int32

    /// Takes the reason from `errno`; call it right after the failure.
    public init(_ call: String) {
        self.call = call
        self.code = errno
    }

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
