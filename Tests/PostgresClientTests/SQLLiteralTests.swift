import PostgresClient
import TestSupport
import Testing

/// What is written as a literal is what the server reads.
@Suite(.ownThreads) struct SQLLiteralTests {
    @Test(arguments: ["on", "off"]) func everyTextComesBack(_ standard: String) async throws {
        let connection = try Connection.open(try await TestServers.database())
        try connection.run("SET standard_conforming_strings = \(standard)")
        for text in ["", "a", "it's", "''", "\\", "a\\'; DROP TABLE x; --", "\\n", "ü\n'\\"] {
            #expect(try connection.value("SELECT \(SQLLiteral.of(text))") == text)
        }
    }
}
