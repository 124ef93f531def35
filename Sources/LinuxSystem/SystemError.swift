import Glibc

/// A system call that failed: which one, on what, and the kernel's reason.
public struct SystemError: Error, CustomStringConvertible, Sendable {
    /// Name of the call, with its object where that helps.
    public let call: String
    /// The kernel's `errno`.
    public let code: Int32

    /// Takes the reason from `errno`; call it right after the failure.
    public init(_ call: String) {
        self.call = call
        self.code = errno
    }

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
