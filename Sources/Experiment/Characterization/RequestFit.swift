import ArchiveDriver
import RunRecord
import Statistics
import Workload

/// The store requests that a server counted, and the workload's entries that stand for them.
struct RequestFit {
    let mix: RequestMix
    /// Calls a second are counted over; `nil` where that is not known.
    let seconds: Double?
    private(set) var requests: [FittedWorkload.Request] = []
    private(set) var notKnown: [String] = []

    /// Forms that get an entry; what is rarer is added to them in proportion.
    private static let mostForms = 12

    /// - Parameters:
    ///   - counts: as the server has them; `nil` where it has none.
    ///   - messagesPerSecond: that reach the archive, for a server which does not say since when it counts.
    ///   - shards: the busiest first.
    init(_ counts: StatementCounts?, messagesPerSecond: Double, shards: [FittedWorkload.Shard]) {
        mix = RequestMix(counts?.statements ?? [])
        let fresh = messagesPerSecond > 0 && mix.inserts.rows > 0 ? Double(mix.inserts.rows) / messagesPerSecond : nil
        seconds = counts.flatMap { counts in counts.seconds.flatMap { $0 > 0 ? $0 : nil } ?? fresh }
        guard let counts else { return }
        note(counts)
        guard let seconds else {
            notKnown.append("rates of requests: the server does not say since when it counts statements")
            return
        }
        let kept = mix.forms.prefix(Self.mostForms)
        let all = mix.forms.reduce(0) { $0 + $1.calls }
        let keptCalls = kept.reduce(0) { $0 + $1.calls }
        guard keptCalls > 0 else { return }
        let factor = Double(all) / Double(keptCalls)
        for form in kept {
            var request = Self.request(form, shards)
            request.rate = Double(form.calls) * factor / seconds
            // Two forms may differ in what a name does not say.
            let same = requests.count { $0.name == request.name || $0.name.hasPrefix("\(request.name)-v") }
            if same > 0 { request.name += "-v\(same + 1)" }
            requests.append(request)
        }
    }

    private mutating func note(_ counts: StatementCounts) {
        if counts.forgotten > 0 {
            notKnown.append(
                "requests of statements that the server forgot for want of room, \(counts.forgotten) times: rates are lower bounds"
            )
        }
        if counts.hiddenCalls > 0 {
            notKnown.append("what \(counts.hiddenCalls) calls asked whose texts this role may not see")
        }
    }

    // MARK: Entries

    private static func request(_ form: RequestMix.Form, _ shards: [FittedWorkload.Shard]) -> FittedWorkload.Request {
        let pages = 1 + Int((Double(form.nextCalls) / Double(max(1, form.calls))).rounded())
        let perCall = Double(form.rows) / Double(max(1, form.calls))
        let page = Self.pageSize(form, perCall)
        var name = form.asked.rawValue
        var (keys, assumed) = (windowKeys(form.asked), windowWords(form.asked))
        switch form.asked {
        case .data, .hashes:
            let topics = Self.topicKeys(form, shards)
            keys = topics.keys + keys
            assumed += topics.words
            name += "-\(topics.count)"
        case .byHash:
            // As many as a workload may ask for.
            let hashes = (form.hashes ?? 1...50).clamped(to: 1...1_000)
            name = "by-hash-\(hashes.lowerBound)-\(hashes.upperBound)"
            keys = "hashes: [\(hashes.lowerBound), \(hashes.upperBound)], age: [3s, 10s]"
            assumed =
                (form.hashes == nil ? "A: the server does not tell how many hashes. " : "")
                + "A: the age asked for; whether whole messages were wanted, which the statement does not show."
        case .dataByTime, .hashesByTime: break
        }
        if form.isDescending && form.asked != .byHash { name += "-backward" }
        return FittedWorkload.Request(
            name: name, ask: form.asked.rawValue, rate: 0, keys: keys,
            isBackward: form.isDescending && form.asked != .byHash, pageSize: page.size, pages: pages,
            note: """
                M: \(form.calls) first pages of \(FitNumbers.short(perCall)) rows on average, \(form.nextCalls) later ones. \
                \(page.isSeen ? "D: a page of fewer would not hold these rows." : "A: the page size.") \(assumed)
                """)
    }

    /// Limits stand as parameters in the statistics; rows a call say at least how many a page held.
    private static func pageSize(_ form: RequestMix.Form, _ rowsPerCall: Double) -> (size: Int, isSeen: Bool) {
        if rowsPerCall > 51 { return (100, true) }
        if rowsPerCall > 21 { return (50, true) }
        return (form.asked == .hashes || form.asked == .hashesByTime ? 100 : 50, false)
    }

