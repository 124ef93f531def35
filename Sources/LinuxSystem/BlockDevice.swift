import CLinux
import Glibc

/// The whole disk below a path, as limits on storage name it.
public struct BlockDevice: Sendable, Equatable {
    /// Its number's first part: which driver.
    public let major: Int
    /// Its number's second part: which of that driver's.
    public let minor: Int
    /// The kernel's name, such as `vda` or `nvme0n1`.
    public let name: String
    /// Whether it has moving parts; `nil` where the kernel does not tell. A virtual disk says what its host told it.
    public let rotates: Bool?

    /// A device as described; nothing is looked up.
    public init(major: Int, minor: Int, name: String, rotates: Bool? = nil) {
        self.major = major
        self.minor = minor
        self.name = name
        self.rotates = rotates
    }

    /// `major:minor`, as control groups want it.
    public var numbers: String { "\(major):\(minor)" }

    /// The disk that holds a file or folder.
    ///
    /// - Parameters:
    ///   - path: of an existing file or folder.
    ///   - root: what stands before `/sys`; for tests.
    /// - Returns: `nil` for filesystems without a disk of their own, such as tmpfs, overlayfs and btrfs.
    public static func holding(_ path: String, root: String = "") -> BlockDevice? {
        var (major, minor): (UInt32, UInt32) = (0, 0)
        guard clinux_device_of(path, &major, &minor) == 0 else { return nil }
        return disk(major: Int(major), minor: Int(minor), root: root)
    }

    /// The disk of a device's numbers: of a partition, the disk it is a part of.
    package static func disk(major: Int, minor: Int, root: String) -> BlockDevice? {
        guard major > 0 else { return nil }
        let entry = "\(root)/sys/dev/block/\(major):\(minor)"
        let isPartition = Host.read("\(entry)/partition") != nil
        let folder = isPartition ? "\(entry)/.." : entry
        guard let text = Host.read("\(folder)/dev") else { return nil }
        let numbers = text.split { $0 == ":" || $0.isWhitespace }.compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        let name = (Host.read("\(folder)/uevent") ?? "").split(separator: "\n").first { $0.hasPrefix("DEVNAME=") }
        let rotates = Host.read("\(folder)/queue/rotational").map { $0.hasPrefix("1") }
        return BlockDevice(
            major: numbers[0], minor: numbers[1],
            name: name.map { String($0.dropFirst("DEVNAME=".count)) } ?? "unknown",
            rotates: rotates)
    }
}
