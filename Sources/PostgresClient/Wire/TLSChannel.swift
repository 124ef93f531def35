import CLibpq
import Glibc

/// The encrypted side of a connection that libpq opened with TLS: its own session object of OpenSSL, read and written
/// directly.
///
/// libpq brings OpenSSL into the process; its functions are looked up there, so that nothing is linked that a system
/// without TLS would lack.
struct TLSChannel {
    private typealias Transfer = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, Int32) -> Int32
    private typealias Clearing = @convention(c) () -> Void
    private typealias Reason = @convention(c) (OpaquePointer, Int32) -> Int32

    private let session: OpaquePointer
    private let readFunction: Transfer
    private let writeFunction: Transfer
    private let reason: Reason
    private let clearErrors: Clearing

    /// - Parameter connection: open, and encrypted by TLS.
    /// - Throws: ``PostgresError`` `refused` when libpq was built with another library.
    init(_ connection: OpaquePointer) throws(PostgresError) {
        guard let session = PQgetssl(connection), let read = dlsym(nil, "SSL_read"),
            let write = dlsym(nil, "SSL_write"), let reason = dlsym(nil, "SSL_get_error"),
            let clearing = dlsym(nil, "ERR_clear_error")
        else {
            throw PostgresError(
                .client(.refused), "libpq encrypts with a library other than OpenSSL; connect with sslmode=disable")
        }
        self.session = OpaquePointer(session)
        readFunction = unsafeBitCast(read, to: Transfer.self)
        writeFunction = unsafeBitCast(write, to: Transfer.self)
        self.reason = unsafeBitCast(reason, to: Reason.self)
        clearErrors = unsafeBitCast(clearing, to: Clearing.self)
    }

    /// As `recv(2)`: bytes, 0 at the end, -1 with `errno`.
    func read(_ place: UnsafeMutablePointer<UInt8>, _ length: Int) -> Int {
        clearErrors()
        return outcome(readFunction(session, place, Int32(clamping: length)))
    }

    /// As `send(2)`.
    func write(_ place: UnsafeMutablePointer<UInt8>, _ length: Int) -> Int {
        clearErrors()
        return outcome(writeFunction(session, place, Int32(clamping: length)))
    }

    /// What a transfer came to. SSL_get_error(3) looks at the thread's queue of errors first: one that anything else left
    /// there would pass for this session's, so it is emptied before each transfer, as libpq does.
    private func outcome(_ count: Int32) -> Int {
        guard count <= 0 else { return Int(count) }
        // ssl.h: SSL_ERROR_WANT_READ 2, SSL_ERROR_WANT_WRITE 3, SSL_ERROR_ZERO_RETURN 6.
        switch reason(session, count) {
        case 2, 3:
            errno = EAGAIN
            return -1
        case 6: return 0
        default:
            errno = ECONNRESET
            return -1
        }
    }
}
