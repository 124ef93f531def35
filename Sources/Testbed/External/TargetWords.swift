import PostgresClient

/// Why somebody's server could not be reached, with the remedy.
public enum TargetWords {
    /// - Parameters:
    ///   - server: that was asked for.
    ///   - error: what came of it.
    /// - Returns: one line, without a secret.
    public static func refused(_ server: ConnectionParameters, _ error: PostgresError) -> String {
        if error.code == .client(.timeOut) {
            return
                "\(server.shown): no answer within \(server.connectTimeout) s; check host, port and network, or allow more with connect_timeout"
        }
        let message = error.message
        let remedy = remedies.first { message.contains($0.part) }?.remedy ?? "check host, port and network"
        return "\(server.shown): \(message); \(remedy)"
    }

    /// Whether the server was reached and has no such database.
    static func isMissingDatabase(_ error: PostgresError) -> Bool {
        error.message.contains("database \"") && error.message.contains("\" does not exist")
    }

    /// Parts of libpq's and the server's words, which differ by version only around them; the first that fits counts.
    private static let remedies = [
        (part: "too many c", remedy: "wait, or end other connections"),
        (part: "connection slots", remedy: "wait, or end other connections"),
        (part: "startup parameter", remedy: "a pooler is in between; name the server itself"),
        (part: "password authentication failed", remedy: "check user and password"),
        (
            part: "no password supplied",
            remedy: "give the password in the password file (~/.pgpass), in PGPASSWORD or in the URL"
        ),
        (part: "certificate", remedy: "check sslmode, sslrootcert and the name of the host"),
        (part: "does not support SSL", remedy: "name a server with TLS, or lower sslmode"),
        (part: "no pg_hba.conf entry", remedy: "an administrator of the server must let this user in"),
        (part: "role \"", remedy: "check the user's name"),
        (
            part: "database \"",
            remedy: "check the name; `archivebench target prepare` makes a database that does not exist yet"
        ),
    ]
}
