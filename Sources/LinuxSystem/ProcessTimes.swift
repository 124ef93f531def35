import Glibc

/// Processor time of processes, from /proc/PID/stat (proc(5)).
extension ProcessTable {
    /// User and system time so far, its ended and awaited children left out, seconds; `nil` when it is gone.
    public static func cpu(of pid: Int32) -> Double? { times(of: pid).map { Double($0.own) / ticks } }

    /// User and system time so far of a process, of its children that run, and of those that ended, seconds; `nil` when
    /// it is gone.
    public static func cpuOfFamily(of pid: Int32) -> Double? {
        guard let parent = times(of: pid) else { return nil }
        let children = children(of: pid).compactMap { times(of: $0) }
        return Double(children.reduce(parent.own + parent.ended) { $0 + $1.own + $1.ended }) / ticks
    }

    /// Children of a process: from the kernel's list, or by looking at all processes where it keeps none.
    static func children(of pid: Int32) -> [Int32] {
        if let text = Host.read("/proc/\(pid)/task/\(pid)/children") {
            return text.split(separator: " ").compactMap { Int32($0) }
        }
        return all().filter { times(of: $0)?.parent == pid }
    }

    package struct Times: Equatable {
        package let parent: Int32
        /// Ticks: user and system time.
        package let own: UInt64
        /// Ticks: the same of children that ended and were awaited.
        package let ended: UInt64

        /// From the text of /proc/PID/stat; the name in brackets may hold anything.
        package init?(stat text: String) {
            guard let name = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: name)...].split(separator: " ")
            // Behind the name: state, parent, …; user time is field 14 of proc(5), the twelfth here.
            guard fields.count > 15, let parent = Int32(fields[1]) else { return nil }
            let numbers = fields[11...14].compactMap { UInt64($0) }
            guard numbers.count == 4 else { return nil }
            self.parent = parent
            own = numbers[0] + numbers[1]
            ended = numbers[2] + numbers[3]
        }
    }

    private static func times(of pid: Int32) -> Times? { Host.read("/proc/\(pid)/stat").flatMap { Times(stat: $0) } }

    /// Ticks a second.
    private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
}

extension Host {
    /// Number of the block device below a path; `nil` when there is none, as for tmpfs and overlays.
    public static func device(of path: String) -> (major: Int, minor: Int)? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        // As makedev(3) of glibc lays the two out.
        let number = UInt64(info.st_dev)
        let major = Int((number >> 8) & 0xFFF | (number >> 32) & ~0xFFF)
        let minor = Int(number & 0xFF | (number >> 12) & ~0xFF)
        return major == 0 ? nil : (major, minor)
    }

    /// Bytes of a file, and those of them that lie in the page cache (mincore(2)); `nil` when it is not there, is empty,
    /// or is not ours to look at.
    public static func residentBytes(of path: String) -> (resident: Int, all: Int)? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_size > 0 else { return nil }
        let size = Int(info.st_size)
        guard let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), Int(bitPattern: start) != -1 else {
            return nil
        }
        defer { munmap(start, size) }
        let page = sysconf(Int32(_SC_PAGESIZE))
        var pages = [UInt8](repeating: 0, count: (size + page - 1) / page)
        guard mincore(start, size, &pages) == 0 else { return nil }
        return (min(size, pages.count { $0 & 1 == 1 } * page), size)
    }
}
