import TestSupport
import Testbed
import Testing

@Suite struct SQLScriptTests {
    private func statements(_ text: String) -> [String] {
        SQLScript(name: "s", file: "s.sql", text: text).statements.map(\.text)
    }

    @Test(arguments: [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("-- head; of it\n\n;; ;\nSELECT 1;\n-- rest", ["SELECT 1"]),
        ("SELECT ';', 'it''s;' ; SELECT 2;", ["SELECT ';', 'it''s;'", "SELECT 2"]),
        ("SELECT 1 AS \"a;b\";", ["SELECT 1 AS \"a;b\""]),
        ("SELECT 1 -- one; two\n + 1;", ["SELECT 1 -- one; two\n + 1"]),
        ("SELECT /* a; /* b; */ c; */ 1;", ["SELECT /* a; /* b; */ c; */ 1"]),
        ("DO $$ BEGIN NULL; END $$; SELECT 2;", ["DO $$ BEGIN NULL; END $$", "SELECT 2"]),
        ("DO $a$ x; $b$; $$ y; $a$;", ["DO $a$ x; $b$; $$ y; $a$"]),
        ("SELECT $1; SELECT $2", ["SELECT $1", "SELECT $2"]),
        ("SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]), ("DO $$ open; ", ["DO $$ open;"]),
        ("SELECT 5 / 2 - 1;", ["SELECT 5 / 2 - 1"]), ("", []), (" \n-- nothing\n/* at; all */", []), ("$", ["$"]),
    ])
    func statementsAreCutWhereTheyEnd(_ text: String, _ expected: [String]) {
        #expect(statements(text) == expected)
    }

    @Test func placesAndWordsAreKept() {
        let script = SQLScript(
            name: "s", file: "s.sql", text: "-- What it does,\n-- in two lines.\nSELECT 1;\n\nSELECT\n  'a\nb',\n 2;")
        #expect(script.summary == "What it does, in two lines.")
        #expect(script.statements.map(\.line) == [3, 5])
        #expect(script.statements[1].beginning == "SELECT 'a b', 2")
    }
}
