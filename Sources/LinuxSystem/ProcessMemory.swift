/// Memory of processes that share some of it, from /proc/PID/smaps_rollup (proc(5)).
extension ProcessTable {
    /// Memory of a process and its children: what each has to itself, and of what several share each its part, bytes.
    ///
    /// Files in the page cache count only where a process has them mapped. The kernel walks all page tables for it, which
    /// takes milliseconds a gigabyte: not for the time in which something is measured.
    ///
    /// - Parameter pid: of the process.
    /// - Returns: `nil` when it is gone, or not ours to look at; children that ended meanwhile count as nothing.
    public static func memoryOfFamily(of pid: Int32) -> Int? {
        guard let own = proportionalMemory(of: pid) else { return nil }
        return children(of: pid).reduce(own) { $0 + (proportionalMemory(of: $1) ?? 0) }
    }

    private static func proportionalMemory(of pid: Int32) -> Int? {
        Host.read("/proc/\(pid)/smaps_rollup").flatMap { proportionalSize(rollup: $0) }
    }

    /// The proportional set size of a text of that file, bytes.
    package static func proportionalSize(rollup text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }
}
