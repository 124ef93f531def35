import Glibc

/// What other programs see of the arguments that this process was started with, as `ps` and `/proc/<pid>/cmdline` show it.
public enum ProcessArguments {
    /// Shows other arguments than were given; each keeps the room of the one it stands for.
    ///
    /// The kernel shows a part of the process's own memory, so that is what changes. Where it lies is told by
    /// `/proc/self/stat`, fields 48 and 49 (proc_pid_stat(5)).
    ///
    /// - Parameters:
    ///   - shown: as many as were given, in their order; what does not fit is cut.
    ///   - given: those that were given: where they are not found as expected, all but the first are blanked.
    public static func show(_ shown: [String], insteadOf given: [String]) {
        guard let memory else { return }
        let starts = [0] + memory.indices.dropLast().filter { memory[$0] == 0 }.map { $0 + 1 }
        let isExpected = starts.count == given.count && shown.count == given.count
        for (index, start) in starts.enumerated() {
            let end = memory[start...].firstIndex(of: 0) ?? memory.endIndex
            if isExpected ? given[index] == shown[index] : index == 0 { continue }
            let text = isExpected ? Array(shown[index].utf8) : []
            for place in start..<end {
                memory[place] = place - start < text.count ? text[place - start] : UInt8(ascii: " ")
            }
        }
    }

    private static var memory: UnsafeMutableBufferPointer<UInt8>? {
        guard let text = Host.read("/proc/self/stat"), let name = text.lastIndex(of: ")") else { return nil }
        // The first field behind the name is the third.
        let fields = text[name...].dropFirst().split(separator: " ")
        guard fields.count > 46, let start = UInt(fields[45]), let end = UInt(fields[46]), start > 0, end > start else {
            return nil
        }
        return UnsafeMutableBufferPointer(start: UnsafeMutablePointer(bitPattern: start), count: Int(end - start))
    }
}
