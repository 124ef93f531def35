import SpecReader
import WakuModel

/// What a workload comes to where a trace takes the place of its arrivals.
extension WorkloadSpec {
    /// What bytes are accounted by, those of what came before included.
    var messageClasses: MessageClasses {
        MessageClasses(
            messages.streams + (messagesBefore?.streams ?? []),
            and: trace?.hasUntoldClasses == true ? TraceKinds.classOfUntold : nil)
    }

    /// Whether rows of a kind become messages or requests; not so where an overlay took away what they are about.
    public func replays(_ kind: TraceSummary.Kind) -> Bool {
        kind.isReplayed
            && (kind.messageClass != nil
                || queries.contains {
                    kind.name == $0.shape.firstClass || kind.name == TraceKinds.word($0.shape.firstClass, $0.name)
                })
    }

    /// Archived messages to expect in a span of trial time.
    public func expectedMessages(from start: Int64, to end: Int64) -> Double {
        guard let trace, trace.hasMessages else { return messages.expected(from: start, to: end, calendar) }
        return trace.expected(trace.summary.messageCounts, trace.messageScale, from: start, to: end)
    }

    /// Messages that there will hardly be more of in a span from the trial's start.
    func mostMessages(in span: UInt64) -> Double {
        guard let trace, trace.hasMessages else { return messages.expected(from: 0, to: Int64(span), calendar) * 1.2 }
        return trace.mostMessages(in: span)
    }

    /// What one archived message of the trial takes in the database on average by ``StorageModel``, bytes.
    public var databaseBytesPerMessage: Double {
        guard let trace, trace.hasMessages else {
            return messages.mean(calendar) { StorageModel.databaseBytes(payload: $0) }
        }
        return trace.summary.databaseBytes / Double(trace.summary.messages)
    }

    /// First requests to expect in a span of trial time from an entry of the queries.
    ///
    /// - Parameters:
    ///   - index: of the entry.
    ///   - start: trial time, nanoseconds.
    ///   - end: trial time, nanoseconds.
    /// - Returns: how many, over the whole span.
    public func expectedRequests(ofQuery index: Int, from start: Int64, to end: Int64) -> Double {
        let query = queries[index]
        guard let trace, trace.summary.queries.contains(index) else {
            return query.arrivals.expected(from: start, to: end, calendar)
        }
        let word = TraceKinds.word(query.shape.firstClass, query.name)
        return trace.summary.kinds.filter { $0.name == word || $0.name == query.shape.firstClass }.reduce(0) {
            $0 + trace.expected($1.counts, trace.requestScale, from: start, to: end)
        }
    }

    /// Archived messages of some classes to expect in a span of trial time; of all where none is named.
    func expectedMessages(ofClasses classes: [String], from start: Int64, to end: Int64) -> Double {
        guard let trace, trace.hasMessages else {
            return messages.rows(ofClasses: classes, from: start, to: end, calendar)
        }
        let wanted = trace.summary.kinds.filter { kind in
            kind.messageClass.map { classes.isEmpty || classes.contains($0) } ?? false
        }
        return wanted.reduce(0) { $0 + trace.expected($1.counts, trace.messageScale, from: start, to: end) }
    }

    /// Says why the trace of the workload could not be replayed as it was read.
    ///
    /// - Throws: `SpecProblems` with the reason; nothing without a trace.
    public func checkTrace() throws {
        if let problem = trace?.problem { throw SpecProblems([problem]) }
    }

    /// Why the topics or streams of this workload, changed by an overlay, do not fit its trace; `nil` where they do.
    func traceMisfit(_ overlay: Overlay) -> String? {
        guard let trace else { return nil }
        if overlay.arrivals != nil, trace.hasMessages {
            return "replays a trace; 'arrivals-instead' has no place there"
        }
        let shards = TopicBook(topics, seed: 0).shards
        let misfit = trace.summary.highest.sorted { $0.key.text < $1.key.text }.first { name, highest in
            highest >= (shards.first { $0.pubsubTopic == name }?.topics.count ?? 0)
        }
        return misfit.map { name, highest in
            "replays a trace that names topic \(highest) on \(name), which is no longer there; multiply topics by more"
        }
    }
}
