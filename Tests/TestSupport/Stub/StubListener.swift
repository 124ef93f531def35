import Glibc
import LinuxSystem

/// Where a stub server is found.
public enum StubPlace: Sendable {
    /// A Unix socket, named as a PostgreSQL server names it, in a folder of its own.
    case folder
    /// A free TCP port of the loopback interface.
    case loopback
}

/// A listening socket that can be closed and opened again at the same place.
struct StubListener: Sendable {
    private enum Address: Sendable {
        case unix(path: String)
        case tcp(port: UInt16)
    }

    /// As many as the kernel lets wait.
    private static let backlog: Int32 = 65_535

    private let address: Address
    /// -1 while it is closed.
    private(set) var descriptor: Int32

    /// Listens in a folder, where libpq finds the server by the number of its port.
    init(folder: String, port: Int) throws(SystemError) {
        address = .unix(path: "\(folder)/.s.PGSQL.\(port)")
        descriptor = try Self.listen(address)
    }

    /// Listens on a free port.
    init() throws(SystemError) {
        descriptor = try Self.listen(.tcp(port: 0))
        address = .tcp(port: Self.port(of: descriptor))
    }

    /// The TCP port; `nil` for a Unix socket.
    var port: Int? {
        if case .tcp(let port) = address { Int(port) } else { nil }
    }

    mutating func reopen() throws(SystemError) { descriptor = try Self.listen(address) }

    /// Who connects from now on is refused, and so is who was waiting.
    mutating func shut() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if case .unix(let path) = address { unlink(path) }
    }

    /// Takes the next connection; `nil` when nobody waits.
    func accept() throws(SystemError) -> Int32? {
        while true {
            let found = Glibc.accept(descriptor, nil, nil)
            if found >= 0 {
                _ = fcntl(found, F_SETFL, O_NONBLOCK)
                _ = fcntl(found, F_SETFD, FD_CLOEXEC)
                if port != nil { Self.set(Int32(IPPROTO_TCP), TCP_NODELAY, of: found) }
                return found
            }
            switch errno {
            case EAGAIN: return nil
            case EINTR, ECONNABORTED: continue
            default: throw SystemError("accept")
            }
        }
    }

    private static func listen(_ address: Address) throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor: Int32
        switch address {
        case .unix: descriptor = socket(AF_UNIX, kind, 0)
        case .tcp: descriptor = socket(AF_INET, kind, 0)
        }
        guard descriptor >= 0 else { throw SystemError("socket") }
        guard bind(descriptor, to: address) == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let error = SystemError("bind or listen")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func bind(_ descriptor: Int32, to address: Address) -> Int32 {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            let isFit = withUnsafeMutableBytes(of: &name.sun_path) { room in
                guard path.utf8.count < room.count else { return false }
                room.copyBytes(from: path.utf8)
                return true
            }
            guard isFit else {
                errno = ENAMETOOLONG
                return -1
            }
            return bind(descriptor, &name)
        case .tcp(let port):
            set(SOL_SOCKET, SO_REUSEADDR, of: descriptor)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return bind(descriptor, &name)
        }
    }

    private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }

    private static func set(_ level: Int32, _ option: Int32, of descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func port(of descriptor: Int32) -> UInt16 {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: name.sin_port)
    }
}
