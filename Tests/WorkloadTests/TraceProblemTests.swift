import SpecReader
import TestSupport
import Testing
import Workload

/// Whatever is wrong in a trace is told with its line and column, all at once, before anything runs.
@Suite struct TraceProblemTests {
    private static let good = "0.5,16/32,0,10,put"

    /// A row between two good ones, and what is said about it.
    @Test(arguments: [
        ("", "3:1: is empty; write the five of time,shard,topic,size,kind, without quotes"),
        ("1,16/32,0,10", "3:1: has 4 columns; write the five of time,shard,topic,size,kind, without quotes"),
        ("1,16/32,0,10,put,x", "3:1: has 6 columns; write the five of time,shard,topic,size,kind, without quotes"),
        ("1,\"16/32\",0,10,put", "3:3: '\"16/32\"' is not a shard; write cluster/index, such as 16/32"),
        ("x,16/32,0,10,put", "3:1: time 'x' is not a number; write seconds from the start, such as 12.345678901"),
        (",16/32,0,10,put", "3:1: time '' is not a number; write seconds from the start, such as 12.345678901"),
        ("-1,16/32,0,10,put", "3:1: time '-1' is not a number; write seconds from the start, such as 12.345678901"),
        ("1e3,16/32,0,10,put", "3:1: time '1e3' is not a number; write seconds from the start, such as 12.345678901"),
        (
            "1.2.3,16/32,0,10,put",
            "3:1: time '1.2.3' is not a number; write seconds from the start, such as 12.345678901"
        ),
        (".,16/32,0,10,put", "3:1: time '.' is not a number; write seconds from the start, such as 12.345678901"),
        ("9000000001,16/32,0,10,put", "3:1: time '9000000001' is out of range; use 0 to 9000000000 seconds"),
        (
            "99999999999999999999999,16/32,0,10,put",
            "3:1: time '99999999999999999999999' is out of range; use 0 to 9000000000 seconds"
        ),
        ("0.4,16/32,0,10,put", "3:1: time goes back, from 0.500000000 to 0.400000000; sort the rows by time"),
        ("1,32,0,10,put", "3:3: '32' is not a shard; write cluster/index, such as 16/32"),
        ("1,16/,0,10,put", "3:3: '16/' is not a shard; write cluster/index, such as 16/32"),
        ("1,16/99999,0,10,put", "3:3: '16/99999' is not a shard; write cluster/index, such as 16/32"),
        ("1,,0,10,put", "3:3: '' is not a shard; write cluster/index, such as 16/32"),
        (
            "1,16/33,0,10,put",
            "3:3: the workload has no topics on shard '16/33'; add some under 'topics', or leave its rows out"
        ),
        ("1,16/32,,10,put", "3:9: the topic is missing; write which one of the shard's topics it is"),
        (
            "1,16/32,3,10,put",
            "3:9: there is no topic 3 on shard '16/32': the workload has 3 there, from 0; raise its count under 'topics'"
        ),
        (
            "1,16/32,-1,10,put",
            "3:9: topic '-1' is not a number; write its number on the shard, from 0, or 'topics: named' under 'trace'"
        ),
        (
            "1,16/32,99999999999999999999,10,put",
            "3:9: topic '99999999999999999999' is not a number; write its number on the shard, from 0, or 'topics: named' under 'trace'"
        ),
        ("1,16/32,0,,put", "3:11: size '' is not a number; write the bytes of the payload"),
        ("1,16/32,0,1kB,put", "3:11: size '1kB' is not a number; write the bytes of the payload"),
        ("1,16/32,0,0,put", "3:11: size 0 is out of range; use 1 to 100000000 bytes"),
        ("1,16/32,0,100000001,put", "3:11: size 100000001 is out of range; use 1 to 100000000 bytes"),
        ("1,16/32,0,10,put/chta", "3:14: kind 'put/chta' is nothing that this workload has; did you mean 'put/chat'?"),
        (
            "1,16/32,0,10,maintenance.analyze",
            "3:14: kind 'maintenance.analyze' is nothing that this workload has; use one of put, put/chat, put/tagged, put/recorded, store.topics.data.first/day, store.topics.data.first/hour, store.time-range/scan, store.topics.data.first, store.time-range, store.time-range/peer"
        ),
        (
            "1,16/32,0,0,store.topics.data.first",
            "3:13: kind 'store.topics.data.first' is of several queries; write one of store.topics.data.first/day, store.topics.data.first/hour"
        ),
        ("1,16/32,0,x,store.time-range", "3:11: size 'x' is not a number; write 0 for a request"),
        ("1,16/32,,0,store.time-range", "3:9: the topic is missing; write which one of the shard's topics it is"),
        ("1,,1,0,store.time-range", "3:3: '' is not a shard; write cluster/index, such as 16/32"),
        (
            "1,16/32,0,10,\u{1B}[2J",
            "3:14: kind '?[2J' is nothing that this workload has; use one of put, put/chat, put/tagged, put/recorded, store.topics.data.first/day, store.topics.data.first/hour, store.time-range/scan, store.topics.data.first, store.time-range, store.time-range/peer"
        ),
    ])
    func aRowIsToldWithItsLine(_ row: String, _ words: String) throws {
        let found = try TraceSample().problems(of: "\(TraceSample.header)\n\(Self.good)\n\(row)\n2,16/32,0,10,put\n")
        #expect(found == ["trace.csv:\(words)"], "\(found.joined(separator: "\n"))")
    }

