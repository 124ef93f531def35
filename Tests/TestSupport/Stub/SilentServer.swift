import LinuxSystem
import PostgresClient

/// A server that lets everybody connect and never says a word.
public final class SilentServer {
    private let folder: TemporaryFolder
    private var listener: StubListener

    /// Begins to listen.
    public init() throws {
        folder = try TemporaryFolder()
        listener = try StubListener(folder: folder.path, port: 5_432)
    }

    deinit { listener.shut() }

    /// Gives up after a second.
    public var parameters: ConnectionParameters {
        ConnectionParameters(host: folder.path, port: 5_432, user: "u", database: "d", connectTimeout: 1)
    }
}
