import LinuxSystem

/// What of a host a profile can have.
public struct HostCapacity: Sendable, Equatable {
    /// Processors that this process, and so its servers, may use.
    public var processors: ProcessorSet
    /// Memory, bytes.
    public var memory: Int

    /// A host as described.
    public init(processors: ProcessorSet, memory: Int) {
        self.processors = processors
        self.memory = memory
    }

    /// This host.
    public static var here: HostCapacity { HostCapacity(processors: .allowed, memory: Host.memoryBytes) }
}

extension HardwareProfile {
    /// The largest share of the machine that the host has; at most 1. One factor, so that the machine keeps its shape.
    public func fittingShare(on host: HostCapacity) -> Double {
        let processors = Double(host.processors.count) / processors.count
        let memory = memory.map { Double(host.memory) / Double($0) } ?? 1
        return min(1, processors, memory)
    }

    /// The machine, if the host is as large.
    ///
    /// - Parameters:
    ///   - host: what there is.
    ///   - scaled: runs the largest share that fits instead of refusing.
    ///   - others: profiles to name when this one is too large.
    /// - Returns: the machine as it can be run; ``scale`` says which share it is.
    /// - Throws: ``TestbedProblem`` with what would fit.
    public func fitted(
        to host: HostCapacity, scaled: Bool, others: [HardwareProfile] = []
    ) throws -> HardwareProfile {
        let share = fittingShare(on: host)
        guard share < 1 else { return self }
        if scaled { return self.scaled(by: share) }
        let fitting = others.filter { $0.fittingShare(on: host) == 1 }.map(\.name)
        let named = fitting.isEmpty ? "" : "; what fits: \(fitting.joined(separator: ", "))"
        throw TestbedProblem(
            "\(name): asks for \(Self.size(processors.count, memory)), this host has \(Self.size(Double(host.processors.count), host.memory)); --scale-to-host runs \(ProfileText.number((share * 1_000).rounded(.down) / 10)) % of it\(named)"
        )
    }

    /// The machine with processors, memory and rates of its storage multiplied. Latencies stay: a smaller machine of the
    /// same kind is no slower at one operation.
    func scaled(by factor: Double) -> HardwareProfile {
        var small = self
        small.scale = scale * factor
        small.processors.count = processors.count * factor
        small.memory = memory.map { Int(Double($0) * factor) }
        switch storage {
        case .real(let rates): small.storage = .real(rates.scaled(by: factor))
        case .modelled(let device): small.storage = .modelled(Self.scaled(device, by: factor))
        case .external: break
        }
        return small
    }

    /// One sentence when the machine was shrunk; `nil` as written.
    public var scaleSentence: String? {
        guard scale < 1 else { return nil }
        return
            "profile \(name): scaled to \(ProfileText.number((scale * 1_000).rounded() / 10)) % of its processors, memory and storage rates, because this host is smaller; it ran as \(Self.size(processors.count, memory))"
    }

    static func size(_ processors: Double, _ memory: Int?) -> String {
        ProfileText.count(processors, "processor") + (memory.map { " and \(ProfileText.memory($0))" } ?? "")
    }

    private static func scaled(_ device: StorageDevice, by factor: Double) -> StorageDevice {
        var small = device
        (small.iops, small.readIOPS, small.writeIOPS) = (
            device.iops.map { max(1, $0 * factor) }, device.readIOPS.map { max(1, $0 * factor) },
            device.writeIOPS.map { max(1, $0 * factor) }
        )
        func bytes(_ value: Int?) -> Int? { value.map { max(4_096, Int(Double($0) * factor)) } }
        (small.bandwidth, small.readBandwidth, small.writeBandwidth) = (
            bytes(device.bandwidth), bytes(device.readBandwidth), bytes(device.writeBandwidth)
        )
        return small
    }

    // MARK: Preflight

    /// Checks that the server's own memory fits into the machine's, before anything is made: shared buffers cannot be
    /// taken back, and a server ended for want of memory restarts all sessions.
    ///
    /// - Parameters:
    ///   - variant: with its settings as they will be used.
    ///   - connections: that the load may open.
    /// - Throws: ``TestbedProblem`` with the numbers.
    public func checkMemory(_ variant: Variant, connections: Int) throws {
        guard let memory else { return }
        let (buffers, work) = (variant.sharedBuffers, variant.workMemory)
        let need = variant.serverBytes(connections: connections)
        guard need > memory else { return }
        throw TestbedProblem(
            "\(name): \(ProfileText.memory(memory)) of memory, but shared_buffers (\(ProfileText.memory(buffers))) and \(connections) connections with work_mem of \(ProfileText.memory(work)) each come to \(ProfileText.memory(need)); lower these settings of variant \(variant.name), or choose a larger profile"
        )
    }
}

extension Variant {
    /// Bytes of `shared_buffers`; PostgreSQL's own default is 128 MB.
    public var sharedBuffers: Int { bytes("shared_buffers") ?? 128 << 20 }

    /// Bytes of `work_mem`; PostgreSQL's own default is 4 MB.
    var workMemory: Int { bytes("work_mem") ?? 4 << 20 }

    /// Memory that the server's processes take at most by these two, bytes.
    ///
    /// - Parameter connections: that the load may open.
    /// - Returns: shared buffers, and once the working memory for each connection.
    public func serverBytes(connections: Int) -> Int { sharedBuffers + connections * workMemory }

    private func bytes(_ name: String) -> Int? {
        settings.last { $0.name == name }.flatMap { Variant.memoryBytes($0.value) }
    }
}
