import Glibc

/// What else tells one machine from another; `nil` is what the kernel does not tell.
public struct MachineFacts: Sendable, Equatable {
    /// How the processors choose their frequency, such as `performance`.
    public var governor: String?
    /// What the machine runs on, such as `KVM`; `bare metal` when nothing says that it is virtual.
    public var virtualisation: String
    /// The disk below a path: name, and whether it says that it rotates.
    public var device: String?

    /// Reads the machine.
    ///
    /// - Parameters:
    ///   - path: whose disk to name.
    ///   - root: what stands before `/proc` and `/sys`; for tests.
    public init(path: String, root: String = "") {
        governor = Self.line("\(root)/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        virtualisation = Self.virtualisation(root)
        device = BlockDevice.holding(path, root: root).map { disk in
            disk.name + (disk.rotates.map { $0 ? ", rotational" : ", not rotational" } ?? "")
        }
    }

    private static func virtualisation(_ root: String) -> String {
        var found: [String] = []
        let flags = (Host.read("\(root)/proc/cpuinfo") ?? "").split(separator: "\n").first { $0.hasPrefix("flags") }
        let isVirtual = flags?.split(separator: " ").contains("hypervisor") == true
        let vendor = line("\(root)/sys/class/dmi/id/sys_vendor")
        let product = line("\(root)/sys/class/dmi/id/product_name")
        let names = [vendor, product].compactMap { $0 }.joined(separator: " ")
        if let type = line("\(root)/sys/hypervisor/type") {
            found.append("virtual machine (\(type))")
        } else if isVirtual {
            found.append("virtual machine" + (names.isEmpty ? "" : " (\(names))"))
        }
        let isContainer =
            access("\(root)/.dockerenv", F_OK) == 0 || access("\(root)/run/.containerenv", F_OK) == 0
        if isContainer { found.append("container") }
        return found.isEmpty ? "bare metal" : found.joined(separator: ", ")
    }

    private static func line(_ path: String) -> String? {
        guard let line = Host.read(path)?.split(whereSeparator: \.isNewline).first, !line.isEmpty else { return nil }
        return String(line)
    }
}
