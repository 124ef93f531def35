import CLinux
import Glibc

/// A set of the machine's processors, by their numbers.
public struct ProcessorSet: Sendable, Equatable, CustomStringConvertible {
    /// Ascending, each once.
    public let numbers: [Int]

    /// These processors, each once, in order.
    public init(_ numbers: [Int]) { self.numbers = Set(numbers).sorted() }

    /// From the kernel's list format, such as `0-3,8`; `nil` for anything else (cpuset(7)).
    public init?(list text: String) {
        var numbers: [Int] = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0, first <= last
            else { return nil }
            numbers += Array(first...last)
        }
        self.init(numbers)
    }

    /// How many there are.
    public var count: Int { numbers.count }

    /// In the kernel's list format.
    public var description: String {
        var parts: [String] = []
        var index = 0
        while index < numbers.count {
            var end = index
            while end + 1 < numbers.count, numbers[end + 1] == numbers[end] + 1 { end += 1 }
            parts.append(end == index ? "\(numbers[index])" : "\(numbers[index])-\(numbers[end])")
            index = end + 1
        }
        return parts.joined(separator: ",")
    }

    /// Those that the calling thread may use.
    public static var allowed: ProcessorSet {
        var numbers = [Int32](repeating: 0, count: 1_024)
        let count = clinux_allowed_processors(&numbers, Int32(numbers.count))
        return ProcessorSet(numbers.prefix(max(0, Int(count))).map { Int($0) })
    }

    /// Moves every thread of the calling process to these processors; threads made later follow the one that made them.
    ///
    /// - Throws: ``SystemError`` when the kernel refuses.
    public func confineProcess() throws(SystemError) {
        let wanted = numbers.map { Int32($0) }
        for thread in Self.threads {
            // A thread that has ended meanwhile needs no place.
            let code = clinux_allow_processors(thread, wanted, Int32(wanted.count))
            guard code == 0 || errno == ESRCH else { throw SystemError("sched_setaffinity \(self)") }
        }
    }

    private static var threads: [Int32] {
        guard let folder = opendir("/proc/self/task") else { return [0] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let thread = Int32(name) { found.append(thread) }
        }
        return found
    }
}
