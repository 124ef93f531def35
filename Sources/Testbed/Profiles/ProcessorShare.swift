import LinuxSystem

/// How the host's processors are divided between server and load generator.
public struct ProcessorShare: Sendable, Equatable {
    /// The server's; `nil` for a share of the time of all.
    public let server: ProcessorSet?
    /// The share of their time, where it is not all of it.
    public let bandwidth: CPUBandwidth?
    /// Where the load generator goes; `nil` leaves it everywhere.
    public let generator: ProcessorSet?
    /// Whether the two have no processor in common.
    public let isApart: Bool

    /// Gives the server the host's last processors, as many as it asks for, and the generator the others.
    public init(_ wanted: HardwareProfile.Processors, of host: ProcessorSet) {
        let whole = min(host.count, Int(wanted.count.rounded(.up)))
        let own = wanted.areOwn ? ProcessorSet(Array(host.numbers.suffix(whole))) : nil
        let left = own.map { own in host.numbers.filter { !own.numbers.contains($0) } } ?? []
        server = own
        let isAllTime = wanted.areOwn ? Double(whole) <= wanted.count : Double(host.count) <= wanted.count
        bandwidth = isAllTime ? nil : CPUBandwidth(processors: wanted.count)
        isApart = wanted.generatorApart && !left.isEmpty
        generator = isApart ? ProcessorSet(left) : nil
    }
}