    @Test(
        arguments: [
            ("", ["trace.csv:1:1: the first line is not that of a trace; begin with 'time,shard,topic,size,kind'"]),
            (
                "0,16/32,0,10,put\n",
                ["trace.csv:1:1: the first line is not that of a trace; begin with 'time,shard,topic,size,kind'"]
            ),
            ("time,shard,topic,size,kind\n", ["trace.csv: has no rows; give it one row at least"]),
            (
                "time,shard,topic,size,kind\n1,16/32,0,10,put/x",
                ["trace.csv:2:14: kind 'put/x' is nothing that this workload has; did you mean 'put'?"]
            ),
            (
                String(repeating: "x", count: 100_000),
                ["trace.csv:1:1: is longer than 65536 bytes; check that the file is text with line breaks"]
            ),
            (
                "time,shard,topic,size,kind\n" + String(repeating: "\0", count: 100_000),
                ["trace.csv:2:1: is longer than 65536 bytes; check that the file is text with line breaks"]
            ),
        ] as [(String, [String])])
    func aFileIsTold(_ file: String, _ words: [String]) throws {
        let found = try TraceSample().problems(of: file)
        #expect(found == words, "\(found.joined(separator: "\n"))")
    }

    @Test func whatComesAfterTheEndOfTheRecordingIsTold() throws {
        let file = "\(TraceSample.header)\n\(Self.good)\n"
        let late = try TraceSample().problems(of: file, keys: ", start: 1s")
        #expect(
            late == [
                "trace.csv: has no rows from the start on: the last is at 0.500000000 s; use an earlier 'start' under 'trace'"
            ])
        let burst = try TraceSample().problems(
            of: "\(TraceSample.header)\n0,16/32,0,10,put\n0,16/32,0,10,put\n", keys: ", repeat: yes")
        #expect(
            burst == [
                "trace.csv: repeated, it makes more than 1000000 rows a second; leave 'repeat' out under 'trace', or spread its rows over a longer time"
            ])
    }

    /// Files from other systems: line ends of two characters, a byte order mark, no end of the last line.
    @Test func otherLineEndsAreLines() throws {
        let rows = "\u{FEFF}\(TraceSample.header)\r\n0,16/32,0,10,put\r\n1,16/32,0,10,put"
        #expect(try TraceSample.putTimes(TraceSample().replaying(file: rows, in: TraceSample.small)) == [0, 1_000])
    }

    @Test func allFaultsComeAtOnceEachOnceWithTheNumberOfItsRows() throws {
        let unknown = (0..<3_000).map { "1,16/\(100 + $0 % 3),0,10,put" }
        let rows = [Self.good, "1,16/32,0,10"] + unknown + ["2,16/32,7,10,put"]
        let found = try TraceSample().problems(of: ([TraceSample.header] + rows).joined(separator: "\n"))
        #expect(found.count == 5, "\(found.joined(separator: "\n"))")
        #expect(found.map { $0.split(separator: ":")[1] } == ["3", "4", "5", "6", "3004"])
        #expect(found[1].contains("no topics on shard '16/100' (and in 999 more rows); add some"))
        #expect(found[4].contains("there is no topic 7 on shard '16/32'"))
    }

    @Test func moreFaultsThanCanBeReadAreCounted() throws {
        let rows = (0..<1_000).map { "1,16/\(100 + $0),0,10,put" }
        let found = try TraceSample().problems(of: ([TraceSample.header] + rows).joined(separator: "\n"))
        #expect(found.count == 21)
        #expect(found[0] == "trace.csv: 1000 rows are wrong, 980 of them are not shown; mend these first")
        #expect(found.dropFirst().enumerated().allSatisfy { $1.hasPrefix("trace.csv:\($0 + 2):3: ") })
    }

    @Test func oneWordTooManyIsTold() throws {
        let rows = ["a", "b", "a", "c", "d", "e", "d"].map { "1,16/32,\($0),10,put" }
        let found = try TraceSample().problems(
            of: ([TraceSample.header] + rows).joined(separator: "\n"), keys: ", topics: named")
        #expect(
            found == [
                "trace.csv:6:9: topic 'd' is one too many on shard '16/32': the workload has 3 there (and in 1 more rows); raise its count under 'topics'",
                "trace.csv:7:9: topic 'e' is one too many on shard '16/32': the workload has 3 there; raise its count under 'topics'",
            ])
    }

    // MARK: Keys

    @Test(arguments: [
        (
            "none.csv",
            "w.yaml:26:15: trace.file: w/none.csv cannot be read: No such file or directory; write its path as seen from the workload file"
        ),
        (".", "w.yaml:26:15: trace.file: w/. is not a plain file; write its path as seen from the workload file"),
        (
            "/dev/null",
            "w.yaml:26:15: trace.file: /dev/null is not a plain file; write its path as seen from the workload file"
        ),
        (
            "[a]",
            "w.yaml:26:15: trace.file: expected one value; write it after 'file: ', without brackets or lines below"
        ),
        ("t.csv, start: 5", "w.yaml:26:29: trace.start: '5' has no unit; write 10s, 50ms, 2min or 24h"),
        ("t.csv, scale: 0", "w.yaml:26:29: trace.scale: 0 is out of range; use 0.001 to 100000"),
        ("t.csv, repeat: twice", "w.yaml:26:30: trace.repeat: 'twice' is neither yes nor no; write true or false"),
        ("t.csv, topics: hashed", "w.yaml:26:30: trace.topics: 'hashed' is not known; choose one of numbered, named"),
        ("t.csv, strat: 5s", "w.yaml:26:22: unknown key 'trace.strat'; did you mean 'start'?"),
    ])
    func aWrongKeyIsTold(_ value: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("\(TraceSample.header)\n\(Self.good)\n", as: "t.csv")
        let text = "\(TraceSample.small)\ntrace: {file: \(value)}\n"
        let line = text.split(separator: "\n").count
        do {
            _ = try WorkloadSpec(document: SpecDocument(text: text, file: "\(folder.path)/w.yaml"))
            Issue.record("accepted")
        } catch let error as SpecProblems {
            let found = error.description.replacing("\(folder.path)/w.yaml", with: "w.yaml")
                .replacing("\(folder.path)/", with: "w/").replacing("w.yaml:\(line):", with: "w.yaml:26:")
            #expect(found == words)
        }
    }
}
