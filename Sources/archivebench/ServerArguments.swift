import LinuxSystem
import PostgresClient

/// What the command line says of servers: who else may see it, and how it is read.
enum ServerArguments {
    /// Options that name a server of somebody's. Where none is given, libpq's environment is forgotten at once.
    private static let options = ["--target", "--source"]

    /// Whether the arguments name a server.
    static func name(_ arguments: [String]) -> Bool {
        arguments.contains { argument in options.contains { argument == $0 || argument.hasPrefix($0 + "=") } }
    }

    /// A server as it was named; what the name leaves out is looked up, and the environment forgotten.
    ///
    /// - Throws: `UsageProblem`.
    static func resolve(_ text: String, option: String = "--target") throws -> ConnectionParameters {
        do throws(PostgresError) {
            return try ConnectionParameters.resolve(text)
        } catch {
            throw UsageProblem("\(option): \(error.message)")
        }
    }

    // MARK: Secrets

    /// Stands where a secret was.
    private static let mark = "***"
    /// Libpq's keywords whose values are secret end so.
    private static let keywords = ["password", "oauth_client_secret", "scram_client_key", "scram_server_key"]

    /// The arguments as they were given. What other programs see of them, as `ps` shows it, has no secrets afterwards.
    /// Called once, first of all.
    static func take() -> [String] {
        let arguments = CommandLine.arguments
        let shown = hidden(arguments)
        if shown != arguments { ProcessArguments.show(shown, insteadOf: arguments) }
        return arguments
    }

    /// Words about the arguments, as the parser writes them, without secrets.
    static func hidden(_ message: String, of arguments: [String]) -> String {
        zip(arguments, hidden(arguments)).filter { $0 != $1 }.sorted { $0.0.count > $1.0.count }.reduce(message) {
            $0.replacing($1.0, with: $1.1)
        }
    }

    /// The arguments without secrets: for the record, and for whoever looks.
    static func hidden(_ arguments: [String]) -> [String] {
        var isValue = false
        return arguments.map { argument in
            // Keywords that a shell took apart for want of quotes.
            if isValue {
                isValue = argument == "="
                return isValue ? argument : mark
            }
            isValue = keywords.contains { argument.hasSuffix($0) || argument.hasSuffix($0 + "=") }
            return hidden(argument)
        }
    }

    private static func hidden(_ argument: String) -> String {
        var text = argument
        if let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), scheme.upperBound <= at,
            let colon = text[scheme.upperBound..<at].firstIndex(of: ":")
        {
            text.replaceSubrange(text.index(after: colon)..<at, with: mark)
        }
        return keywords.reduce(text) { hiddenValues($0, of: $1) }
    }

    /// In a URL a value goes up to the next `&`; among keywords up to a blank, or to its quote.
    private static func hiddenValues(_ text: String, of keyword: String) -> String {
        let isURL = text.contains("://")
        var (result, rest) = ("", text[...])
        while let found = rest.firstRange(of: keyword) {
            result += rest[..<found.upperBound]
            rest = rest[found.upperBound...]
            let blanks = rest.prefix { $0 == " " }
            guard rest.dropFirst(blanks.count).first == "=" else { continue }
            let sign = rest.prefix(blanks.count + 1)
            rest = rest.dropFirst(sign.count)
            result += sign
            if isURL {
                rest = rest.drop { $0 != "&" }
            } else {
                result += rest.prefix { $0 == " " }
                rest = afterValue(rest.drop { $0 == " " })
            }
            result += mark
        }
        return result + rest
    }

    /// What follows a keyword's value: quotes hold it together, and a backslash takes the next character with it.
    private static func afterValue(_ text: Substring) -> Substring {
        let isQuoted = text.first == "'"
        var rest = isQuoted ? text.dropFirst() : text
        while let character = rest.first {
            if isQuoted ? character == "'" : character.isWhitespace { break }
            rest = rest.dropFirst(character == "\\" ? 2 : 1)
        }
        return isQuoted ? rest.dropFirst() : rest
    }
}
