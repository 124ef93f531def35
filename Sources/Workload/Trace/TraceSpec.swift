import SpecReader
import Synchronization

/// A recording that a workload replays: its rows take the place of what streams and queries would make by themselves.
///
/// What the streams say goes on describing the history, the classes and the topics. A query of which the trace has a row
/// sends what the trace has; the others, and the clients, go by their own arrivals.
public struct TraceSpec: Sendable {
    /// The file as the workload names it.
    public let name: String
    /// The file without its folder, for records: no path of one machine matters to a reader.
    public var fileName: String { name.split(separator: "/").last.map { String($0) } ?? name }
    /// What it holds.
    public let summary: TraceSummary
    /// Time in the recording that the trial begins with, nanoseconds.
    public let start: UInt64
    /// Whether it begins again from ``start`` when it has ended.
    public let repeats: Bool
    /// Seconds of the recording in one second of the trial, for messages.
    public private(set) var messageScale: Double
    /// The same for requests.
    public private(set) var requestScale: Double
    let names: TraceTopicNames
    let file: LineFile
    private let watch: TraceWatch

    /// Reads the file of a workload that is sound in itself.
    ///
    /// - Throws: `SpecProblems` with all that is wrong in the file.
    init(_ keys: TraceKeys, _ file: LineFile, _ spec: WorkloadSpec) throws {
        name = keys.name
        self.file = file
        start = keys.start
        repeats = keys.repeats
        (messageScale, requestScale) = (keys.scale, keys.scale)
        names = keys.names
        watch = TraceWatch()
        summary = try TraceCheck.read(file, start: start, names, spec)
        let classes = MessageClasses(spec.messages.streams + (spec.messagesBefore?.streams ?? [])).names
        if hasUntoldClasses, classes.count >= MessageClasses.most, !classes.contains(TraceKinds.classOfUntold) {
            throw SpecProblems([
                SpecProblem(
                    file: file.path, line: nil, column: nil,
                    what: "has messages of no class, and the workload has as many classes as there may be",
                    remedy: "write 'put/CLASS', or take a class away")
            ])
        }
        if repeats, Double(summary.rows) / Double(length) * keys.scale * 1e9 > ArrivalProcesses.rates.upperBound {
            throw SpecProblems([
                SpecProblem(
                    file: file.path, line: nil, column: nil,
                    what: "repeated, it makes more than 1000000 rows a second",
                    remedy: "leave 'repeat' out under 'trace', or spread its rows over a longer time")
            ])
        }
    }

    /// Time of the recording from its start to its last row and one mean gap more: the time after which it may begin
    /// again, nanoseconds, 1 at least.
    public var length: UInt64 {
        let span = summary.lastTime - min(start, summary.lastTime)
        return max(1, span + (summary.rows > 1 ? span / UInt64(summary.rows - 1) : 0))
    }

    /// When it ends, nanoseconds from the start of the trial; `nil` where it begins again.
    public var end: UInt64? {
        repeats ? nil : UInt64(min(Double(length) / min(messageScale, requestScale), 9e18))
    }

    /// Whether messages of the trial come from it.
    public var hasMessages: Bool { summary.messages > 0 }

    /// Whether the requests of a query, by its index, come from it.
    public func replaysQuery(_ index: Int) -> Bool { summary.queries.contains(index) }

    /// Whether the class of some messages is not told.
    var hasUntoldClasses: Bool { summary.kinds.contains { $0.messageClass == TraceKinds.classOfUntold } }

    /// The same recording played so many times as fast.
    func scaled(messages: Double, requests: Double) -> TraceSpec {
        var scaled = self
        scaled.messageScale *= messages
        scaled.requestScale *= requests
        return scaled
    }

    /// A walk through its rows of one sort; `nil` where there are none.
    func walk(_ sort: TraceWalk.Sort, _ spec: WorkloadSpec, _ book: TopicBook) -> TraceWalk? {
        let kinds = TraceKinds(spec, spec.messageClasses, passingOver: summary.kinds.map(\.name))
        return TraceWalk(self, sort, TraceDecoder(kinds, TraceTopics(book, names, places: summary.places)))
    }

    /// Rows to expect in a span of trial time.
    func expected(_ counts: TraceCounts, _ scale: Double, from start: Int64, to end: Int64) -> Double {
        before(end, counts, scale) - before(start, counts, scale)
    }

    private func before(_ time: Int64, _ counts: TraceCounts, _ scale: Double) -> Double {
        let (passed, length) = (Double(max(time, 0)) * scale, Double(length))
        guard repeats else { return counts.before(min(passed, length)) }
        let rounds = (passed / length).rounded(.down)
        return rounds * Double(counts.rows) + counts.before(passed - rounds * length)
    }

    /// Messages that there are at most in a span from the trial's start.
    func mostMessages(in span: UInt64) -> Double {
        let counts = summary.messageCounts
        let passed = Double(span) * messageScale
        guard repeats else { return Double(counts.atMost(before: passed)) }
        return Double(counts.rows) * ((passed / Double(length)).rounded(.down) + 1)
    }

    // MARK: What went wrong

    /// What kept a walk from going on, or tells that the file is no longer what was read first; `nil` while all is well.
    /// It names the file without its folder, because it goes into records.
    public var problem: SpecProblem? {
        if let noted = watch.problem {
            return SpecProblem(
                file: fileName, line: noted.line, column: noted.column, what: noted.what, remedy: noted.remedy)
        }
        guard !file.isUnchanged else { return nil }
        return SpecProblem(
            file: fileName, line: nil, column: nil, what: "was changed while it was used",
            remedy: "leave the trace as it is, or give each trial its own copy")
    }

    /// Notes why a walk does not go on.
    func note(_ problem: SpecProblem) { watch.note(problem) }
}

/// What walks through one trace have to tell; they run on threads of their own.
private final class TraceWatch: Sendable {
    private let noted = Mutex<SpecProblem?>(nil)

    var problem: SpecProblem? { noted.withLock { $0 } }

    /// The first problem is the one to tell.
    func note(_ problem: SpecProblem) { noted.withLock { $0 = $0 ?? problem } }
}

/// What a workload says under `trace`.
struct TraceKeys {
    let name: String
    /// `nil` after a problem was noted.
    let file: LineFile?
    let start: UInt64
    let scale: Double
    let repeats: Bool
    let names: TraceTopicNames

    init(_ map: SpecMap) {
        name = map.text("file")
        file = map.isSound("file") ? Self.open(name, map) : nil
        start = map.duration("start", in: 0...Self.latestStart, default: 0)
        scale = map.number("scale", in: Self.scales, default: 1)
        repeats = map.flag("repeat", default: false)
        names = map.choice("topics", default: TraceTopicNames.numbered)
        map.close()
    }

    private static let latestStart: UInt64 = 9_000_000_000_000_000_000
    private static let scales = 0.001...100_000.0

    /// A path that is not absolute begins at the folder of the workload file.
    private static func open(_ name: String, _ map: SpecMap) -> LineFile? {
        let folder = map.document.file.lastIndex(of: "/").map { String(map.document.file[...$0]) } ?? ""
        do throws(SpecProblem) {
            return try LineFile(path: name.hasPrefix("/") ? name : folder + name)
        } catch {
            map.note("file", "\(error.file) \(error.what)", remedy: "write its path as seen from the workload file")
            return nil
        }
    }
}
