import SpecReader

/// A machine as a profile file describes it: what a trial's server is to run on.
public struct HardwareProfile: Sendable {
    /// The first line of every profile file of this format.
    public static let format = "profile/1"

    /// Processors of the server.
    public struct Processors: Sendable, Equatable {
        /// How many, or a fraction of one.
        public var count: Double
        /// Whether they are processors of their own (the default) or only a share of the time of all.
        public var areOwn: Bool
        /// Whether the load generator is kept off them where the host has processors left.
        public var generatorApart: Bool

        package init(count: Double, areOwn: Bool, generatorApart: Bool) {
            self.count = count
            self.areOwn = areOwn
            self.generatorApart = generatorApart
        }
    }

    /// What the server's data lies on.
    public enum Storage: Sendable, Equatable {
        /// The host's disk as it is, no faster than these limits.
        case real(StorageRates)
        /// A device that is modelled, with the data in memory.
        case modelled(StorageDevice)
        /// Somebody else's; it is told and never limited.
        case external
    }

    /// What a machine costs; it changes nothing and is told with the results.
    public struct Price: Sendable, Equatable {
        /// In ``currency``, for one ``unit``.
        public var amount: Double
        /// Three letters, such as `USD`.
        public var currency: String
        /// What the amount is for: an hour or a month.
        public var unit: Unit
        /// Where it was read, and when.
        public var source: String

        /// Times that machines are paid for.
        public enum Unit: String, CaseIterable, Sendable { case hour, month }

        /// For people, such as `24 USD a month`.
        public var text: String { "\(ProfileText.number(amount)) \(currency) a\(unit == .hour ? "n" : "") \(unit)" }
    }

    /// As the file says it.
    public var name: String
    /// One line about it.
    public var summary: String
    /// Where its numbers are from.
    public var source: String?
    /// Processors of the server.
    public var processors: Processors
    /// Bytes; `nil` leaves the host's.
    public var memory: Int?
    /// Where the data lie.
    public var storage: Storage
    /// Size of the volume, bytes; told, and by itself not enforced.
    public var volume: Int?
    /// Round trip between node and database, nanoseconds; 0 for none beyond the host's own.
    public var roundTrip: UInt64
    /// What it costs; `nil` when not said.
    public var price: Price?
    /// The path as the user wrote it, and the file's text.
    public var file: String
    /// The file's text.
    public var text: String
    /// By how much a larger machine was shrunk to fit the host; 1 as written.
    public internal(set) var scale = 1.0

    /// Reads and checks a profile file.
    ///
    /// - Parameter path: of the file.
    /// - Throws: `SpecProblems` with all problems of the file.
    public init(path: String) throws { try self.init(document: SpecDocument(path: path)) }

    /// Reads and checks a profile.
    ///
    /// - Parameter document: of the profile.
    /// - Throws: `SpecProblems` with all its problems.
    public init(document: SpecDocument) throws {
        let top = document.top
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note("archivebench", "'\(format)' is not a profile", remedy: "write 'archivebench: \(Self.format)'")
        }
        file = document.file
        text = document.text
        name = top.name("name")
        summary = top.text("summary")
        source = top.string("source")
        processors = Self.processors(top)
        memory = top.has("memory") ? top.bytes("memory", in: (64 << 20)...(1 << 46)) : nil
        (storage, volume) = Self.storage(top)
        roundTrip = Self.roundTrip(top)
        price = Self.price(top)
        top.close()
        try document.finish()
    }

    private enum Generator: String, CaseIterable { case apart, shared }
    private enum StorageKind: String, CaseIterable { case real, modelled, external }

    private static func processors(_ top: SpecMap) -> Processors {
        guard let map = top.map("cpus", required: true) else {
            return Processors(count: 1, areOwn: true, generatorApart: true)
        }
        defer { map.close() }
        return Processors(
            count: map.number("count", in: 0.05...1_024), areOwn: map.flag("own", default: true),
            generatorApart: map.choice("generator", default: Generator.apart) == .apart)
    }

    private static func storage(_ top: SpecMap) -> (Storage, volume: Int?) {
        guard let map = top.map("storage") else { return (.real(StorageRates()), nil) }
        defer { map.close() }
        let kind = map.choice("kind", default: StorageKind.real)
        let volume = map.has("size") ? map.bytes("size", in: 1_000_000...(1 << 56)) : nil
        switch kind {
        case .real: return (.real(StorageRates(map)), volume)
        case .modelled: return (.modelled(StorageDevice(map)), volume)
        case .external: return (.external, volume)
        }
    }

    private static func roundTrip(_ top: SpecMap) -> UInt64 {
        guard let map = top.map("network") else { return 0 }
        defer { map.close() }
        return map.duration("round-trip", in: 0...10_000_000_000, default: 0)
    }

    private static func price(_ top: SpecMap) -> Price? {
        guard let map = top.map("price") else { return nil }
        defer { map.close() }
        let currency = map.text("currency")
        if !currency.isEmpty, currency.utf8.count != 3 || !currency.utf8.allSatisfy({ (65...90).contains($0) }) {
            map.note("currency", "'\(currency)' is not a currency", remedy: "write its three letters, such as USD")
        }
        let unit = map.text("per")
        if !unit.isEmpty, Price.Unit(rawValue: unit) == nil {
            map.note("per", "'\(unit)' is not known", remedy: "choose hour or month")
        }
        return Price(
            amount: map.number("amount", in: 0...1e9), currency: currency, unit: Price.Unit(rawValue: unit) ?? .month,
            source: map.text("source"))
    }
}

/// Upper limits on what a disk does in a second; `nil` for none.
public struct StorageRates: Sendable, Equatable {
    /// Operations a second.
    public var reads: Int?
    /// Write operations a second.
    public var writes: Int?
    /// Bytes a second.
    public var readBytes: Int?
    /// Bytes written a second.
    public var writtenBytes: Int?

    /// No limits.
    public init() {}

    /// Reads the limits from a profile's storage section.
    init(_ map: SpecMap) {
        reads = StorageDevice.rate(map, "read-iops").map { Int($0.rounded()) }
        writes = StorageDevice.rate(map, "write-iops").map { Int($0.rounded()) }
        readBytes = StorageDevice.bandwidth(map, "read-bandwidth")
        writtenBytes = StorageDevice.bandwidth(map, "write-bandwidth")
    }

    /// Whether there is any limit.
    public var isLimited: Bool { [reads, writes, readBytes, writtenBytes].contains { $0 != nil } }

    /// All limits multiplied.
    func scaled(by factor: Double) -> StorageRates {
        func scaled(_ value: Int?) -> Int? { value.map { max(1, Int((Double($0) * factor).rounded())) } }
        var rates = self
        (rates.reads, rates.writes) = (scaled(reads), scaled(writes))
        (rates.readBytes, rates.writtenBytes) = (scaled(readBytes), scaled(writtenBytes))
        return rates
    }
}
