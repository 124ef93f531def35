import SpecReader

/// A change that can be laid over any workload: more of everything, other arrivals, another archive.
///
/// An overlay is a file of its own. Several can be laid one over the other; they apply in the order given.
public struct Overlay: Sendable {
    /// The first line of every overlay file of this format.
    public static let format = "overlay/1"

    public var name: String
    public var summary: String
    /// Factors on arrivals of messages, on requests and clients, and on groups of topics.
    public var messages: Double
    public var requests: Double
    public var topics: Double
    /// What arrives instead of the workload's streams, in their classes and to their topics; `nil` leaves them.
    public var arrivals: Replacement?
    /// Whether the workload's independent requests go, and the overlay's clients come beside its own.
    public var dropsQueries: Bool
    /// Names of clients that go.
    public var dropsClients: [String]
    public var clients: [ClientSpec]
    public var timeScale: Int?
    /// Which messages share a database; `nil` leaves that to the workload.
    public var databases: DatabaseLayout?
    /// Of the variant: schema version, and server settings by name.
    public var schema: Int?
    public var settings: [Setting]
    /// The file's text, for the verbatim copy.
    public var text: String

    /// A server setting, with its place for messages.
    public struct Setting: Sendable {
        public let name: String
        public let value: String
        public let file: String
        public let place: SpecPlace
    }

    /// One class of messages that takes the place of all streams.
    public struct Replacement: Sendable {
        public var messageClass: MessageClassSpec
        /// Archive hours' volumes of heap and TOAST, bytes.
        public var volumes: [Int]
    }

    /// Reads and checks an overlay file.
    ///
    /// - Throws: `SpecProblems` with all its problems.
    public init(path: String) throws { try self.init(document: SpecDocument(path: path)) }

    /// Reads and checks an overlay.
    ///
    /// - Throws: `SpecProblems` with all its problems.
    public init(document: SpecDocument) throws {
        let top = document.top
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note("archivebench", "'\(format)' is not an overlay", remedy: "write 'archivebench: \(Self.format)'")
        }
        text = document.text
        name = top.name("name")
        summary = top.text("summary")
        let factors = top.map("multiply")
        messages = factors?.number("messages", in: Self.factors, default: 1) ?? 1
        requests = factors?.number("requests", in: Self.factors, default: 1) ?? 1
        topics = factors?.number("topics", in: Self.factors, default: 1) ?? 1
        factors?.close()
        arrivals = top.map("arrivals-instead").map(Self.readReplacement)
        dropsQueries = top.flag("drop-queries", default: false)
        dropsClients = top.strings("drop-clients")
        let clientMaps = top.maps("clients")
        clients = clientMaps.map { ClientSpec.read($0, ClientContext(topics: [], classes: [])) }
        WorkloadSpec.checkDistinct(clients.map(\.name), clientMaps)
        timeScale = top.has("time-scale") ? top.integer("time-scale", in: WorkloadSpec.timeScales) : nil
        let writers = top.map("writers")
        databases = writers.flatMap {
            $0.has("databases") ? $0.choice("databases", default: DatabaseLayout.shared) : nil
        }
        writers?.close()
        let variant = top.map("variant")
        schema = variant.flatMap { $0.has("schema") ? $0.integer("schema", in: 7...8) : nil }
        let settings = variant?.map("settings")
        self.settings = (settings?.allKeys() ?? []).map { name in
            Setting(
                name: name, value: settings?.string(name, required: true) ?? "", file: document.file,
                place: settings?.place(of: name) ?? top.place)
        }
        variant?.close()
        top.close()
        try document.finish()
    }

    private static let factors = 0.001...100_000.0

    private static func readReplacement(_ map: SpecMap) -> Replacement {
        defer { map.close() }
        let volumes = map.byteList("volumes", in: HourlyVolumes.volumeRange)
        let payload = map.map("payload", required: true)
        defer { payload?.close() }
        return Replacement(
            messageClass: MessageClassSpec(
                name: map.name("class"), weight: 1,
                sizes: payload.map(SizeDistributions.read) ?? ConstantSize(bytes: 1),
                metaBytes: 0, ephemeral: 0),
            volumes: volumes)
    }
}

