import CLibpq
import Glibc

/// Servers that a person names: by libpq's own rules, looked up once, at the edge of the program.
extension ConnectionParameters {
    /// A server as a person names it, in libpq's words: a URL, a string of keywords, or the name of a database.
    ///
    /// What the text leaves out comes from the service that it or `PGSERVICE` names, then from the `PG*` environment, then
    /// from libpq's defaults; a password that is in none of them, from the password file. libpq looks all of it up itself
    /// and is kept from connecting by an option that it refuses once it has. Afterwards the environment is forgotten
    /// (``forgetEnvironment()``): what is resolved needs none of it. Call it before any thread is started.
    ///
    /// Reference: PostgreSQL documentation, sections 34.1.1 "Connection Strings", 34.15 to 34.17.
    ///
    /// - Parameter text: a connection string; empty for what the environment says alone.
    /// - Returns: everything later connections need, secrets included.
    /// - Throws: ``PostgresError`` `refused`: one line that says what is wrong, and never a part of the text that could be
    ///   a secret.
    public static func resolve(_ text: String) throws(PostgresError) -> ConnectionParameters {
        defer { forgetEnvironment() }
        // What keeps libpq from connecting takes the place of one option, so two are asked for in turns.
        var lookup = try Lookup(text, refusedBy: "gssencmode")
        lookup.words["gssencmode"] = try Lookup(text, refusedBy: "target_session_attrs").words["gssencmode"]
        return try parameters(lookup)
    }

    /// The server in words for people: `user@host:port/database (TLS verify-full)`. Never a secret.
    public var shown: String {
        let isSocket = host.hasPrefix("/") || host.hasPrefix("@")
        let channel =
            isSocket ? "Unix socket" : sslMode == "disable" ? "no TLS" : "TLS \(sslMode)"
        return "\(user)@\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database) (\(channel))"
    }

    /// The same server, with limits that it keeps for these connections alone. What the connection string says in
    /// `options` goes before them.
    ///
    /// - Parameters:
    ///   - statement: `statement_timeout`, milliseconds; 0 for none.
    ///   - lock: `lock_timeout`, milliseconds; 0 for none.
    /// - Returns: parameters for new connections.
    public func limited(statement: Int, lock: Int) -> ConnectionParameters {
        var limited = self
        let own = "-c statement_timeout=\(statement) -c lock_timeout=\(lock)"
        limited.others["options"] = [own, others["options"] ?? ""].joined(separator: " ")
        return limited
    }

    private static func parameters(_ lookup: Lookup) throws(PostgresError) -> ConnectionParameters {
        var words = lookup.words
        func take(_ name: String) -> String { words.removeValue(forKey: name) ?? "" }
        let (host, port, user, database) = (lookup.host, take("port"), take("user"), take("dbname"))
        // What libpq would connect to first is `host`; all that were named are the word.
        if [words["host"], words["hostaddr"], port].contains(where: { $0?.contains(",") ?? false }) {
            throw refusal("it names several servers; name the one that is meant")
        }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw refusal("the port is no number from 1 to 65535; \(encodingRemedy)")
        }
        if (host.contains("@") && !host.hasPrefix("@")) || database.contains("@") {
            throw refusal("there is an '@' in the name of the host or the database; \(encodingRemedy)")
        }
        if take("gssencmode") == "require" {
            throw refusal("gssencmode=require: encryption by GSSAPI is not supported; use TLS with sslmode")
        }
        guard let timeout = Int(words["connect_timeout"] ?? "10"), timeout >= 0 else {
            throw refusal("connect_timeout is no number of seconds")
        }
        let application = take("application_name")
        var parameters = ConnectionParameters(
            host: host, port: number, user: user, database: database,
            password: lookup.password.isEmpty ? nil : lookup.password, sslMode: take("sslmode"),
            connectTimeout: timeout, applicationName: application.isEmpty ? "archivebench" : application)
        for name in [
            "host", "password", "connect_timeout", "passfile", "replication", "client_encoding", "service",
            "servicefile",
        ] {
            words[name] = nil
        }
        parameters.others = words
        return parameters
    }

    private static let encodingRemedy =
        "in a URL write @ : / % of a name or password as %40 %3A %2F %25, or use a password file"

    fileprivate static func refusal(_ reason: String) -> PostgresError {
        PostgresError(.client(.refused), "the connection string: \(reason)")
    }
}

/// What libpq makes of a connection string and its surroundings, without connecting.
private struct Lookup {
    /// By keyword; what is neither said nor has a default is missing.
    var words: [String: String] = [:]
    let host: String
    let password: String

    /// An option's value that libpq refuses, after it has looked everything up and before it connects.
    private static let refused = "archivebench looks only"

    /// - Parameters:
    ///   - text: the connection string.
    ///   - option: whose value is not wanted now.
    /// - Throws: what libpq says against the text.
    init(_ text: String, refusedBy option: String) throws(PostgresError) {
        // Of what is given twice the later counts, so the text cannot take the refused value away.
        let raw = ConnectionParameters.withLists([("dbname", text), (option, Self.refused)]) { names, values in
            PQconnectStartParams(names, values, 1)
        }
        guard let raw, let options = PQconninfo(raw) else {
            throw PostgresError(.client(.refused), "out of memory")
        }
        defer {
            PQconninfoFree(options)
            PQfinish(raw)
        }
        let message = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        guard message.contains(Self.refused) else { throw ConnectionParameters.refusal(Self.safe(message)) }
        var place = options
        while let keyword = place.pointee.keyword {
            let name = String(cString: keyword)
            if let value = place.pointee.val, value.pointee != 0, name != option {
                words[name] = String(cString: value)
            }
            place += 1
        }
        host = PQhost(raw).map { String(cString: $0) } ?? ""
        password = PQpass(raw).map { String(cString: $0) } ?? ""
    }

    /// libpq's words without what it quotes, which can be any part of the text; only names of options stay.
    private static func safe(_ message: String) -> String {
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return message }
        // Several quoted parts may hold quotes themselves: all between the first and the last goes.
        let name = parts.count == 3 && isKeyword(String(parts[1])) ? String(parts[1]) : "…"
        return "\(parts[0])\"\(name)\"\(parts[parts.count - 1])"
    }

    private static func isKeyword(_ text: String) -> Bool {
        guard let options = PQconndefaults() else { return false }
        defer { PQconninfoFree(options) }
        var place = options
        while let keyword = place.pointee.keyword {
            if String(cString: keyword) == text { return true }
            place += 1
        }
        return false
    }
}

/// Printed, dumped or mirrored, parameters show where the server is and never a secret.
extension ConnectionParameters: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// As ``shown``.
    public var description: String { shown }
    /// As ``shown``.
    public var debugDescription: String { shown }
    /// ``shown`` as the only child.
    public var customMirror: Mirror { Mirror(self, children: ["shown": shown], displayStyle: .struct) }
}