    private static func windowKeys(_ asked: RequestMix.Form.Asked) -> String {
        switch asked {
        case .data: "window: 24h"
        case .hashes: "window: 1min, window-ends-before: 20s"
        case .dataByTime, .hashesByTime: "window: 1h"
        case .byHash: ""
        }
    }

    private static func windowWords(_ asked: RequestMix.Form.Asked) -> String {
        asked == .byHash ? "" : "A: the window, which stands as a parameter in the statistics. "
    }

    private static func topicKeys(
        _ form: RequestMix.Form, _ shards: [FittedWorkload.Shard]
    ) -> (keys: String, words: String, count: Int) {
        let wanted = min(form.topics ?? 10, 1_000)
        let words =
            form.topics == nil ? "A: the number of topics, which this version of the server does not tell. " : ""
        if let fewest = shards.map(\.topics).min(), fewest >= wanted { return ("topics: \(wanted), ", words, wanted) }
        let widest = shards.max { $0.topics < $1.topics }
        let count = max(1, min(wanted, widest?.topics ?? 1))
        return (
            "topics: \(count), \(widest.map { "from: \($0.name), " } ?? "")",
            words + "A: of the shard with the most topics, as others have not enough. ", count
        )
    }

    // MARK: The comparison

    /// Requests by statement shape, as they were counted and as the workload makes them if every client reads as many pages
    /// as it may; `nil` where none was counted.
    func comparison(_ spec: WorkloadSpec) -> FitComparison? {
        let counted = RequestMix.requestShapes.map { (name: $0, calls: mix.shapes[$0] ?? 0) }
        let all = counted.reduce(0) { $0 + $1.calls }
        guard all > 0, !spec.queries.isEmpty else { return nil }
        var made: [String: Double] = [:]
        for query in spec.queries {
            let rate = query.arrivals.expected(from: 0, to: 3_600_000_000_000, spec.calendar) / 3_600
            let shape = Self.shape(query.shape.firstClass, includesData: query.shape.includesData)
            made[shape == "query.by-hash" ? shape : "\(shape).first", default: 0] += rate
            if shape != "query.by-hash" { made["\(shape).next", default: 0] += rate * Double(query.pages - 1) }
        }
        let sum = made.values.reduce(0, +)
        guard sum > 0 else { return nil }
        let parts = counted.map { shape in
            FitComparison.Part(
                name: shape.name, real: Double(shape.calls) / Double(all), synthetic: (made[shape.name] ?? 0) / sum)
        }
        let distance = parts.reduce(0) { $0 + abs($1.real - $1.synthetic) } / 2
        let chance = Self.chance(parts.map(\.synthetic), all)
        return FitComparison(
            aspect: .mix, subject: "all requests", unit: "", observations: all, realMean: 0, syntheticMean: 0,
            parts: parts.filter { $0.real > 0 || $0.synthetic > 0 },
            distance: .init(kolmogorovSmirnov: distance, wasserstein: distance),
            byChance: .init(kolmogorovSmirnov: chance, wasserstein: chance))
    }

    private static func shape(_ requestClass: String, includesData: Bool) -> String {
        if requestClass.hasPrefix("store.hashes.") { return "query.by-hash" }
        return includesData ? "query.page" : "query.hashes"
    }

    /// What so many draws from these shares lie apart from them, one in twenty further.
    private static func chance(_ shares: [Double], _ draws: Int) -> Double {
        let truth = CountedSample(shares.enumerated().map { (value: Double($0.offset), count: $0.element) })
        var random = SplitMix64(seed: 4)
        // More draws than these are told apart by nothing else.
        let size = min(draws, 100_000)
        let distances = (0..<SampleDistance.repeats(of: size)).map { _ in
            let drawn = truth.resampled(size, &random)
            let counts = Dictionary(zip(drawn.values, drawn.counts)) { first, _ in first }
            return shares.enumerated().reduce(0.0) { sum, share in
                sum + abs((counts[Double(share.offset)] ?? 0) / Double(size) - share.element)
            } / 2
        }
        return Sample.quantile(distances, 0.95) * (Double(size) / Double(draws)).squareRoot()
    }
}

extension QueryShape {
    /// Whether whole messages are asked for.
    fileprivate var includesData: Bool {
        switch self {
        case let window as TopicWindow: window.includeData
        case let window as TimeWindow: window.includeData
        default: true
        }
    }
}