/// Why an overlay does not fit a workload; one line.
public struct OverlayProblem: Error, CustomStringConvertible {
    public let description: String
}

extension WorkloadSpec {
    /// The same workload with an overlay on it.
    ///
    /// - Throws: ``OverlayProblem`` when the overlay names what the workload does not have.
    public func applying(_ overlay: Overlay) throws(OverlayProblem) -> WorkloadSpec {
        var spec = scaled(messages: overlay.messages, requests: overlay.requests, topics: overlay.topics)
        spec.name += "+\(overlay.name)"
        if let timeScale = overlay.timeScale { spec.timeScale = timeScale }
        if let databases = overlay.databases { spec.writers.databases = databases }
        if let replacement = overlay.arrivals {
            // What came before was ordinary.
            spec.messagesBefore = spec.messagesBefore ?? spec.messages
            spec.messages.streams = spec.messages.replaced(by: replacement)
        }
        if overlay.dropsQueries { spec.queries = [] }
        for name in overlay.dropsClients where !clients.contains(where: { $0.name == name }) {
            throw OverlayProblem(description: "overlay \(overlay.name): workload \(self.name) has no client '\(name)'")
        }
        spec.clients.removeAll { overlay.dropsClients.contains($0.name) }
        for client in overlay.clients {
            for name in client.kind.topicNames where !targetNames.contains(name) {
                throw OverlayProblem(
                    description:
                        "overlay \(overlay.name): workload \(self.name) has no topics '\(name)'; it has \(targetNames.sorted().joined(separator: ", "))"
                )
            }
            spec.clients.removeAll { $0.name == client.name }
            spec.clients.append(client)
        }
        try spec.checkOverlay(overlay)
        let classes = Set(RequestLabel.all(of: spec).map(\.requestClass))
        spec.objectives.removeAll { objective in !classes.contains(where: objective.matches) }
        return spec
    }
}

extension WorkloadSpec {
    /// What an overlay's own file cannot tell: whether the sum of both is still a workload.
    private func checkOverlay(_ overlay: Overlay) throws(OverlayProblem) {
        let place = "overlay \(overlay.name): workload \(name)"
        let known = messages.classNames
        for client in overlay.clients {
            for name in client.kind.classNames where !known.contains(name) {
                throw OverlayProblem(
                    description:
                        "\(place) has no message class '\(name)'; it has \(known.sorted().joined(separator: ", "))")
            }
        }
        // In floating point: the factors may make more than a number holds.
        let count = topics.reduce(0.0) { $0 + Double($1.count) * Double($1.kind.groupSize) }
        if count > Double(TopicPopulationSpec.mostTopics) {
            throw OverlayProblem(
                description: "\(place) has more than \(TopicPopulationSpec.mostTopics) topics; multiply topics by less")
        }
        if let misfit = traceMisfit(overlay) { throw OverlayProblem(description: "\(place) \(misfit)") }
        if let problem = tooManyNodes(fleet) {
            throw OverlayProblem(
                description:
                    "\(place): \(problem); use at most \(Fleet.mostNodes): fewer nodes or shards, or one database")
        }
        if !endsWithinCalendar {
            throw OverlayProblem(
                description: "\(place) goes beyond the year 2250; use a smaller time-scale or shorter phases")
        }
    }
}

extension MessageSpec {
    /// One stream of one class in the place of all: to where the first stream sends.
    func replaced(by replacement: Overlay.Replacement) -> [StreamSpec] {
        guard let first = streams.first else { return [] }
        var stream = StreamSpec(
            name: replacement.messageClass.name, arrivals: PoissonArrivals(rate: 1), perArrival: 1,
            targets: first.targets, classes: [replacement.messageClass])
        let each = max(1, stream.sumPerArrival(segmentation, largest) { StorageModel.tableBytes(payload: $0) })
        stream.arrivals = HourlyVolumes(rates: replacement.volumes.map { Double($0) / each / 3_600 })
        return [stream]
    }
}
