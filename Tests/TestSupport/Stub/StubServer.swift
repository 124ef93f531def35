import Glibc
import LinuxSystem
import PostgresClient

/// A server that speaks PostgreSQL's protocol and knows nothing: it answers each statement as its script says, after
/// the time that the script says, and keeps a log of when it did what.
///
/// It speaks version 3.0 as far as libpq needs it: trust, the simple protocol, the extended one, pipelines, text and
/// binary result formats (the bytes of a text either way). As in a real server a connection's statements are done one
/// after the other, and answers of a pipeline go out at its Sync or Flush. It knows no COPY, no cancelling, no TLS, no
/// descriptions of prepared statements.
public enum StubServer {
    /// Runs a server on a thread of its own while `body` runs.
    ///
    /// - Parameters:
    ///   - script: what it does.
    ///   - place: where it is found.
    ///   - body: gets what a client needs to connect. Its connections are dropped when it ends.
    /// - Returns: what `body` returned, and what the server did.
    /// - Throws: what `body` throws; `SystemError` when there can be no socket or thread.
    public static func run<Value: Sendable>(
        _ script: StubScript, at place: StubPlace = .folder,
        _ body: @Sendable (ConnectionParameters) async throws -> Value
    ) async throws -> (value: Value, log: StubLog) {
        let folder = try TemporaryFolder()
        let listener = try place == .folder ? StubListener(folder: folder.path, port: 5_432) : StubListener()
        // Thousands of connections on a busy machine take their time, and that is never what is tested.
        let parameters = ConnectionParameters(
            host: listener.port == nil ? folder.path : "127.0.0.1", port: listener.port ?? 5_432, user: "stub",
            database: "stub", connectTimeout: 300)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        let (wakes, stopper) = (ends[0], ends[1])
        defer { close(wakes) }
        let thread: StubThread
        do throws(SystemError) {
            thread = try StubThread { () throws(SystemError) in
                try StubEngine(script, listener: listener, stop: wakes).serve()
            }
        } catch {
            close(stopper)
            throw error
        }
        // The closed end of the pipe is what ends the server.
        let value: Value
        do {
            value = try await body(parameters)
        } catch {
            close(stopper)
            _ = try? thread.join()
            throw error
        }
        close(stopper)
        return (value, try thread.join())
    }
}
